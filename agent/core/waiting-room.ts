// Who may start when there are more transfers of images than places. Configurations do not come here: they are small,
// phones boot by them, and they go first.
import { type SteadyMs, steadyLater } from '@ringwave/runtime/clock';

interface Guest<T> {
  readonly source: string;
  readonly item: T;
  readonly until: SteadyMs;
}

export interface WaitingRoom<T> {
  readonly placesMax: number;
  readonly guestsMax: number;
  taken: number;
  readonly takenBySource: Map<string, number>;
  readonly guests: Guest<T>[];
}

/** A phone that got no answer for so long has given up and asks from a new port. */
const patienceMs = 20_000;

export const waitingRoom = <T>(placesMax: number, guestsMax: number): WaitingRoom<T> => ({
  placesMax,
  guestsMax,
  taken: 0,
  takenBySource: new Map(),
  guests: [],
});

export function enter<T>(
  room: WaitingRoom<T>,
  guest: { source: string; item: T },
  now: SteadyMs,
): 'goes' | 'waits' | 'full' {
  if (room.taken < room.placesMax) {
    take(room, guest.source);
    return 'goes';
  }
  if (room.guests.length >= room.guestsMax) return 'full';
  room.guests.push({ ...guest, until: steadyLater(now, patienceMs) });
  return 'waits';
}

/** Gives a place back; who takes it is the one whose source holds the fewest, the longest waiting among equals. */
export function leave<T>(room: WaitingRoom<T>, source: string): T | undefined {
  const left = (room.takenBySource.get(source) ?? 1) - 1;
  if (left > 0) room.takenBySource.set(source, left);
  else room.takenBySource.delete(source);
  room.taken -= 1;
  let best = 0;
  const holds = (guest: Guest<T>) => room.takenBySource.get(guest.source) ?? 0;
  for (let place = 1; place < room.guests.length; place += 1) {
    if (holds(room.guests[place]!) < holds(room.guests[best]!)) best = place;
  }
  const [next] = room.guests.splice(best, 1);
  if (next) take(room, next.source);
  return next?.item;
}

function take<T>(room: WaitingRoom<T>, source: string): void {
  room.taken += 1;
  room.takenBySource.set(source, (room.takenBySource.get(source) ?? 0) + 1);
}

/** Takes one out who no longer waits; false where it did not. */
export function withdraw<T>(room: WaitingRoom<T>, item: T): boolean {
  const place = room.guests.findIndex((guest) => guest.item === item);
  if (place >= 0) room.guests.splice(place, 1);
  return place >= 0;
}

/** Those whose patience ended. */
export function impatient<T>(room: WaitingRoom<T>, now: SteadyMs): T[] {
  const count = room.guests.findIndex((guest) => guest.until > now);
  return room.guests.splice(0, count < 0 ? room.guests.length : count).map(({ item }) => item);
}
