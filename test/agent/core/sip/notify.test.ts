import { type EpochMs, epochMs, laterBy, ms } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import {
  formatSip,
  parseSip,
  type SipResponse,
  sipHeader,
} from '../../../../agent/core/sip/message.ts';
import {
  answerNotify,
  beginNotify,
  isAnswerTo,
  type Notify,
  type NotifyAsk,
  type NotifyStep,
  wakeNotify,
} from '../../../../agent/core/sip/notify.ts';

const noon = epochMs(1_800_000_000_000)!;
const ask: NotifyAsk = {
  phone: { address: '192.0.2.7', port: 5062 },
  user: '101',
  event: 'check-sync;reboot=true',
  from: { address: '192.0.2.1', port: 5060 },
  ids: { callId: 'call', tag: 'tag', branches: ['one', 'two', 'three'], clientNonce: 'mine' },
};
const withLogin: NotifyAsk = { ...ask, login: { user: 'phone', password: 'secret' } };

type Waiting = Extract<NotifyStep, { kind: 'wait' }>;
function waiting(t: Test, step: NotifyStep): Waiting {
  t.equal(step.kind, 'wait');
  return step as Waiting;
}

const response = (
  opening: string,
  headers: readonly (readonly [string, string])[] = [],
): SipResponse => parseSip(formatSip({ opening: `SIP/2.0 ${opening}`, headers })) as SipResponse;

const outcome = (notify: Notify, opening: string, ...headers: [string, string][]) => {
  const step = answerNotify(notify, response(opening, headers), noon);
  return step.kind === 'ended' ? step.outcome : step;
};

test('the request is addressed to the contact of one phone', (t) => {
  const { send } = waiting(t, beginNotify(ask, noon));
  t.equal(
    send?.toString(),
    [
      'NOTIFY sip:101@192.0.2.7:5062 SIP/2.0',
      'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKone;rport',
      'Max-Forwards: 70',
      'From: <sip:ringwave@192.0.2.1:5060>;tag=tag',
      'To: <sip:101@192.0.2.7:5062>',
      'Call-ID: call',
      'CSeq: 1 NOTIFY',
      'Contact: <sip:ringwave@192.0.2.1:5060>',
      'Event: check-sync;reboot=true',
      'Subscription-State: terminated',
      'User-Agent: Ringwave',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
  t.throws(() => beginNotify({ ...ask, event: 'x\r\nEvil: yes' }, noon));
  t.end();
});

/** Milliseconds after noon at which copies leave, and the outcome, while nobody answers. */
function silence(first: Waiting, from: EpochMs = noon) {
  const copies: number[] = [];
  let step: NotifyStep = first;
  let now = from;
  while (step.kind === 'wait') {
    now = step.wakeAt;
    step = wakeNotify(step.notify, now);
    if (step.kind === 'wait' && step.send) copies.push(now - noon);
  }
  return { copies, outcome: step.outcome, endedAt: now - noon };
}

test('unanswered, it is repeated after 0.5 s, then twice that up to 4 s, for 32 s', (t) => {
  t.same(silence(waiting(t, beginNotify(ask, noon))), {
    copies: [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500],
    outcome: { kind: 'silent' },
    endedAt: 32_000,
  });
  t.end();
});

test('after a provisional answer it is repeated every 4 s within the same 32 s', (t) => {
  const { notify } = waiting(t, beginNotify(ask, noon));
  const at = laterBy(noon, ms(1000));
  const proceeding = waiting(t, answerNotify(notify, response('100 Trying'), at));
  t.equal(proceeding.send, undefined);
  t.match(silence(proceeding, at), { copies: [5000, 9000, 13_000], endedAt: 32_000 });
  t.end();
});

test('each final answer has its meaning', (t) => {
  const { notify } = waiting(t, beginNotify(ask, noon));
  t.same(outcome(notify, '200 OK'), { kind: 'accepted', status: 200 });
  t.same(outcome(notify, '202 Accepted'), { kind: 'accepted', status: 202 });
  for (const status of [486, 600]) {
    t.same(outcome(notify, `${status} Busy`), { kind: 'busy', status });
  }
  const away = outcome(notify, '480 Temporarily Unavailable');
  t.same(away, { kind: 'away', status: 480 }, 'logged out or not to be disturbed is no call');
  t.same(outcome(notify, '486 Busy Here', ['Retry-After', '90 (in a call)']), {
    kind: 'busy',
    status: 486,
    retryAfter: 90_000,
  });
  for (const status of [500, 503]) {
    const soon = outcome(notify, `${status} No`, ['Retry-After', '30']);
    t.same(soon, { kind: 'away', status }, 'it says itself that it is only so for now');
  }
  for (const status of [302, 403, 404, 423, 481, 489, 500, 503]) {
    t.match(outcome(notify, `${status} No`), { kind: 'refused', status, reason: 'No' });
  }
  t.same(outcome(notify, '401 Unauthorized', ['WWW-Authenticate', 'Digest realm="r", nonce="n"']), {
    kind: 'login-refused',
    status: 401,
  });
  t.end();
});

test('a challenge is answered once, in a new transaction of the same call', (t) => {
  const challenge =
    'Digest realm="phone", nonce="abc", qop="auth-int,auth", algorithm=MD5, opaque="o"';
  const { notify } = waiting(t, beginNotify(withLogin, noon));
  const second = waiting(
    t,
    answerNotify(notify, response('401 Unauthorized', [['WWW-Authenticate', challenge]]), noon),
  );
  const request = parseSip(second.send!)!;
  t.equal(sipHeader(request, 'cseq'), '2 NOTIFY');
  t.equal(sipHeader(request, 'call-id'), 'call');
  t.match(sipHeader(request, 'via'), /branch=z9hG4bKtwo;/);
  // MD5 of phone:phone:secret, of NOTIFY:sip:101@192.0.2.7:5062, joined as RFC 2617 section 3.2.2 says.
  t.equal(
    sipHeader(request, 'authorization'),
    `Digest username="phone", realm="phone", nonce="abc", uri="sip:101@192.0.2.7:5062", response="b852fc23c386b4eeeb7d9385aa02dfa3", algorithm=MD5, opaque="o", qop=auth, nc=00000001, cnonce="mine"`,
  );
  const again = response('401 Unauthorized', [['WWW-Authenticate', challenge]]);
  t.same(answerNotify(second.notify, again, noon), {
    kind: 'ended',
    outcome: { kind: 'login-refused', status: 401 },
  });
  t.equal(silence(second).endedAt, 32_000, 'the new transaction has its own time');
  t.end();
});

test('a stale nonce gets one more answer, and of several challenges the strongest is taken', (t) => {
  const md5 = ['Proxy-Authenticate', 'Digest realm="r", nonce="a"'] as const;
  const sha = ['Proxy-Authenticate', 'Digest realm="r", nonce="b", algorithm=SHA-256'] as const;
  const stale = [
    'Proxy-Authenticate',
    'Digest realm="r", nonce="c", algorithm=SHA-256, stale=TRUE',
  ] as const;
  let step = waiting(t, beginNotify(withLogin, noon));
  step = waiting(t, answerNotify(step.notify, response('407 x', [md5, sha]), noon));
  t.match(sipHeader(parseSip(step.send!)!, 'proxy-authorization'), /nonce="b".*algorithm=SHA-256/);
  step = waiting(t, answerNotify(step.notify, response('407 x', [stale]), noon));
  t.match(sipHeader(parseSip(step.send!)!, 'proxy-authorization'), /nonce="c"/);
  t.match(answerNotify(step.notify, response('407 x', [stale]), noon), {
    outcome: { kind: 'login-refused', status: 407 },
  });
  t.end();
});

test('a challenge that we cannot answer ends as a refused login', (t) => {
  const { notify } = waiting(t, beginNotify(withLogin, noon));
  for (const challenge of [
    'Basic realm="x"',
    'Digest realm="x"',
    'Digest realm="x", nonce="n", algorithm=SHA-512-256',
    'Digest realm="x", nonce="n", qop="auth-int"',
    'Digest "',
  ]) {
    t.match(outcome(notify, '401 x', ['WWW-Authenticate', challenge]), { kind: 'login-refused' });
  }
  t.end();
});

test('an answer belongs to its transaction by all that names the request', (t) => {
  const { notify } = waiting(t, beginNotify(ask, noon));
  const right = {
    Via: 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKone',
    From: '<sip:ringwave@192.0.2.1:5060>;tag=tag',
    'Call-ID': 'call',
    CSeq: '1 NOTIFY',
  };
  const isAnswer = (said: Partial<typeof right>) =>
    isAnswerTo(notify, response('200 OK', Object.entries({ ...right, ...said })));
  t.equal(isAnswer({}), true);
  t.equal(isAnswer({ CSeq: '001  NOTIFY' }), true, 'the number, however it is written');
  t.equal(isAnswer({ Via: 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKtwo' }), false);
  t.equal(isAnswer({ From: '<sip:ringwave@192.0.2.1:5060>;tag=other' }), false);
  t.equal(isAnswer({ From: '<sip:ringwave@192.0.2.1:5060>' }), false);
  t.equal(isAnswer({ 'Call-ID': 'other' }), false);
  t.equal(isAnswer({ CSeq: '1 OPTIONS' }), false);
  t.equal(isAnswer({ CSeq: '2 NOTIFY' }), false);
  t.end();
});
