// Kamailio is a real registrar and proxy between the agent and phones; phones are sockets that register with it, and
// sipp where its own reading of SIP is wanted.
import { spawn } from 'node:child_process';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { formatSip, parseSip, sipHeader } from '../../agent/core/sip/message.ts';
import { KamailioPbx } from '../../agent/io/pbx/kamailio.ts';
import { answerTo } from '../../agent/core/sip/unasked.ts';
import type { EpochMs } from '@ringwave/protocol/units';
import { usualWakeFile } from '../../agent/core/pbx/settings.ts';
import { type AgentEvent, emptyTables } from '../../agent/core/state.ts';
import { EmergencyWatch } from '../../agent/io/emergency-watch.ts';
import { SipSocket } from '../../agent/io/sip-socket.ts';
import { SipStreams } from '../../agent/io/sip-streams.ts';
import { Waker } from '../../agent/io/waker.ts';
import { macOf, one, planOf, planPhone } from '../agent/core/box.ts';
import { HandClock } from '../hand-clock.ts';
import { type Kamailio, startKamailio } from './kamailio.ts';
import { needs } from './peer.ts';
import { freeUdpPort } from './sipp.ts';

interface Phone {
  readonly port: number;
  readonly socket: Socket;
  /** NOTIFYs that reached it. */
  readonly notified: { readonly text: string; readonly from: RemoteInfo }[];
}

/** A phone that answers NOTIFY with this status. */
async function phone(t: Test, status = '200 OK'): Promise<Phone> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  const notified: Phone['notified'] = [];
  socket.on('message', (bytes, from) => {
    const message = parseSip(bytes);
    if (message?.kind !== 'request' || message.method !== 'NOTIFY') return;
    notified.push({ text: bytes.toString(), from });
    const answer = answerTo(message, { status: '200 OK', tag: 'phone' })
      .toString()
      .replace('SIP/2.0 200 OK', `SIP/2.0 ${status}`);
    socket.send(answer, from.port, from.address);
  });
  return { port: socket.address().port, socket, notified };
}

/** Registers and waits for the 200. */
async function register(
  { socket, port }: Phone,
  { sipPort }: Kamailio,
  { expires = 60, callId = `${port}`, sequence = 1 } = {},
): Promise<void> {
  const request = formatSip({
    opening: `REGISTER sip:127.0.0.1:${sipPort} SIP/2.0`,
    headers: [
      ['Via', `SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${callId}x${sequence};rport`],
      ['Max-Forwards', '70'],
      ['From', '<sip:101@127.0.0.1>;tag=a'],
      ['To', '<sip:101@127.0.0.1>'],
      ['Call-ID', callId],
      ['CSeq', `${sequence} REGISTER`],
      ['Contact', `<sip:101@127.0.0.1:${port}>`],
      ['Expires', `${expires}`],
    ],
  });
  const answered = new Promise<void>((resolve) => {
    socket.on('message', function heard(bytes) {
      const message = parseSip(bytes);
      if (message?.kind !== 'response' || message.status !== 200) return;
      if (sipHeader(message, 'cseq') !== `${sequence} REGISTER`) return;
      socket.off('message', heard);
      resolve();
    });
  });
  socket.send(request, sipPort, '127.0.0.1');
  await answered;
}

async function proxied(t: Test) {
  const kamailio = await startKamailio(t);
  const sip = await SipSocket.open({ host: '127.0.0.1', port: 0 });
  t.teardown(() => sip.close());
  const { sipPort, rpcPort } = kamailio;
  const place = { host: '127.0.0.1', port: rpcPort, domain: '127.0.0.1', sipPort };
  return { kamailio, sip, folder: kamailio.folder, pbx: new KamailioPbx(place, sip) };
}

const ask = { extension: '101', event: 'check-sync;reboot=true', address: '127.0.0.1' };

test('a NOTIFY goes through Kamailio to the one phone that is registered', async (t) => {
  if (!needs(t, 'kamailio')) return;
  const { kamailio, pbx } = await proxied(t);
  t.same(await pbx.registrations('101'), [], 'nobody is registered');
  t.equal(await pbx.notify(ask), 'unavailable');
  const one = await phone(t);
  await register(one, kamailio);
  const [known] = (await pbx.registrations('101')) ?? [];
  t.match(known, { address: '127.0.0.1', port: one.port });
  const ageMs = Date.now() - (known?.refreshedAt ?? 0);
  t.ok(ageMs >= -2000 && ageMs < 60_000, 'Kamailio tells when it was renewed');
  t.equal(await pbx.notify(ask), 'accepted');
  t.equal(one.notified.length, 1);
  t.equal(one.notified[0]?.from.port, kamailio.sipPort, 'the proxy is on the path');
  t.match(one.notified[0]?.text, /\r\nEvent: check-sync;reboot=true\r\n/);

  const other = await phone(t);
  await register(other, kamailio);
  t.equal(await pbx.notify(ask), 'unavailable', 'two phones share the extension');
  t.equal(one.notified.length + other.notified.length, 1);

  await register(one, kamailio, { expires: 0, sequence: 2 });
  t.equal(await pbx.notify(ask), 'accepted', 'the phone is at another contact now');
  t.equal(other.notified.length, 1);
});

test('a registration in Kamailio from before the restart proves nothing, one after it does', async (t) => {
  if (!needs(t, 'kamailio')) return;
  const { kamailio, sip, pbx } = await proxied(t);
  await register(await phone(t), kamailio);
  const tables = emptyTables();
  const mac = macOf(1);
  const plan = planOf([planPhone(1, { extension: '101' })]);
  tables.plan.set('plan', { plan, heldSince: one });
  const about = { vendor: null, model: null, version: null, at: one, versionAt: one };
  tables.sightings.set(mac, { mac, address: '127.0.0.1', ...about });
  const askedAt = async (backAt: number) => {
    const clock = new HandClock(backAt as EpochMs);
    let told: (event: AgentEvent | 'nothing') => void = () => {};
    const answer = new Promise<AgentEvent | 'nothing'>((resolve) => (told = resolve));
    let questions = 0;
    const asked: typeof pbx = Object.assign(Object.create(pbx) as typeof pbx, {
      registrations: async (extension: string) => {
        questions += 1;
        // The first look, as the phone is back, proves nothing by itself.
        const isProof = questions > 1;
        const known = await pbx.registrations(extension);
        if (isProof) setImmediate(told, 'nothing');
        return known;
      },
    });
    const parts = { pbxs: [asked], tables, clock, submit: (event: AgentEvent) => told(event) };
    const waker = new Waker({
      ...parts,
      settings: { ...usualWakeFile, registration: ['pbx'] },
      sip,
      streams: new SipStreams(),
      emergency: new EmergencyWatch(parts),
      neighbours: { of: () => Promise.resolve(null), whereIs: () => Promise.resolve(null) },
      keyring: { unseal: () => '' },
      isRouted: false,
      port: kamailio.sipPort,
    });
    t.teardown(() => waker.close());
    waker.phoneIsBack(mac);
    clock.pass(20_000);
    return answer;
  };
  t.equal(await askedAt(Date.now() + 300_000), 'nothing', 'it restarted after it had registered');
  t.match(await askedAt(Date.now()), { kind: 'registration-seen', mac, source: pbx.name });
});

test('Kamailio passes on what phones answer, and says where nothing answers', async (t) => {
  if (!needs(t, 'kamailio')) return;
  const { kamailio, pbx } = await proxied(t);
  for (const [status, answer] of [
    ['486 Busy Here', 'busy'],
    ['480 Temporarily Unavailable', 'away'],
    ['489 Bad Event', 'refused'],
    ['401 Unauthorized', 'login-refused'],
  ] as const) {
    const one = await phone(t, status);
    await register(one, kamailio);
    t.equal(await pbx.notify(ask), answer, status);
    await register(one, kamailio, { expires: 0, sequence: 2 });
  }
});

test('sipp as a phone behind Kamailio finds the NOTIFY whole', async (t) => {
  if (!needs(t, 'kamailio', 'sipp')) return;
  const { kamailio, sip, folder } = await proxied(t);
  const port = await freeUdpPort();
  const repeated =
    '[last_Via:]\n[last_From:]\n[last_To:];tag=[call_number]\n[last_Call-ID:]\n[last_CSeq:]';
  writeFileSync(
    join(folder, 'phone.xml'),
    `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="phone">
<recv request="NOTIFY"><action><ereg regexp="check-sync" search_in="hdr" header="Event:" check_it="true" assign_to="1"/></action></recv>
<send><![CDATA[\nSIP/2.0 489 Bad Event\n${repeated}\nContent-Length: 0\n\n]]></send>
<Reference variables="1"/>\n</scenario>\n`,
  );
  const sipp = spawn(
    'sipp',
    ['-sf', 'phone.xml', '-i', '127.0.0.1', '-p', `${port}`, '-m', '1', '-nostdin'],
    { cwd: folder, stdio: 'ignore' },
  );
  t.teardown(() => sipp.kill());
  const ended = once(sipp, 'exit');
  const outcome = await sip.notify({
    address: '127.0.0.1',
    port,
    user: '101',
    event: 'check-sync',
    route: { address: '127.0.0.1', port: kamailio.sipPort },
  });
  t.match(outcome, { kind: 'refused', status: 489 });
  t.same((await ended)[0], 0);
});

test('a second agent’s NOTIFY and answers from elsewhere leave the first agent’s request alone', async (t) => {
  const socket = createSocket('udp4');
  const attacker = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  attacker.bind(0, '127.0.0.2');
  await Promise.all([once(socket, 'listening'), once(attacker, 'listening')]);
  t.teardown(() => (socket.close(), attacker.close()));
  const callIds: string[] = [];
  socket.on('message', (bytes, from) => {
    const message = parseSip(bytes);
    if (message?.kind !== 'request') return;
    callIds.push(sipHeader(message, 'call-id') ?? '');
    const ok = answerTo(message, { status: '200 OK', tag: 'phone' });
    const busy = ok.toString().replace('200 OK', '486 Busy Here');
    // The forged 200 leaves first; the true answer follows once it has left.
    attacker.send(ok, from.port, from.address, () => socket.send(busy, from.port, from.address));
  });
  const agents = await Promise.all(
    [0, 1].map(() => SipSocket.open({ host: '127.0.0.1', port: 0 })),
  );
  t.teardown(() => Promise.all(agents.map((one) => one.close())));
  const wake = {
    address: '127.0.0.1',
    port: socket.address().port,
    user: '101',
    event: 'check-sync',
  };
  const outcomes = await Promise.all(agents.map((one) => one.notify(wake)));
  t.match(outcomes, [{ kind: 'busy' }, { kind: 'busy' }]);
  t.equal(new Set(callIds).size, 2, 'no two agents share a Call-ID');
});
