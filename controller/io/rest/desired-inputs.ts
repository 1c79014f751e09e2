import assert from 'node:assert/strict';
import { problemsOf } from '@ringwave/firmware-catalog/problems';
import { type Id, mac } from '@ringwave/protocol/units';
import { type Static, Type } from 'typebox';
import type { Desired } from '../../core/desired-state.ts';
import { DEADLINE_SEVERITIES, type PolicyInput } from '../../core/policy.ts';
import { whereLengthMax } from '../../core/selection/parse.ts';
import type { Refusal } from '../../core/state.ts';
import { freezeFrom, PlannedFreezeBody } from './freeze-routes.ts';
import {
  bodyOf,
  closed,
  IdText,
  PhoneBody,
  PhonesBody,
  phonesFrom,
  SiteBody,
  siteFrom,
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
          by: Type.String({ minLength: 1, maxLength: 64, description: 'as the name of a person' }),
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

export interface DesiredRead {
  /** The documents without a fault of form, in full. */
  readonly desired: readonly Desired[];
  readonly refusals: readonly Refusal[];
  /** `site lisbon`: every document by its name, whatever is wrong with it. */
  readonly named: ReadonlySet<string>;
}

/** The documents in full, and every problem with the form of others. */
export function desiredFrom(documents: readonly unknown[]): DesiredRead {
  const refusals: Refusal[] = [];
  const names: string[] = [];
  const desired = documents.flatMap((document, place): Desired[] => {
    const isObject = typeof document === 'object' && document !== null;
    const { kind, id, ...said } = (isObject ? document : {}) as Readonly<Record<string, unknown>>;
    const named = bodyOf(Named, withoutAbsent({ kind, id }), `documents[${place}]`);
    if (!('refusals' in named)) names.push(nameOf(named.value));
    const read = 'refusals' in named ? named : readDocument(named.value.kind, named.value.id, said);
    if ('refusals' in read) refusals.push(...read.refusals);
    return 'refusals' in read ? [] : [read];
  });
  refusals.push(...repeated(names));
  return { desired, refusals, named: new Set(names) };
}

/** As the controller names the thing; rollouts and rollbacks have their ids together. */
export function nameOf({ kind, id }: Pick<DesiredDocument, 'kind' | 'id'>): string {
  if (kind === 'phone') return `phone ${mac(id) ?? id}`;
  return `${kind === 'rollback' ? 'rollout' : kind} ${id}`;
}

const withoutAbsent = (named: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));

function readDocument(
  kind: DesiredDocument['kind'],
  name: string,
  said: object,
): Desired | { readonly refusals: readonly Refusal[] } {
  if (kind === 'phone') return readPhone(name, said);
  const named = bodyOf(Type.Object({ id: IdText }, closed), { id: name }, `${kind} ${name}`);
  if ('refusals' in named) return named;
  const { id } = named.value;
  if (kind === 'site') {
    const body = bodyOf(SiteBody, said, `site ${id}`);
    return 'refusals' in body ? body : { kind, id, wanted: siteFrom(id, body.value) };
  }
  if (kind === 'freeze') {
    const body = bodyOf(PlannedFreezeBody, said, `freeze ${id}`);
    return 'refusals' in body ? body : { kind, id, wanted: freezeFrom(id, body.value) };
  }
  if (kind === 'policy') {
    const body = bodyOf(PolicyBody, said, `policy ${id}`);
    return 'refusals' in body ? body : { kind, id, wanted: policyFrom(id, body.value) };
  }
  const whole = { ...said, ...(kind === 'rollback' ? { kind } : {}), id };
  const input = rolloutFrom(whole, nameOf({ kind, id }));
  return 'refusals' in input ? input : { kind: 'rollout', id, wanted: input };
}

function readPhone(
  name: string,
  said: object,
): Desired | { readonly refusals: readonly Refusal[] } {
  const body = bodyOf(PhonesBody, [{ ...said, mac: name }], `phone ${name}`);
  if ('refusals' in body) return body;
  const { phones, refusals } = phonesFrom(body.value);
  if (refusals.length > 0) return { refusals };
  const [wanted] = phones;
  assert(wanted, 'one phone gives one phone');
  return { kind: 'phone', id: wanted.mac, wanted };
}

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
