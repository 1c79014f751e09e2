import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { EpochMs } from '@ringwave/protocol/units';
import { wallClock } from '@ringwave/runtime/clock';
import { type Test, test } from 'tap';
import type { AgentEvent } from '../../../agent/core/state.ts';
import { emptyTables } from '../../../agent/core/state.ts';
import { readWakeFile } from '../../../agent/core/pbx/settings.ts';
import { CallWatch, hourOfWeek } from '../../../agent/io/call-watch.ts';
import { AsteriskPbx } from '../../../agent/io/pbx/asterisk.ts';
import { FreeswitchPbx } from '../../../agent/io/pbx/freeswitch.ts';
import { openPbx } from '../../../agent/io/pbx/all.ts';
import { macOf, planOf, planPhone } from '../core/box.ts';

// Both PBXs are peers scripted from their documentation, as in pbx/pbx.test.ts.

async function serve(
  t: Test,
  { greeting, end }: { greeting: string; end: string },
  answer: (request: string) => string,
): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    let held = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      held += bytes.toString();
      for (let at = held.indexOf(end); at >= 0; at = held.indexOf(end)) {
        socket.write(answer(held.slice(0, at)));
        held = held.slice(at + end.length);
      }
    });
    socket.write(greeting);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as { port: number }).port;
}

/** Asterisk with these channels; undefined: it answers by an error. */
async function asterisk(
  t: Test,
  state: { channels: readonly string[] | undefined },
  endpoints: readonly string[] = ['101', '102'],
) {
  const port = await serve(
    t,
    { greeting: 'Asterisk Call Manager/9.0.0\r\n', end: '\r\n\r\n' },
    (request) => {
      const id = /ActionID: (\S+)/.exec(request)?.[1];
      const packet = (...lines: string[]) =>
        `${[...lines, `ActionID: ${id}`].join('\r\n')}\r\n\r\n`;
      if (request.startsWith('Action: PJSIPShowContacts'))
        return [
          packet('Response: Success', 'EventList: start'),
          ...endpoints.map((one) => packet('Event: ContactList', `Endpoint: ${one}`)),
          packet('Event: ContactListComplete', 'EventList: Complete'),
        ].join('');
      if (!request.startsWith('Action: CoreShowChannels')) return packet('Response: Success');
      if (!state.channels) return packet('Response: Error', 'Message: Permission denied');
      return [
        packet('Response: Success', 'EventList: start'),
        ...state.channels.map((one) => packet('Event: CoreShowChannel', `Channel: ${one}`)),
        packet('Event: CoreShowChannelsComplete', 'EventList: Complete'),
      ].join('');
    },
  );
  const login = { host: '127.0.0.1', port, user: 'ringwave', password: 'secret' };
  const pbx = new AsteriskPbx(login, wallClock());
  t.teardown(() => pbx.close());
  return pbx;
}

const at = (text: string): EpochMs => Date.parse(text) as EpochMs;

function watching(pbxs: ConstructorParameters<typeof CallWatch>[0]['pbxs']) {
  const tables = emptyTables();
  const phones = [1, 2, 3].map((number) =>
    planPhone(number, number === 3 ? {} : { extension: `10${number}` }),
  );
  const plan = planOf(phones);
  tables.plan.set('plan', { plan, heldSince: plan.startUntil as EpochMs });
  const said: AgentEvent[] = [];
  // Monday 2026-03-02 08:58 in Lisbon.
  const time = { now: at('2026-03-02T08:58:00Z') };
  // The test counts the minutes itself.
  const clock = { now: () => time.now, after: () => () => {} };
  const watch = new CallWatch({ pbxs, tables, clock, submit: (event) => void said.push(event) });
  const minute = async () => {
    time.now = (time.now + 60_000) as EpochMs;
    await watch.look();
  };
  return { watch, minute, said };
}

test('phones in a call are counted minute by minute and handed over when the hour is over', async (t) => {
  const state = { channels: ['PJSIP/101-0000002a', 'PJSIP/trunk-1f'] as string[] | undefined };
  const { minute, said, watch } = watching([await asterisk(t, state)]);
  await minute();
  t.same(said, [], 'the hour goes on');
  await minute();
  state.channels = [];
  await minute();
  t.same(said, [
    {
      kind: 'calls-counted',
      hour: 8,
      watched: 1,
      phones: [
        { mac: macOf(1), minutes: 1 },
        { mac: macOf(2), minutes: 0 },
      ],
    },
  ]);
  watch.close();
  t.match(said.at(-1), { hour: 9, watched: 2, phones: [{ minutes: 1 }, { minutes: 0 }] });
  t.notMatch(JSON.stringify(said), /101|102|trunk/, 'no number leaves the watch');
});

test('a phone whose endpoint has another name than its extension is no quiet phone', async (t) => {
  const mixed = watching([await asterisk(t, { channels: [] }, ['101', '0004f2aabbcc'])]);
  await mixed.minute();
  mixed.watch.close();
  t.match(mixed.said, [{ watched: 1, phones: [{ mac: macOf(1), minutes: 0 }] }]);
  t.equal(mixed.said.flatMap((one) => ('phones' in one ? one.phones : [])).length, 1);
  const others = watching([await asterisk(t, { channels: [] }, ['0004f2aabbcc'])]);
  await others.minute();
  others.watch.close();
  t.same(others.said, [], 'nobody was watched');
});

test('a minute in which a PBX cannot be asked is no quiet minute', async (t) => {
  const state = { channels: undefined };
  const { minute, said, watch } = watching([await asterisk(t, state)]);
  await minute();
  await minute();
  watch.close();
  t.same(said, []);
});

test('FreeSWITCH tells the users of its domain that have a channel', async (t) => {
  const rows = [
    { presence_id: '102@pbx.example', name: 'sofia/internal/102@pbx.example' },
    { presence_id: '', name: 'sofia/internal/103@pbx.example' },
    { presence_id: '101@elsewhere', name: 'sofia/external/101@elsewhere' },
  ];
  const port = await serve(
    t,
    { greeting: 'Content-Type: auth/request\n\n', end: '\n\n' },
    (request) => {
      if (!request.startsWith('api'))
        return 'Content-Type: command/reply\nReply-Text: +OK accepted\n\n';
      const body = JSON.stringify({ row_count: rows.length, rows });
      return `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`;
    },
  );
  const given = {
    host: '127.0.0.1',
    port,
    password: 'x',
    domain: 'pbx.example',
    profile: 'internal',
  };
  const pbx = new FreeswitchPbx(given, wallClock());
  t.teardown(() => pbx.close());
  t.same(
    await pbx.extensionsInCall(['101', '102', '103']),
    new Map([
      ['102', true],
      ['103', true],
    ]),
  );
});

test('where no PBX tells of calls nothing is counted, and wanting it is a mistake', async (t) => {
  const kamailio = openPbx(
    { kind: 'kamailio', host: '127.0.0.1', port: 9, domain: 'sip.example', sipPort: 5060 },
    { clock: wallClock(), sip: undefined as never },
  );
  const { said, watch } = watching([kamailio]);
  watch.close();
  t.same(said, []);
  const read = readWakeFile(JSON.stringify({ callHistory: true }));
  t.match(read, { ok: false, problems: [{ path: 'callHistory' }] });
});

test('the hour of the week is that of the site’s own clock', (t) => {
  t.equal(hourOfWeek(at('2026-03-02T00:30:00Z'), 'Europe/Lisbon'), 0);
  t.equal(hourOfWeek(at('2026-03-01T23:30:00Z'), 'Europe/Lisbon'), 167);
  t.equal(hourOfWeek(at('2026-03-02T00:30:00Z'), 'America/New_York'), 163);
  t.equal(hourOfWeek(at('2026-03-01T18:20:00Z'), 'Asia/Kathmandu'), 0);
  t.end();
});
