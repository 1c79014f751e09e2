import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fittingPassword, loginClaim } from '../../../agent/core/provisioning/http-login.ts';
import { wallClock } from '@ringwave/runtime/clock';
import type { Mac } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { usualWakeFile, type WakeFile } from '../../../agent/core/pbx/settings.ts';
import { parseSip, sipHeader } from '../../../agent/core/sip/message.ts';
import { type AgentEvent, emptyTables } from '../../../agent/core/state.ts';
import type { Pbx } from '../../../agent/io/pbx/pbx.ts';
import { okTo, SipSocket } from '../../../agent/io/sip-socket.ts';
import { EmergencyWatch } from '../../../agent/io/emergency-watch.ts';
import { SipStreams } from '../../../agent/io/sip-streams.ts';
import { Waker } from '../../../agent/io/waker.ts';
import { HandClock } from '../../hand-clock.ts';
import { macOf, one, planOf, planPhone } from '../core/box.ts';

const mac = macOf(1);

/** A phone at an address of loopback; `calls` is what it tells to a SUBSCRIBE. */
async function phone(
  t: Test,
  { address = '127.0.0.1', port = 0, status = '200 OK', calls = '' } = {},
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
    const ok = okTo(message).toString();
    const send = (text: string) => socket.send(text, from.port, from.address);
    if (message.method !== 'SUBSCRIBE') return send(ok.replace('200 OK', status));
    if (calls === '') return send(ok.replace('200 OK', '489 Bad Event'));
    send(ok);
    const told = [
      `NOTIFY sip:ringwave@${from.address}:${from.port} SIP/2.0`,
      ...ok.split('\r\n').filter((line) => /^(Via|From|To|Call-ID):/.test(line)),
      'CSeq: 1 NOTIFY',
      'Event: dialog',
      `Content-Length: ${calls.length}`,
    ];
    return send(`${told.join('\r\n')}\r\n\r\n${calls}`);
  });
  return { port: socket.address().port, asked };
}

const dialogs = (state?: string) =>
  `<dialog-info version="0" state="full">${state ? `<dialog id="1"><state>${state}</state></dialog>` : ''}</dialog-info>`;

interface Site {
  readonly port: number;
  readonly settings?: Partial<WakeFile>;
  readonly pbxs?: readonly Pbx[];
  readonly of?: (address: string) => Mac | null;
  readonly whereIs?: string | null;
  readonly clock?: HandClock;
  readonly isRouted?: boolean;
  readonly webPort?: number;
}

async function waker(t: Test, site: Site) {
  const { webPort, port, settings, pbxs = [], of, whereIs = null, clock, isRouted = false } = site;
  const tables = emptyTables();
  const plan = planOf([planPhone(1, { extension: '101' })]);
  tables.plan.set('plan', { plan, heldSince: one });
  const sip = await SipSocket.open({ host: '0.0.0.0', port: 0 });
  t.teardown(() => sip.close());
  const events: AgentEvent[] = [];
  let heard: () => void = () => {};
  const watched = { pbxs, tables, clock: clock ?? wallClock() };
  const emergency = new EmergencyWatch({ ...watched, submit: (event) => events.push(event) });
  const made = new Waker({
    emergency,
    settings: { ...usualWakeFile, ...settings },
    sip,
    streams: new SipStreams(),
    pbxs,
    neighbours: {
      of: (address) => Promise.resolve(of?.(address) ?? null),
      whereIs: () => Promise.resolve(whereIs),
    },
    tables,
    keyring: { unseal: () => 'secret' },
    clock: clock ?? wallClock(),
    isRouted,
    port,
    ...(webPort === undefined ? {} : { webPort }),
    submit: (event) => (events.push(event), heard()),
  });
  t.teardown(() => made.close());
  const wake = async (own: { mustBeIdle?: true } = {}) => {
    const about = { kind: 'wake-phone', mac, start: 1, vendor: 'Yealink' } as const;
    await made.wake({ ...about, address: '127.0.0.1', ...own });
    return events.at(-1);
  };
  const next = () => new Promise<void>((resolve) => (heard = resolve));
  return { made, tables, wake, next, events };
}

const answered = (answer: string, more = {}) =>
  ({ kind: 'wake-answered', mac, start: 1, answer, ...more }) as AgentEvent;

test('without a file a phone is woken by its vendor’s event, and by the next where that is refused', async (t) => {
  const { port, asked } = await phone(t);
  t.same(await (await waker(t, { port })).wake(), answered('accepted'));
  t.same(asked, ['NOTIFY check-sync;reboot=true']);
  const picky = await phone(t, { status: '489 Bad Event' });
  t.same(await (await waker(t, { port: picky.port })).wake(), answered('refused'));
  t.same(picky.asked, ['NOTIFY check-sync;reboot=true', 'NOTIFY check-sync;reboot=false']);
});

test('a phone that tells of a call is not woken; one that is idle or tells nothing is', async (t) => {
  const settings = { idle: ['dialog-event'] as const };
  const talking = await phone(t, { calls: dialogs('confirmed') });
  const { wake } = await waker(t, { port: talking.port, settings });
  t.same(await wake(), answered('busy', { source: 'the phone' }));
  t.same(talking.asked, ['SUBSCRIBE dialog'], 'and no NOTIFY');
  for (const calls of [dialogs(), '']) {
    const idle = await phone(t, { calls });
    t.same(await (await waker(t, { port: idle.port, settings })).wake(), answered('accepted'));
  }
});

const pbx = (own: Partial<Pbx>): Pbx => ({
  name: 'asterisk 10.0.0.2:5038',
  notify: () => Promise.resolve('unavailable'),
  inCall: () => Promise.resolve(undefined),
  emergencyCall: () => Promise.resolve(undefined),
  registrations: () => Promise.resolve(undefined),
  close: () => {},
  ...own,
});

test('the PBX is believed where the phone tells nothing', async (t) => {
  const { port, asked } = await phone(t);
  const settings = { idle: ['dialog-event', 'pbx'] as const };
  const knows = pbx({ inCall: (extension) => Promise.resolve(extension === '101') });
  const { wake } = await waker(t, { port, settings, pbxs: [pbx({}), knows] });
  t.same(await wake(), answered('busy', { source: 'asterisk 10.0.0.2:5038' }));
  t.same(asked, ['SUBSCRIBE dialog']);
});

test('a start that is for an idle phone alone is left where nobody says that the phone is idle', async (t) => {
  const settings = { idle: ['dialog-event'] as const };
  const silent = await phone(t, { calls: '' });
  const { wake } = await waker(t, { port: silent.port, settings });
  t.same(await wake({ mustBeIdle: true }), answered('unproven'));
  const idle = await phone(t, { calls: dialogs() });
  const known = await waker(t, { port: idle.port, settings });
  t.same(await known.wake({ mustBeIdle: true }), answered('accepted'));
});

test('while a PBX or a phone shows a call for help, no phone is woken, and core is told of it', async (t) => {
  const { port, asked } = await phone(t);
  const helps = pbx({ emergencyCall: (numbers) => Promise.resolve(numbers.includes('112')) });
  const first = await waker(t, { port, pbxs: [helps] });
  t.match(await first.wake(), { answer: 'busy' });
  const { name: source } = helps;
  t.same(first.events[0], { kind: 'emergency-call', source, state: 'began' });
  t.same(asked, []);
  const call =
    '<dialog-info version="0" state="full"><dialog id="1"><state>early</state>' +
    '<remote><target uri="sip:112@10.0.0.2;user=phone"/></remote></dialog></dialog-info>';
  const caller = await phone(t, { calls: call });
  const second = await waker(t, { port: caller.port, settings: { idle: ['dialog-event'] } });
  t.match(await second.wake(), { answer: 'busy' });
  t.same(second.events[0], { kind: 'emergency-call', source: `phone ${mac}`, state: 'began' });
});

test('a PBX that cannot wake a phone leaves it to the next way', async (t) => {
  const { port, asked } = await phone(t);
  const settings = { ways: ['pbx', 'sip-udp'] as const };
  t.same(await (await waker(t, { port, settings, pbxs: [pbx({})] })).wake(), answered('accepted'));
  const accepts = pbx({ notify: () => Promise.resolve('accepted') });
  t.same(await (await waker(t, { port, settings, pbxs: [accepts] })).wake(), answered('accepted'));
  t.equal(asked.length, 1, 'the second was woken by the PBX alone');
});

test('a phone that moved is woken where it is, and never the device that has its address now', async (t) => {
  const { port, asked } = await phone(t);
  const moved = await phone(t, { address: '127.0.0.2', port });
  const of = () => macOf(9);
  t.same(await (await waker(t, { port, of, whereIs: '127.0.0.2' })).wake(), answered('accepted'));
  t.same([asked.length, moved.asked.length], [0, 1]);
  t.same(await (await waker(t, { port, of })).wake(), answered('silent'));
  t.same([asked.length, moved.asked.length], [0, 1]);
  const behindRouter = await waker(t, { port, of, isRouted: true });
  t.same(await behindRouter.wake(), answered('accepted'), 'a router shows its own MAC');
});

test('a phone that is back is asked about once, when it should be registered', async (t) => {
  const { port } = await phone(t);
  const clock = new HandClock(one);
  const here = { address: '127.0.0.1', port: 5060 };
  const knows = pbx({ registrations: () => Promise.resolve([here]) });
  const settings = { registration: ['pbx', 'options'] as const };
  const seen = { kind: 'registration-seen', mac, address: '127.0.0.1' };
  for (const [pbxs, source] of [
    [[knows], 'asterisk 10.0.0.2:5038'],
    [[pbx({})], 'options'],
  ] as const) {
    const { made, tables, next, events } = await waker(t, { port, settings, pbxs, clock });
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
  const idle = pbx({ inCall: () => Promise.resolve(false) });
  const login = { vendor: 'Yealink', user: 'admin', password: 'right' };
  const settings = { ways: ['sip-udp', 'http'], idle: ['pbx'], webLogins: [login] } as const;
  const digest = 'Digest realm="phone", nonce="n1", qop="auth", algorithm=MD5';
  for (const [challenge, scheme] of [
    [digest, 'digest'],
    ['Basic realm="phone"', 'basic'],
  ] as const) {
    const { webPort, done } = await web(t, challenge);
    const told = await waker(t, { port, webPort, settings, pbxs: [idle] });
    t.same(await told.wake(), answered('accepted'));
    t.same(done, [`${scheme} GET /servlet?key=AutoP`]);
  }
  const { webPort, done } = await web(t, digest);
  const wrong = { ...settings, webLogins: [{ ...login, password: 'wrong' }] };
  const refused = await waker(t, { port, webPort, settings: wrong, pbxs: [idle] });
  t.same(await refused.wake(), answered('login-refused'));
  const unknown = await waker(t, { port, webPort, settings, pbxs: [pbx({})] });
  t.same(await unknown.wake(), answered('refused'), 'nobody says that it is idle');
  const busy = await web(t, digest, '{"Status": "4001"}');
  const poly = await waker(t, { port, webPort: busy.webPort, settings, pbxs: [idle] });
  t.same(await poly.wake(), answered('busy'), 'a phone may say so in its body');
  t.same(done, []);
});
