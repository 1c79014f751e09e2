import type { LiveMessage, PhoneView, RolloutView, SiteView } from '@ringwave/protocol/views';

// What the live stream has told so far, folded into one picture. Pure: the socket is in live-stream.ts.

export interface LiveView {
  readonly epoch: string;
  readonly seq: number;
  readonly demo: boolean;
  /** While all sites are stopped: why. */
  readonly halt: { readonly reason: string } | null;
  readonly rollouts: ReadonlyMap<string, RolloutView>;
  readonly sites: ReadonlyMap<string, SiteView>;
  readonly phones: ReadonlyMap<string, PhoneView>;
  /** Larger than `phones` where the controller does not list them all. */
  readonly phonesTotal: number;
}

/**
 * The picture after one more message; 'resync' where the message does not follow on what is known, and only
 * a new snapshot can mend that. A doubled delta changes nothing.
 */
export function foldLive(known: LiveView | undefined, message: LiveMessage): LiveView | 'resync' {
  if (message.kind === 'snapshot') {
    const { epoch, seq, demo, halt, phonesTotal } = message;
    return {
      epoch,
      seq,
      demo,
      halt,
      phonesTotal,
      rollouts: byKey(message.rollouts, (one) => one.id),
      sites: byKey(message.sites, (one) => one.id),
      phones: byKey(message.phones, (one) => one.mac),
    };
  }
  if (!known || message.epoch !== known.epoch) return 'resync';
  if (message.seq <= known.seq) return known;
  if (message.seq !== known.seq + 1) return 'resync';
  const { gone } = message;
  const phones = merged(known.phones, message.phones, gone?.phones, (one) => one.mac);
  return {
    ...known,
    seq: message.seq,
    halt: message.halt === undefined ? known.halt : message.halt,
    rollouts: merged(known.rollouts, message.rollouts, gone?.rollouts, (one) => one.id),
    sites: merged(known.sites, message.sites, gone?.sites, (one) => one.id),
    phones,
    phonesTotal: known.phonesTotal + phones.size - known.phones.size,
  };
}

const byKey = <V>(list: readonly V[], key: (one: V) => string): Map<string, V> =>
  new Map(list.map((one) => [key(one), one]));

/** The same map where nothing changed, so that a view of it need not be drawn again. */
function merged<V>(
  known: ReadonlyMap<string, V>,
  changed: readonly V[] | undefined,
  gone: readonly string[] | undefined,
  key: (one: V) => string,
): ReadonlyMap<string, V> {
  if (!changed?.length && !gone?.length) return known;
  const next = new Map(known);
  for (const one of gone ?? []) next.delete(one);
  for (const one of changed ?? []) next.set(key(one), one);
  return next;
}

/** The controller's clock as heard: a demonstration's runs faster than the wall. */
export interface HeardClock {
  /** Controller time, epoch milliseconds, at the last message. */
  readonly at: number;
  /** When that was on this machine's steady clock, milliseconds. */
  readonly heardAt: number;
  /** Controller milliseconds for each of ours. */
  readonly speed: number;
  readonly base: { readonly at: number; readonly heardAt: number };
}

/** Shorter than this says nothing about speed: deltas gather for 100 ms. */
const speedFromMs = 3_000;
/** After this the comparison starts anew, so that a laptop that slept is believed again. */
const speedAnewMs = 60_000;

export function hearClock(
  clock: HeardClock | undefined,
  heard: { at: number; heardAt: number },
): HeardClock {
  if (!clock) return { ...heard, speed: 1, base: heard };
  const passedMs = heard.heardAt - clock.base.heardAt;
  if (passedMs < speedFromMs) return { ...clock, ...heard };
  const measured = Math.max(0, (heard.at - clock.base.at) / passedMs);
  const speed = Math.abs(measured - 1) < 0.1 ? 1 : measured;
  return { ...heard, speed, base: passedMs > speedAnewMs ? heard : clock.base };
}

/** Controller time, epoch milliseconds, at an instant of this machine's steady clock. */
export const timeOn = (clock: HeardClock, steadyMs: number): number =>
  clock.at + (steadyMs - clock.heardAt) * clock.speed;

/** First wait before a reconnect, milliseconds; doubled each time. */
const backOffFirstMs = 500;
/** 8 s: a page is back within ten seconds of its controller, and 200 pages spread over it. */
const backOffMaxMs = 8_000;

/** Full jitter, so that all consoles of a restarted controller do not come at once. `random` is 0 to 1. */
export const backOffMs = (failures: number, random: number): number =>
  Math.round(200 + random * Math.min(backOffMaxMs, backOffFirstMs * 2 ** Math.min(failures, 10)));
