import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { putProgress, withoutWaiting, wordOf } from './progress.ts';
import { type ControllerDraft, type Phone, type Progress, progressKey } from './state.ts';

// Phones of one pair stand in for one another at their site, those of one bond at any sites, so they shall end on one
// version: they go in one wave, and where one has ended without it the others are not begun.

/** Names a pair in the whole fleet; undefined for a phone that stands alone. */
export const pairKey = ({ site, pair }: Pick<Phone, 'site' | 'pair'>): string | undefined =>
  pair === undefined ? undefined : `${site}/${pair}`;

/** The pair and the bond that a phone is part of, by names that cannot be taken for one another. */
const tiesOf = (phone: Pick<Phone, 'site' | 'pair' | 'bond'>): string[] => {
  const pair = pairKey(phone);
  const { bond } = phone;
  return [...(bond === undefined ? [] : [`bond ${bond}`]), ...(pair === undefined ? [] : [pair])];
};

/** It is part of a pair or of a bond. */
export const isTied = ({ pair, bond }: Pick<Phone, 'pair' | 'bond'>): boolean =>
  pair !== undefined || bond !== undefined;

/** What a phone's place in the hashed order is made of: phones of one bond or pair stand side by side. */
export const orderKey = (phone: Pick<Phone, 'site' | 'pair' | 'bond' | 'mac'>): string =>
  (isTied(phone) ? tiesOf(phone)[0] : undefined) ?? phone.mac;

/** Adds to each phone the others of its pair and bond that are still there, right behind it, and theirs. */
export function withPartners(taken: readonly Phone[], pool: readonly Phone[]): readonly Phone[] {
  if (!taken.some(isTied)) return taken;
  const tied = new Map<string, Phone[]>();
  for (const phone of pool)
    for (const tie of tiesOf(phone)) tied.set(tie, [...(tied.get(tie) ?? []), phone]);
  const all = new Set<Phone>();
  const add = (phone: Phone): void => {
    if (all.has(phone)) return;
    all.add(phone);
    for (const tie of tiesOf(phone)) for (const other of tied.get(tie) ?? []) add(other);
  };
  for (const phone of taken) add(phone);
  return [...all];
}

interface PairTables {
  readonly phones: { get(mac: string): Phone | undefined };
  readonly rosters: { get(site: string): readonly Mac[] | undefined };
  readonly bonds: { get(bond: string): readonly Mac[] | undefined };
  readonly progress: { get(key: string): Progress | undefined };
}

/** The other phones of its pair and of its bond. */
export function tiedTo(tables: Omit<PairTables, 'progress'>, phone: Phone): Mac[] {
  const { mac, site, pair, bond } = phone;
  const atSite = pair === undefined ? [] : (tables.rosters.get(site) ?? []);
  const ofPair = atSite.filter((other) => tables.phones.get(other)?.pair === pair);
  const ofBond = bond === undefined ? [] : (tables.bonds.get(bond) ?? []);
  return [...new Set([...ofPair, ...ofBond])].filter((other) => other !== mac);
}

/** Those, theirs, and so on. */
export function allTiedTo(tables: Omit<PairTables, 'progress'>, phone: Phone): Mac[] {
  const all = new Set<Mac>([phone.mac]);
  for (const mac of all) {
    const one = tables.phones.get(mac);
    for (const other of one ? tiedTo(tables, one) : []) all.add(other);
  }
  all.delete(phone.mac);
  return [...all];
}

/** The same for whoever asks of very many phones: the roster of a site is read once. */
export function tiedIn(tables: Omit<PairTables, 'progress'>): (phone: Phone) => readonly Mac[] {
  const pairs = new Map<Id, Map<Id | undefined, Mac[]>>();
  const pairsAt = (site: Id) => {
    const roster = tables.rosters.get(site) ?? [];
    const found = pairs.get(site) ?? Map.groupBy(roster, (mac) => tables.phones.get(mac)?.pair);
    pairs.set(site, found);
    return found;
  };
  return (phone) => {
    if (!isTied(phone)) return [];
    const { mac, site, pair, bond } = phone;
    const ofPair = pair === undefined ? [] : (pairsAt(site).get(pair) ?? []);
    const ofBond = bond === undefined ? [] : (tables.bonds.get(bond) ?? []);
    return [...new Set([...ofPair, ...ofBond])].filter((other) => other !== mac);
  };
}

/** What makes the other one a partner: `pair door`, `bond exchange`. Of both, the bond. */
export const tieWords = (phone: Phone, { bond }: Pick<Phone, 'bond'>): string =>
  phone.bond !== undefined && phone.bond === bond ? `bond ${bond}` : `pair ${phone.pair}`;

/** Of a rollout about to be made: why a phone is left out because one of its pair or bond is not selected. */
export function unselectedPartner(
  { phones }: Pick<PairTables, 'phones'>,
  phone: Phone,
  partners: readonly Mac[],
  { isSelected, versionFor }: { isSelected: (mac: Mac) => boolean; versionFor: VersionFor },
): string | undefined {
  for (const mac of partners) {
    const other = phones.get(mac);
    if (!other || isSelected(mac) || runsAlready(other, versionFor)) continue;
    return `${mac} (${other.site}), of the same ${tieWords(phone, other)}, is not selected`;
  }
  return undefined;
}

/** The version that a rollout has for a phone; undefined where none fits. */
export type VersionFor = (phone: Phone) => string | undefined;

/** One that runs it already needs no rollout. */
export function runsAlready(phone: Phone, versionFor: VersionFor): boolean {
  const wanted = versionFor(phone);
  return wanted !== undefined && phone.running?.version === wanted;
}

/** The parts of a phone's partners, of its pair and its bond, in the same rollout. */
export function partnersOf(tables: PairTables, { rollout, mac }: Progress): Progress[] {
  const phone = tables.phones.get(mac);
  if (phone?.pair === undefined && phone?.bond === undefined) return [];
  return tiedTo(tables, phone).flatMap(
    (other) => tables.progress.get(progressKey(rollout, other)) ?? [],
  );
}

/** The parts of its partners, and of theirs behind those that `leadsOn` says. */
export function partnersBehind(
  tables: PairTables,
  progress: Progress,
  leadsOn: (partner: Progress) => boolean,
): Progress[] {
  const seen = new Set([progress.mac]);
  const found = [progress];
  for (const one of found) {
    if (one !== progress && !leadsOn(one)) continue;
    for (const partner of partnersOf(tables, one)) {
      if (seen.has(partner.mac)) continue;
      seen.add(partner.mac);
      found.push(partner);
    }
  }
  return found.slice(1);
}

/**
 * What is said of a phone of whose partners, or of theirs, one has ended without the version; undefined where none has. One
 * that stays for the sake of its pair keeps its bond, and the other way round.
 */
export function partedFrom(tables: PairTables, progress: Progress): string | undefined {
  const lost = partnersBehind(tables, progress, isParted).find(endedWithout);
  if (!lost) return undefined;
  const { pair, bond, site } = tables.phones.get(progress.mac) ?? {};
  const other = tables.phones.get(lost.mac);
  if (bond !== undefined && other?.bond === bond)
    return `${lost.mac} (${lost.site}), of the same bond ${bond}, is ${lost.phase}: all stay on one version`;
  if (pair !== undefined && other?.pair === pair && other.site === site)
    return `${lost.mac}, the other phone of pair ${pair}, is ${lost.phase}: both stay on one version`;
  return `${lost.mac} (${lost.site}), tied to it by its pair and a bond, is ${lost.phase}: all stay on one version`;
}

export const isParted = ({ fault }: Progress): boolean => fault === 'pair-parted';

const endedWithout = (progress: Progress): boolean =>
  isFinal(progress.phase) && progress.phase !== 'done' && !isParted(progress);

/** Takes a phone out because of its partner. Without hops no plan names it. */
export function partedNow(progress: Progress, why: string, now: EpochMs): Progress {
  const { hops, told = hops.length > 0 ? wordOf(progress) : undefined } = progress;
  return {
    ...withoutWaiting(progress),
    ...(told ? { told } : {}),
    phase: 'skipped',
    fault: 'pair-parted',
    detail: why,
    hops: [],
    at: now,
  };
}

/** One has ended without the version: its partners that were not begun are taken out, and theirs. */
export function partPair(draft: ControllerDraft, ended: Progress, now: EpochMs): void {
  if (!endedWithout(ended) && !isParted(ended)) return;
  const stay = [ended];
  for (const one of stay) {
    for (const partner of partnersOf(draft, one)) {
      if (isFinal(partner.phase) || holdsSlot(partner.phase)) continue;
      const why = partedFrom(draft, partner);
      if (why === undefined) continue;
      const parted = partedNow(partner, why, now);
      putProgress(draft, parted);
      stay.push(parted);
    }
  }
}

/** Phones that were taken out because of this one, which has shown the version after all. */
export const partedBy = (draft: ControllerDraft, proven: Progress): Progress[] =>
  partnersBehind(draft, proven, isParted).filter(
    (one) => isParted(one) && partedFrom(draft, one) === undefined,
  );

/** Of a rollout about to be made: phones whose partner is selected and left out, and whose partner's partner is. */
export function leftWithPartner(
  fitting: readonly Phone[],
  leftOut: readonly { readonly phone: Phone; readonly why: string }[],
): Map<Mac, string> {
  const left = new Map<Mac, string>();
  if (!leftOut.some(({ phone }) => isTied(phone))) return left;
  const tied = new Map<string, Phone[]>();
  for (const phone of fitting)
    for (const tie of tiesOf(phone)) tied.set(tie, [...(tied.get(tie) ?? []), phone]);
  const queue = [...leftOut];
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { phone, why } = next;
    for (const tie of tiesOf(phone)) {
      const kind = tie.startsWith('bond ') ? 'bond' : 'pair';
      for (const other of tied.get(tie) ?? []) {
        if (other.mac === phone.mac || left.has(other.mac)) continue;
        const reason = `${phone.mac}, of the same ${kind}, is left out: ${why}`;
        left.set(other.mac, reason);
        queue.push({ phone: other, why });
      }
    }
  }
  return left;
}
