import { createHash } from 'node:crypto';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { progressOf, putProgress } from './progress.ts';
import { conflict, invalid, notFound, refused, siteIds, taken } from './refusal.ts';
import type {
  Command,
  CommandResult,
  ControllerDraft,
  Phone,
  Refusal,
  Rollout,
  RolloutInput,
} from './state.ts';
import { mayRollOut, type ReleaseState } from '@ringwave/firmware-catalog/release-life';
import { confirmationRefusal } from './selection/confirmation.ts';
import { selectedPhones, waveMatches, whereRefusals } from './selection/selected.ts';
import { assignWaves, releaseFor } from './waves.ts';

// What people ask of rollouts: one is created when all its parts fit, and approved as it was shown.

/** Twenty waves are more than anyone can watch. */
export const wavesMax = 20;

export function createRollout(
  draft: ControllerDraft,
  { confirmPhones, ...input }: RolloutInput,
  who: string,
  now: EpochMs,
): CommandResult {
  const thing = `rollout ${input.id}`;
  if (draft.rollouts.has(input.id))
    return refused(conflict(thing, 'exists already', 'Choose another id.'));
  const problems = rolloutProblems(draft, input);
  if (problems.length > 0) return refused(...problems);
  const selected = selectedPhones(draft, input.selection, now);
  const releases = input.releases.flatMap((one) => draft.releases.get(one) ?? []);
  const fitting = selected.filter((phone) => releaseFor(phone, releases));
  if (fitting.length === 0) {
    const reason =
      selected.length === 0
        ? 'selects no phone'
        : `selects ${selected.length} phones, but no release of it fits any of them`;
    return refused(invalid(`${thing}: selection`, reason, 'Compare with: ringwave phone list'));
  }
  const fleet = [...draft.rosters.values()].reduce((sum, roster) => sum + roster.length, 0);
  const asked = { selected: fitting.length, fleet, confirmed: confirmPhones };
  const unconfirmed = confirmationRefusal(thing, asked);
  if (unconfirmed) return refused(unconfirmed);
  const matches = waveMatches(draft, now);
  const { waveOf, sizes, leftOut } = assignWaves(input.id, fitting, input.waves, matches);
  const empty = input.waves.filter((_, index) => sizes[index] === 0);
  if (empty.length > 0) {
    return refused(
      ...empty.map((wave) =>
        invalid(
          `${thing}: wave ${wave.name}`,
          'takes no phone',
          'Correct its sites or count, or leave it out.',
        ),
      ),
    );
  }
  if (leftOut.length > 0) {
    const some = leftOut
      .slice(0, 5)
      .map((phone) => `${phone.mac} (${phone.site})`)
      .join(', ');
    return refused(
      invalid(
        `${thing}: waves`,
        `leave out ${leftOut.length} phones: ${some}`,
        'Add a last wave without count, percent or sites.',
      ),
    );
  }
  const sites = [...new Set(fitting.map((phone) => phone.site))].sort();
  const shut = sites.filter((site) => draft.sites.get(site)?.windows.length === 0);
  if (shut.length > 0) return refused(...shut.map((site) => neverOpens(thing, site)));
  storeRollout(draft, input, { who, now, sizes, sites });
  for (const phone of fitting) {
    const release = releaseFor(phone, releases);
    assignPhone(draft, input, phone, waveOf.get(phone.mac) ?? 0, release?.version ?? '', now);
  }
  return taken;
}

const neverOpens = (thing: string, site: Id): Refusal =>
  invalid(
    `${thing}: site ${site}`,
    'has no window, so none of its phones is ever started',
    `Give it one with: ringwave site put ${site}`,
  );

function storeRollout(
  draft: ControllerDraft,
  input: RolloutInput,
  made: { who: string; now: EpochMs; sizes: readonly number[]; sites: readonly Id[] },
): void {
  const waves = input.waves.map((spec, index) => ({
    spec,
    state: 'closed' as const,
    counts: { total: made.sizes[index] ?? 0, done: 0, failed: 0, skipped: 0 },
  }));
  const { id, name, releases, selection, gate, attemptsMax, rotateCredentials, startAt } = input;
  draft.rollouts.put(id, {
    id,
    name,
    releases,
    selection,
    gate,
    attemptsMax,
    rotateCredentials,
    ...(startAt ? { startAt } : {}),
    state: 'awaiting-approval',
    waves,
    sites: made.sites,
    createdBy: made.who,
    createdAt: made.now,
    contentHash: createHash('sha256').update(JSON.stringify(input)).digest('hex'),
    round: 1,
  });
  audit(draft, { at: made.now, who: made.who, what: 'rollout created', object: id });
}

function assignPhone(
  draft: ControllerDraft,
  input: RolloutInput,
  phone: Phone,
  wave: number,
  target: string,
  now: EpochMs,
): void {
  putProgress(draft, {
    rollout: input.id,
    mac: phone.mac,
    site: phone.site,
    wave,
    phase: 'waiting',
    attempt: 0,
    at: now,
    hops: [],
    target,
  });
  draft.assignments.put(phone.mac, [...(draft.assignments.get(phone.mac) ?? []), input.id]);
}

function rolloutProblems(draft: ControllerDraft, input: RolloutInput): Refusal[] {
  const thing = `rollout ${input.id}`;
  const problems: Refusal[] = [];
  for (const release of input.releases) {
    if (!draft.releases.has(release))
      problems.push(
        notFound(
          'release',
          release,
          [...draft.releases.entries()].map(([key]) => key),
        ),
      );
  }
  problems.push(...unusableReleases(draft, input));
  const { where } = input.selection;
  if (where !== undefined) problems.push(...whereRefusals(`${thing}: where`, where, draft));
  for (const wave of input.waves) {
    if (wave.where === undefined) continue;
    problems.push(...whereRefusals(`${thing}: wave ${wave.name}: where`, wave.where, draft));
  }
  for (const site of [
    ...(input.selection.sites ?? []),
    ...input.waves.flatMap((wave) => wave.sites ?? []),
  ]) {
    if (!draft.sites.has(site)) problems.push(notFound('site', site, siteIds(draft)));
  }
  if (input.releases.length === 0)
    problems.push(invalid(`${thing}: releases`, 'is empty', 'Name at least one release.'));
  if (input.waves.length === 0 || input.waves.length > wavesMax) {
    problems.push(
      invalid(`${thing}: waves`, `has ${input.waves.length} waves`, `Give 1 to ${wavesMax} waves.`),
    );
  }
  for (const { name, count, percent } of input.waves) {
    if (count !== undefined && percent !== undefined) {
      problems.push(
        invalid(`${thing}: wave ${name}`, 'gives count and percent', 'Give one of the two.'),
      );
    }
  }
  const { successMin } = input.gate;
  if (successMin < 0 || successMin > 1)
    problems.push(
      invalid(
        `${thing}: gate.successMin`,
        `is ${successMin}`,
        'Give a part between 0 and 1, such as 0.95.',
      ),
    );
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

export function approve(
  draft: ControllerDraft,
  command: Extract<Command, { kind: 'rollout-approve' }>,
  who: string,
  now: EpochMs,
): CommandResult {
  return whenState(
    draft,
    command.rollout,
    ['awaiting-approval'],
    'It does not wait for approval',
    (rollout) => {
      if (command.contentHash !== undefined && command.contentHash !== rollout.contentHash) {
        return conflict(
          `rollout ${rollout.id}`,
          'changed since it was shown for approval',
          'Read it again, then approve what it says now.',
        );
      }
      const unusable = unusableReleases(draft, rollout)[0];
      if (unusable) return unusable;
      draft.rollouts.put(rollout.id, { ...rollout, state: 'scheduled', approvedBy: who });
      if (rollout.rotateCredentials) wantNewCredentials(draft, rollout);
      audit(draft, {
        at: now,
        who,
        what: 'rollout approved',
        object: rollout.id,
        detail: rollout.contentHash,
      });
      return undefined;
    },
  );
}

/** Phones that already have a proven credential get the next generation; the others get their first one anyway. */
function wantNewCredentials(draft: ControllerDraft, rollout: Rollout): void {
  for (const { mac } of progressOf(draft, rollout)) {
    const phone = draft.phones.get(mac);
    if (!phone?.credential || phone.credential.generation < phone.credentialGeneration) continue;
    draft.phones.put(mac, { ...phone, credentialGeneration: phone.credential.generation + 1 });
  }
}

export function whenState(
  draft: ControllerDraft,
  rolloutId: Id,
  states: readonly Rollout['state'][],
  otherwise: string,
  act: (rollout: Rollout) => Refusal | undefined | void,
): CommandResult {
  const rollout = draft.rollouts.get(rolloutId);
  if (!rollout)
    return refused(
      notFound(
        'rollout',
        rolloutId,
        [...draft.rollouts.entries()].map(([key]) => key),
      ),
    );
  if (!states.includes(rollout.state)) {
    return refused(
      conflict(
        `rollout ${rolloutId}`,
        `is ${rollout.state}. ${otherwise}`,
        `See it with: ringwave rollout show ${rolloutId}`,
      ),
    );
  }
  const refusal = act(rollout);
  return refusal ? refused(refusal) : taken;
}
