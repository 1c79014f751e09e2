// What a vendor's documents say about the roads between versions: floors, stepping stones, doors that open one
// way. Rules are data (`constraints/*.json`), each with its source, so that operators can add their own.

import { type Static, Type } from 'typebox';
import { type Problem, problemsMax, problemsOf, readJson } from './problems.ts';
import { KNOWN_VENDORS, knowledgeOf } from './vendors/all.ts';
import { nearest } from '@ringwave/protocol/nearest';

/** Bytes of one constraint file; a rule has some hundred, so this holds thousands. */
export const ruleFileBytesMax = 1024 ** 2;
/** Rules of one file; all that is known in public is under a hundred. */
const rulesMax = 2000;

const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const Version = Text(64);

/** Versions in the vendor's own order; every part given must hold. `has` and `begins` look at the text; `alike`: of the edition of this one, with which it can be ordered. */
const VersionSetSchema = Type.Object(
  {
    from: Type.Optional(Version),
    after: Type.Optional(Version),
    below: Type.Optional(Version),
    atMost: Type.Optional(Version),
    begins: Type.Optional(Text(32)),
    has: Type.Optional(Text(32)),
    lacks: Type.Optional(Text(32)),
    alike: Type.Optional(Version),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type VersionSet = Static<typeof VersionSetSchema>;

const ModelPattern = Type.String({
  pattern: '^[A-Za-z0-9*][A-Za-z0-9 ._*+-]{0,39}$',
  description: 'as phones name themselves; * stands for any signs',
});
const Models = Type.Array(ModelPattern, { minItems: 1, maxItems: 256 });

const common = {
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,79}$' }),
  vendor: Text(32),
  models: Models,
  exceptModels: Type.Optional(Models),
  /** Only these hardware revisions, or from this one on (`V15`: letters equal, number not below). */
  hardware: Type.Optional(
    Type.Object(
      {
        oneOf: Type.Optional(Type.Array(Text(32), { maxItems: 64 })),
        from: Type.Optional(Text(32)),
      },
      { additionalProperties: false, minProperties: 1 },
    ),
  ),
  source: Text(500),
  reason: Text(500),
};
const strict = { additionalProperties: false } as const;

const RuleSchema = Type.Union([
  /** To install one of `to`, one of `needs` must run, unless one of `to` runs already. */
  Type.Object(
    { kind: Type.Literal('floor'), ...common, to: VersionSetSchema, needs: VersionSetSchema },
    strict,
  ),
  /** From `from` to `to` only over one of the `stones`, which are versions themselves. */
  Type.Object(
    {
      kind: Type.Literal('stone'),
      ...common,
      from: VersionSetSchema,
      to: VersionSetSchema,
      stones: Type.Array(Version, { minItems: 1, maxItems: 16 }),
    },
    strict,
  ),
  /** From `from` to `to` only after `steps`: images beside the order of versions (boot code, a converter). */
  Type.Object(
    {
      kind: Type.Literal('steps'),
      ...common,
      from: VersionSetSchema,
      to: VersionSetSchema,
      steps: Type.Array(Text(120), { minItems: 1, maxItems: 8 }),
    },
    strict,
  ),
  /** Without `from`: nobody installs one of `to`. */
  Type.Object(
    {
      kind: Type.Literal('forbidden'),
      ...common,
      from: Type.Optional(VersionSetSchema),
      to: VersionSetSchema,
    },
    strict,
  ),
  /** Who runs one of `into` never leaves it again. */
  Type.Object({ kind: Type.Literal('one-way'), ...common, into: VersionSetSchema }, strict),
  /** These phones run nothing else. */
  Type.Object({ kind: Type.Literal('only'), ...common, only: VersionSetSchema }, strict),
  /** To install one of `to`, the other device must run one of `companionNeeds`. */
  Type.Object(
    {
      kind: Type.Literal('pair'),
      ...common,
      to: VersionSetSchema,
      companionModels: Models,
      companionNeeds: VersionSetSchema,
    },
    strict,
  ),
  /** Worth knowing on the way; closes nothing. */
  Type.Object(
    { kind: Type.Literal('note'), ...common, from: VersionSetSchema, to: VersionSetSchema },
    strict,
  ),
  /** Another edition: never without a person's consent, because settings, licences or the way back are lost. */
  Type.Object(
    {
      kind: Type.Literal('mode-change'),
      ...common,
      from: VersionSetSchema,
      to: VersionSetSchema,
      costs: Type.Array(Text(120), { minItems: 1, maxItems: 8 }),
    },
    strict,
  ),
]);
export type UpgradeRule = Static<typeof RuleSchema>;
export type RuleKind = UpgradeRule['kind'];

const RuleFile = Type.Object(
  {
    schema: Type.Literal('ringwave/constraints/1'),
    rules: Type.Array(RuleSchema, { maxItems: rulesMax }),
  },
  strict,
);

export type ParsedRules =
  | { readonly rules: readonly UpgradeRule[]; readonly problems?: undefined }
  | { readonly rules?: undefined; readonly problems: readonly Problem[] };

/** Reads a constraint file, text or already parsed; gives its rules or every problem at once. */
export function parseRules(file: unknown): ParsedRules {
  const read = typeof file === 'string' ? readJson(file, ruleFileBytesMax) : { value: file };
  if ('problems' in read) return read;
  const shape = shapeProblems(read.value);
  if (shape.length > 0) return { problems: shape.slice(0, problemsMax) };
  const { rules } = read.value as Static<typeof RuleFile>;
  const sense = [...doubledIds(rules), ...rules.flatMap(vendorProblems)].slice(0, problemsMax);
  if (sense.length > 0) return { problems: sense };
  return {
    rules: rules.map((rule) => ({ ...rule, vendor: knowledgeOf(rule.vendor)?.name ?? '' })),
  };
}

/** A union's own errors name every kind it is not; asking the kind it claims gives the one that helps. */
function shapeProblems(value: unknown): readonly Problem[] {
  const rules = (value as { rules?: unknown } | null)?.rules;
  if (!Array.isArray(rules) || rules.length > rulesMax) return problemsOf(RuleFile, value);
  const frame = problemsOf(RuleFile, { ...(value as object), rules: [] });
  return [
    ...frame,
    ...rules.flatMap((rule: unknown, place) => oneProblem(rule, `rules[${place}]`)),
  ];
}

function oneProblem(rule: unknown, path: string): Problem[] {
  const kind = (rule as { kind?: unknown } | null)?.kind;
  const schema = RuleSchema.anyOf.find((one) => one.properties.kind.const === kind);
  if (schema) {
    return problemsOf(schema, rule).map((one) => ({
      ...one,
      path: one.path === '' ? path : `${path}.${one.path}`,
    }));
  }
  const kinds = RuleSchema.anyOf.map((one) => one.properties.kind.const);
  const close = typeof kind === 'string' ? nearest(kind, kinds) : undefined;
  const nextStep =
    close === undefined ? `Kinds are: ${kinds.join(', ')}.` : `Did you mean ${close}?`;
  return [{ path: `${path}.kind`, reason: 'is no kind of rule', nextStep }];
}

function doubledIds(rules: readonly UpgradeRule[]): Problem[] {
  const first = new Map<string, number>();
  return rules.flatMap(({ id }, place) => {
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, place);
    return earlier === undefined
      ? []
      : [
          {
            path: `rules[${place}].id`,
            reason: `is ${id}, as is rules[${earlier}]`,
            nextStep: 'Give every rule a name of its own.',
          },
        ];
  });
}

const VENDOR_NAMES = KNOWN_VENDORS.map(({ name }) => name);

function vendorProblems({ vendor }: UpgradeRule, place: number): Problem[] {
  if (knowledgeOf(vendor)) return [];
  const close = nearest(vendor, VENDOR_NAMES);
  return [
    {
      path: `rules[${place}].vendor`,
      reason: `is ${JSON.stringify(vendor)}, whose versions nobody here can order`,
      nextStep:
        close === undefined ? `Known are: ${VENDOR_NAMES.join(', ')}.` : `Did you mean ${close}?`,
    },
  ];
}
