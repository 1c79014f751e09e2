import type { Plan, PlanOpening } from '@ringwave/protocol/messages';
import { holdsSlot } from '@ringwave/protocol/phases';
import { type EpochMs, minutes } from '@ringwave/protocol/units';
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

interface Look {
  readonly scene: Scene;
  readonly works: number | undefined;
  readonly images: number | undefined;
  readonly missing: number | undefined;
  /** Sightings there were: only whether a phone was ever seen matters here. */
  readonly sightings: number;
  /** When time alone changes what was found. */
  readonly again: EpochMs | undefined;
  /** What phones in line for a slot were told of when it is free: the earliest and the latest of these instants. */
  readonly told: Told | undefined;
  /** A phone was started, so the phones before it in the line were judged by a floor that is no more. */
  readonly isFinal: boolean;
}

export interface Told {
  readonly first: number;
  readonly last: number;
}

const looks = new WeakMap<ReadonlyMap<string, Work>, Look>();

/** The last look, where it still holds. */
export function settledLook(draft: AgentDraft, scene: Scene, now: EpochMs): Look | undefined {
  const look = looks.get(draft.work.base);
  if (!look?.isFinal || !sameScene(look.scene, scene)) return undefined;
  if (look.again !== undefined && now >= look.again) return undefined;
  const isSame =
    draft.images.written().size === 0 &&
    draft.missing.written().size === 0 &&
    look.images === draft.images.changesAfter() &&
    look.missing === draft.missing.changesAfter() &&
    look.sightings === draft.sightings.size();
  if (!isSame || !isAsLookedAt(draft, look)) return undefined;
  if (draft.work.written().size > 0) rememberLook(draft, scene, look);
  return look;
}

/**
 * No work has changed but those of phones that were down and are down: they keep their slots, so that nobody's
 * turn has come nearer. When a slot is free at the latest may have moved, but not by more than is told.
 */
function isAsLookedAt(draft: AgentDraft, look: Look): boolean {
  const written = draft.work.written();
  const before = draft.work.changesAfter();
  if (before === undefined || look.works !== before - written.size) return false;
  for (const [mac, work] of written) {
    const was = draft.work.base.get(mac);
    if (!was || !work || !holdsSlot(was.phase) || !holdsSlot(work.phase)) return false;
    if (was.hop !== work.hop || was.hops !== work.hops || was.rollout !== work.rollout)
      return false;
  }
  if (written.size === 0 || !look.told) return true;
  const free = firstDeadline(worksDown(draft)) ?? 0;
  const { first, last } = look.told;
  return Math.abs(free - first) < whyChangesAfter && Math.abs(free - last) < whyChangesAfter;
}

/** A next attempt that moves by less than this is not worth a report. */
export const whyChangesAfter = minutes(5);

export function rememberLook(
  draft: AgentDraft,
  scene: Scene,
  { again, isFinal, told }: Pick<Look, 'again' | 'isFinal' | 'told'>,
): void {
  const works = draft.work.changesAfter();
  if (works === undefined) return;
  const images = draft.images.changesAfter();
  const missing = draft.missing.changesAfter();
  const sightings = draft.sightings.size();
  const found = { again, isFinal, told };
  looks.set(draft.work.base, { scene, ...found, works, images, missing, sightings });
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
