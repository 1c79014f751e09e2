import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { type LeftOut, relistLeftOut } from './left-out.ts';
import { runsAlready, tiedIn, tieWords } from './pairs.ts';
import { addPhone } from './rollout-commands.ts';
import { waveFleet } from './rollout-layout.ts';
import { means } from './selection/selected.ts';
import { type ControllerDraft, type Phone, progressKey, type Rollout, type Wave } from './state.ts';
import { joinLine } from './wave-line.ts';
import { giveWork, type Moved, setWave } from './wave-release.ts';
import { fitter, releaseFor, waveSelects } from './waves.ts';

// Phones that come into the fleet while a rollout runs: a wave that is open to them takes them in, at its pace.

/** Takes phones that were just stored into the dynamic waves that mean them. */
export function joinDynamicWaves(
  draft: ControllerDraft,
  stored: readonly Mac[],
  now: EpochMs,
  moved: Moved,
): void {
  for (const rollout of Array.from(draft.rollouts.values())) {
    const index = rollout.waves.findIndex((wave) => wave.spec.dynamic);
    const wave = rollout.waves[index];
    if (!wave || rollout.endedAt !== undefined) continue;
    const mayCome = comers(draft, rollout, wave, now);
    const came = new Map<Mac, Phone>();
    const left = new Map<Mac, LeftOut>();
    for (const mac of stored) {
      const phone = draft.phones.get(mac);
      if (!phone || came.has(mac) || mayCome.whyNot(phone) !== undefined) continue;
      const group = mayCome.group(phone);
      if (typeof group === 'string') left.set(mac, { mac, site: phone.site, why: group });
      else for (const one of group) came.set(one.mac, one);
    }
    for (const phone of came.values()) join(draft, rollout.id, index, phone, now, moved);
    // Only when all are part of it: one that is tied to others may have to wait for them.
    for (const mac of came.keys()) letGo(draft, rollout.id, mac, now, moved);
    relistLeftOut(draft, rollout.id, { came: [...came.keys()], left: [...left.values()] });
  }
}

interface Comers {
  /** Why a phone does not join; undefined where it may. */
  whyNot(phone: Phone): string | undefined;
  /** A phone that may join and all that join with it, or why one that is tied to them keeps it out. */
  group(phone: Phone): readonly Phone[] | string;
}

function comers(draft: ControllerDraft, rollout: Rollout, wave: Wave, now: EpochMs): Comers {
  const isSelected = means(draft, rollout.selection, now);
  const isForWave = waveSelects(wave.spec, waveFleet(draft, now));
  const fit = fitter(rollout.releases.flatMap((one) => draft.releases.get(one) ?? []));
  const tied = tiedIn(draft);
  const isPart = (mac: Mac) => draft.progress.has(progressKey(rollout.id, mac));
  const versionFor = (phone: Phone) => {
    const found = fit(phone);
    return found.kind === 'fits' ? found.release.version : undefined;
  };
  const whyNot = (phone: Phone): string | undefined => {
    if (!isSelected(phone) || !isForWave(phone)) return 'is not selected';
    const found = fit(phone);
    if (found.kind !== 'fits') return `is left out: ${found.why}`;
    return mayJoin(draft, rollout, phone) ? undefined : 'belongs to a newer rollout';
  };
  const group = (first: Phone) => {
    const joins = new Set([first]);
    for (const phone of joins) {
      for (const mac of tied(phone)) {
        const other = draft.phones.get(mac);
        if (!other || isPart(mac)) continue;
        const why = whyNot(other);
        if (why === undefined) joins.add(other);
        else if (!runsAlready(other, versionFor))
          return `${mac} (${other.site}), of the same ${tieWords(phone, other)}, ${why}`;
      }
    }
    return [...joins];
  };
  return { whyNot, group };
}

/** Never a phone that is or was part of it, and none that a newer rollout has claimed. */
function mayJoin(draft: ControllerDraft, rollout: Rollout, phone: Phone): boolean {
  if (draft.progress.has(progressKey(rollout.id, phone.mac))) return false;
  const others = [
    ...(draft.assignments.get(phone.mac) ?? []),
    ...(phone.settled ? [phone.settled.rollout] : []),
  ];
  return !others.some((id) => (draft.rollouts.get(id)?.createdAt ?? 0) > rollout.createdAt);
}

function join(
  draft: ControllerDraft,
  id: Rollout['id'],
  index: number,
  phone: Phone,
  now: EpochMs,
  moved: Moved,
): void {
  const rollout = draft.rollouts.get(id);
  const wave = rollout?.waves[index];
  const releases = rollout?.releases.flatMap((one) => draft.releases.get(one) ?? []) ?? [];
  const target = releaseFor(phone, releases);
  if (!rollout || !wave || !target) return;
  const counts = { ...wave.counts, total: wave.counts.total + 1 };
  const paced = wave.paced && { ...wave.paced, waiting: wave.paced.waiting + 1 };
  setWave(draft, id, index, { ...wave, counts, ...(paced ? { paced } : {}) });
  if (!rollout.sites.includes(phone.site)) {
    const fresh = draft.rollouts.get(id) ?? rollout;
    draft.rollouts.put(id, { ...fresh, sites: [...rollout.sites, phone.site].sort() });
  }
  addPhone(draft, rollout, { phone, wave: index, target: target.version }, now);
  moved.rollouts.add(id);
  if (wave.openedAt !== undefined && paced) joinLine(draft, id, index, phone.mac);
}

function letGo(draft: ControllerDraft, id: Id, mac: Mac, now: EpochMs, moved: Moved): void {
  const rollout = draft.rollouts.get(id);
  const progress = draft.progress.get(progressKey(id, mac));
  const wave = progress && rollout?.waves[progress.wave];
  if (!rollout || !progress || wave?.openedAt === undefined || wave.paced) return;
  giveWork(draft, rollout, progress, now, moved);
}
