import type { FaultCode } from '@ringwave/protocol/faults';
import { fractionOf } from '@ringwave/protocol/keyed-hash';
import { holdsSlot, isFinal, type Waiting } from '@ringwave/protocol/phases';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { partnersBehind } from './pairs.ts';
import { putProgress } from './progress.ts';
import { invalid } from './refusal.ts';
import {
  type ControllerDraft,
  type Phone,
  type Progress,
  progressKey,
  type Refusal,
  type Rollout,
} from './state.ts';

// Phones of one bond, at any sites, shall end on one version. No agent sees all of them, so the controller lets them
// go one after another, and the first only when every one of them could.

/** One after another through a night or a week: more would never be on one version. */
export const bondPhonesMax = 16;

/** Keeps who is in a bond, as a phone is stored. */
export function noteBond(
  draft: ControllerDraft,
  before: Pick<Phone, 'bond'> | undefined,
  phone: Pick<Phone, 'mac' | 'bond'>,
): void {
  if (before?.bond === phone.bond) return;
  if (before?.bond !== undefined) leaveBond(draft, { mac: phone.mac, bond: before.bond });
  if (phone.bond === undefined) return;
  draft.bonds.put(phone.bond, [...(draft.bonds.get(phone.bond) ?? []), phone.mac]);
}

export function leaveBond(
  draft: ControllerDraft,
  { mac, bond }: Pick<Phone, 'mac' | 'bond'>,
): void {
  if (bond === undefined) return;
  const left = (draft.bonds.get(bond) ?? []).filter((one) => one !== mac);
  if (left.length > 0) draft.bonds.put(bond, left);
  else draft.bonds.remove(bond);
}

export const bondProblems = (draft: ControllerDraft): Refusal[] =>
  [...draft.bonds.written()].flatMap(([bond, macs]) => {
    if (!macs || macs.length <= bondPhonesMax) return [];
    const reason = `would have ${macs.length} phones, at most ${bondPhonesMax} go one after another`;
    return [invalid(`bond ${bond}`, reason, 'Part it into several bonds.')];
  });

/** Why a phone could not be given its work, as far as the controller knows; undefined where it could. */
export type MayGo = (phone: Phone) => MayNot | undefined;
export type MayNot = { readonly why: string } & Pick<Waiting, 'waitingFor' | 'nextAttemptAt'>;

/** What keeps a phone for the sake of one of its partners that could not go; undefined where all could. */
export function keptByPartners(
  draft: ControllerDraft,
  { attemptsMax }: Pick<Rollout, 'attemptsMax'>,
  progress: Progress,
  mayGo: MayGo,
): Waiting | undefined {
  const name = tieName(draft, progress);
  if (name === undefined) return undefined;
  const isLeft = ({ phase }: Progress) => !isFinal(phase);
  for (const other of partnersBehind(draft, progress, isLeft).filter(isLeft)) {
    const partner = draft.phones.get(other.mac);
    const gone: MayNot = {
      why: 'it is no longer in the inventory',
      waitingFor: 'phone',
      nextAttemptAt: null,
    };
    const found = partner ? mayGo(partner) : gone;
    if (found === undefined) continue;
    const { why, waitingFor, nextAttemptAt } = found;
    const reason = `None of ${name} begins before all can: ${other.mac} (${other.site}) cannot, ${why}`;
    return { reason: reason.slice(0, 240), waitingFor, nextAttemptAt, attempt: 1, attemptsMax };
  }
  return undefined;
}

/** What keeps a phone of a bond while another one of it goes first. */
export function goesBehind(
  draft: ControllerDraft,
  { attemptsMax }: Pick<Rollout, 'attemptsMax'>,
  progress: Progress,
): Waiting | undefined {
  const bond = draft.phones.get(progress.mac)?.bond;
  const first = bond === undefined ? undefined : firstOf(draft, bond, progress);
  if (!first) return undefined;
  const which = `Goes when ${first.mac} (${first.site})`;
  const reason =
    first.rollout === progress.rollout
      ? `${which}, which is before it in bond ${bond}, proves its version`
      : `${which}, of the same bond ${bond}, has ended its part of rollout ${first.rollout}`;
  return { reason, waitingFor: 'wave', nextAttemptAt: null, attempt: 1, attemptsMax };
}

/**
 * Whoever was let go goes first, in whichever rollout: its agent may be starting it. Of several that were, as one that
 * comes into a bond may have been, the one that has begun; then goes the one whose wave is before the other's, then by
 * an order of the bond that all rollouts share.
 */
function firstOf(draft: ControllerDraft, bond: Id, mine: Progress): Progress | undefined {
  const others = (draft.bonds.get(bond) ?? []).filter((mac) => mac !== mine.mac);
  const place = ({ mac }: Progress) => fractionOf(bond, mac);
  const gone = others.flatMap((mac) => partsOf(draft, mac).filter(isLetGo));
  if (isLetGo(mine))
    return gone.find((other) => !isToBegin(draft, other) || place(other) < place(mine));
  if (gone[0]) return gone[0];
  const isBefore = (a: Progress, b: Progress) => a.wave - b.wave || place(a) - place(b);
  return others
    .flatMap((mac) => draft.progress.get(progressKey(mine.rollout, mac)) ?? [])
    .filter((other) => !isFinal(other.phase) && isBefore(other, mine) < 0)
    .sort(isBefore)[0];
}

/** Also of rollouts that were aborted: what was in flight then goes on. */
const partsOf = (draft: ControllerDraft, mac: Mac): Progress[] =>
  [...draft.rollouts.values()].flatMap(({ id }) => draft.progress.get(progressKey(id, mac)) ?? []);

const isLetGo = ({ hops, phase }: Progress): boolean =>
  holdsSlot(phase) || (hops.length > 0 && !isFinal(phase));

/** It has its road, and nothing of it was gone: neither is the phone under way, nor does it stand on a stepping stone. */
export function isToBegin(draft: ControllerDraft, progress: Progress): boolean {
  if (!isLetGo(progress) || holdsSlot(progress.phase)) return false;
  const running = draft.phones.get(progress.mac)?.running?.version;
  return !progress.hops.some((hop) => draft.releases.get(hop)?.version === running);
}

/** How a phone may end of which nobody can say that it is up; that one was never asked may be for want of a way to it. */
const SILENCES: readonly FaultCode[] = [
  'phone-silent-after-restart',
  'download-stalled',
  'phone-not-registered',
];

/** One of a bond that went silent in an update, of whichever rollout, and has shown nothing since: it counts as down. */
export const isLost = (
  draft: ControllerDraft,
  { mac, bond, seenAt = 0 as EpochMs }: Phone,
): boolean =>
  bond !== undefined && partsOf(draft, mac).some((part) => wentSilent(part) && seenAt <= part.at);

/** As it ended, or was held back by then. One that may be tried again holds the others by that. */
const wentSilent = (part: Progress): boolean =>
  !isLetGo(part) && part.fault !== undefined && SILENCES.includes(part.fault);

/** It is there again: what it waits for from now on is no silence. */
export function foundAgain(draft: ControllerDraft, mac: Mac): void {
  for (const part of partsOf(draft, mac)) {
    if (isFinal(part.phase) || !wentSilent(part)) continue;
    const { fault: _fault, ...rest } = part;
    putProgress(draft, rest);
  }
}

function tieName(draft: ControllerDraft, { mac }: Progress): string | undefined {
  const { pair, bond } = draft.phones.get(mac) ?? {};
  if (bond !== undefined) return `bond ${bond}`;
  return pair === undefined ? undefined : `pair ${pair}`;
}

/** When time alone may let a bond go or keep it: one instant for all of them, since few bonds wait and fewer turn. */
export const nextBondLook = (draft: ControllerDraft): EpochMs | undefined =>
  draft.bondLook.get('next');

export function lookAtBondsBy(draft: ControllerDraft, at: EpochMs | undefined): void {
  const known = nextBondLook(draft);
  if (at !== undefined && (known === undefined || at < known)) draft.bondLook.put('next', at);
}

/** Let go by its wave, and held for the sake of its bond or pair. */
export const isHeldBack = ({ phase, hops, waiting }: Progress): boolean =>
  phase === 'waiting' && hops.length === 0 && waiting !== undefined;

/** How the phones of a bond stand in a rollout, for whoever asks of one of them. */
export function bondWords(
  tables: {
    readonly bonds: { get(bond: string): readonly Mac[] | undefined };
    readonly progress: { get(key: string): Progress | undefined };
  },
  bond: Id,
  rollout: Id,
): string {
  const parts = (tables.bonds.get(bond) ?? []).map((mac) => {
    const found = tables.progress.get(`${rollout}/${mac}`);
    return `${mac}${found ? ` (${found.site}) is ${found.phase}` : ' is in no part of it'}`;
  });
  return `Bond ${bond}: ${parts.join(', ')}`;
}
