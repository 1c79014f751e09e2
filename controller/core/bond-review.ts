import { fractionOf } from '@ringwave/protocol/keyed-hash';
import { isFinal } from '@ringwave/protocol/phases';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { holdBack } from './hold-back.ts';
import { isToBegin, nextBondLook } from './bonds.ts';
import { allTiedTo } from './pairs.ts';
import { type ControllerDraft, progressKey } from './state.ts';
import { type Moved, tryAgain } from './wave-release.ts';

// What began to rest, or rests no longer, at one site is why phones of a bond at others are held or go. Only bonds are
// looked at, and only when something of them or of their sites has changed or its time has come.

export function reviewBonds(draft: ControllerDraft, now: EpochMs, moved: Moved): void {
  const look = nextBondLook(draft);
  const isDue = look !== undefined && look <= now;
  if (isDue) draft.bondLook.remove('next');
  const bonds = isDue ? allBonds(draft) : bondsAt(draft, sitesTurned(draft, moved));
  for (const bond of bondsMoved(draft)) bonds.add(bond);
  for (const bond of bonds) review(draft, bond, now, moved);
}

const allBonds = (draft: ControllerDraft): Set<Id> =>
  new Set([...draft.bonds.entries()].map(([bond]) => bond as Id));

/** Bonds that a phone has come into or has left, or of which one has ended its part of a rollout. */
function bondsMoved(draft: ControllerDraft): Id[] {
  if (draft.bonds.size() === 0) return [];
  const ended = [...draft.progress.written().values()].filter(
    (progress) => progress !== undefined && isFinal(progress.phase),
  );
  const ofEnded = ended.flatMap((progress) => draft.phones.get(progress?.mac ?? '')?.bond ?? []);
  return [...ofEnded, ...([...draft.bonds.written().keys()] as Id[])];
}

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

/**
 * First those that may no longer begin, then those that were held: what is taken back holds others as well. The last of a
 * bond comes first: of two that were let go before they were in one bond the one in front stays.
 */
function review(draft: ControllerDraft, bond: Id, now: EpochMs, moved: Moved): void {
  const macs = new Set(draft.bonds.get(bond));
  for (const mac of draft.bonds.get(bond) ?? []) {
    const phone = draft.phones.get(mac);
    for (const other of phone ? allTiedTo(draft, phone) : []) macs.add(other);
  }
  const inOrder = [...macs].sort((a, b) => fractionOf(bond, b) - fractionOf(bond, a));
  for (const mac of inOrder) {
    for (const id of draft.assignments.get(mac) ?? []) {
      const rollout = draft.rollouts.get(id);
      const progress = draft.progress.get(progressKey(id, mac));
      if (rollout && progress && isToBegin(draft, progress))
        holdBack(draft, rollout, progress, now, moved);
    }
  }
  tryAgain(draft, inOrder, now, moved);
}
