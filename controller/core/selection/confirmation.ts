import { conflict } from '../refusal.ts';
import type { Refusal } from '../state.ts';

// A slip in a selection should not reach a whole company: many phones are named by their number once more.

/** More phones than this are always confirmed: a big company's whole country. */
export const unconfirmedPhonesMax = 10_000;
/** More than this part of a fleet is confirmed. */
const unconfirmedPartMax = 0.5;
/** In smaller fleets most rollouts are for most phones, and the list is short enough to look at. */
const smallFleetBelow = 100;

/** Refuses a selection of very many phones until exactly their number is given with it. */
export function confirmationRefusal(
  thing: string,
  {
    selected,
    fleet,
    confirmed,
  }: { selected: number; fleet: number; confirmed: number | undefined },
): Refusal | undefined {
  const isWide = fleet >= smallFleetBelow && selected > fleet * unconfirmedPartMax;
  if (confirmed === undefined && selected <= unconfirmedPhonesMax && !isWide) return undefined;
  if (confirmed === selected) return undefined;
  const reason =
    confirmed === undefined
      ? `would reach ${selected} of ${fleet} phones`
      : `would reach ${selected} of ${fleet} phones, not ${confirmed}`;
  const next = `Narrow it, or confirm the number: confirmPhones: ${selected} (--confirm ${selected}).`;
  return conflict(`${thing}: selection`, reason, next);
}
