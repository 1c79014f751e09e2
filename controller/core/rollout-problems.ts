import { mayRollOut, type ReleaseState } from '@ringwave/firmware-catalog/release-life';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { gateProblems } from './gate.ts';
import { beforeAnyRollout, inSeconds } from './in-seconds.ts';
import { instantText } from './instant-text.ts';
import { paceProblems } from './pace.ts';
import { conflict, invalid, notFound, siteIds } from './refusal.ts';
import type { CheckedAs } from './rollout-check.ts';
import { whereRefusals } from './selection/selected.ts';
import type { ControllerDraft, Refusal, Rollout, RolloutInput, WindowRule } from './state.ts';
import { windowProblem } from './window.ts';

// What is wrong with a rollout as it was asked for, all of it at once.

/** Twenty waves are more than anyone can watch. */
export const wavesMax = 20;

/**
 * Those that keep anyone from saying which phones are meant, those that leave open when each goes, and those beside.
 * `lacks` names parts of the body that are wrong in form already and stand empty here: nothing is said of their
 * emptiness.
 */
export function rolloutProblems(
  draft: ControllerDraft,
  input: RolloutInput,
  now: EpochMs,
  { lacks = [], isWhereStored = false }: CheckedAs = {},
): Readonly<Record<'ofPhones' | 'ofWaves' | 'beside', Refusal[]>> {
  const ofPhones = [
    ...unknownParts(draft, input, lacks),
    ...unusableReleases(draft, input),
    ...whereProblems(input, lacks.includes('fleet') ? undefined : draft, isWhereStored),
  ];
  const ofWaves = waveProblems(input, lacks);
  const beside = [
    ...partProblems(input, lacks),
    ...orderProblems(draft, input),
    ...instantProblems(input, now),
  ];
  return { ofPhones, ofWaves, beside };
}

function unknownParts(
  draft: ControllerDraft,
  input: RolloutInput,
  lacks: readonly string[],
): Refusal[] {
  const problems: Refusal[] = [];
  for (const release of input.releases) {
    if (draft.releases.has(release)) continue;
    problems.push(notFound('release', release, keysOf(draft.releases)));
  }
  for (const release of new Set(input.releases.filter((one, at, all) => all.indexOf(one) < at)))
    problems.push(
      invalid(`rollout ${input.id}: releases`, `names ${release} twice`, 'Name each release once.'),
    );
  if (input.releases.length === 0 && !lacks.includes('releases')) {
    const thing = `rollout ${input.id}: releases`;
    problems.push(invalid(thing, 'is empty', 'Name at least one release.'));
  }
  const named = input.waves.flatMap((wave) => wave.sites ?? []);
  for (const site of [...(input.selection.sites ?? []), ...named]) {
    if (!draft.sites.has(site)) problems.push(notFound('site', site, siteIds(draft)));
  }
  return problems;
}

/** Without a fleet no name is one that nobody has. */
function whereProblems(
  { id, selection, waves }: RolloutInput,
  fleet: ControllerDraft | undefined,
  isStored: boolean,
): Refusal[] {
  const own = selection.where;
  const thing = `rollout ${id}: where`;
  const ofRollout = own === undefined ? [] : whereRefusals(thing, own, fleet, { isStored });
  const ofWaves = waves.flatMap(({ name, where }) =>
    where === undefined ? [] : whereRefusals(`rollout ${id}: wave ${name}: where`, where, fleet),
  );
  return [...ofRollout, ...ofWaves];
}

const keysOf = (table: { entries(): IterableIterator<[string, unknown]> }): string[] =>
  [...table.entries()].map(([key]) => key);

function waveProblems({ id, waves }: RolloutInput, lacks: readonly string[]): Refusal[] {
  const thing = `rollout ${id}`;
  const problems: Refusal[] = [];
  const isUnread = lacks.includes('waves') || lacks.includes('preset');
  if (!isUnread && (waves.length === 0 || waves.length > wavesMax)) {
    const next = `Give 1 to ${wavesMax} waves.`;
    problems.push(invalid(`${thing}: waves`, `has ${waves.length} waves`, next));
  }
  const names = new Set<string>();
  for (const { name, count, percent, per, windows } of waves) {
    const wave = `${thing}: wave ${name}`;
    problems.push(...ruleProblems(wave, windows));
    if (names.has(name)) problems.push(invalid(wave, 'is there twice', 'Name each wave once.'));
    names.add(name);
    if (count !== undefined && percent !== undefined)
      problems.push(invalid(wave, 'gives count and percent', 'Give one of the two.'));
    if (per && percent !== undefined)
      problems.push(invalid(wave, 'gives per and percent', 'Give count with per.'));
  }
  if (waves.filter((wave) => wave.dynamic).length > 1) {
    const reason = 'have more than one wave that late phones join';
    problems.push(invalid(`${thing}: waves`, reason, 'Leave dynamic on one of them, the last.'));
  }
  return problems;
}

function ruleProblems(wave: string, windows: readonly WindowRule[] | undefined): Refusal[] {
  if (windows === undefined) return [];
  if (windows.length === 0) {
    const next = 'Leave windows out: then those of the sites hold.';
    return [invalid(`${wave}: windows`, 'is empty, so that none of its phones starts', next)];
  }
  return windows.flatMap((rule, place) => {
    const problem = windowProblem(rule);
    const next = 'Correct the rule, for example {"days":["sat"],"start":"02:00","end":"05:00"}.';
    return problem ? [invalid(`${wave}: windows[${place}]`, problem, next)] : [];
  });
}

/** Gates and pace: each says what no result could meet, or what contradicts itself. */
function partProblems(
  { id, gate, waves, pace }: RolloutInput,
  lacks: readonly string[],
): Refusal[] {
  const thing = `rollout ${id}`;
  // With half of a gate unread the other half contradicts what nobody asked for.
  const isGateRead = !lacks.includes('gate');
  const read = isGateRead && !lacks.includes('waves') ? waves : [];
  const own = read.flatMap(({ name, gate: extra }) =>
    extra
      ? gateProblems({ ...gate, ...extra }).map((it) => ({ at: `wave ${name}: gate`, ...it }))
      : [],
  );
  return [
    ...(isGateRead ? gateProblems(gate).map((it) => ({ at: 'gate', ...it })) : []),
    ...own,
    ...(pace && !lacks.includes('pace')
      ? paceProblems(pace).map((it) => ({ at: 'pace', ...it }))
      : []),
  ].map(({ at, part, reason, next }) => invalid(`${thing}: ${at}.${part}`, reason, next));
}

/** What it waits for must be there, may still come to be done, and must not wait for it. */
function orderProblems(draft: ControllerDraft, { id, after = [] }: RolloutInput): Refusal[] {
  return after.flatMap((before) => {
    if (before !== id && !draft.rollouts.has(before))
      return [notFound('rollout', before, keysOf(draft.rollouts))];
    if (draft.rollouts.get(before)?.state === 'aborted') {
      const reason = `names ${before}, which was aborted and is never done`;
      return [conflict(`rollout ${id}: after`, reason, 'Take it out.')];
    }
    const circle = before === id ? [id] : circleBack(draft, before, id);
    if (!circle) return [];
    const reason = `waits in a circle: ${[id, ...circle].join(' after ')}`;
    return [invalid(`rollout ${id}: after`, reason, 'Take one of them out.')];
  });
}

/** The way from one rollout back to another over what each waits for. */
function circleBack(draft: ControllerDraft, from: Id, to: Id): Id[] | undefined {
  const ways: Id[][] = [[from]];
  const seen = new Set<Id>([from]);
  for (let way = ways.shift(); way; way = ways.shift()) {
    const last = way.at(-1);
    for (const next of (last && draft.rollouts.get(last)?.after) || []) {
      if (next === to) return [...way, to];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

function instantProblems({ id, deadline, startAt }: RolloutInput, now: EpochMs): Refusal[] {
  const thing = `rollout ${id}`;
  const problems: Refusal[] = [];
  if (startAt !== undefined && startAt < beforeAnyRollout) {
    const next = 'Leave it out to begin at once, or write milliseconds since 1970.';
    const long = invalid(`${thing}: startAt`, `is ${instantText(startAt)}, long ago`, next);
    problems.push(inSeconds(`${thing}: startAt`, startAt) ?? long);
  }
  if (deadline && deadline.dueAt <= Math.max(now, startAt ?? 0)) {
    const due = `${thing}: deadline.dueAt`;
    const reason = 'has passed before the rollout could begin';
    const passed = invalid(due, reason, 'Give a later instant.');
    problems.push(inSeconds(due, deadline.dueAt) ?? passed);
  }
  return problems;
}

/** Releases of a rollout that may not go to its phones, or no longer. */
export function unusableReleases(
  draft: ControllerDraft,
  { id, releases, selection }: Pick<Rollout, 'id' | 'releases' | 'selection'>,
): Refusal[] {
  const handPicked = selection.macs !== undefined;
  return releases.flatMap((release) => {
    const life = draft.lives.get(release);
    if (!draft.releases.has(release) || mayRollOut(life, { handPicked })) return [];
    const last = life?.steps.at(-1);
    const state = life?.state ?? 'discovered';
    const reason = `is ${state} (${last?.who ?? 'nobody'}: ${last?.why ?? 'no reason given'})`;
    return [conflict(`rollout ${id}: release ${release}`, reason, nextFor(state, release))];
  });
}

function nextFor(state: ReleaseState, release: Id): string {
  if (state === 'withdrawn') return 'Take another release; this one is withdrawn for good.';
  if (state === 'quarantined')
    return `See why, then: ringwave release readmit ${release} --why "..."`;
  if (state === 'lab')
    return `Pick lab phones by MAC, or: ringwave release approve ${release} --why "..."`;
  if (state === 'verified')
    return `Let it out with: ringwave release approve ${release} --why "..."`;
  return 'Its images are not here yet; wait for the feed, or import it.';
}
