import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import type { EpochMs, Mac } from '@ringwave/protocol/units';
import { putProgress, withoutWaiting } from './progress.ts';
import { type ControllerDraft, type Phone, type Progress, progressKey } from './state.ts';

// Phones of one pair stand in for one another, so they shall end on one version: they go in one wave, and where
// one has ended without it the other is not begun.

/** Names a pair in the whole fleet; undefined for a phone that stands alone. */
export const pairKey = ({ site, pair }: Pick<Phone, 'site' | 'pair'>): string | undefined =>
  pair === undefined ? undefined : `${site}/${pair}`;

/** What a phone's place in the hashed order is made of: phones of one pair stand side by side. */
export const orderKey = (phone: Pick<Phone, 'site' | 'pair' | 'mac'>): string =>
  pairKey(phone) ?? phone.mac;

/** Adds to each phone the others of its pair that are still there, right behind it. */
export function withPartners(taken: readonly Phone[], pool: readonly Phone[]): readonly Phone[] {
  if (!taken.some(({ pair }) => pair)) return taken;
  const pairs = Map.groupBy(pool, (phone) => pairKey(phone) ?? '');
  const all = taken.flatMap((phone) => {
    const key = pairKey(phone);
    return key === undefined ? [phone] : [phone, ...(pairs.get(key) ?? [])];
  });
  return [...new Set(all)];
}

interface PairTables {
  readonly phones: { get(mac: string): Phone | undefined };
  readonly rosters: { get(site: string): readonly Mac[] | undefined };
  readonly progress: { get(key: string): Progress | undefined };
}

/** The parts of a phone's partners in the same rollout. */
function partnersOf(tables: PairTables, { rollout, mac, site }: Progress): Progress[] {
  const pair = tables.phones.get(mac)?.pair;
  if (pair === undefined) return [];
  return (tables.rosters.get(site) ?? []).flatMap((other) => {
    if (other === mac || tables.phones.get(other)?.pair !== pair) return [];
    return tables.progress.get(progressKey(rollout, other)) ?? [];
  });
}

/** What is said of a phone whose partner has ended without the version; undefined where none has. */
export function partedFrom(tables: PairTables, progress: Progress): string | undefined {
  const lost = partnersOf(tables, progress).find(endedWithout);
  if (!lost) return undefined;
  const pair = tables.phones.get(progress.mac)?.pair;
  return `${lost.mac}, the other phone of pair ${pair}, is ${lost.phase}: both stay on one version`;
}

const endedWithout = ({ phase, fault }: Progress): boolean =>
  isFinal(phase) && phase !== 'done' && fault !== 'pair-parted';

/** Takes a phone out because of its partner. Without hops no plan names it. */
export const partedNow = (progress: Progress, why: string, now: EpochMs): Progress => ({
  ...withoutWaiting(progress),
  phase: 'skipped',
  fault: 'pair-parted',
  detail: why,
  hops: [],
  at: now,
});

/** One has ended without the version: its partners that were not begun are taken out. */
export function partPair(draft: ControllerDraft, ended: Progress, now: EpochMs): void {
  if (!endedWithout(ended)) return;
  for (const partner of partnersOf(draft, ended)) {
    if (isFinal(partner.phase) || holdsSlot(partner.phase)) continue;
    const why = partedFrom(draft, partner);
    if (why !== undefined) putProgress(draft, partedNow(partner, why, now));
  }
}

/** Phones that were taken out because of this one, which has shown the version after all. */
export const partedBy = (draft: ControllerDraft, proven: Progress): Progress[] =>
  partnersOf(draft, proven).filter(
    (one) => one.fault === 'pair-parted' && partedFrom(draft, one) === undefined,
  );

/** Of a rollout about to be made: phones whose partner is selected and left out. */
export function leftWithPartner(
  fitting: readonly Phone[],
  leftOut: readonly { readonly phone: Phone; readonly why: string }[],
): Map<Mac, string> {
  const apart = new Map<string, string>();
  for (const { phone, why } of leftOut) {
    const key = pairKey(phone);
    if (key !== undefined) apart.set(key, `${phone.mac}, of the same pair, is left out: ${why}`);
  }
  return new Map(
    fitting.flatMap((phone): [Mac, string][] => {
      const why = apart.get(pairKey(phone) ?? '');
      return why === undefined ? [] : [[phone.mac, why]];
    }),
  );
}
