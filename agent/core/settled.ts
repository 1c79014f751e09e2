import type { Plan, PlanOpening } from '@ringwave/protocol/messages';
import type { EpochMs } from '@ringwave/protocol/units';
import type { AgentDraft, Why, Work } from './state.ts';

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
  /** A phone was started, so the phones before it in the line were judged by a floor that is no more. */
  readonly isFinal: boolean;
}

const looks = new WeakMap<ReadonlyMap<string, Work>, Look>();

/** The last look, where it still holds. */
export function settledLook(draft: AgentDraft, scene: Scene, now: EpochMs): Look | undefined {
  const look = looks.get(draft.work.base);
  if (!look?.isFinal || !sameScene(look.scene, scene)) return undefined;
  if (look.again !== undefined && now >= look.again) return undefined;
  const isSame =
    draft.work.written().size === 0 &&
    draft.images.written().size === 0 &&
    look.works === draft.work.changesAfter() &&
    look.images === draft.images.changesAfter() &&
    look.missing === draft.missing.changesAfter() &&
    look.sightings === draft.sightings.size();
  return isSame ? look : undefined;
}

export function rememberLook(
  draft: AgentDraft,
  scene: Scene,
  found: Pick<Look, 'again' | 'isFinal'>,
): void {
  const works = draft.work.changesAfter();
  if (works === undefined) return;
  const images = draft.images.changesAfter();
  const missing = draft.missing.changesAfter();
  const sightings = draft.sightings.size();
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
