import {
  beginLife,
  causesFrom,
  isHere,
  type LifeCause,
  live,
} from '@ringwave/firmware-catalog/release-life';
import type { Release } from '@ringwave/firmware-catalog/release';
import { KNOWN_VENDORS, knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import { nearest } from '@ringwave/protocol/nearest';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { proposeAll } from './policy.ts';
import { conflict, invalid, notFound, refused, taken } from './refusal.ts';
import { pause } from './rollout-end.ts';
import type { Moved } from './wave-release.ts';
import type {
  Command,
  CommandResult,
  ControllerDraft,
  ModelEnd,
  Progress,
  Rollout,
} from './state.ts';
import { isDay } from './window.ts';

// How releases come in, are let out to phones, and are called back. Every step names who, when and why.

/** A release is stored once its images are here: measured, so it is verified, and no more than that. */
export function putRelease(
  draft: ControllerDraft,
  { release, why = 'all images measured as the manifest says' }: { release: Release; why?: string },
  who: string,
  now: EpochMs,
): CommandResult {
  const clash = clashOf(draft, release);
  if (clash) return clash;
  if (!draft.releases.has(release.id)) {
    draft.releases.put(release.id, release);
    audit(draft, { at: now, who, what: 'release stored', object: release.id });
  }
  draft.listed.remove(release.id);
  const life = draft.lives.get(release.id);
  if (life && isHere(life)) return taken;
  const begun = life ?? beginLife({ to: 'discovered', at: now, who, why: 'its manifest came' });
  const fetched = live(begun, 'fetch', { at: now, who, why: 'all images are here' }) ?? begun;
  const verified = live(fetched, 'verify', { at: now, who, why });
  if (verified) draft.lives.put(release.id, verified);
  return taken;
}

/** A feed names a release whose images are not here yet. */
export function discoverRelease(
  draft: ControllerDraft,
  { release, source, feed }: { release: Release; source: string; feed: string },
  who: string,
  now: EpochMs,
): CommandResult {
  const clash = clashOf(draft, release);
  if (clash) return clash;
  if (draft.lives.get(release.id)?.state !== 'discovered' && draft.lives.has(release.id))
    return taken;
  // Kept until the images are here, since a list that did not change is not read again.
  draft.listed.put(release.id, { feed, url: source });
  if (draft.releases.has(release.id)) return taken;
  draft.releases.put(release.id, release);
  draft.lives.put(
    release.id,
    beginLife({ to: 'discovered', at: now, who, why: `listed by ${source}` }),
  );
  audit(draft, { at: now, who, what: 'release discovered', object: release.id, detail: source });
  return taken;
}

function clashOf(draft: ControllerDraft, release: Release): CommandResult | undefined {
  const before = draft.releases.get(release.id);
  if (!before || JSON.stringify(before.images) === JSON.stringify(release.images)) return undefined;
  return refused(
    conflict(
      `release ${release.id}`,
      'exists already with other images',
      'A release never changes; give the new one another version or model list.',
    ),
  );
}

const words: Readonly<Record<LifeCause, string>> = {
  fetch: 'release fetched',
  verify: 'release verified',
  lab: 'release sent to the lab',
  approve: 'release approved',
  prefer: 'release preferred',
  demote: 'release no longer preferred',
  quarantine: 'release quarantined',
  readmit: 'release let out of quarantine',
  withdraw: 'release withdrawn',
};

export function moveRelease(
  draft: ControllerDraft,
  { release: id, cause, why, channel }: Extract<Command, { kind: 'release-move' }>,
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  const release = draft.releases.get(id);
  const life = draft.lives.get(id);
  if (!release || !life) return refused(notFound('release', id, releaseIds(draft)));
  const thing = `release ${id}`;
  if (why.trim() === '')
    return refused(invalid(thing, `is not moved without a reason`, 'Say why, in a few words.'));
  const next = live(life, cause, { at: now, who, why });
  if (!next) {
    const possible = causesFrom(life).join(', ') || 'nothing; bring a new release in its place';
    const reason = `is ${life.state}, so it cannot be told to ${cause}`;
    return refused(conflict(thing, reason, `Possible is: ${possible}.`));
  }
  draft.lives.put(id, channel === undefined ? next : { ...next, channel });
  audit(draft, { at: now, who, what: words[cause], object: id, detail: why });
  if (cause === 'prefer') demoteOthers(draft, release, who, now);
  if (next.state === 'approved' || next.state === 'preferred') proposeAll(draft, now);
  if (cause !== 'quarantine' && cause !== 'withdraw' && cause !== 'lab') return taken;
  // In the lab it stays out to phones that somebody picked by hand.
  const pauses = rolloutsWith(draft, id).filter(
    (one) => cause !== 'lab' || draft.rollouts.get(one)?.selection.macs === undefined,
  );
  for (const rollout of pauses)
    pause(
      draft,
      rollout,
      { by: 'release', who: id, reason: `${words[cause]}: ${why}` },
      now,
      moved,
    );
  return { ok: true, pauses };
}

/** One preferred release for each model and channel, so that a policy follows one. */
function demoteOthers(draft: ControllerDraft, release: Release, who: string, now: EpochMs): void {
  const channel = draft.lives.get(release.id)?.channel;
  for (const [id, life] of draft.lives.entries()) {
    const other = draft.releases.get(id);
    if (!other || id === release.id || life.state !== 'preferred' || life.channel !== channel)
      continue;
    if (other.vendor !== release.vendor || !meet(other.models, release.models)) continue;
    const why = `${release.id} is preferred now`;
    const next = live(life, 'demote', { at: now, who, why });
    if (next) draft.lives.put(id, next);
    audit(draft, { at: now, who, what: words.demote, object: id, detail: why });
  }
}

const meet = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((one) => b.includes(one));

/** The rollouts that still lead a phone to this release, as their target or as a stepping stone. */
export function rolloutsWith(draft: RolloutTables, release: Id): Id[] {
  const ids = [...draft.rollouts.entries()]
    .filter(([, rollout]) => canPause(rollout))
    .map(([, rollout]) => rollout)
    .filter((rollout) => rollout.releases.includes(release) || stepsOn(draft, rollout, release));
  return ids.map(({ id }) => id);
}

/** Read alike from a draft and from what is stored. */
interface RolloutTables {
  readonly rollouts: { entries(): Iterable<[string, Rollout]> };
  readonly assignments: { entries(): Iterable<[string, readonly Id[]]> };
  readonly progress: { get(key: string): Progress | undefined };
}

const canPause = ({ state }: Rollout): boolean => state === 'scheduled' || state === 'running';

function stepsOn(draft: Omit<RolloutTables, 'rollouts'>, { id }: Rollout, release: Id): boolean {
  for (const [mac, rollouts] of draft.assignments.entries()) {
    if (!rollouts.includes(id)) continue;
    if (draft.progress.get(`${id}/${mac}`)?.hops.includes(release)) return true;
  }
  return false;
}

export const releaseIds = (draft: ControllerDraft): string[] =>
  [...draft.releases.entries()].map(([key]) => key);

/** At the first start after an update: what rollouts used before stays usable, and says so. */
export function beginMissingLives(draft: ControllerDraft, now: EpochMs): void {
  for (const [id] of draft.releases.entries()) {
    if (draft.lives.has(id)) continue;
    const why = 'stored before releases had states';
    const life = beginLife({ to: 'verified', at: now, who: 'ringwave', why });
    const approved = live(life, 'approve', { at: now, who: 'ringwave', why });
    draft.lives.put(id, approved ?? life);
  }
}

export function putModelEnd(
  draft: ControllerDraft,
  end: ModelEnd,
  who: string,
  now: EpochMs,
): CommandResult {
  const thing = `model ${end.vendor} ${end.model}`;
  const vendor = knowledgeOf(end.vendor)?.name;
  if (vendor === undefined) {
    const hint = nearest(end.vendor, vendorNames);
    const next = hint ? `Did you mean ${hint}?` : `Known are: ${vendorNames.join(', ')}.`;
    return refused(invalid(thing, 'is of a vendor that is not known here', next));
  }
  if (!isDay(end.on))
    return refused(invalid(`${thing}: on`, `is ${end.on}, which is no day`, 'Write YYYY-MM-DD.'));
  draft.modelEnds.put(modelKey({ ...end, vendor }), { ...end, vendor });
  audit(draft, { at: now, who, what: 'end of life recorded', object: thing, detail: end.on });
  return taken;
}

const vendorNames = KNOWN_VENDORS.map(({ name }) => name);

export const modelKey = ({ vendor, model }: { vendor: string; model: string }): string =>
  `${vendor}/${model}`.toLowerCase();
