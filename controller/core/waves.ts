import { fractionOf } from '@ringwave/protocol/keyed-hash';
import type { Id, Mac } from '@ringwave/protocol/units';
import type { Release } from '@ringwave/firmware-catalog/release';
import { mayRollOut } from '@ringwave/firmware-catalog/release-life';
import type { ControllerDraft, Phone, Rollout, Selection, WaveSpec } from './state.ts';

export interface Assignment {
  /** Wave index by phone. */
  readonly waveOf: ReadonlyMap<Mac, number>;
  readonly sizes: readonly number[];
  /** Selected phones that no wave took. */
  readonly leftOut: readonly Phone[];
}

export const isSelected = (phone: Phone, selection: Selection): boolean =>
  (!selection.sites || selection.sites.includes(phone.site)) &&
  (!selection.vendors || selection.vendors.includes(phone.vendor)) &&
  (!selection.models || selection.models.includes(phone.model)) &&
  (!selection.macs || selection.macs.includes(phone.mac));

/** The one release of a rollout that fits this phone; undefined when none or several do. */
export function releaseFor(phone: Phone, releases: readonly Release[]): Release | undefined {
  const fitting = releases.filter(
    (one) =>
      one.vendor === phone.vendor &&
      one.models.includes(phone.model) &&
      (!one.hardware || (phone.hardware !== undefined && one.hardware.includes(phone.hardware))),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Releases that a rollout may use, as targets and as stepping stones; in the lab, for phones picked by hand. */
export function usableReleases(
  draft: Pick<ControllerDraft, 'releases' | 'lives'>,
  { selection }: Pick<Rollout, 'selection'>,
): Release[] {
  const handPicked = selection.macs !== undefined;
  return [...draft.releases.values()].filter(({ id }) =>
    mayRollOut(draft.lives.get(id), { handPicked }),
  );
}

/** Each wave takes from what the earlier ones left, in an order that depends only on rollout and phone. */
export function assignWaves(
  rollout: Id,
  phones: readonly Phone[],
  waves: readonly WaveSpec[],
  matches: (where: string) => (phone: Phone) => boolean = () => () => true,
): Assignment {
  const waveOf = new Map<Mac, number>();
  let pool = [...phones]
    .map((phone) => ({ phone, rank: fractionOf(rollout, phone.mac) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ phone }) => phone);
  const sizes = waves.map((spec, index) => {
    const fits = spec.where === undefined ? undefined : matches(spec.where);
    const matching = pool.filter(
      (phone) => (!spec.sites || spec.sites.includes(phone.site)) && (!fits || fits(phone)),
    );
    const taken = matching.slice(0, sizeOf(spec, matching.length));
    for (const phone of taken) waveOf.set(phone.mac, index);
    pool = pool.filter((phone) => !waveOf.has(phone.mac));
    return taken.length;
  });
  return { waveOf, sizes, leftOut: pool };
}

function sizeOf(spec: WaveSpec, matching: number): number {
  if (spec.count !== undefined) return Math.min(spec.count, matching);
  if (spec.percent !== undefined) return Math.ceil((matching * spec.percent) / 100);
  return matching;
}
