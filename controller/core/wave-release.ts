import type { Release } from '@ringwave/firmware-catalog/release';
import type { FaultCode } from '@ringwave/protocol/faults';
import type { Waiting } from '@ringwave/protocol/phases';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import {
  goesBehind,
  isHeldBack,
  isLost,
  keptByPartners,
  lookAtBondsBy,
  type MayGo,
} from './bonds.ts';
import { gateMet, tried } from './gate.ts';
import { allowed } from './pace.ts';
import {
  allTiedTo,
  isTied,
  partedBy,
  partedFrom,
  partedNow,
  partnersBehind,
  partPair,
} from './pairs.ts';
import {
  hasEnded,
  progressRowsOf,
  putProgress,
  replaceProgress,
  withoutWaiting,
  wordOf,
} from './progress.ts';
import { pathFor } from './roads.ts';
import { restOf, restTurnsAt } from './site-rest.ts';
import {
  type ControllerDraft,
  type Phone,
  type Progress,
  progressKey,
  type Rollout,
  type Wave,
} from './state.ts';
import { fillLine, takeFromLine } from './wave-line.ts';

// How the phones of a wave get their work: hops from what runs now, all at once or by the rollout's pace.

export interface Moved {
  /** Sites whose plan follows from what changed. */
  readonly sites: Set<Id>;
  /** Rollouts in which a phone has moved, or that waited for one that has ended. */
  readonly rollouts: Set<Id>;
  /** Gates whose outside check is to be asked. */
  readonly asks: { readonly rollout: Id; readonly wave: number }[];
}

export const noMoves = (): Moved => ({ sites: new Set(), rollouts: new Set(), asks: [] });

export function setWave(draft: ControllerDraft, id: Id, index: number, wave: Wave): void {
  const rollout = draft.rollouts.get(id);
  if (!rollout) return;
  draft.rollouts.put(id, {
    ...rollout,
    waves: rollout.waves.map((old, place) => (place === index ? wave : old)),
  });
}

/** As it was while it was open: what soaking, asking and a halt left behind is gone. */
export function reopened(wave: Wave): Wave {
  const { soakUntil: _soak, asks: _asks, askAgainAt: _again, unanswered: _no, ...rest } = wave;
  const { byResults: _results, ...plain } = rest;
  return { ...plain, state: 'open' };
}

export function passWave(
  draft: ControllerDraft,
  id: Id,
  index: number,
  why: string,
  now: EpochMs,
  moved: Moved,
): void {
  const wave = draft.rollouts.get(id)?.waves[index];
  if (!wave) return;
  const { done, failed } = tried(wave.counts);
  const released = why === gateMet ? {} : { released: { why, done, failed } };
  setWave(draft, id, index, { ...reopened(wave), ...released, state: 'passed', why });
  audit(draft, {
    at: now,
    who: 'ringwave',
    what: 'wave passed',
    object: `${id}/${wave.spec.name}`,
    detail: why,
  });
  openWave(draft, id, index + 1, now, moved);
}

/** Gives every phone of the wave its hops, as its running version stands now, or says why it has none. */
export function openWave(
  draft: ControllerDraft,
  id: Id,
  index: number,
  now: EpochMs,
  moved: Moved,
): void {
  const rollout = draft.rollouts.get(id);
  const wave = rollout?.waves[index];
  // A wave released after a late failure has its successor open already.
  if (!rollout || !wave || wave.openedAt !== undefined) return;
  setWave(draft, id, index, { ...wave, state: 'open', openedAt: now });
  const object = `${id}/${wave.spec.name}`;
  audit(draft, { at: now, who: 'ringwave', what: 'wave opened', object });
  if (rollout.pace) {
    const waiting = fillLine(draft, rollout, index);
    const paced = { released: 0, credit: 1, at: now, waiting };
    setWave(draft, id, index, { ...wave, state: 'open', openedAt: now, paced });
    releasePaced(draft, id, index, now, moved);
    return;
  }
  for (const [key, progress] of Array.from(progressRowsOf(draft, rollout))) {
    if (progress.wave !== index || hasEnded(progress)) continue;
    giveWork(draft, rollout, progress, now, moved, key);
  }
}

/** Lets as many phones go as the pace permits by now. */
export function releasePaced(
  draft: ControllerDraft,
  id: Id,
  index: number,
  now: EpochMs,
  moved: Moved,
): void {
  const rollout = draft.rollouts.get(id);
  const wave = rollout?.waves[index];
  if (!rollout?.pace || !wave?.paced || wave.paced.waiting === 0) return;
  const { pace } = rollout;
  const done = rollout.waves.reduce((sum, one) => sum + one.counts.done, 0);
  const { count, credit } = allowed(pace, wave.paced, done, now);
  if (count === 0) return;
  const perSite = pace.perSitePerMinute;
  const { taken, dropped } = takeFromLine(draft, rollout, index, { count, perSite, now });
  for (const progress of taken) giveWork(draft, rollout, progress, now, moved);
  // Giving work may have ended phones and so moved the counts: the wave is read again.
  const fresh = draft.rollouts.get(id)?.waves[index] ?? wave;
  const { released, waiting } = wave.paced;
  const paced = {
    released: released + taken.length,
    credit,
    at: now,
    waiting: waiting - taken.length - dropped,
  };
  setWave(draft, id, index, { ...fresh, paced });
}

export function giveWork(
  draft: ControllerDraft,
  rollout: Rollout,
  before: Progress,
  now: EpochMs,
  moved: Moved,
  key?: string,
): void {
  moved.sites.add(before.site);
  // Of a wave that a restored controller opens anew its sites have told already.
  const progress = before.phase === 'waiting' ? before : { ...before, told: wordOf(before) };
  const phone = draft.phones.get(progress.mac);
  if (!phone || !isTied(phone)) {
    const next = asTold({ ...withoutWaiting(progress), ...release(draft, rollout, phone, now) });
    return replaceProgress(draft, before, next, key);
  }
  endHopeless(draft, rollout, progress, now);
  const parted = partedFrom(draft, progress);
  const next = parted
    ? partedNow(progress, parted, now)
    : asTold({ ...withoutWaiting(progress), ...released(draft, rollout, progress, now) });
  // Its partners may have taken it out since it was read.
  putProgress(draft, next);
  partPair(draft, next, now);
  if (next.phase === 'done') letPartnersGo(draft, next, now, moved);
}

/** A partner that no road leads any further ends whenever its own wave comes: it would keep the others for ever. */
function endHopeless(draft: ControllerDraft, rollout: Rollout, of: Progress, now: EpochMs): void {
  const isToCome = (one: Progress) => !hasEnded(one) && one.hops.length === 0;
  for (const partner of partnersBehind(draft, of, isToCome).filter(isToCome)) {
    const phone = draft.phones.get(partner.mac);
    const next = { ...withoutWaiting(partner), ...release(draft, rollout, phone, now) };
    if (next.phase !== 'skipped') continue;
    putProgress(draft, next);
    partPair(draft, next, now);
  }
}

/** A site that has not heard that the work was taken back meanwhile goes on as it has said, and says it once. */
function asTold(progress: Progress): Progress {
  if (progress.told === undefined || progress.phase !== 'scheduled') return progress;
  const { told, fault: _fault, ...next } = progress;
  return { ...next, ...told };
}

/** Its hops, unless its partners keep it for now: one that has none is told so at once, and parts them. */
function released(
  draft: ControllerDraft,
  rollout: Rollout,
  progress: Progress,
  now: EpochMs,
): ReturnType<typeof release> {
  const own = release(draft, rollout, draft.phones.get(progress.mac), now);
  if (own.phase !== 'scheduled') return own;
  const kept = keptByPartners(draft, rollout, progress, mayGo(draft, rollout, progress, now));
  const held = kept ?? goesBehind(draft, rollout, progress);
  if (!held) return own;
  // Since when it waits is no news where it waits on as it did.
  const at = isHeldBack(progress) && progress.waiting?.reason === held.reason ? progress.at : now;
  return { phase: 'waiting', at, waiting: held };
}

/** Of its own site a phone is told by its agent; what keeps those of others only the controller knows. */
export function mayGo(
  draft: ControllerDraft,
  rollout: Rollout,
  { site }: Pick<Progress, 'site'>,
  now: EpochMs,
): MayGo {
  const lacks = (why: string) => ({ why, waitingFor: 'phone' as const, nextAttemptAt: null });
  return (phone) => {
    if (!phone.running) return lacks('it was never seen');
    const path = pathFor(draft, rollout, phone);
    if (path.kind !== 'path' && path.kind !== 'arrived') return lacks(path.reason);
    if (isLost(draft, phone)) return lacks('it went silent in an update and was not seen since');
    if (phone.site === site) return undefined;
    lookAtBondsBy(draft, restTurnsAt(draft, phone.site, now));
    return restOf(draft, phone.site, now);
  };
}

/** A phone that its partners waited for has come, or has the version. */
export function letPartnersGo(
  draft: ControllerDraft,
  { rollout: id, mac }: Progress,
  now: EpochMs,
  moved: Moved,
): void {
  const phone = draft.phones.get(mac);
  if (phone) tryAgain(draft, allTiedTo(draft, phone), now, moved, id);
}

/** Looks again at phones that were held for the sake of others, in all their rollouts or in one. */
export function tryAgain(
  draft: ControllerDraft,
  macs: readonly Mac[],
  now: EpochMs,
  moved: Moved,
  only?: Id,
): void {
  for (const mac of macs) {
    for (const id of draft.assignments.get(mac) ?? []) {
      const rollout = draft.rollouts.get(id);
      const progress = draft.progress.get(progressKey(id, mac));
      if ((only !== undefined && id !== only) || !rollout || !progress) continue;
      if (rollout.endedAt !== undefined || !isHeldBack(progress)) continue;
      giveWork(draft, rollout, progress, now, moved);
      moved.rollouts.add(id);
    }
  }
}

/** A phone has shown the version after it was given up: its partners, taken out for its sake, get their work. */
export function rejoinPair(
  draft: ControllerDraft,
  proven: Progress,
  now: EpochMs,
  moved: Moved,
): void {
  const rollout = draft.rollouts.get(proven.rollout);
  if (!rollout || rollout.endedAt !== undefined) return;
  bringBack(draft, rollout, partedBy(draft, proven), now, moved);
}

/** Parts that had ended begin anew: all of them before any is let go, since each may have to wait for another one. */
export function bringBack(
  draft: ControllerDraft,
  rollout: Rollout,
  parts: readonly Progress[],
  now: EpochMs,
  moved: Moved,
): void {
  for (const { fault: _fault, detail: _detail, ...part } of parts)
    putProgress(draft, { ...part, phase: 'waiting', hops: [], at: now });
  for (const { mac, wave } of parts) {
    const again = draft.progress.get(progressKey(rollout.id, mac));
    if (again && !hasEnded(again) && rollout.waves[wave]?.openedAt !== undefined)
      giveWork(draft, rollout, again, now, moved);
  }
}

/** What becomes of a phone that is let go: its hops, or why it has none. */
export function release(
  draft: ControllerDraft,
  rollout: Rollout,
  phone: Phone | undefined,
  now: EpochMs,
): Partial<Progress> & { at: EpochMs } {
  if (!phone) return skip('model-differs', 'The phone is no longer in the inventory', now);
  if (!phone.running) return { phase: 'waiting', at: now, waiting: unseen(rollout) };
  const path = pathFor(draft, rollout, phone);
  switch (path.kind) {
    case 'path':
      return { phase: 'scheduled', at: now, from: phone.running.version, ...roadOf(path.hops) };
    case 'arrived':
      return {
        phase: 'done',
        at: now,
        already: true,
        detail: `Already runs ${phone.running?.version}`,
      };
    case 'incomparable':
      return skip('version-incomparable', path.reason, now);
    case 'no-path':
      return skip('no-upgrade-path', path.reason, now);
    default:
      return path satisfies never;
  }
}

/** Phones of one kind share one answer of the planner, and one list of its hops. */
const hopsOf = new WeakMap<readonly Release[], readonly Id[]>();

/** A phone that was stored as another model since may have another target. */
function roadOf(path: readonly Release[]): Partial<Pick<Progress, 'hops' | 'target'>> {
  const hops = hopsOf.get(path) ?? path.map(({ id }) => id);
  hopsOf.set(path, hops);
  const target = path.at(-1)?.version;
  return { hops, ...(target === undefined ? {} : { target }) };
}

const unseen = (rollout: Rollout): Waiting => ({
  reason: 'Never seen: nobody knows yet which version it runs',
  waitingFor: 'phone',
  nextAttemptAt: null,
  attempt: 1,
  attemptsMax: rollout.attemptsMax,
});

/** A phone that shows itself for the first time joins the open waves that waited for it. */
export function joinOpenWaves(
  draft: ControllerDraft,
  phone: Phone,
  now: EpochMs,
  moved: Moved,
): void {
  for (const id of draft.assignments.get(phone.mac) ?? []) {
    const rollout = draft.rollouts.get(id);
    const progress = draft.progress.get(progressKey(id, phone.mac));
    if (!rollout || !progress || progress.hops.length > 0 || hasEnded(progress)) continue;
    const wave = rollout.waves[progress.wave];
    // One that still stands in the line of a paced wave waits for its turn as well.
    const isReleased = wave?.paced === undefined || progress.waiting?.waitingFor === 'phone';
    if (wave?.openedAt === undefined || !isReleased) continue;
    giveWork(draft, rollout, progress, now, moved);
    letPartnersGo(draft, progress, now, moved);
    moved.rollouts.add(id);
  }
}

const skip = (fault: FaultCode, detail: string, at: EpochMs) => ({
  phase: 'skipped' as const,
  fault,
  detail: detail.slice(0, 240),
  at,
});
