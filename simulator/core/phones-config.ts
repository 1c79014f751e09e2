// What a process of virtual phones is told on its first line, and on the lines that may follow.

import { type Problem, problemsOf, readJson } from '@ringwave/firmware-catalog/problems';
import type { AgentAddress } from '@ringwave/firmware-catalog/vendors/profile';
import type { DurationMs, EpochMs, Mac } from '@ringwave/protocol/units';
import type { LoginStyle } from './digest-login.ts';
import type { Habit } from './habit.ts';
import { kindOf, type Transport } from './phone-kinds.ts';

export interface PhonesConfig {
  readonly seed: number;
  /** Absent: the wall's time. */
  readonly clock?: {
    readonly speed: number;
    readonly startedAt: EpochMs;
    readonly wallStartedAt: EpochMs;
  };
  /** The same for all, since an agent knows one port; each phone has an address of its own. */
  readonly sipPort: number;
  readonly checksEvery?: DurationMs;
  readonly sites: readonly {
    readonly agent: AgentAddress;
    readonly phones: readonly PhoneConfig[];
  }[];
}

export interface PhoneConfig {
  readonly mac: Mac;
  readonly vendor: string;
  readonly model: string;
  readonly hardware?: string;
  readonly version: string;
  readonly localAddress: string;
  readonly habit?: Habit;
  readonly loginStyle?: LoginStyle;
  /** The protocol it asks by, where its line's phones know both. */
  readonly prefers?: Transport;
  /** Leaves its MAC out of its User-Agent. */
  readonly hidesMac?: boolean;
}

/** A later line: how one phone is to behave from now on. */
export interface BehaveLine {
  readonly mac: Mac;
  readonly habit: Habit;
}

/** Bytes of the first line: 10,000 phones need 3 MB. */
export const configLineBytesMax = 16 * 1024 * 1024;
/** Bytes of a later line. */
const behaveLineBytesMax = 4096;

const text = { type: 'string', minLength: 1, maxLength: 64 } as const;
const port = { type: 'integer', minimum: 0, maximum: 65_535 } as const;
const number = { type: 'number', minimum: 0 } as const;
const macText = { type: 'string', pattern: '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$' } as const;

const object = (required: Record<string, object>, optional: Record<string, object> = {}) => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
});

const kinds = [
  'good',
  'in-call',
  'off',
  'unplugged',
  'refuses-image',
  'comes-back-old',
  'slow',
  'loses-packets',
  'challenges',
] as const satisfies readonly Habit['kind'][];

const habit = object(
  { kind: { enum: [...kinds] } },
  { asks: number, afterLooks: number, bytesPerSecond: number, share: number },
);

const phone = object(
  { mac: macText, vendor: text, model: text, version: text, localAddress: text },
  {
    hardware: text,
    habit,
    loginStyle: { enum: ['basic', 'digest'] },
    prefers: { enum: ['http', 'tftp'] },
    hidesMac: { type: 'boolean' },
  },
);
const site = object({
  agent: object({ host: text, httpPort: port, tftpPort: port }),
  phones: { type: 'array', items: phone, maxItems: 20_000 },
});
const config = object(
  {
    seed: { type: 'integer' },
    sipPort: port,
    sites: { type: 'array', items: site, maxItems: 500 },
  },
  {
    clock: object({ speed: number, startedAt: number, wallStartedAt: number }),
    checksEvery: number,
  },
);
const behave = object({ mac: macText, habit });

type Read<T> = { readonly value: T } | { readonly problems: readonly Problem[] };

export function readPhonesConfig(line: string): Read<PhonesConfig> {
  const read = decoded<PhonesConfig>(line, config, configLineBytesMax);
  if ('problems' in read) return read;
  const problems = read.value.sites.flatMap(({ phones }, place) =>
    phones.flatMap((one) => [
      ...(kindOf(one.vendor, one.model) ? [] : [noKind(place, one)]),
      ...missingNumber(one.habit, `sites[${place}].phones`),
    ]),
  );
  return problems.length > 0 ? { problems } : read;
}

export function readBehaveLine(line: string): Read<BehaveLine> {
  const read = decoded<BehaveLine>(line, behave, behaveLineBytesMax);
  if ('problems' in read) return read;
  const problems = missingNumber(read.value.habit, 'habit');
  return problems.length > 0 ? { problems } : read;
}

function decoded<T>(line: string, schema: object, bytesMax: number): Read<T> {
  const read = readJson(line, bytesMax);
  if ('problems' in read) return read;
  const problems = problemsOf(schema, read.value);
  return problems.length > 0 ? { problems } : { value: read.value as T };
}

const noKind = (place: number, { vendor, model }: PhoneConfig): Problem => ({
  path: `sites[${place}].phones`,
  reason: `names ${vendor} ${model}, of which the catalogue knows no line`,
  nextStep: 'Name a vendor and a model as `ringwave catalog identify` spells them.',
});

/** The number that belongs to a habit, which the schema cannot ask for. */
const NUMBERS: Partial<Record<Habit['kind'], string>> = {
  'in-call': 'asks',
  unplugged: 'afterLooks',
  slow: 'bytesPerSecond',
  'loses-packets': 'share',
};

function missingNumber(habit: Habit | undefined, path: string): readonly Problem[] {
  const key = habit && NUMBERS[habit.kind];
  if (!habit || !key || Object.hasOwn(habit, key)) return [];
  const reason = `is ${habit.kind} without ${key}`;
  return [{ path, reason, nextStep: `Add ${key}, a number.` }];
}
