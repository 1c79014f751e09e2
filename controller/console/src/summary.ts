import type { PhonePhase } from '@ringwave/protocol/phases';
import type { PhoneView, RolloutView, SiteView } from '@ringwave/protocol/views';
import { counted } from './time-text.ts';
import { proposersOf } from './verbs.ts';
import { type Group, GROUPS, PHASE_SIGN } from './words.ts';

// What the page says about a rollout: counts, one sentence, and what an action would do.

/** Phones whose newest rollout is this one. */
export const phonesIn = (phones: Iterable<PhoneView>, rollout: string): PhoneView[] =>
  [...phones].filter((phone) => phone.work?.rollout === rollout);

export const groupOf = (phone: PhoneView): Group =>
  phone.work ? PHASE_SIGN[phone.work.phase].group : 'waiting';

export function groupCounts(phones: readonly PhoneView[]): Record<Group, number> {
  const counts = Object.fromEntries(GROUPS.map((group) => [group, 0])) as Record<Group, number>;
  for (const phone of phones) counts[groupOf(phone)] += 1;
  return counts;
}

interface Totals {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
}

export function totalsOf({ waves }: Pick<RolloutView, 'waves'>): Totals {
  const sum = (key: keyof Totals) => waves.reduce((all, wave) => all + wave[key], 0);
  return { total: sum('total'), done: sum('done'), failed: sum('failed'), skipped: sum('skipped') };
}

/** The rollout in a sentence: where it stands, then what was proven, then what wants a person. */
export function sentenceOf(rollout: RolloutView, phones: readonly PhoneView[]): string {
  const { total, done, failed, skipped } = totalsOf(rollout);
  const { active, held } = groupCounts(phones);
  const parts = [`${done} of ${counted(total, 'phone')} done`];
  if (active > 0) parts.push(`${active} active`);
  if (held > 0) parts.push(`${held} held`);
  if (failed > 0) parts.push(`${failed} ${failed === 1 ? 'needs' : 'need'} attention`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return `${standing(rollout)}: ${parts.join(', ')}`;
}

function standing(rollout: RolloutView): string {
  const { waves, sites } = rollout;
  switch (rollout.state) {
    case 'draft':
      return 'Draft, nothing has been sent';
    case 'awaiting-approval':
      return `Waits for another person than ${proposersOf(rollout).join(' or ')}, ${counted(waves.length, 'wave')} at ${counted(sites.length, 'site')}`;
    case 'scheduled':
      return 'Approved, not begun';
    case 'running':
      return waveStanding(rollout);
    case 'paused':
      return `Paused by ${pausedBy(rollout)}`;
    case 'done':
      return 'Done';
    case 'done-with-failures':
      return 'Ended with failures';
    case 'aborted':
      return rollout.denied ? `Denied by ${rollout.denied.who}` : 'Aborted';
    default:
      return rollout.state satisfies never;
  }
}

function waveStanding({ waves }: RolloutView): string {
  const index = waves.findLastIndex((wave) => wave.state !== 'closed');
  const wave = waves[index];
  return wave ? `Wave ${index + 1} of ${waves.length} ${wave.state}` : 'About to begin';
}

/** "a person, op" or "its gate": who stopped it. */
export function pausedBy({ paused }: RolloutView): string {
  if (!paused) return 'nobody';
  switch (paused.by) {
    case 'person':
      return paused.who;
    case 'gate':
      return `the gate of wave ${paused.who}`;
    case 'release':
      return `release ${paused.who}, which was called back`;
    case 'agent':
      return `the loss of agent ${paused.who}`;
    case 'freeze':
      return `a freeze from ${paused.who}`;
    default:
      return `${paused.by} ${paused.who}`;
  }
}

export interface Effects {
  /** Not started: an abort takes them out, a pause keeps them where they are. */
  readonly notStarted: number;
  /** They own a slot: nothing stops them, they finish and are recorded. */
  readonly inFlight: readonly { readonly phase: PhonePhase; readonly count: number }[];
  readonly ended: number;
}

/** What pausing or aborting now does to the phones of a rollout. */
export function effectsOn(phones: readonly PhoneView[]): Effects {
  const inFlight = new Map<PhonePhase, number>();
  let notStarted = 0;
  let ended = 0;
  for (const { work } of phones) {
    const group = work && PHASE_SIGN[work.phase].group;
    if (group === 'active' && work) inFlight.set(work.phase, (inFlight.get(work.phase) ?? 0) + 1);
    else if (group === 'waiting' || group === 'held') notStarted += 1;
    else ended += 1;
  }
  return { notStarted, ended, inFlight: [...inFlight].map(([phase, count]) => ({ phase, count })) };
}

/** The one to show first: what runs or wants a person, newest first; else the newest. */
export function firstShown(rollouts: Iterable<RolloutView>): RolloutView | undefined {
  const rank = ({ state }: RolloutView) =>
    state === 'running' || state === 'paused' ? 0 : state === 'awaiting-approval' ? 1 : 2;
  return [...rollouts].sort((a, b) => rank(a) - rank(b) || b.createdAt - a.createdAt)[0];
}

export interface SiteCounts extends Totals {
  readonly active: number;
}

export function siteCounts(phones: readonly PhoneView[]): ReadonlyMap<string, SiteCounts> {
  const sites = new Map<string, SiteCounts>();
  for (const phone of phones) {
    const before = sites.get(phone.site) ?? { total: 0, done: 0, failed: 0, skipped: 0, active: 0 };
    const group = groupOf(phone);
    sites.set(phone.site, {
      total: before.total + 1,
      done: before.done + (group === 'done' ? 1 : 0),
      failed: before.failed + (group === 'attention' ? 1 : 0),
      skipped: before.skipped + (group === 'skipped' ? 1 : 0),
      active: before.active + (group === 'active' ? 1 : 0),
    });
  }
  return sites;
}

/** Sites that want a look first; then by name, so that tiles keep their places. */
export function bySiteAttention(
  sites: Iterable<SiteView>,
  counts: ReadonlyMap<string, SiteCounts>,
): SiteView[] {
  const rank = (site: SiteView) => {
    if (site.agent.state !== 'connected') return 0;
    return (counts.get(site.id)?.failed ?? 0) > 0 ? 1 : 2;
  };
  return [...sites].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

export interface PhoneFilter {
  /** A group, a phase, or empty for all. */
  readonly state: string;
  readonly site: string;
  readonly wave: string;
  readonly text: string;
}

/** As a state to filter by: phones that show another version than the one they were brought to. */
export const drifted = 'drifted';

export function matchesFilter(phone: PhoneView, filter: PhoneFilter): boolean {
  const { state, site, wave, text } = filter;
  if (site && phone.site !== site) return false;
  if (wave && phone.work?.wave !== wave) return false;
  if (state === drifted && !phone.drift) return false;
  if (state && state !== drifted && groupOf(phone) !== state && phone.work?.phase !== state)
    return false;
  return text === '' || searchText(phone).includes(text.trim().toLowerCase());
}

function searchText(phone: PhoneView): string {
  const { mac, site, vendor, model, extension, running, address, work } = phone;
  const words = [mac, mac.replaceAll(':', ''), site, vendor, model, extension, running?.version];
  return [...words, address, work?.target, work?.reason, work?.fault].join(' ').toLowerCase();
}

export const ORDERS = ['attention', 'site', 'next'] as const;
export type Order = (typeof ORDERS)[number];

export function inOrder(phones: readonly PhoneView[], order: Order): PhoneView[] {
  // Each phone is ranked once: comparing ranks is what thousands of phones several times a second can pay.
  const ranked = phones.map((phone) => ({ phone, rank: rankIn(order, phone) }));
  ranked.sort(
    (a, b) =>
      a.rank - b.rank || compare(a.phone.site, b.phone.site) || compare(a.phone.mac, b.phone.mac),
  );
  return ranked.map(({ phone }) => phone);
}

function rankIn(order: Order, phone: PhoneView): number {
  switch (order) {
    case 'attention':
      return GROUPS.indexOf(groupOf(phone));
    case 'next':
      return phone.work?.nextAttemptAt ?? Number.MAX_SAFE_INTEGER;
    case 'site':
      return 0;
    default:
      return order satisfies never;
  }
}

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
