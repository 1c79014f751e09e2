import type { Plan, PlanOpening, PlanPhone } from '@ringwave/protocol/messages';
import { holdsSlot } from '@ringwave/protocol/phases';
import { type EpochMs, minutes } from '@ringwave/protocol/units';
import { planIndex } from './plan-index.ts';
import { firstDeadline } from './queue.ts';
import type { AgentDraft, Why, Work } from './state.ts';
import { worksDown } from './work-table.ts';

// What the last look at all phones of a site found: as long as nothing that it depended on has changed, another look
// would find the same. Beside the state and never in it: whoever holds other tables, or changed these by hand, looks anew.

/** What the site as a whole is like now. */
export interface Scene {
  readonly plan: Plan;
  /** What keeps any phone of the site from starting at any time. */
  readonly stop: Why | undefined;
  readonly opening: PlanOpening | undefined;
  readonly next: PlanOpening | undefined;
  /** How many of the plan's worst times no longer fit into the opening. */
  readonly late: number;
  /** The site's line is not to be used now. */
  readonly isLineShut: boolean;
}

/** What a look along the line found. */
export interface Found {
  /** When time alone changes it. */
  readonly again: EpochMs | undefined;
  /** In order: they wait for a slot and for nothing else. */
  readonly full: readonly PlanPhone[];
  readonly fullTold: Told | undefined;
  /** They wait for a slot or their group for reasons of their own. */
  readonly aside: readonly PlanPhone[];
  readonly asideTold: Told | undefined;
}

/** What phones were told: the reason of the last of them, and when a slot is free, at the earliest and the latest. */
export interface Told {
  readonly reason: string;
  readonly first: number;
  readonly last: number;
}

interface Look {
  readonly scene: Scene;
  readonly found: Found;
  readonly works: number | undefined;
  readonly images: number | undefined;
  readonly missing: number | undefined;
  /** Sightings there were: only whether a phone was ever seen matters here. */
  readonly sightings: number;
}

const looks = new WeakMap<ReadonlyMap<string, Work>, Look>();

export interface Before {
  readonly found: Found;
  /** Another look would find the same. */
  readonly isSettled: boolean;
  /** Phones whose work is another one now, or has ended. */
  readonly changed: readonly PlanPhone[];
}

/** The last look, where nothing but works has changed since. */
export function lookBefore(draft: AgentDraft, scene: Scene, now: EpochMs): Before | undefined {
  const look = looks.get(draft.work.base);
  if (!look || !sameScene(look.scene, scene)) return undefined;
  const { found } = look;
  if (found.again !== undefined && now >= found.again) return undefined;
  const isSame =
    draft.images.written().size === 0 &&
    draft.missing.written().size === 0 &&
    look.images === draft.images.changesAfter() &&
    look.missing === draft.missing.changesAfter() &&
    look.sightings === draft.sightings.size();
  const written = draft.work.written();
  const after = draft.work.changesAfter();
  if (!isSame || after === undefined || look.works !== after - written.size) return undefined;
  const changed = changedIn(draft, planIndex(scene.plan));
  if (!changed) return undefined;
  return { found, changed, isSettled: changed.length === 0 && isToldStill(draft, found) };
}

/**
 * A phone that was down and is down keeps its slot, so that nobody's turn has come nearer. Undefined where a work asks
 * for something else than before: images may be missing for it.
 */
function changedIn(
  draft: AgentDraft,
  { phones }: { readonly phones: ReadonlyMap<string, PlanPhone> },
) {
  const changed: PlanPhone[] = [];
  for (const [mac, work] of draft.work.written()) {
    const was = draft.work.base.get(mac);
    const phone = phones.get(mac);
    if (!was || !work || !phone) return undefined;
    if (was.hops !== work.hops || was.rollout !== work.rollout) return undefined;
    const isDown = holdsSlot(was.phase) && holdsSlot(work.phase);
    if (!isDown || was.hop !== work.hop) changed.push(phone);
  }
  return changed;
}

/** When a slot is free at the latest may have moved, but not by more than is told. */
function isToldStill(draft: AgentDraft, { fullTold, asideTold }: Found): boolean {
  if (draft.work.written().size === 0 || (!fullTold && !asideTold)) return true;
  const free = firstDeadline(worksDown(draft));
  return [fullTold, asideTold].every((told) => !told || isNear(told, free));
}

/** A next attempt that moves by less than this is not worth a report. */
export const whyChangesAfter = minutes(10);

export const isNear = ({ first, last }: Told, at: EpochMs | null): boolean =>
  Math.abs((at ?? 0) - first) < whyChangesAfter && Math.abs((at ?? 0) - last) < whyChangesAfter;

/** Gives when to look again. */
export function rememberLook(draft: AgentDraft, scene: Scene, found: Found): EpochMs | undefined {
  const works = draft.work.changesAfter();
  const known = looks.get(draft.work.base);
  if (works === undefined || (known?.found === found && known.works === works)) return found.again;
  const images = draft.images.changesAfter();
  const missing = draft.missing.changesAfter();
  const sightings = draft.sightings.size();
  looks.set(draft.work.base, { scene, found, works, images, missing, sightings });
  return found.again;
}

/** Whether every work was in line with this plan before this step. */
export function wasInLine(draft: AgentDraft, plan: Plan): boolean {
  const look = looks.get(draft.work.base);
  const before = draft.work.changesAfter();
  if (look?.scene.plan !== plan || before === undefined) return false;
  return look.works === before - draft.work.written().size;
}

export const sameWhy = (a: Why | undefined, b: Why | undefined): boolean =>
  a === b ||
  (a?.reason === b?.reason &&
    a?.waitingFor === b?.waitingFor &&
    a?.nextAttemptAt === b?.nextAttemptAt);

const sameScene = (a: Scene, b: Scene): boolean =>
  a.plan === b.plan &&
  sameWhy(a.stop, b.stop) &&
  a.opening === b.opening &&
  a.next === b.next &&
  a.late === b.late &&
  a.isLineShut === b.isLineShut;
