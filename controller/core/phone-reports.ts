import type { ReportItem } from '@ringwave/protocol/messages';
import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { foundAgain, isLost } from './bonds.ts';
import { sinceProven, withDrift } from './drift.ts';
import { noteDuration } from './durations.ts';
import { asPartnersAllow } from './hold-back.ts';
import { joinIncident, leaveIncident, leavesTrouble, withoutTrouble } from './incidents.ts';
import { allTiedTo, partPair } from './pairs.ts';
import { putProgress, withoutWaiting, wordOf } from './progress.ts';
import { outAgain, rerouteAll, rerouteIfStrayed } from './reroute.ts';
import { type ControllerDraft, type Phone, type Progress, progressKey } from './state.ts';
import { joinDynamicWaves } from './wave-joining.ts';
import { joinOpenWaves, letPartnersGo, type Moved, rejoinPair, tryAgain } from './wave-release.ts';

// What agents tell of phones: how their updates fare, and what they show.

export type Item<K extends ReportItem['kind']> = Extract<ReportItem, { kind: K }>;

/** A site speaks for its own phones only; what it says of others is dropped. */
export const phoneAt = (draft: ControllerDraft, site: Id, mac: string): Phone | undefined => {
  const phone = draft.phones.get(mac);
  return phone?.site === site ? phone : undefined;
};

export function phoneMoved(
  draft: ControllerDraft,
  site: Id,
  item: Item<'phone-moved'>,
  now: EpochMs,
  moved: Moved,
): void {
  const progress = draft.progress.get(progressKey(item.rollout as Id, item.mac as Mac));
  const rollout = draft.rollouts.get(item.rollout);
  if (!rollout || progress?.site !== site || !phoneAt(draft, site, item.mac)) return;
  // Done is proven by the phone; an agent that knows less, restored from a backup, does not take it back.
  if (progress.phase === 'done' && item.phase !== 'done') return;
  if (isOut(progress) && !isFinal(item.phase) && !holdsSlot(item.phase))
    return noteTold(draft, progress, item);
  const at = item.at as EpochMs;
  if (rollout.endedAt !== undefined && isFinal(progress.phase)) {
    // What was closed by force stays closed; what is heard of it is kept beside, for whoever looks.
    const late = { ...progress, late: { phase: item.phase, at } };
    if (rollout.forced) draft.progress.put(progressKey(rollout.id, progress.mac), late);
    if (rollout.forced || item.phase !== 'done') return;
  }
  const leaves = leavesTrouble(progress, item);
  const {
    fault: _fault,
    detail: _detail,
    told: _told,
    ...before
  } = withoutWaiting(leaves ? withoutTrouble(progress) : progress);
  const { wasOut = isOut(progress), ...rest } = before;
  const told: Progress = {
    ...rest,
    phase: item.phase,
    attempt: item.attempt,
    at,
    ...(item.fault ? { fault: item.fault } : {}),
    ...(item.detail ? { detail: item.detail } : {}),
    ...(item.waiting ? { waiting: item.waiting } : {}),
    ...(wasOut && holdsSlot(item.phase) ? { wasOut } : {}),
  };
  const next = asPartnersAllow(draft, rollout, { before: progress, told }, now);
  putProgress(draft, next);
  if (leaves && next.phase !== 'done') leaveIncident(draft, progress);
  if (isFinal(next.phase)) ended(draft, next, progress, now, moved);
  else if (wasOut && !holdsSlot(next.phase)) outAgain(draft, rollout, next, now, moved);
  else if (holdsSlot(progress.phase) || isFinal(progress.phase))
    rerouteIfStrayed(draft, rollout, next, now, moved);
  moved.rollouts.add(item.rollout as Id);
  const phone = draft.phones.get(item.mac);
  if (phone && item.tookMs !== undefined) noteDuration(draft.durations, phone, item.tookMs);
}

/** Taken out here, so that no plan names it: what its site had not begun when it said so it never will. */
const isOut = ({ phase, hops }: Progress): boolean => isFinal(phase) && hops.length === 0;

/** Its partner may prove itself late, or the inventory be put right: given back, its work is as its site has said. */
function noteTold(draft: ControllerDraft, progress: Progress, item: Item<'phone-moved'>): void {
  if (progress.phase !== 'skipped') return;
  putProgress(draft, { ...progress, attempt: item.attempt, told: wordOf(item) });
}

/** What a phone's end means beyond the phone itself. */
function ended(
  draft: ControllerDraft,
  next: Progress,
  before: Progress,
  now: EpochMs,
  moved: Moved,
): void {
  if (isFinal(before.phase) && before.phase === next.phase) return;
  const phone = draft.phones.get(next.mac);
  if (next.phase === 'done') leaveIncident(draft, before);
  if (next.phase === 'done' && phone) {
    const settled = { rollout: next.rollout, version: next.target };
    const { drift: _drift, ...rest } = phone;
    draft.phones.put(next.mac, { ...rest, settled });
  } else if (next.phase !== 'done') {
    joinIncident(draft, next);
    partPair(draft, next, now);
  }
  if (next.phase !== 'done') return;
  rejoinPair(draft, next, now, moved);
  letPartnersGo(draft, next, now, moved);
}

const isNewsOf = (before: Phone, seen: Phone): boolean =>
  before.running?.version !== seen.running?.version || before.hardware !== seen.hardware;

export function phoneSeen(
  draft: ControllerDraft,
  site: Id,
  item: Item<'phone-seen'>,
  now: EpochMs,
  moved: Moved,
): void {
  const phone = phoneAt(draft, site, item.mac);
  if (!phone || (phone.seenAt ?? 0) > item.at) return;
  const at = item.at as EpochMs;
  const { claimsModel: _claims, ...rest } = phone;
  const differs = item.model !== null && item.model !== phone.model;
  const running =
    item.version === null ? phone.running : { version: item.version, at, source: item.source };
  const hardware = item.hardware ?? phone.hardware;
  const seen: Phone = {
    ...rest,
    seenAt: at,
    address: item.address,
    ...(running ? { running } : {}),
    ...(hardware ? { hardware } : {}),
    ...(differs && item.model ? { claimsModel: item.model } : {}),
  };
  draft.phones.put(item.mac, withDrift(seen, at));
  const turned = sinceProven(draft, seen, at);
  if (turned) {
    putProgress(draft, turned.next);
    ended(draft, turned.next, turned.before, now, moved);
    moved.rollouts.add(turned.next.rollout);
  }
  // A wave that catches late phones may select by the version that has just become known, or by the hardware.
  if (isNewsOf(phone, seen)) {
    rerouteAll(draft, seen.mac, now, moved);
    joinDynamicWaves(draft, [seen.mac], now, moved);
  }
  if (!phone.running && running) joinOpenWaves(draft, seen, now, moved);
  else if (isLost(draft, phone) && !isLost(draft, seen)) {
    foundAgain(draft, seen.mac);
    tryAgain(draft, allTiedTo(draft, phone), now, moved);
  }
}
