import { problemsOf } from '@ringwave/firmware-catalog/problems';
import { LIFE_CAUSES, type LifeCause } from '@ringwave/firmware-catalog/release-life';
import { knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import { emergencyNumbersMax, restartsPerMinuteMost } from '@ringwave/protocol/messages';
import { linePattern } from '@ringwave/protocol/schema-words';
import { type EpochMs, type Id, type Mac, mac } from '@ringwave/protocol/units';
import { type Static, type TSchema, Type } from 'typebox';
import { labelKeyPattern } from '../../core/selection/field-rules.ts';
import { whereLengthMax } from '../../core/selection/parse.ts';
import { type SiteLimits, wanRulesMax } from '../../core/site-limits.ts';
import type { Command, PhoneInput, Refusal, Site } from '../../core/state.ts';
import { WEEKDAYS, type Weekday } from '../../core/state.ts';
import { invalid, outside } from '../../core/refusal.ts';
import type { Engine } from '../engine.ts';
import { soundPart } from './sound-part.ts';
import { openingMinutesMax } from '../../core/window.ts';

// What REST takes: closed schemas, so that a misspelt key is an error and never silently dropped.

/** Checked by its pattern, so that what passes is an Id. */
export const IdText = Type.Unsafe<Id>(
  Type.String({
    pattern: '^[a-z0-9-]{1,64}$',
    description: 'in lower-case letters, digits and dashes',
  }),
);
export const closed = { additionalProperties: false } as const;

/** Of people, about anything: a name, a reason, a remark. */
export const LineText = (maxLength: number, own: { minLength?: 0; description?: string } = {}) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: linePattern,
    description: 'as one line without control characters',
    ...own,
  });

/** Thirty-two labels: what people keep in order by hand. A value is one line of text. */
const labelsOf = (keyPattern: string) =>
  Type.Optional(
    Type.Record(
      Type.String({ pattern: keyPattern }),
      Type.String({
        minLength: 1,
        maxLength: 64,
        pattern: linePattern,
        description: 'as one line of 1 to 64 characters, without control characters',
      }),
      {
        maxProperties: 32,
        description: 'in lower-case letters, digits and dashes, 32 at most; not id, name or zone',
        ...closed,
      },
    ),
  );
/** A site's name and zone are asked for by the same words, so no label takes them. */
const siteLabelKeyPattern = '^(?!(?:id|name|zone)$)[a-z][a-z0-9-]{0,31}$';
/** To the end of the year 2199, as agents take it: beyond that a date can no longer be written. */
export const instantMax = 7_258_118_399_999;
const Instant = Type.Integer({
  minimum: 0,
  maximum: instantMax,
  description: 'of milliseconds since 1970',
});
/** As people write it in a file, until the end of the same year. */
export const InstantSaid = Type.Union([
  Instant,
  Type.String({
    format: 'date-time',
    pattern: '^2[01]',
    description: 'as 2026-12-24T02:00:00Z, with its zone, or as milliseconds since 1970',
  }),
]);
export const instantSaid = (said: Static<typeof InstantSaid>): EpochMs =>
  (typeof said === 'number' ? said : Date.parse(said)) as EpochMs;
export const WhereText = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: whereLengthMax,
    description: 'as docs/selection.md says',
  }),
);

const WallClock = Type.String({
  pattern: '^([01]\\d|2[0-3]):[0-5]\\d$',
  description: 'as the local wall clock HH:MM',
});
/** Below 64 KiB a second a phone's download outlasts the agent's patience. */
const lanBytesLeast = 64 * 1024;

const blackoutPattern = '^(\\d{4}-)?\\d{2}-\\d{2}(/(\\d{4}-)?\\d{2}-\\d{2})?$';
const blackoutWords = 'as YYYY-MM-DD, each year MM-DD, or two of them parted by /';

/** Local rules; of a site, or of a wave that narrows those of its sites. */
export const Windows = Type.Array(
  Type.Object(
    {
      days: Type.Array(Type.Unsafe<Weekday>(Type.Enum([...WEEKDAYS])), { maxItems: 7 }),
      start: Type.String({ maxLength: 5, description: 'as the local wall clock HH:MM' }),
      end: Type.Optional(
        Type.String({ maxLength: 5, description: 'as the local wall clock HH:MM' }),
      ),
      minutes: Type.Optional(
        Type.Integer({ minimum: 1, maximum: openingMinutesMax, description: 'instead of end' }),
      ),
    },
    closed,
  ),
  { maxItems: 50 },
);

export const SiteBody = Type.Object(
  {
    name: Type.Optional(LineText(120)),
    zone: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'as an IANA time zone such as Europe/Lisbon',
    }),
    windows: Windows,
    blackout: Type.Optional(
      Type.Array(Type.String({ pattern: blackoutPattern, description: blackoutWords }), {
        maxItems: 1000,
      }),
    ),
    coverage: Type.Optional(
      Type.Array(
        Type.Object({ id: IdText, minUp: Type.Integer({ minimum: 0, maximum: 2000 }) }, closed),
        { maxItems: 200 },
      ),
    ),
    phonesUpdatingMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    wanBytesPerSecond: Type.Optional(Type.Integer({ minimum: 0 })),
    credentialDaysMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })),
    labels: labelsOf(siteLabelKeyPattern),
    wanBudget: Type.Optional(
      Type.Array(
        Type.Object(
          { start: WallClock, end: WallClock, bytesPerSecond: Type.Integer({ minimum: 0 }) },
          closed,
        ),
        { maxItems: wanRulesMax },
      ),
    ),
    lanBytesPerSecond: Type.Optional(Type.Integer({ minimum: lanBytesLeast })),
    phonesPerSwitchMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    restartsPerMinuteMax: Type.Optional(
      Type.Integer({ minimum: 1, maximum: restartsPerMinuteMost }),
    ),
    emergencyNumbers: Type.Optional(
      Type.Array(
        Type.String({ pattern: '^[0-9*#+]{2,16}$', description: 'as a number that is dialled' }),
        { maxItems: emergencyNumbersMax },
      ),
    ),
    callbackHoldMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 240 })),
    registrationProves: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** Phones of one site updating at once where the site does not say: a small helpdesk keeps a line free. */
const phonesUpdatingUsually = 5;
/** Age at which a credential fails its rule where the site does not say. */
const credentialDaysUsually = 90;

export const siteFrom = (siteId: Id, body: Static<typeof SiteBody>): Site => ({
  id: siteId,
  name: body.name ?? siteId,
  zone: body.zone,
  windows: body.windows,
  blackout: body.blackout ?? [],
  coverage: body.coverage ?? [],
  phonesUpdatingMax: body.phonesUpdatingMax ?? phonesUpdatingUsually,
  wanBytesPerSecond: body.wanBytesPerSecond ?? 0,
  credentialDaysMax: body.credentialDaysMax ?? credentialDaysUsually,
  ...(body.labels ? { labels: body.labels } : {}),
  ...said(body, LIMITS),
});

/** Of a site that is wrong in form: nothing is to be told of the zone and the windows that stand in for missing ones. */
export const siteOfRest = (siteId: Id, { rest }: Pick<Unsound, 'rest'>): Site =>
  siteFrom(siteId, { zone: 'UTC', windows: [], ...rest });

/** Settings without a default: what a site does not say does not limit it. */
const LIMITS = [
  'wanBudget',
  'lanBytesPerSecond',
  'phonesPerSwitchMax',
  'restartsPerMinuteMax',
  'emergencyNumbers',
  'callbackHoldMinutes',
  'registrationProves',
] as const satisfies readonly (keyof SiteLimits)[];

const said = <T extends object, K extends keyof T>(body: T, keys: readonly K[]): Pick<T, K> =>
  Object.fromEntries(
    keys.flatMap((key) => (body[key] === undefined ? [] : [[key, body[key]]])),
  ) as Pick<T, K>;

export const PhoneBody = Type.Object(
  {
    mac: Type.String({ minLength: 12, maxLength: 17 }),
    site: IdText,
    vendor: LineText(32),
    model: LineText(64),
    hardware: Type.Optional(LineText(32, { minLength: 0 })),
    extension: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9._+-]{1,32}$' })),
    emergency: Type.Optional(Type.Boolean()),
    coverageGroup: Type.Optional(IdText),
    labels: labelsOf(labelKeyPattern),
    switch: Type.Optional(LineText(64)),
    pair: Type.Optional(IdText),
    bond: Type.Optional(IdText),
  },
  closed,
);
/** 1,000 phones a request: a page of a spreadsheet, half a megabyte at most. */
export const PhonesBody = Type.Array(PhoneBody, { minItems: 1, maxItems: 1000 });

/** The phones, and a refusal for each MAC that is none, or that two of them have. */
export function phonesFrom(body: Static<typeof PhonesBody>): {
  readonly phones: readonly PhoneInput[];
  readonly refusals: readonly Refusal[];
} {
  const refusals: Refusal[] = [];
  const phones = new Map<Mac, PhoneInput>();
  for (const one of body) {
    const address = mac(one.mac);
    const reason = address ? macProblem(address) : 'is not a MAC address';
    if (reason !== undefined) {
      const next = 'Write 12 hexadecimal digits, such as 80:5e:c0:12:34:56.';
      refusals.push(invalid(`phone ${one.mac}`, reason, next));
    } else if (address && phones.has(address)) {
      refusals.push(invalid(`phone ${address}`, 'is there twice', 'Keep one of the two.'));
    } else if (address) phones.set(address, phoneFrom(one, address));
  }
  return { phones: [...phones.values()], refusals };
}

/** Groups and everybody have such addresses, and a neighbour that has not answered has none but zeros. */
function macProblem(address: Mac): string | undefined {
  if (address === '00:00:00:00:00:00') return 'is the address of no phone';
  const isGroup = (Number.parseInt(address.slice(0, 2), 16) & 1) === 1;
  return isGroup ? 'is the address of a group, and of no phone' : undefined;
}

/** Its vendor is written as the catalogue writes it, so that releases of it are found. */
export const phoneFrom = (body: Static<typeof PhoneBody>, address: Mac): PhoneInput => ({
  ...body,
  mac: address,
  vendor: knowledgeOf(body.vendor)?.name ?? body.vendor,
  emergency: body.emergency ?? false,
});

/** Hours until an enrolment token is void: at most thirty days, so that a lost note opens nothing for long. */
export const ReleaseMoveBody = Type.Object(
  {
    cause: Type.Unsafe<LifeCause>(Type.Enum([...LIFE_CAUSES])),
    why: LineText(500),
    channel: Type.Optional(
      Type.String({ pattern: '^[a-z0-9-]{1,32}$', description: 'such as stable' }),
    ),
  },
  closed,
);
export const ModelEndBody = Type.Object(
  {
    on: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'as YYYY-MM-DD' }),
    source: LineText(500),
  },
  closed,
);
export const TokenBody = Type.Object(
  { hours: Type.Optional(Type.Number({ minimum: 0.1, maximum: 720 })) },
  closed,
);
export const FreezeBody = Type.Object(
  {
    reason: LineText(200),
    until: Type.Optional(InstantSaid),
  },
  closed,
);
export const HaltBody = Type.Object({ halted: Type.Boolean(), reason: LineText(200) }, closed);

/** What can still be looked at of a body that has problems. */
export interface Unsound {
  readonly refusals: readonly Refusal[];
  /** The body without the places that are wrong; its keys may be absent, what is there fits. */
  readonly rest: Readonly<Record<string, unknown>>;
  /** Keys of the body with something wrong in them. */
  readonly lacks: readonly string[];
}

/** A body that fits its schema, or every problem with it at once; at the paths of `kept` it may be as it is. */
export function bodyOf<S extends TSchema>(
  schema: S,
  body: unknown,
  thing: string,
  kept: ReadonlySet<string> = new Set(),
): { value: Static<S> } | Unsound {
  const check = (part: unknown) => problemsOf(schema, part).filter(({ path }) => !kept.has(path));
  const problems = check(body ?? {});
  if (problems.length === 0) return { value: (body ?? {}) as Static<S> };
  const refusals = problems.map(({ path, reason, nextStep }) => ({
    code: 'invalid' as const,
    thing: path ? `${thing}: ${path}` : thing,
    reason,
    next: nextStep,
  }));
  return { refusals, ...soundPart(body, problems, check) };
}

/** What a command made of the sound part would be refused for, where it does not lie in a part that is unsound. */
export function alsoWrong(
  engine: Pick<Engine, 'wouldTake'>,
  who: string,
  command: Command,
  { lacks }: Pick<Unsound, 'lacks'>,
): readonly Refusal[] {
  const result = engine.wouldTake(who, command);
  return result.ok ? [] : outside(result.refusals, lacks);
}
