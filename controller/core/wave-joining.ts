import type { EpochMs, Mac } from '@ringwave/protocol/units';
import { addPhone } from './rollout-commands.ts';
import { waveFleet } from './rollout-layout.ts';
import { means } from './selection/selected.ts';
import { type ControllerDraft, type Phone, progressKey, type Rollout } from './state.ts';
import { joinLine } from './wave-line.ts';
import { giveWork, type Moved, setWave } from './wave-release.ts';
import { releaseFor, waveSelects } from './waves.ts';

// Phones that come into the fleet while a rollout runs: a wave that is open to them takes them in, at its pace.

/** Takes phones that were just stored into the dynamic waves that mean them. */
export function joinDynamicWaves(
  draft: ControllerDraft,
  stored: readonly { readonly mac: Mac }[],
  now: EpochMs,
  moved: Moved,
): void {
  for (const rollout of Array.from(draft.rollouts.values())) {
    const index = rollout.waves.findIndex((wave) => wave.spec.dynamic);
    if (index === -1 || rollout.endedAt !== undefined) continue;
    const isSelected = means(draft, rollout.selection, now);
    const wave = rollout.waves[index];
    const isForWave = wave ? waveSelects(wave.spec, waveFleet(draft, now)) : () => false;
    for (const { mac } of stored) {
      const phone = draft.phones.get(mac);
      if (!phone || !isSelected(phone) || !isForWave(phone)) continue;
      if (mayJoin(draft, rollout, phone)) join(draft, rollout.id, index, phone, now, moved);
    }
  }
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
  if (wave.openedAt === undefined) return;
  if (paced) return joinLine(draft, id, index, phone.mac);
  const progress = draft.progress.get(progressKey(id, phone.mac));
  if (progress) giveWork(draft, rollout, progress, now, moved);
}
