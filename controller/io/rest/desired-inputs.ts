import { problemsOf } from '@ringwave/firmware-catalog/problems';
import { type Id, mac } from '@ringwave/protocol/units';
import { type Static, Type } from 'typebox';
import type { DesiredRead, UnsoundDesired } from '../../core/desired-faults.ts';
import type { Desired } from '../../core/desired-state.ts';
import { DEADLINE_SEVERITIES, type PolicyInput } from '../../core/policy.ts';
import { whereLengthMax } from '../../core/selection/parse.ts';
import type { Refusal } from '../../core/state.ts';
import { freezeFrom, freezeOfRest, PlannedFreezeBody } from './freeze-routes.ts';
import {
  bodyOf,
  closed,
  IdText,
  LineText,
  PhoneBody,
  phoneFrom,
  phonesFrom,
  SiteBody,
  siteFrom,
  siteOfRest,
  type Unsound,
} from './inputs.ts';
import { MacText, Preset, RolloutBody, rolloutFrom } from './rollout-inputs.ts';

// Documents of desired state: what REST takes of each thing, with its kind and its id.

/** Ten years: longer is no deadline. */
const Days = Type.Optional(
  Type.Integer({ minimum: 0, maximum: 3650, description: 'of days since the release' }),
);

export const PolicyBody = Type.Object(
  {
    where: Type.String({
      minLength: 1,
      maxLength: whereLengthMax,
      description: 'as docs/selection.md says',
    }),
    channel: Type.Optional(
      Type.String({ pattern: '^[a-z0-9-]{1,32}$', description: 'such as stable' }),
    ),
    release: Type.Optional(IdText),
    preset: Preset,
    autoApprove: Type.Optional(
      Type.Object(
        {
          by: LineText(64, { description: 'as the name of a person' }),
          phonesMax: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
        },
        closed,
      ),
    ),
    deadlines: Type.Optional(
      Type.Object(
        Object.fromEntries(DEADLINE_SEVERITIES.map((one) => [one, Days])) as Record<
          (typeof DEADLINE_SEVERITIES)[number],
          typeof Days
        >,
        closed,
      ),
    ),
  },
  closed,
);

export const policyFrom = (policy: Id, body: Static<typeof PolicyBody>): PolicyInput => ({
  id: policy,
  where: body.where,
  ...(body.channel === undefined ? {} : { channel: body.channel }),
  ...(body.release === undefined ? {} : { release: body.release }),
  ...(body.preset === undefined ? {} : { preset: body.preset }),
  ...(body.autoApprove ? { autoApprove: body.autoApprove } : {}),
  deadlines: body.deadlines ?? {},
});

/** Of a policy that is wrong in form: where its channel or release cannot be read, it names neither all the same. */
export function policyOfRest(policy: Id, { rest, lacks }: Unsound): PolicyInput {
  const isOpen = lacks.includes('channel') || lacks.includes('release');
  const { channel, release } = rest;
  const stands = isOpen && channel === undefined && release === undefined;
  return policyFrom(policy, { where: 'all', ...(stands ? { channel: 'unread' } : {}), ...rest });
}

const documentOf = <Kind extends string, Body extends Parameters<typeof Type.Object>[0]>(
  kind: Kind,
  properties: Body,
) => Type.Object({ id: IdText, ...properties, kind: Type.Literal(kind) }, closed);

/** Its id is its MAC. */
const { mac: _mac, ...phoneRest } = PhoneBody.properties;
const phoneProperties = { ...phoneRest, id: MacText };

/** By kind. */
export const DOCUMENTS = {
  site: documentOf('site', SiteBody.properties),
  phone: documentOf('phone', phoneProperties),
  freeze: documentOf('freeze', PlannedFreezeBody.properties),
  policy: documentOf('policy', PolicyBody.properties),
  rollout: documentOf('rollout', RolloutBody.properties),
  /** A rollout of that kind, which has its own word in REST. */
  rollback: documentOf('rollback', RolloutBody.properties),
};
export const DOCUMENT_KINDS = Object.keys(DOCUMENTS) as (keyof typeof DOCUMENTS)[];

/** A thousand: a big company's sites, and its policies and rollouts of a year. */
export const documentsMax = 1000;

export const DesiredBody = Type.Object(
  {
    dryRun: Type.Optional(Type.Boolean()),
    documents: Type.Array(Type.Unknown(), { minItems: 1, maxItems: documentsMax }),
  },
  closed,
);

export interface DesiredDocument {
  readonly kind: keyof typeof DOCUMENTS;
  readonly id: string;
  readonly [key: string]: unknown;
}

/** What every document begins with; the rest follows from its kind. */
const Named = Type.Object(
  { kind: Type.Enum(DOCUMENT_KINDS), id: Type.String({ minLength: 1, maxLength: 64 }) },
  closed,
);

/** The documents in full, those that are wrong in form as far as they can be read, and every problem with their form. */
export function desiredFrom(
  documents: readonly unknown[],
): DesiredRead & { readonly refusals: readonly Refusal[] } {
  const refusals: Refusal[] = [];
  const names: string[] = [];
  const desired: Desired[] = [];
  const unsound: UnsoundDesired[] = [];
  for (const [place, document] of documents.entries()) {
    const isObject = typeof document === 'object' && document !== null;
    const { kind, id, ...said } = (isObject ? document : {}) as Readonly<Record<string, unknown>>;
    const named = bodyOf(Named, withoutAbsent({ kind, id }), `documents[${place}]`);
    if ('refusals' in named) {
      refusals.push(...named.refusals);
      continue;
    }
    const name = nameOf(named.value);
    names.push(name);
    const read = readDocument(named.value.kind, { id: named.value.id, name, said });
    if (!('refusals' in read)) {
      desired.push(read);
      continue;
    }
    refusals.push(...read.refusals);
    if (read.readable) unsound.push(read.readable);
  }
  refusals.push(...repeated(names));
  return { desired, unsound, refusals, named: new Set(names) };
}

/** As the controller names the thing; rollouts and rollbacks have their ids together. */
export function nameOf({ kind, id }: Pick<DesiredDocument, 'kind' | 'id'>): string {
  if (kind === 'phone') return `phone ${mac(id) ?? id}`;
  return `${kind === 'rollback' ? 'rollout' : kind} ${id}`;
}

const withoutAbsent = (named: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));

interface Broken {
  readonly refusals: readonly Refusal[];
  /** Absent where nobody can say what the document is about. */
  readonly readable?: UnsoundDesired;
}

/** What its id is, how the controller names it, and all that it says beside. */
interface SaidDocument {
  readonly id: string;
  readonly name: string;
  readonly said: object;
}

function readDocument(kind: DesiredDocument['kind'], document: SaidDocument): Desired | Broken {
  if (kind === 'phone') return readPhone(document);
  const { name, said } = document;
  const named = bodyOf(Type.Object({ id: IdText }, closed), { id: document.id }, name);
  if ('refusals' in named) return { refusals: named.refusals };
  const { id } = named.value;
  if (kind === 'site') {
    const body = bodyOf(SiteBody, said, name);
    if (!('refusals' in body)) return { kind, id, wanted: siteFrom(id, body.value) };
    return broken(body, { kind, id, wanted: siteOfRest(id, body) });
  }
  if (kind === 'freeze') {
    const body = bodyOf(PlannedFreezeBody, said, name);
    if (!('refusals' in body)) return { kind, id, wanted: freezeFrom(id, body.value) };
    return broken(body, { kind, id, wanted: freezeOfRest(id, body) });
  }
  if (kind === 'policy') {
    const body = bodyOf(PolicyBody, said, name);
    if (!('refusals' in body)) return { kind, id, wanted: policyFrom(id, body.value) };
    return broken(body, { kind, id, wanted: policyOfRest(id, body) });
  }
  const input = rolloutFrom({ ...said, ...(kind === 'rollback' ? { kind } : {}), id }, name);
  if (!('refusals' in input)) return { kind: 'rollout', id, wanted: input };
  return broken(input, { kind: 'rollout', id, wanted: input.rest });
}

const broken = (
  { refusals, lacks }: Pick<Unsound, 'refusals' | 'lacks'>,
  rest: Desired,
): Broken => ({
  refusals,
  readable: { rest, lacks },
});

function readPhone({ id, name, said }: SaidDocument): Desired | Broken {
  const address = mac(id);
  const { refusals } = phonesFrom([{ ...noPhone, mac: id }]);
  if (!address || refusals.length > 0) return { refusals };
  const body = bodyOf(PhoneBody, { ...said, mac: address }, name);
  const of = (phone: Static<typeof PhoneBody>): Desired => ({
    kind: 'phone',
    id: address,
    wanted: phoneFrom(phone, address),
  });
  if (!('refusals' in body)) return of(body.value);
  return broken(body, of({ mac: address, ...noPhone, ...body.rest }));
}

/** Stands in for what is missing; nothing is to be told of it. */
const noPhone = { site: '' as Id, vendor: '', model: '' };

function repeated(names: readonly string[]): Refusal[] {
  const seen = new Set<string>();
  return names.flatMap((name) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const next = 'Keep one of the two documents.';
    return [{ code: 'invalid' as const, thing: name, reason: 'is there twice', next }];
  });
}

/** What is wrong with a document, before it is sent. */
export const documentProblems = (document: unknown, kind: keyof typeof DOCUMENTS) =>
  problemsOf(DOCUMENTS[kind], document);

/** The published schema: one document, of any kind. */
export const desiredSchema = (): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A document of the desired state of Ringwave',
  description: 'What `ringwave apply` reads; docs/desired-state.md',
  oneOf: Object.values(DOCUMENTS),
});
