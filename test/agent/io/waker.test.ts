import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fittingPassword, loginClaim } from '../../../agent/core/provisioning/http-login.ts';
import { laterBy, ms } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { parseSip, type SipRequest, sipHeader } from '../../../agent/core/sip/message.ts';
import { answerTo } from '../../../agent/core/sip/unasked.ts';
import type { Registration } from '../../../agent/core/pbx/registration.ts';
import type { AgentEvent } from '../../../agent/core/state.ts';
import type { Pbx } from '../../../agent/io/pbx/pbx.ts';
import { HandClock } from '../../hand-clock.ts';
import { macOf, one, workOf } from '../core/box.ts';
import { calls, pbxOf, wakerOf } from './waker-site.ts';

const mac = macOf(1);

interface PhoneOf {
  address?: string;
  port?: number;
  status?: string;
  calls?: string;
  /** Of the document that tells of its calls. */
  encoding?: 'utf8' | 'latin1';
  heard?: () => void;
  /** It asks for it. */
  password?: string;
}

function logsIn(request: SipRequest, password: string): boolean {
  const claim = loginClaim(sipHeader(request, 'authorization'), {
    method: request.method,
    target: request.uri,
  });
  return claim !== undefined && fittingPassword(claim, [password]) === 0;
}

/** A phone at an address of loopback; `calls` is what it tells to a SUBSCRIBE. */
async function phone(
  t: Test,
  {
    address = '127.0.0.1',
    port = 0,
    status = '200 OK',
    calls = '',
    encoding = 'utf8',
    heard = () => {},
    password,
  }: PhoneOf = {},
): Promise<{ port: number; asked: string[] }> {
  const socket = createSocket('udp4');
  socket.bind(port, address);
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  const asked: string[] = [];
  socket.on('message', (bytes, from) => {
    const message = parseSip(bytes);
    if (message?.kind !== 'request') return;
    asked.push(`${message.method} ${sipHeader(message, 'event') ?? ''}`.trim());
    heard();
    if (password !== undefined && !logsIn(message, password)) {
      const more = [['WWW-Authenticate', 'Digest realm="phone", nonce="n1"']] as const;
      const refusal = answerTo(message, { status: '401 Unauthorized', tag: 'phone', more });
      return socket.send(refusal, from.port, from.address);
    }
    const ok = answerTo(message, { status: '200 OK', tag: 'phone' }).toString();
    const send = (text: string) => socket.send(text, from.port, from.address);
    if (message.method !== 'SUBSCRIBE') return send(ok.replace('200 OK', status));
    if (calls === '') return send(ok.replace('200 OK', '489 Bad Event'));
    send(ok);
    const told = [
      `NOTIFY sip:ringwave@${from.address}:${from.port} SIP/2.0`,
      ...ok.split('\r\n').filter((line) => /^(Via|Call-ID):/.test(line)),
      `From: ${sipHeader(message, 'to')};tag=phone`,
      `To: ${sipHeader(message, 'from')}`,
      'CSeq: 1 NOTIFY',
      'Event: dialog',
      `Content-Length: ${Buffer.from(calls, encoding).length}`,
    ];
    const notify = Buffer.from(`${told.join('\r\n')}\r\n\r\n${calls}`, encoding);
    return socket.send(notify, from.port, from.address);
  });
  return { port: socket.address().port, asked };
}

const dialogs = (state?: string) =>
  `<dialog-info version="0" state="full">${state ? `<dialog id="1"><state>${state}</state></dialog>` : ''}</dialog-info>`;

const answered = (answer: string, more = {}) =>
  ({ kind: 'wake-answered', mac, start: 1, answer, ...more }) as AgentEvent;
const there = { isThere: true };
const byPhone = { source: 'the phone', ...there };

test('without a file a phone is woken by its vendor’s event, and by the next where that is refused', async (t) => {
  const { port, asked } = await phone(t);
  t.same(await (await wakerOf(t, { port })).wake(), answered('accepted'));
  t.same(asked, ['NOTIFY check-sync;reboot=true']);
  const picky = await phone(t, { status: '489 Bad Event' });
  t.same(await (await wakerOf(t, { port: picky.port })).wake(), answered('refused', there));
  t.same(picky.asked, ['NOTIFY check-sync;reboot=true', 'NOTIFY check-sync;reboot=false']);
});

test('a phone that tells of a call is not woken; one that is idle or tells nothing is', async (t) => {
  const settings = { idle: ['dialog-event'] as const };
  const talking = await phone(t, { calls: dialogs('confirmed') });
  const { wake } = await wakerOf(t, { port: talking.port, settings });
  t.same(await wake(), answered('busy', byPhone));
  t.same(talking.asked, ['SUBSCRIBE dialog'], 'and no NOTIFY');
  for (const calls of [dialogs(), '']) {
    const idle = await phone(t, { calls });
    t.same(await (await wakerOf(t, { port: idle.port, settings })).wake(), answered('accepted'));
  }
});

test('a phone in a call is seen as one in whatever encoding it writes the name at the other end', async (t) => {
  const settings = { idle: ['dialog-event'] as const };
  const call =
    '<dialog-info version="0" state="full"><dialog id="1"><state>confirmed</state><remote>' +
    '<identity display="Müller">sip:112@10.0.0.2</identity></remote></dialog></dialog-info>';
  for (const encoding of ['utf8', 'latin1'] as const) {
    const caller = await phone(t, { calls: call, encoding });
    const { wake, events } = await wakerOf(t, { port: caller.port, settings });
    t.same(await wake(), answered('busy', byPhone), encoding);
    t.match(events[0], { kind: 'emergency-call', state: 'began' }, 'and its call for help too');
    t.same(caller.asked, ['SUBSCRIBE dialog'], 'and no NOTIFY');
  }
});

test('a phone that tells what cannot be read is not known to be idle', async (t) => {
  const settings = { idle: ['dialog-event'] as const };
  const { port, asked } = await phone(t, { calls: dialogs('confirmed').slice(0, -20) });
  const { wake } = await wakerOf(t, { port, settings });
  t.same(await wake({ mustBeIdle: true }), answered('unproven'));
  t.same(asked, ['SUBSCRIBE dialog']);
});

test('a phone that holds its old or its new login tells of its calls by either', async (t) => {
  const settings = { idle: ['dialog-event'] as const };
  const current = { generation: 1, sealed: 'old', fingerprint: 'f', state: 'proven' } as const;
  const next = { generation: 2, sealed: 'new', fingerprint: 'g', state: 'staged' } as const;
  for (const password of ['old', 'new']) {
    const { port } = await phone(t, { password, calls: dialogs('confirmed') });
    const { tables, wake } = await wakerOf(t, { port, settings });
    tables.credentials.set(mac, { mac, current, next });
    t.same(await wake(), answered('busy', byPhone), password);
  }
});

test('the PBX is believed where the phone tells nothing', async (t) => {
  const { port, asked } = await phone(t);
  const settings = { idle: ['dialog-event', 'pbx'] as const };
  const knows = pbxOf(calls((extension) => extension === '101'));
  const { wake } = await wakerOf(t, { port, settings, pbxs: [pbxOf({}), knows] });
  t.same(await wake(), answered('busy', { source: 'asterisk 10.0.0.2:5038' }));
  t.same(asked, ['SUBSCRIBE dialog']);
});

test('of several PBXs a call at any counts, and a phone is idle where each says so', async (t) => {
  const settings = { idle: ['pbx'] } as const;
  const says = (isInCall: boolean | 'stranger' | undefined, name = 'pbx') =>
    pbxOf({ name, ...calls(() => isInCall) });
  const calling = says(true, 'the second');
  const standby = (told?: boolean) => ({ ...says(told, 'spare'), isStandby: true });
  const proxy = pbxOf({});
  delete proxy.extensionsInCall;
  const cases: [string, Pbx[], AgentEvent][] = [
    ['after idle', [says(false), calling], answered('busy', { source: 'the second' })],
    ['before idle', [calling, says(false)], answered('busy', { source: 'the second' })],
    ['after silence', [says(undefined), calling], answered('busy', { source: 'the second' })],
    ['all idle', [says(false), says(false)], answered('accepted')],
    ['idle, and a proxy', [proxy, says(false)], answered('accepted')],
    ['one silent', [says(false), says(undefined)], answered('unproven')],
    ['idle, and a stranger to the other', [says('stranger'), says(false)], answered('accepted')],
    ['a stranger to all', [says('stranger'), says('stranger')], answered('unproven')],
    ['a proxy alone', [proxy], answered('unproven')],
    ['idle, and a standby is down', [says(false), standby()], answered('accepted')],
    ['the standby alone answers', [says(undefined), standby(false)], answered('unproven')],
    ['a stranger, and a standby is down', [says('stranger'), standby()], answered('unproven')],
    ['a call at the standby', [says(false), standby(true)], answered('busy', { source: 'spare' })],
  ];
  for (const [name, pbxs, expected] of cases) {
    const { port } = await phone(t);
    const { wake } = await wakerOf(t, { port, settings, pbxs });
    t.same(await wake({ mustBeIdle: true }), expected, name);
  }
});

test('a start that is for an idle phone alone is left where nobody says that the phone is idle', async (t) => {
  const settings = { idle: ['dialog-event'] as const };
  const silent = await phone(t, { calls: '' });
  const { wake } = await wakerOf(t, { port: silent.port, settings });
  t.same(await wake({ mustBeIdle: true }), answered('unproven'));
  const idle = await phone(t, { calls: dialogs() });
  const known = await wakerOf(t, { port: idle.port, settings });
  t.same(await known.wake({ mustBeIdle: true }), answered('accepted'));
});

test('while a PBX or a phone shows a call for help, no phone is woken, and core is told of it', async (t) => {
  const { port, asked } = await phone(t);
  const helps = pbxOf({ emergencyCall: (numbers) => Promise.resolve(numbers.includes('112')) });
  const first = await wakerOf(t, { port, pbxs: [helps] });
  t.match(await first.wake(), { answer: 'busy' });
  const { name: source } = helps;
  t.same(first.events[0], { kind: 'emergency-call', source, state: 'began' });
  t.same(asked, []);
  const call =
    '<dialog-info version="0" state="full"><dialog id="1"><state>early</state>' +
    '<remote><target uri="sip:112@10.0.0.2;user=phone"/></remote></dialog></dialog-info>';
  const caller = await phone(t, { calls: call });
  const second = await wakerOf(t, { port: caller.port, settings: { idle: ['dialog-event'] } });
  t.match(await second.wake(), { answer: 'busy' });
  t.same(second.events[0], { kind: 'emergency-call', source: `phone ${mac}`, state: 'began' });
});

test('after a restart the phone that called for help is asked whether it still does', async (t) => {
  const source = `phone ${mac}`;
  const ended = { kind: 'emergency-call', source, state: 'ended' };
  for (const [calls, told] of [
    [dialogs(), [ended]],
    ['', []],
  ] as const) {
    const { port } = await phone(t, { calls });
    const { made, tables, wake, events } = await wakerOf(t, { port });
    const hold = { hold: 'emergency-call', since: one, sources: [source], seenAt: one } as const;
    tables.holds.set('emergency-call', hold);
    tables.sightings.set(mac, seenAt('127.0.0.1'));
    made.resume();
    t.same(events, [], 'that alone is no news of the call');
    await wake();
    t.same(
      events.filter(({ kind }) => kind === 'emergency-call'),
      told,
    );
  }
});

test('a PBX that cannot wake a phone leaves it to the next way', async (t) => {
  const { port, asked } = await phone(t);
  const settings = { ways: ['pbx', 'sip-udp'] as const };
  t.same(
    await (await wakerOf(t, { port, settings, pbxs: [pbxOf({})] })).wake(),
    answered('accepted'),
  );
  const accepts = pbxOf({ notify: () => Promise.resolve('accepted') });
  t.same(
    await (await wakerOf(t, { port, settings, pbxs: [accepts] })).wake(),
    answered('accepted'),
  );
  t.equal(asked.length, 1, 'the second was woken by the PBX alone');
});

test('a phone that moved is woken where it is, and never the device that has its address now', async (t) => {
  const { port, asked } = await phone(t);
  const moved = await phone(t, { address: '127.0.0.2', port });
  const of = () => macOf(9);
  t.same(await (await wakerOf(t, { port, of, whereIs: '127.0.0.2' })).wake(), answered('accepted'));
  t.same([asked.length, moved.asked.length], [0, 1]);
  t.same(await (await wakerOf(t, { port, of })).wake(), answered('silent', { unsent: true }));
  t.same([asked.length, moved.asked.length], [0, 1]);
  const behindRouter = await wakerOf(t, { port, of, isRouted: true });
  t.same(await behindRouter.wake(), answered('accepted'), 'a router shows its own MAC');
});

/** Seen a while ago, at this address. */
const seenAt = (address: string) => {
  const about = { vendor: 'Yealink', model: null, version: null, at: one, versionAt: one };
  return { mac, address, ...about };
};

test('a phone that shows itself elsewhere before its NOTIFY is answered is woken again there', async (t) => {
  for (const status of ['200 OK', '486 Busy Here']) {
    let shows = () => {};
    const old = await phone(t, { status, heard: () => shows() });
    const moved = await phone(t, { address: '127.0.0.2', port: old.port });
    const { tables, wake } = await wakerOf(t, { port: old.port });
    shows = () => tables.sightings.set(mac, seenAt('127.0.0.2'));
    t.same(await wake(), answered('accepted'));
    t.same([old.asked.length, moved.asked.length], [1, 1], 'what the old address said is not held');
  }
  let shows = () => {};
  const old = await phone(t, { calls: dialogs(), heard: () => shows() });
  const moved = await phone(t, { address: '127.0.0.2', port: old.port, calls: dialogs('early') });
  const settings = { idle: ['dialog-event'] as const };
  const { tables, wake } = await wakerOf(t, { port: old.port, settings });
  shows = () => tables.sightings.set(mac, seenAt('127.0.0.2'));
  t.same(await wake(), answered('busy', byPhone), 'idle at the old address');
  t.same(moved.asked, ['SUBSCRIBE dialog']);
});

test('a phone whose old address nobody has is woken where the neighbour table has it', async (t) => {
  const { port, asked } = await phone(t);
  const moved = await phone(t, { address: '127.0.0.2', port });
  t.same(await (await wakerOf(t, { port, whereIs: '127.0.0.2' })).wake(), answered('accepted'));
  t.same([asked.length, moved.asked.length], [0, 1]);
});

test('a phone is woken where it registered after it was seen, if only that phone can be meant', async (t) => {
  const { port, asked } = await phone(t);
  const moved = await phone(t, { address: '127.0.0.2', port });
  const settings = { registration: ['pbx'] as const };
  const contact = {
    address: '127.0.0.2',
    port,
    userAgent: 'Yealink SIP-T46S 66.86.0.15',
    refreshedAt: laterBy(one, ms(1)),
  };
  const woken = async (contacts: Registration[], isOther = false) => {
    const knows = pbxOf({ registrations: () => Promise.resolve(contacts) });
    const { tables, wake } = await wakerOf(t, { port, settings, pbxs: [knows], isRouted: true });
    tables.sightings.set(mac, seenAt('127.0.0.1'));
    if (isOther) tables.sightings.set(macOf(2), { ...seenAt('127.0.0.2'), mac: macOf(2) });
    t.same(await wake(), answered('accepted'));
    return [asked.splice(0).length, moved.asked.splice(0).length];
  };
  t.same(await woken([contact]), [0, 1]);
  t.same(await woken([{ ...contact, refreshedAt: one }]), [1, 0], 'registered before it was seen');
  const { refreshedAt: _when, ...undated } = contact;
  t.same(await woken([undated]), [1, 0], 'nobody says when it registered');
  t.same(await woken([{ ...contact, userAgent: 'Softphone 3' }]), [1, 0], 'not its maker');
  t.same(await woken([contact, { ...contact, address: '127.0.0.3' }]), [1, 0], 'two at once');
  t.same(await woken([contact], true), [1, 0], 'another phone is there');
});

test('a phone that is back is asked about once, when it should be registered', async (t) => {
  const { port } = await phone(t);
  const clock = new HandClock(one);
  const undated = { address: '127.0.0.1', port: 5060 };
  const here = { ...undated, refreshedAt: one };
  const knows = pbxOf({ registrations: () => Promise.resolve([here]) });
  const settings = { registration: ['pbx', 'options'] as const };
  const seen = { kind: 'registration-seen', mac, address: '127.0.0.1' };
  for (const [pbxs, source] of [
    [[knows], 'asterisk 10.0.0.2:5038'],
    [[pbxOf({})], 'options'],
    // It may have been registered before its restart: that a PBX holds it proves nothing.
    [[pbxOf({ registrations: () => Promise.resolve([undated]) })], 'options'],
  ] as const) {
    const { made, tables, next, events } = await wakerOf(t, { port, settings, pbxs, clock });
    const about = { vendor: null, model: null, version: null, at: one, versionAt: one };
    tables.sightings.set(mac, { mac, address: '127.0.0.1', ...about });
    made.phoneIsBack(mac);
    made.phoneIsBack(mac);
    clock.pass(19_000);
    t.equal(events.length, 0);
    const told = next();
    clock.pass(1000);
    await told;
    t.same(events, [{ ...seen, source }]);
  }
});

/** A phone's web server that lets its administrator in, and the actions that it was asked for. */
async function web(t: Test, challenge: string, body = '') {
  const done: string[] = [];
  const server = createServer((request, response) => {
    const said = request.headers.authorization;
    const asked = { method: request.method ?? '', target: request.url ?? '' };
    const claim = loginClaim(said, asked);
    const isIn = claim?.user === 'admin' && fittingPassword(claim, ['right']) === 0;
    if (!isIn) return response.writeHead(401, { 'www-authenticate': challenge }).end();
    done.push(`${claim.scheme} ${asked.method} ${asked.target}`);
    return response.end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => (server.closeAllConnections(), server.close()));
  return { webPort: (server.address() as { port: number }).port, done };
}

test('a phone that no NOTIFY wakes is told over its web server, by its administrator’s login, if it is idle', async (t) => {
  const { port } = await phone(t, { status: '489 Bad Event' });
  const idle = pbxOf(calls(() => false));
  const login = { vendor: 'Yealink', user: 'admin', password: 'right' };
  const sure = { of: () => mac };
  const settings = { ways: ['sip-udp', 'http'], idle: ['pbx'], webLogins: [login] } as const;
  const digest = 'Digest realm="phone", nonce="n1", qop="auth", algorithm=MD5';
  for (const [challenge, scheme] of [
    [digest, 'digest'],
    ['Basic realm="phone"', 'basic'],
  ] as const) {
    const { webPort, done } = await web(t, challenge);
    const told = await wakerOf(t, { ...sure, port, webPort, settings, pbxs: [idle] });
    t.same(await told.wake(), answered('accepted'));
    t.same(done, [`${scheme} GET /servlet?key=AutoP`]);
  }
  const sealed = await web(t, digest);
  const { webLogins: _file, ...without } = settings;
  const kept = await wakerOf(t, {
    ...sure,
    port,
    webPort: sealed.webPort,
    settings: without,
    pbxs: [idle],
    webLogin: (vendor) => (vendor === 'Yealink' ? login : undefined),
  });
  t.same(await kept.wake(), answered('accepted'), 'a login that the box keeps');
  const { webPort, done } = await web(t, digest);
  const wrong = { ...settings, webLogins: [{ ...login, password: 'wrong' }] };
  const refused = await wakerOf(t, { ...sure, port, webPort, settings: wrong, pbxs: [idle] });
  t.same(await refused.wake(), answered('login-refused', there));
  const unknown = await wakerOf(t, { ...sure, port, webPort, settings, pbxs: [pbxOf({})] });
  t.same(await unknown.wake(), answered('refused', there), 'nobody says that it is idle');
  const busy = await web(t, digest, '{"Status": "4001"}');
  const poly = await wakerOf(t, { ...sure, port, webPort: busy.webPort, settings, pbxs: [idle] });
  t.same(await poly.wake(), answered('busy', there), 'a phone may say so in its body');
  t.same(done, []);
});

test('an administrator’s login is told only where the phone itself is: by its MAC there, or since it logged in from there', async (t) => {
  const { port } = await phone(t, { status: '489 Bad Event' });
  const idle = pbxOf(calls(() => false));
  const login = { vendor: 'Yealink', user: 'admin', password: 'right' };
  const settings = { ways: ['sip-udp', 'http'], idle: ['pbx'], webLogins: [login] } as const;
  const { webPort, done } = await web(t, 'Basic realm="phone"');
  for (const isRouted of [false, true]) {
    const { wake } = await wakerOf(t, { port, webPort, settings, pbxs: [idle], isRouted });
    t.same(await wake(), answered('refused', there), 'nobody knows who is there');
  }
  t.same(done, []);
  const known = await wakerOf(t, { port, webPort, settings, pbxs: [idle], isRouted: true });
  const about = { vendor: null, model: null, version: null, at: one, versionAt: one };
  known.tables.sightings.set(mac, { mac, address: '127.0.0.1', ...about });
  t.same(await known.wake(), answered('refused', there), 'it has no login to be known by');
  const current = { generation: 1, sealed: 's', fingerprint: 'f', state: 'proven' } as const;
  known.tables.credentials.set(mac, { mac, current });
  t.same(await known.wake(), answered('accepted'));
});

/** A way through a PBX that takes half a minute without an answer, in which something happens. */
const slowWay = (clock: HandClock, happens: () => void, line: { inCall?: boolean } = {}) =>
  pbxOf({
    notify: () => {
      clock.pass(32_000);
      happens();
      return Promise.resolve('silent');
    },
    ...calls(() => line.inCall),
  });

test('a phone that took its file or began its image while one way was silent is not sent another', async (t) => {
  const settings = { ways: ['pbx', 'sip-udp'] as const };
  for (const goesOn of ['file', 'image'] as const) {
    const { port, asked } = await phone(t);
    const clock = new HandClock(one);
    let happens = () => {};
    const pbxs = [slowWay(clock, () => happens())];
    const { made, tables, wake } = await wakerOf(t, { port, settings, pbxs, clock });
    const offered = workOf(1, { phase: 'offered', starts: 1 });
    tables.work.set(mac, offered);
    happens = () => {
      if (goesOn === 'file') made.phoneIsBack(mac);
      else tables.work.set(mac, { ...offered, phase: 'downloading' });
    };
    t.match(
      await wake(),
      goesOn === 'file' ? answered('accepted', there) : { kind: 'wake-answered' },
    );
    t.same(asked, [], 'a second NOTIFY would restart it in the midst of its update');
  }
});

test('between two ways a call, and a call for help, are looked for anew', async (t) => {
  const settings = { ways: ['pbx', 'sip-udp'], idle: ['pbx'] } as const;
  const { port, asked } = await phone(t);
  const clock = new HandClock(one);
  const line = { inCall: false };
  const pbxs = [slowWay(clock, () => (line.inCall = true), line)];
  const caller = await wakerOf(t, { port, settings, pbxs, clock });
  t.match(await caller.wake(), { answer: 'busy' });
  let happens = () => {};
  const helped = await wakerOf(t, {
    port,
    settings,
    pbxs: [slowWay(clock, () => happens())],
    clock,
  });
  const call = { hold: 'emergency-call', since: one, seenAt: one } as const;
  // It was short: its callback is waited for.
  happens = () => helped.tables.holds.set('emergency-call', { ...call, sources: [] });
  t.match(await helped.wake(), { answer: 'busy', source: 'the site of an emergency call' });
  t.same(asked, []);
});

test('over HTTP a phone is told only by what is known of its calls at that moment', async (t) => {
  const { port } = await phone(t);
  const { webPort, done } = await web(t, 'Basic realm="phone"');
  const login = { vendor: 'Yealink', user: 'admin', password: 'right' };
  const settings = { ways: ['pbx', 'http'], idle: ['pbx'], webLogins: [login] } as const;
  const site = { port, webPort, settings, of: () => mac };
  for (const later of [true, undefined]) {
    const clock = new HandClock(one);
    const line: { inCall?: boolean } = { inCall: false };
    const changes = () => {
      delete line.inCall;
      if (later) line.inCall = later;
    };
    const { wake } = await wakerOf(t, { ...site, pbxs: [slowWay(clock, changes, line)], clock });
    t.match(await wake(), { answer: later ? 'busy' : 'silent' });
  }
  t.same(done, []);
});
