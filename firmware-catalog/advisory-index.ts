// Finds the advisories that may concern a phone without asking each: a fleet has 100,000 phones of some hundred
// models, and a few hundred advisories.

import {
  advisoryExposure,
  type AdvisoryExposure,
  type ConfigEvidence,
  type ExposedPhone,
  isOpenFor,
  isPlacedOn,
} from './advisory-exposure.ts';
import type { PlacedAdvisory } from './advisory-placing.ts';
import { modelKey } from './product-alias.ts';

export interface AdvisoryIndex {
  /** The advisories that name the phone's model, or may; all others do not concern it. */
  about(phone: Pick<ExposedPhone, 'vendor' | 'model'>): readonly PlacedAdvisory[];
  /** The verdict of each of them. */
  exposures(phone: ExposedPhone, evidence?: ConfigEvidence): readonly ExposureOf[];
}

export interface ExposureOf extends AdvisoryExposure {
  readonly id: string;
}

/** Answers kept: models times versions times what their configurations show; at the bound all are forgotten. */
export const exposuresRememberedMax = 50_000;

/** Phones of one model, version and configuration get one answer, found once. */
export function indexAdvisories(advisories: readonly PlacedAdvisory[]): AdvisoryIndex {
  const byModel = new Map<string, readonly PlacedAdvisory[]>();
  const known = new Map<string, readonly ExposureOf[]>();
  const about: AdvisoryIndex['about'] = (phone) => {
    const key = `${phone.vendor}\n${modelKey(phone.model)}`;
    const before = byModel.get(key);
    if (before) return before;
    const meant = advisories.filter((advisory) => mayMean(advisory, phone));
    if (byModel.size >= exposuresRememberedMax) byModel.clear();
    byModel.set(key, meant);
    return meant;
  };
  const exposures: AdvisoryIndex['exposures'] = (phone, evidence = {}) => {
    const { vendor, model, version, hardware } = phone;
    const shown = Object.entries(evidence).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([vendor, model, version, hardware, shown]);
    const before = known.get(key);
    if (before) return before;
    const verdicts = about(phone).map((advisory) => ({
      id: advisory.id,
      ...advisoryExposure(advisory, phone, evidence),
    }));
    if (known.size >= exposuresRememberedMax) known.clear();
    known.set(key, verdicts);
    return verdicts;
  };
  return { about, exposures };
}

function mayMean(
  { placements, reviews }: PlacedAdvisory,
  phone: Pick<ExposedPhone, 'vendor' | 'model'>,
): boolean {
  return (
    placements.some((placement) => isPlacedOn(placement, phone)) ||
    reviews.some((one) => isOpenFor(one, phone, placements.length > 0))
  );
}
