import { compareVersions } from '@ringwave/firmware-catalog/version';
import { holdsSlot } from '@ringwave/protocol/phases';
import type { EpochMs } from '@ringwave/protocol/units';
import { type ControllerDraft, type Phone, type Progress, progressKey } from './state.ts';

// What a phone shows after a rollout has brought it to its version: noted with the phone, and counted while the rollout goes on.

/** A phone that shows another version than a rollout brought it to: somebody or something changed it since. */
export function withDrift(phone: Phone, at: EpochMs): Phone {
  const { settled, running, drift, ...rest } = phone;
  if (!settled || !running) return phone;
  const order = orderNow(phone);
  if (order === 'same') return { ...rest, settled, running };
  if (drift?.to === running.version) return phone;
  return { ...phone, drift: { from: settled.version, to: running.version, at } };
}

/**
 * A phone that is back on its old version while its rollout goes on has failed after all, so that a soak is a test of health;
 * one that shows the new version again is done again. Undefined where nothing of this has changed.
 */
export function sinceProven(
  draft: ControllerDraft,
  phone: Phone,
  at: EpochMs,
): { before: Progress; next: Progress } | undefined {
  const { settled, running, mac } = phone;
  const rollout = settled && draft.rollouts.get(settled.rollout);
  const before = settled && draft.progress.get(progressKey(settled.rollout, mac));
  if (!rollout || !before || !running || rollout.endedAt !== undefined) return undefined;
  // Of what was seen before the proof nothing follows.
  if (running.at <= before.at) return undefined;
  const order = orderNow(phone);
  const { fault: _fault, detail: _detail, ...rest } = before;
  if (before.phase === 'rolled-back' && order === 'same')
    return { before, next: { ...rest, phase: 'done', at } };
  const isBack = order === (rollout.kind === 'rollback' ? 'newer' : 'older');
  if (before.phase !== 'done' || !isBack || isUnderWay(draft, before)) return undefined;
  const detail = `Ran ${settled.version} and shows ${running.version} since`;
  const fault = 'phone-came-back-old' as const;
  return { before, next: { ...rest, phase: 'rolled-back', fault, detail, at } };
}

/** Another rollout is bringing it elsewhere just now: what it shows is of that one. */
const isUnderWay = (draft: ControllerDraft, { rollout, mac }: Progress): boolean =>
  (draft.assignments.get(mac) ?? []).some((id) => {
    const other = id === rollout ? undefined : draft.progress.get(progressKey(id, mac));
    return other !== undefined && holdsSlot(other.phase);
  });

function orderNow({ vendor, model, hardware, settled, running }: Phone) {
  if (!settled || !running) return 'incomparable';
  const about = { model, ...(hardware ? { hardware } : {}) };
  return compareVersions(vendor, running.version, settled.version, about);
}
