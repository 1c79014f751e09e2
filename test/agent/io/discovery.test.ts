import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Mac } from '@ringwave/protocol/units';
import * as fc from 'fast-check';
import { type Test, test } from 'tap';
import { formatSip, parseSip, type SipRequest } from '../../../agent/core/sip/message.ts';
import { pnpClaim } from '../../../agent/core/sip/pnp.ts';
import { answerTo } from '../../../agent/core/sip/unasked.ts';
import { type AgentEvent, emptyTables } from '../../../agent/core/state.ts';
import { Discovery } from '../../../agent/io/discovery.ts';
import { HandClock } from '../../hand-clock.ts';
import { macOf, one, planOf, planPhone } from '../core/box.ts';

const subscribe = (
  mac: string,
  event = 'ua-profile;profile-type="device";vendor="Yealink";model="T46S";version="66.85.0.5"',
  branch = 'z9hG4bK1',
) =>
  formatSip({
    opening: `SUBSCRIBE sip:MAC%3a${mac}@224.0.1.75 SIP/2.0`,
    headers: [
      ['Via', `SIP/2.0/UDP 127.0.0.1:5059;branch=${branch}`],
      ['From', `<sip:MAC%3a${mac}@224.0.1.75>;tag=1`],
      ['To', `<sip:MAC%3a${mac}@224.0.1.75>`],
      ['Call-ID', '1@phone'],
      ['CSeq', '1 SUBSCRIBE'],
      ['Contact', '<sip:192.0.2.99:5059>'],
      ['Event', event],
      ['Expires', '0'],
    ],
  });

/** What one who asks hears, as `SIP/2.0 200 OK` or `NOTIFY …`. */
async function asker(t: Test, port: number) {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  const heard: string[] = [];
  let more: () => void = () => {};
  socket.on('message', (bytes) => (heard.push(bytes.toString()), more()));
  return {
    heard,
    ask: (bytes: Buffer) => socket.send(bytes, port, '127.0.0.1'),
    until: async (count: number) => {
      while (heard.length < count) await new Promise<void>((resolve) => (more = resolve));
    },
  };
}

async function discovery(
  t: Test,
  {
    all = [],
    of = null,
    httpsPort,
  }: {
    all?: readonly (readonly [string, Mac])[];
    of?: Mac | null;
    httpsPort?: number;
  } = {},
) {
  const clock = new HandClock(one);
  const events: AgentEvent[] = [];
  const tables = emptyTables();
  tables.plan.set('plan', { plan: planOf([planPhone(1)]), heldSince: one });
  let told: () => void = () => {};
  const made = await Discovery.open({
    pnp: { host: '127.0.0.1', port: 0 },
    neighbours: { of: () => Promise.resolve(of), all: () => Promise.resolve(new Map(all)) },
    tables,
    address: () => ({
      host: '10.0.0.2',
      httpPort: 8080,
      tftpPort: 6969,
      ...(httpsPort === undefined ? {} : { httpsPort }),
    }),
    clock,
    submit: (event) => (events.push(event), told()),
  });
  t.teardown(() => made.close());
  const until = async (count: number) => {
    while (events.length < count) await new Promise<void>((resolve) => (told = resolve));
  };
  return { events, until, clock, port: made.pnpPort ?? 0 };
}

const bare = (mac: Mac) => mac.replaceAll(':', '');

test('a phone of the plan that asks by plug and play is told where its files are', async (t) => {
  const { events, until, port } = await discovery(t);
  const phone = await asker(t, port);
  phone.ask(subscribe(bare(macOf(1))));
  await phone.until(2);
  const [ok, notify] = phone.heard;
  t.match(
    ok,
    /^SIP\/2\.0 200 OK\r\n[^]*To: <sip:MAC%3a[0-9a-f]{12}@224\.0\.1\.75>;tag=[0-9a-f]{32}\r\n/,
  );
  t.match(notify, /^NOTIFY sip:192\.0\.2\.99:5059 SIP\/2\.0\r\n/);
  t.match(notify, /\r\nContent-Type: application\/url\r\n[^]*\r\n\r\nhttp:\/\/10\.0\.0\.2:8080\/$/);
  await until(1);
  t.match(events, [{ kind: 'phone-claimed', mac: macOf(1), via: 'pnp', model: 'T46S' }]);
});

test('the answer says what RFC 6665 asks of one to a SUBSCRIBE: for how long, and where we are', async (t) => {
  const { port } = await discovery(t);
  const phone = await asker(t, port);
  phone.ask(subscribe(bare(macOf(1))));
  await phone.until(1);
  t.match(phone.heard[0], /\r\nExpires: 0\r\n/);
  t.match(phone.heard[0], `\r\nContact: <sip:ringwave@10.0.0.2:${port}>\r\n`);
});

test('a phone is told where its contact is, however it writes it, and none that asks without what an answer repeats', async (t) => {
  const { port } = await discovery(t);
  const phone = await asker(t, port);
  const text = subscribe(bare(macOf(1))).toString();
  const asks = async (contact: string, branch: string, count: number) => {
    const said = text.replace('Contact: <sip:192.0.2.99:5059>', contact);
    phone.ask(Buffer.from(said.replace('z9hG4bK1', branch)));
    await phone.until(count);
    return phone.heard.at(-1)?.split(' ')[1];
  };
  for (const lacking of ['Via', 'To', 'Call-ID', 'CSeq'])
    phone.ask(Buffer.from(text.replace(new RegExp(`${lacking}: [^\r]*\r\n`), '')));
  t.equal(
    await asks('Contact: sip:192.0.2.99:5059;expires=0', 'z9hG4bKa', 2),
    'sip:192.0.2.99:5059',
  );
  t.equal(await asks('m: "a <b>" <sip:x@192.0.2.9>;q=1', 'z9hG4bKb', 4), 'sip:x@192.0.2.9');
  t.match(await asks('Contact: *', 'z9hG4bKc', 6), /^sip:MAC%3a/);
  t.equal(phone.heard.length, 6, 'nobody was answered before');
});

/** What a phone answers to the NOTIFY that it heard. */
const accepted = (notify = ''): Buffer => {
  const request = parseSip(Buffer.from(notify));
  return answerTo(request as SipRequest, { status: '200 OK' });
};
const kindsOf = (heard: readonly string[]) => heard.map((text) => text.split(' ', 1)[0]);

test('a phone that does not answer is told again as RFC 3261 wants it, for 32 s, and one that answers is not', async (t) => {
  const { port, clock } = await discovery(t);
  const phone = await asker(t, port);
  const ask = (branch: string) => phone.ask(subscribe(bare(macOf(1)), undefined, branch));
  ask('z9hG4bK1');
  await phone.until(2);
  const [, first] = phone.heard;
  clock.pass(499);
  clock.pass(1);
  await phone.until(3);
  clock.pass(31_500);
  await phone.until(12);
  clock.pass(60_000);
  ask('z9hG4bK2');
  await phone.until(14);
  t.same(new Set(phone.heard.slice(1, 12)), new Set([first]), 'eleven copies, all of them one');
  t.match(phone.heard[12], /^SIP\/2\.0 200 OK/);
  phone.ask(accepted(phone.heard[13]));
  ask('z9hG4bK3');
  await phone.until(16);
  clock.pass(500);
  await phone.until(17);
  t.equal(phone.heard[16], phone.heard[15], 'nothing more of the one that was answered');
});

test('a question that comes twice gets its answer twice, and is told once', async (t) => {
  const { port } = await discovery(t);
  const phone = await asker(t, port);
  const ask = (branch: string) => phone.ask(subscribe(bare(macOf(1)), undefined, branch));
  for (const branch of ['z9hG4bK1', 'z9hG4bK1', 'z9hG4bK1', 'z9hG4bK2']) ask(branch);
  await phone.until(6);
  const oks = phone.heard.filter((text) => text.startsWith('SIP/2.0 200'));
  t.equal(oks.length, 4);
  t.equal(new Set(oks.filter((text) => text.includes('z9hG4bK1'))).size, 1, 'under one tag');
  t.equal(kindsOf(phone.heard).filter((kind) => kind === 'NOTIFY').length, 2);
});

test('whoever asks anew is told anew, and no more of what was asked before', async (t) => {
  const { port, clock } = await discovery(t);
  const phone = await asker(t, port);
  for (let count = 1; count <= 50; count += 1) {
    phone.ask(subscribe(bare(macOf(1)), undefined, `z9hG4bKx${count}`));
  }
  await phone.until(100);
  clock.pass(500);
  phone.ask(subscribe(bare(macOf(1)), undefined, 'z9hG4bKlast'));
  await phone.until(103);
  t.same(kindsOf(phone.heard.slice(100)), ['NOTIFY', 'SIP/2.0', 'NOTIFY']);
});

test('where the agent serves HTTPS, plug and play sends the phone there', async (t) => {
  const { port } = await discovery(t, { httpsPort: 8443 });
  const phone = await asker(t, port);
  phone.ask(subscribe(bare(macOf(1))));
  await phone.until(2);
  t.match(phone.heard[1], /\r\n\r\nhttps:\/\/10\.0\.0\.2:8443\/$/);
});

test('a stranger, and who only says to be a phone of the plan, are listed and told nothing', async (t) => {
  const { events, until, port } = await discovery(t, { of: macOf(7) });
  const phone = await asker(t, port);
  phone.ask(subscribe(bare(macOf(9))));
  phone.ask(subscribe(bare(macOf(1))));
  phone.ask(Buffer.from('garbage'));
  phone.ask(subscribe(bare(macOf(9)), 'presence'));
  phone.ask(subscribe(bare(macOf(7))));
  await until(3);
  t.same(
    events.map((event) => 'mac' in event && event.mac),
    [macOf(9), macOf(1), macOf(7)],
  );
  t.same(phone.heard, []);
});

test('neighbours with the prefix of a maker of phones are listed, others are nobody’s business', async (t) => {
  const laptop = '02:00:00:00:00:01' as Mac;
  const { events, until } = await discovery(t, {
    all: [
      ['10.0.0.8', macOf(8)],
      ['10.0.0.9', laptop],
    ],
  });
  await until(1);
  t.match(events, [{ mac: macOf(8), vendor: 'Yealink', address: '10.0.0.8', via: 'neighbour' }]);
  t.equal(events.length, 1);
});

test('any SUBSCRIBE gives a claim or none', (t) => {
  const request = (event: string, from: string) => {
    const opening = 'SUBSCRIBE sip:224.0.1.75 SIP/2.0';
    return parseSip(
      formatSip({
        opening,
        headers: [
          ['Event', event],
          ['From', from],
        ],
      }),
    ) as SipRequest;
  };
  t.equal(pnpClaim(request('ua-profile', '<sip:101@10.0.0.7>')), undefined, 'no MAC');
  t.match(pnpClaim(request('ua-profile;model=D717', '<sip:000413aabbcc@10.0.0.7>')), {
    mac: '00:04:13:aa:bb:cc',
    vendor: null,
    model: 'D717',
  });
  fc.assert(
    fc.property(fc.string(), fc.string(), (event, from) => {
      const found = pnpClaim(request(`ua-profile;${event}`, `${from}<sip:MAC%3a000413aabbcc@x>`));
      return found === undefined || (found.model ?? '').length <= 64;
    }),
  );
  t.end();
});
