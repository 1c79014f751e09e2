import type { Release } from '@ringwave/firmware-catalog/release';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import type { LeftOut } from './left-out.ts';
import { noRoads } from './no-road.ts';
import { leftWithPartner, tiedIn, unselectedPartner } from './pairs.ts';
import { invalid } from './refusal.ts';
import type { Caution, ControllerDraft, Phone, Refusal, RolloutInput } from './state.ts';
import { shutLines } from './shut-line.ts';
import { stuckGroups } from './stuck-groups.ts';
import { tooSlow } from './too-slow.ts';
import { pathFor } from './roads.ts';
import { confirmationRefusal } from './selection/confirmation.ts';
import { selectedPhones, waveMatches } from './selection/selected.ts';
import type { WaveSpec } from './rollout-state.ts';
import { assignWaves, type Assignment, fitter, type WaveFleet } from './waves.ts';

// What a rollout would do with the fleet as it stands: which phone falls into which wave, and which are left
// out and why. Creating one and looking at it beforehand both read it from here.

export interface Layout {
  /** Without those that are left out where they take nobody. */
  readonly waves: readonly WaveSpec[];
  readonly assignment: Assignment;
  readonly releaseOf: (phone: Phone) => Release | undefined;
  readonly phones: readonly Phone[];
  readonly sites: readonly Id[];
  /** Selected, and not in the rollout: no release fits, or the way back is closed. */
  readonly leftOut: readonly LeftOut[];
  /** What keeps the rollout from being taken as it is. */
  readonly refusals: readonly Refusal[];
  /** Those of them that hold whatever the waves are. */
  readonly ofSelection: readonly Refusal[];
  /** What does not, and should be known. */
  readonly cautions: readonly Caution[];
}

export function layOut(
  draft: ControllerDraft,
  input: RolloutInput,
  now: EpochMs,
  confirmed?: number | 'later',
): Layout {
  const releases = input.releases.flatMap((one) => draft.releases.get(one) ?? []);
  const fitOf = fitter(releases);
  const able: Phone[] = [];
  const left: { phone: Phone; why: string }[] = [];
  const leave = (phone: Phone, why: string) => left.push({ phone, why });
  const selected = selectedPhones(draft, input.selection, now);
  const versionFor = (phone: Phone) => {
    const fit = fitOf(phone);
    return fit.kind === 'fits' ? fit.release.version : undefined;
  };
  const isSelected = someOf(selected);
  const tied = tiedIn(draft);
  for (const phone of selected) {
    const fit = fitOf(phone);
    const apart = unselectedPartner(draft, phone, tied(phone), { isSelected, versionFor });
    const noWay = fit.kind === 'fits' ? (apart ?? noWayBack(draft, input, phone)) : fit.why;
    if (noWay === undefined) able.push(phone);
    else leave(phone, noWay);
  }
  const withPartner = leftWithPartner(able, left);
  const stays = ({ mac }: Phone): boolean => !withPartner.has(mac);
  const fitting = withPartner.size > 0 ? able.filter(stays) : able;
  if (fitting.length < able.length) {
    for (const phone of able) {
      const why = withPartner.get(phone.mac);
      if (why !== undefined) leave(phone, why);
    }
  }
  const hasWay = (phone: Phone) =>
    phone.running !== undefined && pathFor(draft, input, phone).kind === 'path';
  const world = { ...waveFleet(draft, now), hasWay };
  const waves = wavesThatTake(input, fitting, world);
  const assignment = assignWaves(input.id, fitting, waves, world);
  for (const phone of assignment.leftOut) leave(phone, 'No wave takes it');
  const leftOut = left.map(({ phone: { mac, site }, why }): LeftOut => ({ mac, site, why }));
  const sites = [...new Set(fitting.map((phone) => phone.site))].sort();
  const slow = tooSlow(draft, input, { waves, members: assignment.members, sites }, now);
  const idle = nothingToDo(input, { selected: selected.length, fitting: fitting.length, leftOut });
  const tooMany = unconfirmed(draft, input, fitting.length, confirmed);
  const shut = shutSites(draft, input, sites);
  const lost = noRoads(draft, input, fitting);
  const refusals = idle ?? [
    ...tooMany,
    ...emptyWaves(input, waves, assignment),
    ...noWaveTakes(input, assignment.leftOut),
    ...tooFew(input, waves, assignment),
    ...shut,
    ...lost.refusals,
    ...slow.refusals,
  ];
  const ofSelection = idle ?? [...tooMany, ...shut];
  const releaseOf = (phone: Phone) => {
    const fit = fitOf(phone);
    return fit.kind === 'fits' ? fit.release : undefined;
  };
  const ofSites = [...shutLines(draft, input.id, sites), ...stuckGroups(draft, input.id, fitting)];
  const cautions = [...lost.cautions, ...slow.cautions, ...ofSites];
  const laidOut = { waves, assignment, releaseOf, phones: fitting, sites, leftOut };
  return { ...laidOut, refusals, ofSelection, cautions };
}

/** Whether a phone is one of these; made only where somebody asks. */
function someOf(phones: readonly Phone[]): (mac: Mac) => boolean {
  let macs: ReadonlySet<Mac> | undefined;
  return (mac) => {
    macs ??= new Set(phones.map((phone) => phone.mac));
    return macs.has(mac);
  };
}

export const waveFleet = (draft: ControllerDraft, now: EpochMs): Omit<WaveFleet, 'hasWay'> => ({
  matches: waveMatches(draft, now),
  siteLabels: ({ site }) => draft.sites.get(site)?.labels,
});

/** Looking costs nothing; a preview gives the number that creating wants confirmed. */
function unconfirmed(
  draft: ControllerDraft,
  { id }: RolloutInput,
  selected: number,
  confirmed: number | 'later' | undefined,
): Refusal[] {
  if (confirmed === 'later') return [];
  const fleet = [...draft.rosters.values()].reduce((sum, roster) => sum + roster.length, 0);
  const refusal = confirmationRefusal(`rollout ${id}`, { selected, fleet, confirmed });
  return refusal ? [refusal] : [];
}

/** Why a rollback cannot take this phone back; a phone nobody has seen is asked when it shows itself. */
function noWayBack(draft: ControllerDraft, input: RolloutInput, phone: Phone): string | undefined {
  if (input.kind !== 'rollback' || !phone.running) return undefined;
  const path = pathFor(draft, input, phone);
  if (path.kind === 'path' || path.kind === 'arrived') return undefined;
  return `It cannot go back: ${path.reason}`;
}

function nothingToDo(
  { id, kind }: RolloutInput,
  found: { selected: number; fitting: number; leftOut: readonly LeftOut[] },
): Refusal[] | undefined {
  if (found.fitting > 0) return undefined;
  const thing = `rollout ${id}: selection`;
  if (found.selected === 0)
    return [invalid(thing, 'selects no phone', 'Compare with: ringwave phone list')];
  const first = found.leftOut[0]?.why ?? '';
  const what = kind === 'rollback' ? 'can be taken back' : 'a release of it fits';
  const reason = `selects ${found.selected} phones, but none that ${what}. First: ${first}`;
  return [invalid(thing, reason, 'See all reasons with: ringwave rollout preview --from FILE')];
}

function wavesThatTake(
  { id, waves }: RolloutInput,
  phones: readonly Phone[],
  world: WaveFleet,
): readonly WaveSpec[] {
  if (!waves.some((wave) => wave.ifAny)) return waves;
  const { members } = assignWaves(id, phones, waves, world);
  return waves.filter((wave, index) => !wave.ifAny || (members[index]?.length ?? 0) > 0);
}

function emptyWaves(
  { id }: RolloutInput,
  waves: readonly WaveSpec[],
  { members }: Assignment,
): Refusal[] {
  return waves.flatMap((wave, index) => {
    if ((members[index]?.length ?? 0) > 0 || wave.dynamic) return [];
    const next = 'Correct its sites or count, or leave it out.';
    return [invalid(`rollout ${id}: wave ${wave.name}`, 'takes no phone', next)];
  });
}

/** A number that a wave cannot reach would be taken for all of it without a word. */
function tooFew(
  { id, gate }: RolloutInput,
  waves: readonly WaveSpec[],
  { members }: Assignment,
): Refusal[] {
  return waves.flatMap(({ name, gate: own, dynamic }, index) => {
    const { doneMin = 0 } = { ...gate, ...own };
    const phones = members[index]?.length ?? 0;
    if (dynamic || phones === 0 || doneMin <= phones) return [];
    const reason = `wants ${doneMin} phones done, and the wave takes ${phones}`;
    const next = `Give the wave a gate of its own with doneMin up to ${phones}, or leave it to successMin.`;
    return [invalid(`rollout ${id}: wave ${name}: gate.doneMin`, reason, next)];
  });
}

function noWaveTakes({ id }: RolloutInput, leftOut: readonly Phone[]): Refusal[] {
  if (leftOut.length === 0) return [];
  const some = leftOut.slice(0, 5).map((phone) => `${phone.mac} (${phone.site})`);
  const reason = `leave out ${leftOut.length} phones: ${some.join(', ')}`;
  const next = 'Add a last wave without count, percent or sites.';
  return [invalid(`rollout ${id}: waves`, reason, next)];
}

const shutSites = (draft: ControllerDraft, { id }: RolloutInput, sites: readonly Id[]): Refusal[] =>
  sites
    .filter((site) => draft.sites.get(site)?.windows.length === 0)
    .map((site) => {
      const reason = 'has no window, so none of its phones is ever started';
      const next = `Give it one with: ringwave site put ${site}`;
      return invalid(`rollout ${id}: site ${site}`, reason, next);
    });
