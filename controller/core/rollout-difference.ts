import { isName } from './name-text.ts';
import type { Rollout, RolloutInput } from './state.ts';

// In which values two contents of one thing differ, and what of a rollout may still differ when it has begun.

export interface ValueDifference {
  /** `windows[0].end`. */
  readonly path: string;
  /** Absent: it is not there now, or is not wanted any more. */
  readonly from?: unknown;
  readonly to?: unknown;
}

/** Keys of a rollout that people say; all others are what became of it, its pause among them. */
const SAID: Readonly<Record<keyof Omit<RolloutInput, 'id' | 'confirmPhones'>, true>> = {
  name: true,
  kind: true,
  releases: true,
  selection: true,
  waves: true,
  gate: true,
  pace: true,
  priority: true,
  after: true,
  deadline: true,
  attemptsMax: true,
  rotateCredentials: true,
  startAt: true,
};

/** Without what ready-made waves know beside: who reads them back and sends them again has changed nothing. */
function saidOf(rollout: RolloutInput): Record<string, unknown> {
  const said = Object.entries(rollout).filter(([key]) => Object.hasOwn(SAID, key));
  const waves = rollout.waves.map(({ ifAny: _ifAny, ...wave }) => wave);
  return { ...Object.fromEntries(said), waves };
}

/** What was asked for, with the waves as they were laid out, and before one was closed to late phones. */
export const inputOf = (rollout: Rollout): RolloutInput => ({
  ...rollout,
  waves: rollout.waves.map(({ spec, isClosed }) => (isClosed ? { ...spec, dynamic: true } : spec)),
});

/** In what another content differs. A wave that stands in it only if it takes somebody, and took nobody, is no difference. */
export function rolloutDifferences(present: Rollout, wanted: RolloutInput): ValueDifference[] {
  const laidOut = new Set(present.waves.map(({ spec }) => spec.name));
  const waves = wanted.waves.filter(({ ifAny, name }) => !ifAny || laidOut.has(name));
  return valueDifferences(saidOf(inputOf(present)), saidOf({ ...wanted, waves }));
}

/**
 * What of a rollout that has begun may still differ: its deadline, to later, and names and its reason that would no longer be taken. They
 * decide nothing, and whoever keeps the rollout in a file could apply none of it again.
 */
export function mayStillDiffer(
  rollout: Pick<Rollout, 'state'>,
  values: readonly ValueDifference[],
): boolean {
  const others = values.filter((one) => !isNameMended(one));
  return others.length === 0 ? values.length > 0 : isLaterDeadline(rollout, others);
}

export const isNameMended = ({ path, from, to }: ValueDifference): boolean =>
  /^(?:name|waves\[\d+\]\.name|deadline\.because)$/.test(path) &&
  typeof from === 'string' &&
  !isName(from) &&
  isName(to);

/**
 * Nothing differs but a deadline that moves to later. It makes a rollout gentler, so that one that goes on needs no
 * approval for it; an earlier one, or a first one, would start phones sooner than anybody has approved.
 */
function isLaterDeadline(
  { state }: Pick<Rollout, 'state'>,
  values: readonly ValueDifference[],
): boolean {
  const due = values.find(({ path }) => path === 'deadline.dueAt');
  const isGoingOn = state === 'running' || state === 'paused';
  const isLater = due !== undefined && Number(due.to) > Number(due.from);
  return isGoingOn && isLater && values.every(({ path }) => path.startsWith('deadline.'));
}

export function valueDifferences(from: unknown, to: unknown): ValueDifference[] {
  const found: ValueDifference[] = [];
  compare(from, withoutUndefined(to), '', found);
  return found;
}

const withoutUndefined = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function compare(from: unknown, to: unknown, path: string, found: ValueDifference[]): void {
  if (Array.isArray(from) && Array.isArray(to)) return compareLists(from, to, path, found);
  if (!isObject(from) || !isObject(to)) {
    if (from === to) return;
    found.push({
      path,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    });
    return;
  }
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    compare(from[key], to[key], path === '' ? key : `${path}.${key}`, found);
  }
}

function compareLists(
  from: readonly unknown[],
  to: readonly unknown[],
  path: string,
  found: ValueDifference[],
): void {
  for (let place = 0; place < Math.max(from.length, to.length); place += 1) {
    compare(from[place], to[place], `${path}[${place}]`, found);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
