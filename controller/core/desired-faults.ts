import { draftOf } from '@ringwave/protocol/tables';
import type { EpochMs } from '@ringwave/protocol/units';
import { takeCommand } from './commands.ts';
import {
  circlesIn,
  commandOf,
  commandsFor,
  type Desired,
  type Difference,
  differencesOf,
  hasBegun,
  refusedDifferences,
} from './desired-state.ts';
import { freezeWhereProblems } from './planned-freeze.ts';
import { outside } from './refusal.ts';
import { checkRollout } from './rollout-check.ts';
import type { Command, ControllerTables, Refusal, RolloutInput } from './state.ts';
import { noMoves } from './wave-release.ts';

// What is wrong with documents of desired state where not all of them can be stored: everything that can be said of
// each, and nothing that only follows from the fault of another.

/** A document that is wrong in form somewhere: what can be read of it, and the keys that cannot. */
export interface UnsoundDesired {
  readonly rest: Desired;
  readonly lacks: readonly string[];
}

export interface DesiredRead {
  /** The documents without a fault of form, in full. */
  readonly desired: readonly Desired[];
  readonly unsound: readonly UnsoundDesired[];
  /** `site lisbon`: every document by its name, whatever is wrong with it. */
  readonly named: ReadonlySet<string>;
}

interface Asked {
  readonly who: string;
  readonly now: EpochMs;
}

/** Beside faults of form. */
export function desiredFaults(
  tables: ControllerTables,
  read: DesiredRead,
  asked: Asked,
): readonly Refusal[] {
  const begun = faultsBeforehand(tables, read);
  const told = new Set(begun.map(({ thing }) => thing));
  const found = faultsInTurn(tables, read, asked);
  // A thing is missing whose document is wrong, or what has begun cannot be edited.
  const own = found.filter(({ code, thing }) => {
    const isOfBroken = code === 'not-found' && read.named.has(thing.split(': ').at(-1) ?? '');
    return !isOfBroken && !told.has(thing);
  });
  return [...begun, ...own];
}

/** What has begun and differs, and what waits for itself. */
function faultsBeforehand(
  tables: ControllerTables,
  { desired, unsound }: Pick<DesiredRead, 'desired' | 'unsound'>,
): readonly Refusal[] {
  const rest = unsound.map((one) => one.rest);
  const differences = [
    ...differencesOf(tables, desired),
    ...differencesOf(tables, rest).map((one, place) => known(one, unsound[place]?.lacks ?? [])),
  ];
  return [...refusedDifferences(tables, differences), ...circlesIn([...desired, ...rest])];
}

/** Without values that only differ because they cannot be read. */
function known(difference: Difference, lacks: readonly string[]): Difference {
  const unread = lacks.includes('preset') ? [...lacks, 'waves'] : lacks;
  const values = difference.values.filter(
    ({ path }) => !unread.includes(/^\w*/.exec(path)?.[0] ?? ''),
  );
  const isSame = difference.change === 'change' && values.length === 0;
  return { ...difference, values, change: isSame ? 'same' : difference.change };
}

/** Each is looked at when those that it may name are stored; the draft is thrown away. */
function faultsInTurn(
  tables: ControllerTables,
  { desired, unsound }: DesiredRead,
  { who, now }: Asked,
): Refusal[] {
  const draft = draftOf(tables);
  const take = (command: Command): readonly Refusal[] => {
    const result = takeCommand(draft, command, who, now, noMoves());
    return result.ok ? [] : result.refusals;
  };
  const whole = desired.map((one) => ungrouped(one, unsound));
  const takeAll = (some: readonly Desired[]) =>
    take({ kind: 'desired-state', commands: commandsFor(some, differencesOf(tables, some)) });
  const ofFleet = takeAll(whole.filter(isOfFleet));
  const isFleetKnown = ofFleet.length === 0 && !unsound.some(({ rest }) => isOfFleet(rest));
  const others = whole.filter((one) => !isOfFleet(one) && one.kind !== 'rollout');
  const ofOthers = takeAll(isFleetKnown ? others : others.map(unasked));
  // Phones before sites: what stands in for parts of a site is no ground to judge its phones by.
  const ofBroken = (['phone', 'freeze', 'policy', 'site'] as const).flatMap((kind) =>
    unsound.flatMap(({ rest, lacks }) => {
      const one = ungrouped(isFleetKnown ? rest : unasked(rest), unsound);
      return one.kind === kind ? outside(take(commandOf(one)), lacks) : [];
    }),
  );
  const beside = isFleetKnown ? [] : ['fleet'];
  const ofRollouts = rolloutsIn(tables, { desired, unsound }).flatMap(
    ({ input, lacks }) =>
      checkRollout(draft, input, now, { lacks: [...lacks, ...beside] }).refusals,
  );
  return [...ofFleet, ...ofOthers, ...ofBroken, ...ofRollouts];
}

const isOfFleet = ({ kind }: Desired): boolean => kind === 'site' || kind === 'phone';

/** Whether a site has the group of a phone is not known where the site cannot be read. */
function ungrouped<One extends Desired>(one: One, unsound: readonly UnsoundDesired[]): One {
  if (one.kind !== 'phone') return one;
  const { site } = one.wanted;
  if (!unsound.some(({ rest }) => rest.kind === 'site' && rest.id === site)) return one;
  const { coverageGroup: _unknown, ...wanted } = one.wanted;
  return { ...one, wanted };
}

/** Nor is it known which names no site will have: a freeze is not told of them. */
function unasked<One extends Desired>(one: One): One {
  if (one.kind !== 'freeze' || freezeWhereProblems('', one.wanted.where).length > 0) return one;
  const { where: _unknown, ...wanted } = one.wanted;
  return { ...one, wanted };
}

/** Those that differ, and those of which it is not known whether they do. */
function rolloutsIn(
  tables: ControllerTables,
  { desired, unsound }: Pick<DesiredRead, 'desired' | 'unsound'>,
): { readonly input: RolloutInput; readonly lacks: readonly string[] }[] {
  const differences = differencesOf(tables, desired);
  const changed = desired.filter((_, place) => differences[place]?.change !== 'same');
  return [...changed.map((rest) => ({ rest, lacks: [] })), ...unsound].flatMap(({ rest, lacks }) =>
    rest.kind === 'rollout' && !hasBegun(tables, rest.id) ? [{ input: rest.wanted, lacks }] : [],
  );
}
