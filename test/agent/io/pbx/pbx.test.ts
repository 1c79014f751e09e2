// Asterisk and FreeSWITCH are not in Debian 12: these peers are scripted from their documentation (AMI actions
// Login, PJSIPNotify, PJSIPShowContacts, CoreShowChannels; mod_event_socket's auth, api and sendevent).
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type Clock, wallClock } from '@ringwave/runtime/clock';
import { type Test, test } from 'tap';
import { AsteriskPbx } from '../../../../agent/io/pbx/asterisk.ts';
import { callOf } from '../../../../agent/io/pbx/pbx.ts';
import { FreeswitchPbx } from '../../../../agent/io/pbx/freeswitch.ts';
import { HandClock } from '../../../hand-clock.ts';
import { after, one } from '../../core/box.ts';

interface Peer {
  readonly port: number;
  readonly heard: string[];
  readonly sockets: Socket[];
}

/** A server that greets, and answers each request that ends with `end`. */
async function peer(
  t: Test,
  { greeting, end }: { greeting: string; end: string },
  answer: (request: string) => string | undefined,
): Promise<Peer> {
  const heard: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    let held = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      held += bytes.toString();
      for (let at = held.indexOf(end); at >= 0; at = held.indexOf(end)) {
        const request = held.slice(0, at);
        held = held.slice(at + end.length);
        heard.push(request);
        const text = answer(request);
        if (text === undefined) socket.destroy();
        else socket.write(text);
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
  return { port: (server.address() as { port: number }).port, heard, sockets };
}

const ami = { greeting: 'Asterisk Call Manager/9.0.0\r\n', end: '\r\n\r\n' };

/** Asterisk with these contacts of 101 and these channels. */
const asteriskAnswers =
  (state: {
    contacts?: string[];
    peers?: string[];
    channels?: string[];
    password?: string;
    ends?: number;
  }) =>
  (request: string) => {
    const id = /ActionID: (\S+)/.exec(request)?.[1];
    const packet = (...lines: string[]) => `${[...lines, `ActionID: ${id}`].join('\r\n')}\r\n\r\n`;
    const list = (name: string, entries: string[][]) =>
      [
        packet('Response: Success', 'EventList: start', 'Message: A listing follows'),
        ...entries.map((lines) => packet(...lines)),
        packet(`Event: ${name}Complete`, 'EventList: Complete', `ListItems: ${entries.length}`),
      ].join('');
    if (request.startsWith('Action: Login')) {
      const isRight = request.includes(`Secret: ${state.password ?? 'secret'}\r\n`);
      return isRight
        ? packet('Response: Success', 'Message: Authentication accepted')
        : packet('Response: Error', 'Message: Authentication failed');
    }
    // Who has the one may lack the other.
    const isLacking = state.peers ? /^Action: PJSIP/ : /^Action: SIPpeers/;
    if (isLacking.test(request)) {
      return packet('Response: Error', 'Message: Invalid/unknown command');
    }
    if (request.startsWith('Action: SIPpeers')) {
      const peers = state.peers ?? [];
      return list(
        'Peerlist',
        peers.map((name) => ['Event: PeerEntry', 'Channeltype: SIP', `ObjectName: ${name}`]),
      );
    }
    if (request.startsWith('Action: PJSIPShowContacts')) {
      const contacts = state.contacts ?? [];
      if (contacts.length === 0) return packet('Response: Error', 'Message: No Contacts found');
      return list(
        'ContactList',
        contacts.map((uri) => [
          'Event: ContactList',
          'Endpoint: 101',
          `Uri: ${uri}`,
          'Status: Reachable',
          'CallId: c1',
          `ExpirationTime: ${state.ends ?? 1_800_000_000}`,
        ]),
      );
    }
    if (request.startsWith('Action: CoreShowChannels')) {
      const channels = state.channels ?? [];
      return list(
        'CoreShowChannels',
        channels.map((channel) => ['Event: CoreShowChannel', ...`Channel: ${channel}`.split('|')]),
      );
    }
    return /Endpoint: 101\r\n/.test(request)
      ? packet('Response: Success', 'Message: NOTIFY sent')
      : packet('Response: Error', 'Message: Unable to retrieve endpoint');
  };

function asterisk(t: Test, port: number, clock: Clock = wallClock()): AsteriskPbx {
  const login = { host: '127.0.0.1', port, user: 'ringwave', password: 'secret' };
  const pbx = new AsteriskPbx(login, clock);
  t.teardown(() => pbx.close());
  return pbx;
}

const ask = { extension: '101', event: 'check-sync;reboot=true', address: '10.0.0.7' };

test('Asterisk notifies the one contact of an endpoint, over one login', async (t) => {
  const { port, heard } = await peer(
    t,
    ami,
    asteriskAnswers({ contacts: ['sip:101@10.0.0.7:5062'] }),
  );
  const pbx = asterisk(t, port);
  t.equal(await pbx.notify(ask), 'accepted');
  t.same(await pbx.registrations('101'), [{ address: '10.0.0.7', port: 5062 }]);
  t.same(
    heard.map((request) => request.split('\r\n')[0]),
    [
      'Action: Login',
      'Action: PJSIPShowContacts',
      'Action: PJSIPNotify',
      'Action: PJSIPShowContacts',
    ],
  );
  t.match(heard[2], /\r\nVariable: Event=check-sync;reboot=true\r\n/);
});

test('Asterisk is not asked to notify several phones, another one, or one that is gone', async (t) => {
  const shared = ['sip:101@10.0.0.7:5060', 'sip:101@10.0.0.8:5060'];
  for (const contacts of [shared, ['sip:101@10.0.0.9:5060'], []]) {
    const { port, heard } = await peer(t, ami, asteriskAnswers({ contacts }));
    t.equal(await asterisk(t, port).notify(ask), 'unavailable');
    t.notOk(heard.some((request) => request.startsWith('Action: PJSIPNotify')));
  }
});

test('Asterisk knows who is in a call, and says nothing of an extension by which no endpoint is registered', async (t) => {
  const contacts = ['sip:101@10.0.0.7:5062'];
  const state = { contacts, channels: ['PJSIP/0004f2aabbcc-0000002b', 'PJSIP/101-0000002a'] };
  const { port } = await peer(t, ami, asteriskAnswers(state));
  const pbx = asterisk(t, port);
  t.same([await callOf(pbx, '101'), await callOf(pbx, '102')], [true, 'stranger']);
  state.channels.pop();
  t.same([await callOf(pbx, '101'), await callOf(pbx, '102')], [false, 'stranger']);
  t.same(await pbx.extensionsInCall(['101', '102']), new Map([['101', false]]));
});

test('Asterisk with chan_sip alone knows its peers, and who of them is in a call', async (t) => {
  const state = { peers: ['101', '102'], channels: ['SIP/101-0000002a'] };
  const { port } = await peer(t, ami, asteriskAnswers(state));
  const pbx = asterisk(t, port);
  const calls = ['101', '102', '103'].map((one) => callOf(pbx, one));
  t.same(await Promise.all(calls), [true, false, 'stranger']);
});

test('Asterisk shows a call for help by what was dialled, by the trunk it went to, and by its other end', async (t) => {
  const calls: [string, boolean][] = [
    ['PJSIP/101-0000002a|Exten: 112', true],
    ['PJSIP/101-0000002a|Exten: s|ApplicationData: PJSIP/112@trunk,30', true],
    ['PJSIP/trunk-0000002b|Exten: |ConnectedLineNum: 112', true],
    ['PJSIP/101-0000002a|Exten: 1124|ApplicationData: PJSIP/01121@trunk', false],
  ];
  for (const [channel, isHelp] of calls) {
    const { port } = await peer(t, ami, asteriskAnswers({ channels: [channel] }));
    t.equal(await asterisk(t, port).emergencyCall(['112', '911']), isHelp, channel);
  }
  const wrong = await peer(t, ami, asteriskAnswers({ password: 'other' }));
  t.equal(
    await asterisk(t, wrong.port).emergencyCall(['112']),
    undefined,
    'who cannot ask knows nothing',
  );
});

test('Asterisk tells of a call for help that is over before anybody asks: as it is dialled, or as it goes to a trunk', async (t) => {
  const { port, sockets } = await peer(t, ami, asteriskAnswers({}));
  const pbx = asterisk(t, port);
  const dialled: string[] = [];
  pbx.followDialled((numbers) => dialled.push(...numbers));
  await pbx.emergencyCall(['112']);
  const event = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
  sockets[0]?.write(
    [
      event('Event: Newchannel', 'Channel: PJSIP/101-0000002a', 'Exten: 112'),
      event('Event: DialBegin', 'Channel: PJSIP/101-0000002b', 'DialString: 911@trunk'),
      event('Event: DialBegin', 'DestChannel: PJSIP/7-0000002c', 'DialString: 999@trunk'),
      event('Event: ExtensionStatus', 'Exten: 000', 'Status: 1'),
      event('Event: Hangup', 'Channel: PJSIP/101-0000002a', 'Cause: 16'),
    ].join(''),
  );
  await pbx.emergencyCall(['112']);
  t.same(dialled, ['112', '911', '999']);
});

test('an Asterisk that refuses the login or hangs up knows nothing', async (t) => {
  const wrong = await peer(t, ami, asteriskAnswers({ password: 'other' }));
  t.equal(await callOf(asterisk(t, wrong.port), '101'), undefined);
  const deaf = await peer(t, ami, () => undefined);
  t.equal(await asterisk(t, deaf.port).registrations('101'), undefined);
  t.equal(await asterisk(t, 1).notify(ask), 'unavailable');
});

test('a connection to Asterisk that broke is made again for the next question', async (t) => {
  const contacts = ['sip:101@10.0.0.7:5062'];
  const { port, sockets } = await peer(t, ami, asteriskAnswers({ contacts }));
  const pbx = asterisk(t, port);
  t.equal(await callOf(pbx, '101'), false);
  sockets[0]?.destroy();
  await once(sockets[0]!, 'close');
  // The first question after it may still meet the old connection; it then knows nothing.
  await callOf(pbx, '101');
  t.equal(await callOf(pbx, '101'), false);
  t.equal(sockets.length, 2);
});

test('questions of many phones at once are asked in turn', async (t) => {
  const { port, sockets } = await peer(
    t,
    ami,
    asteriskAnswers({ channels: ['PJSIP/101-0000002a'] }),
  );
  const pbx = asterisk(t, port);
  const asked = ['101', '102', '101', '103'].map((one) => callOf(pbx, one));
  t.same(await Promise.all(asked), [true, 'stranger', true, 'stranger']);
  t.equal(sockets.length, 1);
});

test('Asterisk tells when a contact was renewed: by its event, and by its end, which is another', async (t) => {
  const state = { contacts: ['sip:101@10.0.0.7:5062'], ends: 1_800_000_000 };
  const { port, heard, sockets } = await peer(t, ami, asteriskAnswers(state));
  const clock = new HandClock(one);
  const pbx = asterisk(t, port, clock);
  const at = { address: '10.0.0.7', port: 5062 };
  t.same(await pbx.registrations('101'), [at], 'it may be an old one');
  t.match(heard[0], /\r\nEvents: system,call\r\n/);
  clock.pass(60_000);
  const status = (value: string) =>
    `Event: ContactStatus\r\nURI: sip:101@10.0.0.7:5062\r\nContactStatus: ${value}\r\nAOR: 101\r\nEndpointName: 101\r\n\r\n`;
  sockets[0]?.write(status('Reachable'));
  t.same(await pbx.registrations('101'), [at], 'it answers OPTIONS');
  sockets[0]?.write(status('Updated'));
  t.same(await pbx.registrations('101'), [{ ...at, refreshedAt: after(1) }]);
  clock.pass(120_000);
  state.ends += 120;
  t.same(await pbx.registrations('101'), [{ ...at, refreshedAt: after(1) }], 'since the last look');
  clock.pass(60_000);
  state.ends += 120;
  t.same(await pbx.registrations('101'), [{ ...at, refreshedAt: after(3) }]);
});

const esl = { greeting: 'Content-Type: auth/request\n\n', end: '\n\n' };

const freeswitchAnswers =
  (state: { registrations?: object[]; channels?: object[] }) => (request: string) => {
    const reply = (text: string) => `Content-Type: command/reply\nReply-Text: ${text}\n\n`;
    const rows = (all: object[]) => {
      const body = JSON.stringify(
        all.length === 0 ? { row_count: 0 } : { row_count: all.length, rows: all },
      );
      return `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`;
    };
    if (request.startsWith('auth ')) {
      return reply(request === 'auth secret' ? '+OK accepted' : '-ERR invalid');
    }
    if (request === 'api show registrations as json') return rows(state.registrations ?? []);
    if (request === 'api show channels as json') return rows(state.channels ?? []);
    if (request === 'event plain CHANNEL_CREATE CUSTOM sofia::register') {
      return reply('+OK event listener enabled plain');
    }
    return reply(request.startsWith('sendevent NOTIFY\n') ? '+OK 5b9f' : '-ERR command not found');
  };

function freeswitch(
  t: Test,
  port: number,
  password = 'secret',
  clock: Clock = wallClock(),
): FreeswitchPbx {
  const settings = {
    host: '127.0.0.1',
    port,
    password,
    domain: 'pbx.example',
    profile: 'internal',
  };
  const pbx = new FreeswitchPbx(settings, clock);
  t.teardown(() => pbx.close());
  return pbx;
}

const registered = (network_ip: string, expires = 1_800_000_000) => ({
  token: 'c1',
  expires: String(expires),
  reg_user: '101',
  realm: 'pbx.example',
  network_ip,
  network_port: '5062',
});

test('FreeSWITCH notifies the one registration of a user', async (t) => {
  const { port, heard } = await peer(
    t,
    esl,
    freeswitchAnswers({ registrations: [registered('10.0.0.7')] }),
  );
  const pbx = freeswitch(t, port);
  t.equal(await pbx.notify(ask), 'accepted');
  t.same(heard.at(-1)?.split('\n'), [
    'sendevent NOTIFY',
    'profile: internal',
    'content-type: text/plain',
    'event-string: check-sync;reboot=true',
    'user: 101',
    'host: pbx.example',
  ]);
  const two = freeswitchAnswers({
    registrations: [registered('10.0.0.7'), registered('10.0.0.8')],
  });
  t.equal(await freeswitch(t, (await peer(t, esl, two)).port).notify(ask), 'unavailable');
});

test('FreeSWITCH knows who is in a call, nothing of a user who is not registered, and nothing after a wrong password', async (t) => {
  const registrations = [registered('10.0.0.7')];
  const state = { registrations, channels: [{ presence_id: '101@pbx.example' }] };
  const { port } = await peer(t, esl, freeswitchAnswers(state));
  const pbx = freeswitch(t, port);
  t.same([await callOf(pbx, '101'), await callOf(pbx, '102')], [true, 'stranger']);
  state.channels.pop();
  t.same([await callOf(pbx, '101'), await callOf(pbx, '102')], [false, 'stranger']);
  t.equal(await callOf(freeswitch(t, port, 'other'), '101'), undefined);
});

test('FreeSWITCH shows a call for help by the number dialled and by its other end', async (t) => {
  const calls: [object, boolean][] = [
    [{ presence_id: '101@pbx.example', dest: '911' }, true],
    [{ presence_id: '101@pbx.example', dest: '9000', callee_num: '911' }, true],
    [{ presence_id: '101@pbx.example', dest: '9110' }, false],
  ];
  for (const [channel, isHelp] of calls) {
    const { port } = await peer(t, esl, freeswitchAnswers({ channels: [channel] }));
    t.equal(await freeswitch(t, port).emergencyCall(['911']), isHelp);
  }
});

test('FreeSWITCH tells of a call for help that is over before anybody asks', async (t) => {
  const { port, sockets } = await peer(t, esl, freeswitchAnswers({}));
  const pbx = freeswitch(t, port);
  const dialled: string[] = [];
  pbx.followDialled((numbers) => dialled.push(...numbers));
  await pbx.emergencyCall(['112']);
  const event = (name: string, number: string) => {
    const body = `Event-Name: ${name}\nCaller-Destination-Number: ${number}\n\n`;
    return `Content-Length: ${body.length}\nContent-Type: text/event-plain\n\n${body}`;
  };
  sockets[0]?.write(event('CHANNEL_CREATE', '%2A112') + event('CHANNEL_DESTROY', '911'));
  await pbx.emergencyCall(['112']);
  t.same(dialled, ['*112']);
});

test('FreeSWITCH tells when a registration was renewed: by its event, and by its end, which is another', async (t) => {
  const state = { registrations: [registered('10.0.0.7')] };
  const { port, sockets } = await peer(t, esl, freeswitchAnswers(state));
  const clock = new HandClock(one);
  const pbx = freeswitch(t, port, 'secret', clock);
  const at = { address: '10.0.0.7', port: 5062 };
  t.same(await pbx.registrations('101'), [at]);
  clock.pass(60_000);
  const event = (host: string) => {
    const body = `Event-Subclass: sofia%3A%3Aregister\nfrom-user: 101\nfrom-host: ${host}\nnetwork-ip: 10.0.0.7\nnetwork-port: 5062\n\n`;
    sockets[0]?.write(`Content-Length: ${body.length}\nContent-Type: text/event-plain\n\n${body}`);
  };
  event('other.example');
  t.same(await pbx.registrations('101'), [at], 'a user of another domain');
  event('pbx.example');
  t.same(await pbx.registrations('101'), [{ ...at, refreshedAt: after(1) }]);
  clock.pass(60_000);
  state.registrations = [registered('10.0.0.7', 1_800_000_120)];
  await pbx.registrations('101');
  clock.pass(60_000);
  state.registrations = [registered('10.0.0.7', 1_800_000_240)];
  t.same(await pbx.registrations('101'), [{ ...at, refreshedAt: after(2) }]);
});
