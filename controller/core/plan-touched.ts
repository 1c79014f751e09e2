import type { Id } from '@ringwave/protocol/units';
import { activeWork } from './active-work.ts';
import { isToldAlike } from './plan.ts';
import { hasEnded } from './progress.ts';
import type { ControllerDraft, Progress, Rollout } from './state.ts';

/**
 * Sites whose plan may differ after what this step wrote: making a plan reads every phone of its site, so it is made
 * only where something that it is made of has changed. Cost grows with what was written. Sites in `known` are among
 * them whatever has changed.
 */
export function plansTouched(draft: ControllerDraft, known: ReadonlySet<Id>): ReadonlySet<Id> {
  const sites = new Set<Id>(known);
  for (const [site] of draft.sites.written()) sites.add(site as Id);
  for (const [site] of draft.rosters.written()) sites.add(site as Id);
  for (const [mac, phone] of draft.phones.written()) {
    const before = draft.phones.base.get(mac);
    const isTold = isShared(draft, mac) && before?.running?.version !== phone?.running?.version;
    const isSame = before && phone && before.site === phone.site && isToldAlike(before, phone);
    if (isSame && (!isTold || isGivenAlike(draft, mac))) continue;
    for (const { site } of [before, phone].filter((one) => one !== undefined)) sites.add(site);
  }
  for (const [key, progress] of draft.progress.written()) {
    if (progress && sites.has(progress.site)) continue;
    const before = draft.progress.base.get(key);
    const now = progress ?? before;
    // Without a road there is no work, and so nothing in a plan: all of a rollout before its waves open.
    const hasRoad = (before?.hops.length ?? 0) + (progress?.hops.length ?? 0) > 0;
    if (!now || !hasRoad) continue;
    // A part that ends stays named until its rollout does, unless another rollout has waited for the phone.
    const isEnd =
      before && progress && isSameRoad(before, progress) && !isBegunAnew(before, progress);
    if (isEnd && (!isShared(draft, now.mac) || isGivenAlike(draft, now.mac))) continue;
    sites.add(now.site);
  }
  for (const [id, rollout] of draft.rollouts.written()) {
    if (rollout && isRunAlike(draft.rollouts.base.get(id), rollout)) continue;
    for (const site of (rollout ?? draft.rollouts.base.get(id))?.sites ?? []) sites.add(site);
  }
  return sites;
}

/** Several rollouts want the phone: what has begun on it, and what it runs, may decide which one goes first. */
const isShared = (draft: ControllerDraft, mac: string): boolean =>
  (draft.assignments.get(mac)?.length ?? 0) > 1;

const isSameRoad = (a: Progress, b: Progress): boolean =>
  a.site === b.site && a.wave === b.wave && a.from === b.from && String(a.hops) === String(b.hops);

/** It had ended, so that a plan need not name it any more; a restored box has told of it since. */
const isBegunAnew = (before: Progress, now: Progress): boolean =>
  hasEnded(before) && !hasEnded(now);

/** Of several rollouts the same one has the phone as before, with the same road. */
function isGivenAlike(draft: ControllerDraft, mac: string): boolean {
  const { phones, assignments, rollouts, progress, releases } = draft;
  const before = phones.base.get(mac);
  const now = phones.get(mac);
  if (!before || !now) return false;
  const tables = {
    assignments: assignments.base,
    rollouts: rollouts.base,
    progress: progress.base,
    releases: releases.base,
  };
  const was = activeWork(tables, before)?.progress;
  const is = activeWork(draft, now)?.progress;
  if (was?.rollout !== is?.rollout || was?.from !== is?.from) return false;
  return String(was?.hops) === String(is?.hops);
}

/**
 * What a plan says of a rollout as such. Its beginning and its waves' are no part of it: they reach a plan by the
 * phones that get their roads.
 */
const isRunAlike = (a: Rollout | undefined, b: Rollout): boolean =>
  a === undefined ||
  (a.paused?.reason === b.paused?.reason &&
    a.round === b.round &&
    a.urgency === b.urgency &&
    a.attemptsMax === b.attemptsMax &&
    (isGoing(a) === isGoing(b) || !isGoing(a)));

const isGoing = ({ state }: Rollout): boolean => state === 'running' || state === 'paused';
