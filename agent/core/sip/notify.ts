// Asks one phone: a NOTIFY, SUBSCRIBE or OPTIONS outside any dialog, as a non-INVITE client transaction (RFC 3261 section
// 17.1.2) over UDP, TCP or TLS, with one answer to a digest challenge (section 22, RFC 8760). No socket and no clock here.
import assert from 'node:assert/strict';
import { type DurationMs, type EpochMs, laterBy, ms } from '@ringwave/protocol/units';
import {
  authParameters,
  type DigestFacts,
  digestAlgorithm,
  digestResponse,
  quoted,
} from '../digest.ts';
import {
  escapedUser,
  formatSip,
  hostPort,
  type SipResponse,
  sipHeader,
  sipHeaders,
  sipParameter,
} from './message.ts';

/**
 * A phone answers NOTIFY with 200 before it acts on it, and often instead of acting on it: 'accepted' proves delivery,
 * nothing more. login-refused: the phone asks for a password and ours is wrong or absent. silent: no answer in 32 s.
 */
export type NotifyOutcome =
  | { readonly kind: 'accepted'; readonly status: number }
  | { readonly kind: 'busy'; readonly status: number; readonly retryAfter?: DurationMs }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string }
  | { readonly kind: 'away'; readonly status: number }
  | { readonly kind: 'login-refused'; readonly status: number }
  | { readonly kind: 'silent' };

export type SipMethod = 'NOTIFY' | 'SUBSCRIBE' | 'OPTIONS';
export type SipTransport = 'udp' | 'tcp' | 'tls';

export interface NotifyAsk {
  /** Where this one phone listens; an address of record would reach every phone that shares it. */
  readonly phone: { readonly address: string; readonly port: number };
  /** The user part of the phone's contact. */
  readonly user: string;
  /** The Event header with its parameters, from the vendor's profile: `check-sync;reboot=true`. */
  readonly event: string;
  /** Absent: NOTIFY. OPTIONS carries no event, SUBSCRIBE only fetches: it ends with its one NOTIFY (RFC 6665 4.4.3). */
  readonly method?: SipMethod;
  /** Absent: UDP. */
  readonly transport?: SipTransport;
  /** A proxy on the way; the request still names this one phone (RFC 3261 section 16.12). */
  readonly route?: { readonly address: string; readonly port: number };
  /** What some vendors want said in a NOTIFY beside its event. */
  readonly body?: string;
  readonly login?: { readonly user: string; readonly password: string };
  /** Written already, as part of a dialog that a phone began; absent: made of all this. */
  readonly request?: Buffer;
  /** Our own address, as the phone sees it. */
  readonly from: { readonly address: string; readonly port: number };
  /** Random and never used before; each of 16 characters or more from `[A-Za-z0-9]`. */
  readonly ids: {
    readonly callId: string;
    readonly tag: string;
    /** One per challenge and one for the beginning. */
    readonly branches: readonly [string, string, string];
    readonly clientNonce: string;
  };
}

export interface Notify {
  readonly ask: NotifyAsk;
  /** Challenges answered so far. */
  readonly attempt: number;
  readonly branch: string;
  readonly request: Buffer;
  readonly isProceeding: boolean;
  readonly interval: DurationMs;
  readonly endsAt: EpochMs;
}

export type NotifyStep =
  | {
      readonly kind: 'wait';
      readonly notify: Notify;
      readonly send?: Buffer;
      readonly wakeAt: EpochMs;
    }
  | { readonly kind: 'ended'; readonly outcome: NotifyOutcome };

/** RFC 3261 section 17.1.1.1: an estimate of the round trip. */
const t1 = ms(500);
/** RFC 3261 section 17.1.2.2: the longest wait between two copies. */
const t2 = ms(4000);
/** Timer F, 64 times T1. */
const patience = ms(64 * t1);
/** A challenge, and one more if the phone calls its nonce stale. */
const challengesMax = 2;

export function beginNotify(ask: NotifyAsk, now: EpochMs): NotifyStep {
  const isEvent = /^[\w.-]+(?:;[\w.-]+=[\w.-]+)*$/.test(ask.event);
  assert(isEvent || methodOf(ask) === 'OPTIONS', 'an Event header of a vendor profile');
  return transact(ask, 0, now, []);
}

function transact(
  ask: NotifyAsk,
  attempt: number,
  now: EpochMs,
  login: readonly (readonly [string, string])[],
): NotifyStep {
  const branch = `z9hG4bK${ask.ids.branches[attempt]}`;
  const request = ask.request ?? requestOf(ask, { branch, sequence: attempt + 1, login });
  const notify: Notify = {
    ask,
    attempt,
    branch,
    request,
    isProceeding: false,
    interval: t1,
    endsAt: laterBy(now, patience),
  };
  // RFC 3261 section 17.1.2.2: a stream repeats by itself; only the end of patience is ours.
  const wakeAt = isStream(ask) ? notify.endsAt : laterBy(now, t1);
  return { kind: 'wait', notify, send: request, wakeAt };
}

const isStream = ({ transport = 'udp' }: NotifyAsk): boolean => transport !== 'udp';
const methodOf = ({ method = 'NOTIFY' }: NotifyAsk): SipMethod => method;

const uriOf = ({ user, phone, transport = 'udp', route }: NotifyAsk): string =>
  // Behind a proxy it is the proxy that chose how it speaks to the phone.
  `sip:${escapedUser(user)}@${hostPort(phone)}${transport === 'udp' || route ? '' : `;transport=${transport}`}`;

function requestOf(
  ask: NotifyAsk,
  it: { branch: string; sequence: number; login: readonly (readonly [string, string])[] },
): Buffer {
  const { from, ids, route, transport = 'udp' } = ask;
  const method = methodOf(ask);
  const contact = `sip:ringwave@${hostPort(from)}${isStream(ask) ? `;transport=${transport}` : ''}`;
  return formatSip({
    opening: `${method} ${uriOf(ask)} SIP/2.0`,
    headers: [
      ['Via', `SIP/2.0/${transport.toUpperCase()} ${hostPort(from)};branch=${it.branch};rport`],
      ['Max-Forwards', '70'],
      ...(route ? [['Route', `<sip:${hostPort(route)};lr>`] as const] : []),
      ['From', `<sip:ringwave@${hostPort(from)}>;tag=${ids.tag}`],
      ['To', `<${uriOf(ask)}>`],
      ['Call-ID', ids.callId],
      ['CSeq', `${it.sequence} ${method}`],
      ['Contact', `<${contact}>`],
      ...OWN_HEADERS[method](ask),
      ['User-Agent', 'Ringwave'],
      ...it.login,
    ],
    ...(ask.body === undefined ? {} : { body: ask.body }),
  });
}

const OWN_HEADERS: Record<SipMethod, (ask: NotifyAsk) => readonly (readonly [string, string])[]> = {
  // RFC 6665 wants a state in every NOTIFY; without a subscription it is one that has ended.
  NOTIFY: ({ event, body }) => [
    ['Event', event],
    ['Subscription-State', 'terminated'],
    ...(body === undefined ? [] : [['Content-Type', 'text/plain'] as const]),
  ],
  SUBSCRIBE: ({ event }) => [
    ['Event', event],
    ['Expires', '0'],
    ['Accept', 'application/dialog-info+xml'],
  ],
  OPTIONS: () => [['Accept', 'application/sdp']],
};

/** To be called at `wakeAt` or later: timers E and F. */
export function wakeNotify(notify: Notify, now: EpochMs): NotifyStep {
  if (now >= notify.endsAt) return { kind: 'ended', outcome: { kind: 'silent' } };
  const interval = ms(notify.isProceeding ? t2 : Math.min(notify.interval * 2, t2));
  const next = { ...notify, interval };
  return { kind: 'wait', notify: next, send: notify.request, wakeAt: wakeAtOf(next, now) };
}

const wakeAtOf = (notify: Notify, now: EpochMs): EpochMs =>
  Math.min(laterBy(now, notify.interval), notify.endsAt) as EpochMs;

/**
 * True when this response answers this transaction (RFC 3261 section 17.1.3) and repeats what identifies the request
 * (section 8.2.6.2), so that only who has read the request can answer it. The port it comes from is not held against it:
 * some phones answer from another one than they listen on.
 */
export const isAnswerTo = (notify: Notify, response: SipResponse): boolean =>
  sipParameter(sipHeader(response, 'via'), 'branch') === notify.branch &&
  sipHeader(response, 'call-id') === notify.ask.ids.callId &&
  sipParameter(sipHeader(response, 'from'), 'tag') === notify.ask.ids.tag &&
  /^0*(\d{1,9})\s+(\S+)$/
    .exec(sipHeader(response, 'cseq') ?? '')
    ?.slice(1)
    .join(' ') === `${notify.attempt + 1} ${methodOf(notify.ask)}`;

export function answerNotify(notify: Notify, response: SipResponse, now: EpochMs): NotifyStep {
  const { status, reason } = response;
  if (status < 200) {
    const next: Notify = { ...notify, isProceeding: true, interval: t2 };
    const wakeAt = isStream(notify.ask) ? notify.endsAt : wakeAtOf(next, now);
    return { kind: 'wait', notify: next, wakeAt };
  }
  if (status === 401 || status === 407) return answerChallenge(notify, response, now);
  if (status < 300) return ended({ kind: 'accepted', status });
  const isForNow = FOR_NOW.has(status) && retryAfter(response).retryAfter !== undefined;
  if (status === temporarilyUnavailable || isForNow) return ended({ kind: 'away', status });
  if (BUSY.has(status)) return ended({ kind: 'busy', status, ...retryAfter(response) });
  return ended({ kind: 'refused', status, reason: reason.slice(0, reasonCharactersMax) });
}

const ended = (outcome: NotifyOutcome): NotifyStep => ({ kind: 'ended', outcome });

/** RFC 3261 section 21.4.18: logged out, or not to be disturbed; from a proxy, that nobody is registered. That is no call. */
const temporarilyUnavailable = 480;
/** RFC 3261 sections 21.5.1 and 21.5.4: with a Retry-After it is so for now, as of a phone that is starting; without, it refuses. */
const FOR_NOW: ReadonlySet<number> = new Set([500, 503]);
/** Busy here, busy everywhere. */
const BUSY: ReadonlySet<number> = new Set([486, 600]);
/** Characters of a reason that is passed on to people. */
const reasonCharactersMax = 120;
/** Seconds beyond which a Retry-After is no plan but a fault. */
const retryAfterSecondsMax = 86_400;

function retryAfter(response: SipResponse): { retryAfter?: DurationMs } {
  const seconds = Number(/^\d{1,9}/.exec(sipHeader(response, 'retry-after') ?? '')?.[0] ?? 0);
  return seconds > 0 ? { retryAfter: ms(Math.min(seconds, retryAfterSecondsMax) * 1000) } : {};
}

function answerChallenge(notify: Notify, response: SipResponse, now: EpochMs): NotifyStep {
  const { ask, attempt } = notify;
  const { status } = response;
  const challenge = strongestChallenge(response);
  const mayAnswer =
    attempt === 0 || (attempt < challengesMax && challenge?.get('stale')?.toLowerCase() === 'true');
  if (!ask.login || !challenge || !mayAnswer) return ended({ kind: 'login-refused', status });
  const name = status === 401 ? 'Authorization' : 'Proxy-Authorization';
  return transact(ask, attempt + 1, now, [[name, loginFor(ask, ask.login, challenge)]]);
}

type Challenge = ReadonlyMap<string, string>;

/** SHA-256 before MD5; none that we cannot compute or that only offers to protect a body we do not have. */
function strongestChallenge(response: SipResponse): Challenge | undefined {
  const name = response.status === 401 ? 'www-authenticate' : 'proxy-authenticate';
  const answerable = sipHeaders(response, name)
    .map((value) => authParameters('digest', value))
    .filter((challenge) => challenge !== undefined)
    .filter(
      (challenge) =>
        digestAlgorithm(challenge.get('algorithm')) !== undefined &&
        challenge.has('nonce') &&
        (!challenge.has('qop') || offersAuth(challenge)),
    );
  const isStrong = (challenge: Challenge) => /^sha-256/i.test(challenge.get('algorithm') ?? '');
  return answerable.find(isStrong) ?? answerable[0];
}

const offersAuth = (challenge: Challenge): boolean =>
  (challenge.get('qop') ?? '').split(',').some((offer) => offer.trim().toLowerCase() === 'auth');

function loginFor(
  ask: NotifyAsk,
  login: { user: string; password: string },
  challenge: Challenge,
): string {
  const { clientNonce } = ask.ids;
  const said = challenge.get('algorithm');
  const auth = offersAuth(challenge) ? { nonceCount: '00000001', clientNonce } : undefined;
  const facts: DigestFacts = {
    algorithm: digestAlgorithm(said)!,
    user: login.user,
    realm: challenge.get('realm') ?? '',
    nonce: challenge.get('nonce') ?? '',
    method: methodOf(ask),
    uri: uriOf(ask),
    ...(auth ? { auth } : { clientNonce }),
  };
  const opaque = challenge.get('opaque');
  return [
    `Digest username=${quoted(login.user)}`,
    `realm=${quoted(facts.realm)}`,
    `nonce=${quoted(facts.nonce)}`,
    `uri=${quoted(facts.uri)}`,
    `response="${digestResponse(facts, login.password)}"`,
    ...(said === undefined ? [] : [`algorithm=${facts.algorithm}`]),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(auth ? [`qop=auth, nc=${auth.nonceCount}, cnonce="${clientNonce}"`] : []),
    ...(!auth && facts.algorithm.endsWith('-sess') ? [`cnonce="${clientNonce}"`] : []),
  ].join(', ');
}
