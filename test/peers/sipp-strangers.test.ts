// Strangers beside the phone that was asked: sipp sends what a second agent, a forger or a device with a phone's old address
// would send.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { epochMs } from '@ringwave/protocol/units';
import { fastClock } from '@ringwave/runtime/clock';
import { type Test, test } from 'tap';
import { parseSip, type SipRequest, sipHeader } from '../../agent/core/sip/message.ts';
import { SipSocket } from '../../agent/io/sip-socket.ts';
import { wakerOf } from '../agent/io/waker-site.ts';
import { macOf, one as aWhileAgo } from '../agent/core/box.ts';
import { needs } from './peer.ts';
import { answer, answered, asked, scenario, sent, startSipp, unasked } from './sipp.ts';

const heads = (request: SipRequest) => ({
  via: sipHeader(request, 'via') ?? '',
  from: sipHeader(request, 'from') ?? '',
  to: sipHeader(request, 'to') ?? '',
  callId: sipHeader(request, 'call-id') ?? '',
  cseq: sipHeader(request, 'cseq') ?? '',
});
const dialogs = (inside = '') =>
  `<?xml version="1.0"?><dialog-info version="0" state="full">${inside}</dialog-info>`;
const idle = dialogs();
const inCall = dialogs('<dialog id="1"><state>confirmed</state></dialog>');

type Heads = ReturnType<typeof heads>;

const reply = (status: string, { via, from, to, callId, cseq }: Heads): string =>
  [`SIP/2.0 ${status}`, `Via: ${via}`, `From: ${from}`, `To: ${to};tag=phone`, `Call-ID: ${callId}`]
    .concat([`CSeq: ${cseq}`, 'Content-Length: 0'])
    .join('\n');

/** A phone of the test's own, so that a stranger can be told what only the phone has heard. */
async function phone(t: Test, heard: (request: SipRequest, send: (text: string) => void) => void) {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  socket.on('message', (bytes, from) => {
    const message = parseSip(bytes);
    const send = (text: string) =>
      socket.send(`${text.replaceAll('\n', '\r\n')}\r\n\r\n`, from.port, from.address);
    if (message?.kind === 'request') heard(message, send);
  });
  return socket.address().port;
}

/** Time passes at a fifth of its speed, so that a busy machine does not end what a phone would have ended in time. */
const slowly = () => {
  const now = epochMs(Date.now())!;
  return fastClock({ speed: 0.2, startedAt: now, wallStartedAt: now });
};

async function openSip(t: Test): Promise<SipSocket> {
  const sip = await SipSocket.open({ host: '127.0.0.1', port: 0, clock: slowly() });
  t.teardown(() => sip.close());
  return sip;
}

test('what nobody asked for is refused as its RFC says, and changes nothing', async (t) => {
  if (!needs(t, 'sipp')) return;
  const { sip, events } = await wakerOf(t, { port: 5060 });
  const refused = async (method: string, status: number, more: Record<string, string> = {}) => {
    const text = scenario(unasked(method, more), answered(status));
    t.equal(await (await startSipp(t, text, { to: sip.port })).ended, 0, `${method} ${status}`);
  };
  const ended = { 'Subscription-State': 'terminated' };
  await refused('NOTIFY', 481, { Event: 'check-sync;reboot=true', ...ended });
  await refused('NOTIFY', 481, { Event: 'dialog', ...ended, body: idle });
  await refused('SUBSCRIBE', 405, { Event: 'dialog', Expires: '60' });
  await refused('OPTIONS', 405);
  t.same(events, []);
});

test('an answer is believed from the phone that was asked alone, and only to what it was asked', async (t) => {
  if (!needs(t, 'sipp')) return;
  const sip = await openSip(t);
  let isFirst = true;
  const port = await phone(t, async (request, send) => {
    if (!isFirst) return;
    isFirst = false;
    const own = heads(request);
    const forged: [Heads, string?][] = [
      [own, '127.0.0.2'],
      [{ ...own, via: own.via.replace(/branch=\w+/, 'branch=z9hG4bKguessed') }],
      [{ ...own, from: own.from.replace(/tag=\w+/, 'tag=guessed') }],
      [{ ...own, callId: 'guessed' }],
      [{ ...own, cseq: '2 NOTIFY' }],
    ];
    for (const [one, address = '127.0.0.1'] of forged) {
      const text = scenario(sent(reply('200 OK', one)));
      t.equal(await (await startSipp(t, text, { address, to: sip.port })).ended, 0);
    }
    send(reply('486 Busy Here', own));
  });
  const outcome = await sip.notify({
    address: '127.0.0.1',
    port,
    user: '101',
    event: 'check-sync',
  });
  t.same(outcome, { kind: 'busy', status: 486 });
});

test('that a phone is idle is believed from the phone alone', async (t) => {
  if (!needs(t, 'sipp')) return;
  const sip = await openSip(t);
  let isFirst = true;
  let ended: Promise<number> | undefined;
  const port = await phone(t, async (request, send) => {
    if (request.method !== 'SUBSCRIBE' || !isFirst) return;
    isFirst = false;
    const { to, from, callId } = heads(request);
    const own = { From: `${to};tag=phone`, To: from, Event: 'dialog' };
    const told = { ...own, 'Subscription-State': 'terminated', body: idle };
    for (const [said, address] of [
      [told, '127.0.0.2'],
      [{ ...told, To: from.replace(/tag=\w+/, 'tag=guessed') }, '127.0.0.1'],
      [{ ...told, Event: 'presence' }, '127.0.0.1'],
    ] as const) {
      const text = scenario(unasked('NOTIFY', said), answered(481));
      t.equal(await (await startSipp(t, text, { address, to: sip.port, callId })).ended, 0);
    }
    send(reply('200 OK', heads(request)));
    const truth = scenario(unasked('NOTIFY', { ...told, body: inCall }), answered(200));
    ended = (await startSipp(t, truth, { to: sip.port, callId })).ended;
  });
  const wake = { address: '127.0.0.1', port, user: '101', event: 'dialog' };
  t.match(await sip.fetchState(wake), { outcome: { kind: 'accepted' }, body: /confirmed/ });
  t.equal(await ended, 0);
});

test('a phone that moved while its NOTIFY was on the way is woken where it is, not judged by who is at its old address', async (t) => {
  if (!needs(t, 'sipp')) return;
  const mac = macOf(1);
  let moves = () => {};
  const port = await phone(t, (request, send) => {
    moves();
    send(reply('486 Busy Here', heads(request)));
  });
  const there = scenario(asked('NOTIFY'), answer('200 OK'));
  const moved = await startSipp(t, there, { address: '127.0.0.3', port });
  const { tables, wake } = await wakerOf(t, { port });
  const about = { vendor: 'Yealink', model: null, version: null, at: aWhileAgo };
  moves = () =>
    tables.sightings.set(mac, { mac, address: '127.0.0.3', ...about, versionAt: aWhileAgo });
  t.same(await wake(), { kind: 'wake-answered', mac, start: 1, answer: 'accepted' });
  t.equal(await moved.ended, 0);
});
