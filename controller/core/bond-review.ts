import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { nextBondLook } from './bonds.ts';
import { type ControllerDraft, type Phone, type Progress, progressKey } from './state.ts';
import { holdBack, type Moved, tryAgain } from './wave-release.ts';

// What began to rest, or rests no longer, at one site is why phones of a bond at others are held or go. Only bonds are
// looked at, and only when something of their sites has changed or its time has come.

export function reviewBonds(draft: ControllerDraft, now: EpochMs, moved: Moved): void {
  const look = nextBondLook(draft);
  const isDue = look !== undefined && look <= now;
  if (isDue) draft.bondLook.remove('next');
  const bonds = isDue ? allBonds(draft) : bondsAt(draft, sitesTurned(draft, moved));
  for (const bond of bonds) review(draft, bond, now, moved);
}

const allBonds = (draft: ControllerDraft): Set<Id> =>
  new Set([...draft.bonds.entries()].map(([bond]) => bond as Id));

/** Sites that this step froze, let go on, or gave their first agent. */
function sitesTurned(draft: ControllerDraft, moved: Moved): Set<Id> {
  const { freezes, plannedFreezes, siteHolds, agents, sites } = draft;
  const turned = new Set<string>([...freezes.written().keys(), ...sites.written().keys()]);
  for (const key of siteHolds.written().keys()) turned.add(key.slice(0, key.indexOf('/')));
  // Each word of an agent is written there, too.
  for (const site of agents.written().keys()) if (!agents.base.has(site)) turned.add(site);
  if (plannedFreezes.written().size > 0) for (const site of moved.sites) turned.add(site);
  return turned as Set<Id>;
}

function bondsAt(draft: ControllerDraft, sites: ReadonlySet<Id>): Set<Id> {
  const bonds = new Set<Id>();
  if (sites.size === 0 || draft.bonds.size() === 0) return bonds;
  for (const site of sites) {
    for (const mac of draft.rosters.get(site) ?? []) {
      const bond = draft.phones.get(mac)?.bond;
      if (bond !== undefined) bonds.add(bond);
    }
  }
  return bonds;
}

/** First those that may no longer begin, then those that were held: what is taken back holds others as well. */
function review(draft: ControllerDraft, bond: Id, now: EpochMs, moved: Moved): void {
  const macs = draft.bonds.get(bond) ?? [];
  for (const mac of macs) {
    const phone = draft.phones.get(mac);
    for (const id of draft.assignments.get(mac) ?? []) {
      const rollout = draft.rollouts.get(id);
      const progress = draft.progress.get(progressKey(id, mac));
      if (!phone || !rollout || !progress || !isToBegin(draft, phone, progress)) continue;
      holdBack(draft, rollout, progress, now, moved);
    }
  }
  tryAgain(draft, macs, now, moved);
}

/** It has its road, and nothing of it was gone: neither is the phone under way, nor does it stand on a stepping stone. */
function isToBegin(draft: ControllerDraft, { running }: Phone, { phase, hops }: Progress): boolean {
  if (hops.length === 0 || isFinal(phase) || holdsSlot(phase)) return false;
  return !hops.some((hop) => draft.releases.get(hop)?.version === running?.version);
}
