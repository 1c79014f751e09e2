// How one phone can be woken, best way first, and what each answer means for the next way. Data in, data out.
import type { Known, Trigger } from '@ringwave/firmware-catalog/vendors/line-facts';

export const WAY_NAMES = ['sip-udp', 'sip-tcp', 'sip-tls', 'pbx', 'http'] as const;
export type WayName = (typeof WAY_NAMES)[number];

/** One thing to try. `event` and `body` are the vendor's, `needs` says in words what must be set up for it. */
export type Way =
  | {
      readonly by: Exclude<WayName, 'http'>;
      readonly event: string;
      readonly body?: string;
      readonly mayChallenge: boolean;
    }
  | {
      readonly by: 'http';
      readonly method: 'GET' | 'POST';
      readonly path: string;
      readonly needs: string;
    };

export interface WakeSettings {
  /** Tried in this order. */
  readonly ways: readonly WayName[];
  /** Whether the site has a login for the phones' own web pages; without one no HTTP way exists. */
  readonly hasHttpLogin: boolean;
}

/** What every site does that says nothing else. */
export const usualWakeSettings: WakeSettings = { ways: ['sip-udp'], hasHttpLogin: false };

/** Things tried for one start; each may take half a minute, and a start is given ten. */
const waysMax = 6;

/**
 * The ways for one phone. `triggers` are its line's; where nobody knows them, `event` of the vendor's profile stands in.
 * An event goes over every transport before the next event is tried: a transport fails more often than an event.
 */
export function waysFor(
  triggers: Known<readonly Trigger[]>,
  event: string,
  settings: WakeSettings,
): readonly Way[] {
  const known = triggers === 'unknown' ? [] : triggers;
  const sip = known.filter((one) => one.by === 'sip-notify');
  // The profile's own event is the one that was tried with its configurations; others of its line come after it.
  const ordered = [...sip.filter((one) => one.event === event), ...sip.filter(isOther(event))];
  const events: readonly SipTrigger[] =
    ordered.length > 0 ? ordered : [{ by: 'sip-notify', event }];
  const notifies = events.flatMap((trigger) => {
    const { body, mayChallenge = false } = trigger;
    return settings.ways
      .filter((by) => by !== 'http')
      .map((by): Way => ({ by, event: trigger.event, mayChallenge, ...(body ? { body } : {}) }));
  });
  const mayHttp = settings.hasHttpLogin && settings.ways.includes('http');
  const pages = mayHttp
    ? known.flatMap((one) => (one.by === 'http' && !one.inSession ? [one] : []))
    : [];
  return [...notifies.slice(0, waysMax - Math.min(pages.length, 1)), ...pages].slice(0, waysMax);
}

type SipTrigger = Extract<Trigger, { readonly by: 'sip-notify' }>;

const isOther = (event: string) => (one: SipTrigger) => one.event !== event;

/** What came of one way, whoever carried it. `unavailable`: it could not even be tried from here. */
export type WayAnswer =
  | 'accepted'
  | 'busy'
  | 'away'
  | 'refused'
  | 'login-refused'
  | 'silent'
  | 'unavailable';

/**
 * delivered: done, 200 proves no more. busy: ask nobody else, the phone is in use. next: this way is not its way.
 * A silent phone is not asked over UDP a second time with another event: it was not the event that it did not hear. Nor is one
 * whose line is temporarily unavailable: that is so for any event.
 */
export const MEANS: Record<WayAnswer, 'delivered' | 'busy' | 'next' | 'next-transport'> = {
  accepted: 'delivered',
  busy: 'busy',
  away: 'next-transport',
  refused: 'next',
  'login-refused': 'next',
  silent: 'next-transport',
  unavailable: 'next-transport',
};

/** The way after this one, by its answer; undefined where the wake has ended. */
export function nextWay(ways: readonly Way[], at: number, answer: WayAnswer): number | undefined {
  const means = MEANS[answer];
  if (means === 'delivered' || means === 'busy') return undefined;
  const tried = ways[at]?.by;
  const next = ways.findIndex((way, place) => place > at && (means === 'next' || way.by !== tried));
  return next < 0 ? undefined : next;
}

/** Of several failed ways, the answer that tells a person most. */
const TELLS: readonly WayAnswer[] = [
  'accepted',
  'busy',
  'away',
  'login-refused',
  'refused',
  'silent',
  'unavailable',
];

export const mostTelling = (answers: readonly WayAnswer[]): WayAnswer =>
  TELLS.find((one) => answers.includes(one)) ?? 'unavailable';
