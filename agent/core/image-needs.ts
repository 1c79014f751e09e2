import { FAULTS, type FaultCode } from '@ringwave/protocol/faults';
import { fractionOf } from '@ringwave/protocol/keyed-hash';
import type { Plan, PlanRelease } from '@ringwave/protocol/messages';
import {
  type DurationMs,
  type EpochMs,
  earliest,
  hours,
  type Id,
  laterBy,
  seconds,
  type Sha256,
} from '@ringwave/protocol/units';
import { planIndex } from './plan-index.ts';
import { report } from './reporting.ts';
import type { AgentDraft, AgentEffect, AgentTables, ImageRow } from './state.ts';
import { releasesAhead } from './work-table.ts';

// One download per image and site: an image is wanted while any open work needs it, and is asked for once.

export const imageRetryMin: DurationMs = seconds(30);
export const imageRetryMax: DurationMs = hours(1);

export const releaseIn = (plan: Plan, id: Id): PlanRelease | undefined =>
  planIndex(plan).releases.get(id);

/** The image files a phone of this model takes from a release. */
export const imagesFor = (release: PlanRelease, model: string): PlanRelease['images'] =>
  release.images.filter((image) => !image.models || image.models.includes(model));

/** Images of every hop still ahead of a phone, so that a later hop does not wait for the line. */
export function wantImages(
  draft: AgentDraft,
  plan: Plan,
  now: EpochMs,
  effects: AgentEffect[],
): EpochMs | undefined {
  const isAhead = releasesAhead(draft);
  const waits: EpochMs[] = [];
  for (const release of plan.releases) {
    if (!isAhead(release.id)) continue;
    for (const { sha256, lengthBytes } of release.images) {
      const row = draft.images.get(sha256);
      if (row?.state === 'held' || row?.state === 'failed') continue;
      if (row && (row.retryAt === undefined || now < row.retryAt)) {
        if (row.retryAt) waits.push(row.retryAt);
        continue;
      }
      const digest = sha256 as Sha256;
      const { retryAt: _retry, ...rest } = row ?? { failures: 0 };
      draft.images.put(sha256, { ...rest, digest, lengthBytes, state: 'wanted' });
      effects.push(fetchOf({ digest, lengthBytes }, plan));
    }
  }
  return earliest(...waits);
}

export const fetchOf = (
  row: Pick<ImageRow, 'digest' | 'lengthBytes'>,
  plan: Plan,
): AgentEffect => ({
  kind: 'fetch-image',
  digest: row.digest,
  lengthBytes: row.lengthBytes,
  bytesPerSecond: plan.wanBytesPerSecond,
});

export function imageHeld(
  draft: AgentDraft,
  digest: Sha256,
  fetchedBytes: number,
  now: EpochMs,
): void {
  const row = draft.images.get(digest);
  if (!row || row.state === 'held') return;
  const { retryAt: _retry, fault: _fault, ...rest } = row;
  draft.images.put(digest, { ...rest, state: 'held' });
  report(draft, { kind: 'image-moved', at: now, digest, state: 'held', fetchedBytes });
}

export function imageFailed(
  draft: AgentDraft,
  digest: Sha256,
  fault: FaultCode,
  now: EpochMs,
): void {
  const row = draft.images.get(digest);
  if (!row || row.state === 'held') return;
  const failures = row.failures + 1;
  if (row.fault !== fault) {
    report(draft, {
      kind: 'image-moved',
      at: now,
      digest,
      state: 'failed',
      fault,
      fetchedBytes: 0,
    });
  }
  if (FAULTS[fault].retry === 'never') {
    draft.images.put(digest, { ...row, state: 'failed', failures, fault });
    return;
  }
  const whole = Math.min(imageRetryMin * 2 ** Math.min(failures - 1, 10), imageRetryMax);
  const wait = Math.round(whole * (0.5 + fractionOf(digest, failures) / 2)) as DurationMs;
  draft.images.put(digest, {
    ...row,
    state: 'wanted',
    failures,
    fault,
    retryAt: laterBy(now, wait),
  });
}

/** The file of an image that counted as held is gone or rotten: it is fetched again at once. */
export function imageLost(draft: AgentDraft, digest: Sha256, now: EpochMs): void {
  const row = draft.images.get(digest);
  if (row?.state !== 'held') return;
  draft.images.put(digest, { ...row, state: 'wanted', retryAt: now });
}

/** Images on the box that its plan names no more: the first to go where another one needs the room. */
export function unneededImages({ plan, images }: Pick<AgentTables, 'plan' | 'images'>): Sha256[] {
  const releases = plan.get('plan')?.plan.releases;
  if (!releases) return [];
  const named = new Set(releases.flatMap((release) => release.images.map((one) => one.sha256)));
  return [...images.values()].map(({ digest }) => digest).filter((digest) => !named.has(digest));
}

export const isOnSite = (draft: AgentDraft, release: PlanRelease, model: string): boolean =>
  imagesFor(release, model).every((image) => draft.images.get(image.sha256)?.state === 'held');
