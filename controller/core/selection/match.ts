import type { EpochMs, Id } from '@ringwave/protocol/units';
import { progressKey, type Phone, type Progress, type Site } from '../state.ts';
import { labelIn } from './field-rules.ts';
import { ageTest, type Answer, keptByText, type Shown, textTest, versionTest } from './answer.ts';
import {
  ageMs,
  type FieldName,
  type FieldTest,
  type KnownTest,
  kindOf,
  type Where,
} from './where.ts';

/** What a selection asks of the fleet besides the phone itself: the tables, or a draft of them. */
export interface FleetReader {
  readonly sites: { get(id: string): Site | undefined };
  readonly progress: { get(key: string): Progress | undefined };
  readonly rollouts: { entries(): Iterable<[string, unknown]> };
}

export type Matches = (phone: Phone) => boolean;

/**
 * Compiles a selection into one function, to be asked of as many phones as there are; `fleet` must not change
 * meanwhile. A test says yes, no, or neither: a `not` goes inwards to the tests, so that what is neither
 * selects no phone, and its denial selects none as well.
 */
export function matcher(where: Where, fleet: FleetReader, now: EpochMs): Matches {
  return compiled(where, true, (test) => asked(test, fleet, now));
}

type Asked = (phone: Phone) => Answer;

function compiled(
  where: Where,
  wanted: boolean,
  ask: (test: FieldTest | KnownTest) => Asked,
): Matches {
  switch (where.kind) {
    case 'all':
      return () => wanted;
    case 'not':
      return compiled(where.part, !wanted, ask);
    case 'and':
    case 'or': {
      const parts = where.parts.map((part) => compiled(part, wanted, ask));
      return (where.kind === 'and') === wanted ? every(parts) : some(parts);
    }
    default: {
      const answer = ask(where);
      return (phone) => answer(phone) === wanted;
    }
  }
}

const every =
  (parts: readonly Matches[]): Matches =>
  (phone) => {
    for (const part of parts) if (!part(phone)) return false;
    return true;
  };

const some =
  (parts: readonly Matches[]): Matches =>
  (phone) => {
    for (const part of parts) if (part(phone)) return true;
    return false;
  };

/** What one test answers for a phone: three-valued. */
export function asked(test: FieldTest | KnownTest, fleet: FleetReader, now: EpochMs): Asked {
  if (kindOf(test.field) === 'rollout') return rolloutAsked(test, fleet);
  if (test.kind === 'known') {
    const read = reader(test, fleet, now);
    return (phone) => (read(phone) !== undefined) === test.known;
  }
  switch (kindOf(test.field)) {
    case 'version':
      return versionAsked(test);
    case 'age': {
      const holds = ageTest(test.operator, ageMs(test.values[0]?.text ?? '') ?? 0);
      const read = reader(test, fleet, now);
      return (phone) => {
        const age = read(phone);
        return age === undefined ? undefined : holds(Number(age));
      };
    }
    default: {
      const holds = keptByText(textTest(test));
      const read = reader(test, fleet, now);
      return (phone) => {
        const value = read(phone);
        return value === undefined ? undefined : holds(String(value));
      };
    }
  }
}

function versionAsked(test: FieldTest): Asked {
  const answer = versionTest(test);
  const byPhone = new Map<string, ReturnType<typeof keptByText<Answer>>>();
  return ({ vendor, model, hardware, running }) => {
    if (!running) return undefined;
    const key = hardware === undefined ? `${vendor}\n${model}` : `${vendor}\n${model}\n${hardware}`;
    let kept = byPhone.get(key);
    if (!kept) {
      kept = keptByText((version) => answer({ vendor, model, hardware, version } satisfies Shown));
      byPhone.set(key, kept);
    }
    return kept(running.version);
  };
}

/** Whether a phone is in a rollout is always known: `!=` means in none of that name. */
function rolloutAsked(test: FieldTest | KnownTest, fleet: FleetReader): Asked {
  const { ids, wanted } = rolloutsMeant(
    test,
    [...fleet.rollouts.entries()].map(([id]) => id),
  );
  return ({ mac }) =>
    ids.some((id) => fleet.progress.get(progressKey(id as Id, mac)) !== undefined) === wanted;
}

/** The rollouts that a test is about, and whether the phone should be in one of them. */
export function rolloutsMeant(
  test: FieldTest | KnownTest,
  known: readonly string[],
): { ids: readonly string[]; wanted: boolean } {
  if (test.kind === 'known') return { ids: known, wanted: test.known };
  const denies = test.operator.startsWith('not') || test.operator === '!=';
  const holds = textTest(test);
  return { ids: known.filter((id) => holds(id) !== denies), wanted: !denies };
}

/** The value that a test is about, undefined where it is not known. */
export function reader(
  { field, rollout }: FieldTest | KnownTest,
  { sites, progress }: FleetReader,
  now: EpochMs,
): (phone: Phone) => string | number | undefined {
  if (field.of !== 'field') {
    const { of, key } = field;
    if (of === 'phone-label') return (phone) => labelIn(phone.labels, key);
    return (phone) => labelIn(sites.get(phone.site)?.labels, key);
  }
  const { name } = field;
  if (name === 'site.name') return (phone) => sites.get(phone.site)?.name;
  if (name === 'site.zone') return (phone) => sites.get(phone.site)?.zone;
  if (name === 'phase')
    return (phone) => progress.get(progressKey((rollout ?? '') as Id, phone.mac))?.phase;
  return (phone) => ownValue(phone, name, now);
}

type OwnField = Exclude<FieldName, 'site.name' | 'site.zone' | 'phase'>;

function ownValue(phone: Phone, name: FieldName, now: EpochMs): string | number | undefined {
  switch (name as OwnField) {
    case 'group':
      return phone.coverageGroup;
    case 'emergency':
      return phone.emergency ? 'yes' : 'no';
    case 'running':
      return phone.running?.version;
    case 'seen':
      return phone.seenAt === undefined ? undefined : now - phone.seenAt;
    case 'credential':
      return phone.credential?.provenAt === undefined ? undefined : now - phone.credential.provenAt;
    case 'rollout':
      return undefined;
    default:
      return phone[name as 'mac' | 'vendor' | 'model' | 'hardware' | 'extension' | 'site'];
  }
}
