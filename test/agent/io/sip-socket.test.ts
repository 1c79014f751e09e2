import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { epochMs } from '@ringwave/protocol/units';
import { fastClock } from '@ringwave/runtime/clock';
import { type Test, test } from 'tap';
import { SipSocket } from '../../../agent/io/sip-socket.ts';

const startedAt = epochMs(1_800_000_000_000)!;
/** 32 s of patience pass in 0.16 s. */
const clock = fastClock({ speed: 200, startedAt, wallStartedAt: epochMs(Date.now())! });

async function open(t: Test, host = '127.0.0.1'): Promise<SipSocket> {
  const sip = await SipSocket.open({ host, port: 0, clock });
  t.teardown(() => sip.close());
  return sip;
}

/** A phone that answers each request with what `answer` gives; undefined is silence. */
async function phone(
  t: Test,
  answer: (request: string, from: RemoteInfo) => string | undefined,
  address = '127.0.0.1',
): Promise<number> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (bytes, from) => {
    const reply = answer(bytes.toString(), from);
    if (reply) socket.send(reply, from.port, from.address);
  });
  socket.bind(0, address);
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  return socket.address().port;
}

/** The headers of a request that its answer repeats. */
const copied = (request: string): string =>
  (request.match(/^(Via|From|To|Call-ID|CSeq): .*$/gm) ?? []).join('\r\n');

const reply = (status: string, request: string): string =>
  `SIP/2.0 ${status}\r\n${copied(request)}\r\nContent-Length: 0\r\n\r\n`;

const wake = (port: number) =>
  ({ address: '127.0.0.1', port, user: '101', event: 'check-sync' }) as const;

test('a phone that answers is done with, whatever the socket is bound to', async (t) => {
  const port = await phone(t, (request) => reply('200 OK', request));
  t.same(await (await open(t)).notify(wake(port)), { kind: 'accepted', status: 200 });
  for (const host of ['0.0.0.0', '::']) {
    t.same(await (await open(t, host)).notify(wake(port)), { kind: 'accepted', status: 200 }, host);
  }
});

test('a phone with an IPv6 address is asked by a socket of both families, and not by one of IPv4', async (t) => {
  const port = await phone(t, (request) => reply('200 OK', request), '::1');
  const wakes = { ...wake(port), address: '::1' };
  t.same(await (await open(t, '::')).notify(wakes), { kind: 'accepted', status: 200 });
  t.match(await (await open(t, '0.0.0.0')).notify(wakes), { kind: 'not-sent' });
});

test('many phones at once each get their own answer', async (t) => {
  const sip = await open(t);
  const ports = await Promise.all(
    [200, 486, 489, 403].map((status) => phone(t, (request) => reply(`${status} x`, request))),
  );
  const outcomes = await Promise.all(ports.map((port) => sip.notify(wake(port))));
  t.match(outcomes, [{ kind: 'accepted' }, { kind: 'busy' }, { status: 489 }, { status: 403 }]);
});

test('a silent phone is asked eleven times', async (t) => {
  let asked = 0;
  const port = await phone(t, () => void (asked += 1));
  t.same(await (await open(t)).notify(wake(port)), { kind: 'silent' });
  t.ok(asked >= 8 && asked <= 12, `${asked} requests`);
});

test('garbage, requests, strangers and answers to something else change nothing', async (t) => {
  let asked = 0;
  const port = await phone(t, (request) => {
    asked += 1;
    if (asked === 1) return 'garbage';
    if (asked === 2) return request;
    if (asked === 3) return reply('200 OK', request.replace(/branch=\w+/, 'branch=z9hG4bKother'));
    if (asked === 4) return reply('200 OK', request.replace('NOTIFY\r\n', 'OPTIONS\r\n'));
    return reply('486 Busy Here', request.replace('CSeq: 1 OPTIONS', 'CSeq: 1 NOTIFY'));
  });
  t.same(await (await open(t)).notify(wake(port)), { kind: 'busy', status: 486 });
  t.ok(asked >= 5);
});

test('what cannot be sent is said to be so', async (t) => {
  const sip = await open(t);
  t.match(await sip.notify({ ...wake(5060), address: 'phone.example' }), { kind: 'not-sent' });
  t.match(await sip.notify(wake(0)), { kind: 'not-sent' });
  t.match(await sip.notify({ ...wake(5060), address: '2001:db8::1' }), { kind: 'not-sent' });
  const silent = await phone(t, () => undefined);
  const closing = await SipSocket.open({ host: '127.0.0.1', port: 0 });
  const underway = closing.notify(wake(silent));
  await new Promise(setImmediate);
  await closing.close();
  t.match(await underway, { kind: 'not-sent', reason: 'the agent is stopping' });
  t.match(await closing.notify(wake(silent)), { kind: 'not-sent' });
});
