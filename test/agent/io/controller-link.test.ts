import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { reconnectWait } from '@ringwave/agent/core/reconnect';
import { packetLengthWatcher } from '@ringwave/protocol/packet-length';
import { laterBy, minutes, ms, seconds } from '@ringwave/protocol/units';
import { type Clock, wallClock } from '@ringwave/runtime/clock';
import { type Test, test } from 'tap';
import {
  ackFor,
  ControllerEars,
  openAgent,
  openWire,
  quickClock,
  site,
} from '../../contract/wire.ts';

test('the first try is spread as the controller says, the next double from 2 s to 5 min', (t) => {
  const wait = (failures: number, random: number) =>
    reconnectWait({ failures, spread: seconds(30), random });
  t.equal(wait(0, 0), ms(0));
  t.equal(wait(0, 0.5), seconds(15));
  t.equal(wait(1, 0.5), seconds(1));
  t.equal(wait(2, 0.5), seconds(2));
  t.equal(wait(8, 0.5), seconds(128));
  t.equal(wait(9, 0.5), seconds(150));
  t.equal(wait(1_000_000, 0.5), seconds(150));
  t.equal(
    reconnectWait({ failures: 0, spread: minutes(100_000), random: 0.5 }),
    minutes(30),
    'nobody is told to stay away for days',
  );
  t.end();
});

/** A listener that does with each connection what it is told, and speaks no MQTT of its own. */
async function listener(t: Test, answer: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A wall whose 20 s limit passes at once, while the network takes its time. */
const impatient: Clock = { ...wallClock(), after: (_wait, fn) => wallClock().after(ms(30), fn) };

test('a broker that accepts and says nothing is left after 20 s', async (t) => {
  const url = await listener(t, () => {});
  const { ears } = openAgent(t, url, 'lisbon', { wallClock: impatient });
  const [first, second] = await ears.down.atLeast(2);
  t.equal(first?.reason, 'no answer within 20 s');
  t.equal(second?.reason, 'no answer within 20 s');
  t.equal(ears.up.all.length, 0);
});

const connack = Buffer.from([0x20, 2, 0, 0]);

test('a broker that answers CONNECT but not SUBSCRIBE is left as well', async (t) => {
  const url = await listener(t, (socket) => socket.write(connack));
  const { ears } = openAgent(t, url, 'lisbon', { wallClock: impatient });
  t.equal((await ears.down.first()).reason, 'no answer within 20 s');
});

test('a subscription that is refused is no line', async (t) => {
  const url = await listener(t, (socket) => {
    socket.write(connack);
    socket.on('data', (chunk: Buffer) => {
      const at = chunk.findIndex((byte) => byte === 0x82);
      const packetId = chunk.subarray(at + 2, at + 4);
      if (at >= 0)
        socket.write(Buffer.concat([Buffer.from([0x90, 4]), packetId, Buffer.from([128, 128])]));
    });
  });
  const { ears } = openAgent(t, url, 'lisbon');
  t.equal((await ears.down.first()).reason, 'the broker refused the subscription');
});

test('a broker that declares a packet of 200 MB is left before it is sent', async (t) => {
  const url = await listener(t, (socket) =>
    socket.write(Buffer.concat([connack, Buffer.from([0x32, 0x80, 0x84, 0xaf, 0x5f])])),
  );
  const { ears } = openAgent(t, url, 'lisbon');
  t.equal((await ears.down.first()).reason, 'the broker sends a packet that is too long');
});

test('declared lengths are seen however the bytes are cut', (t) => {
  const small = Buffer.from([0x32, 3, 1, 2, 3, 0xc0, 0, 0x32, 0x80, 0x01, ...Array(128).fill(7)]);
  const tooLong = Buffer.from([0x32, 0x81, 0x08]);
  for (let piece = 1; piece <= small.length; piece += 1) {
    const fits = packetLengthWatcher(1024);
    const pieces = [...small, ...small].flatMap((_, at, all) =>
      at % piece === 0 ? [Uint8Array.from(all.slice(at, at + piece))] : [],
    );
    t.ok(pieces.every(fits), `pieces of ${piece}`);
    t.notOk(fits(tooLong), '1,025 bytes do not fit 1,024');
  }
  t.notOk(packetLengthWatcher(1e9)(Buffer.from([0x32, 0x80, 0x80, 0x80, 0x80, 1])), 'five digits');
  t.end();
});

test('what is said while the line is down is not kept', async (t) => {
  const ears = new ControllerEars();
  const wire = await openWire(t, 'embedded broker', ears, ['lisbon']);
  const { link, ears: agent } = openAgent(t, wire.url, 'lisbon');
  t.notOk(link.send('hello', Buffer.from('too early')));
  await agent.up.first();
  t.ok(link.send('hello', Buffer.from('in time')));
  t.notOk(link.send('d', Buffer.alloc(64 * 1024 + 1)), 'nor what no broker would carry');
  await ears.up.first();
  t.same(
    ears.up.all.map((it) => it.text),
    ['in time'],
  );
  await link.close();
  t.notOk(link.send('hello', Buffer.from('too late')));
});

test('what arrives is told apart by its topic, and what nobody reads is named', async (t) => {
  const ears = new ControllerEars();
  const wire = await openWire(t, 'embedded broker', ears, ['lisbon']);
  const { ears: agent } = openAgent(t, wire.url, 'lisbon');
  await agent.up.first();
  const lisbon = site('lisbon');
  wire.transport.send(lisbon, 'ack', '{"kind":"ack"}');
  wire.transport.send(lisbon, 'cmd', 'x');
  wire.transport.sendAll('bye', 'x');
  wire.transport.send(lisbon, 'plan', 'a.b.c');
  wire.transport.sendAll('halt', 'd.e.f');
  t.equal(await agent.plans.first(), 'a.b.c');
  t.equal(await agent.halts.first(), 'd.e.f');
  const [malformed, ...unread] = await agent.unread.atLeast(3);
  t.match(malformed, /^fw\/v1\/dn\/lisbon\/ack: .*epoch/);
  t.same(unread, [
    'fw/v1/dn/lisbon/cmd: no reader for this topic',
    'fw/v1/dn/all/bye: no reader for this topic',
  ]);
  t.equal(agent.acks.all.length, 0);
});

test('a connection that held for ten minutes starts again from the spread, with the spread it was told', async (t) => {
  const ears = new ControllerEars();
  const wire = await openWire(t, 'embedded broker', ears, ['lisbon']);
  const clock = quickClock();
  let jumped = 0;
  const waits: number[] = [];
  const jumping: Clock = {
    now: () => laterBy(clock.now(), ms(jumped)),
    after: (wait, fn) => {
      waits.push(wait);
      return clock.after(wait, fn);
    },
  };
  const { ears: agent } = openAgent(t, wire.url, 'lisbon', { clock: jumping });
  await agent.up.first();
  await ears.presence.first();
  wire.transport.send(site('lisbon'), 'ack', JSON.stringify({ ...ackFor(1), spreadSeconds: 600 }));
  await agent.acks.first();
  jumped = minutes(11);
  await wire.restart();
  await agent.up.atLeast(2);
  const { length } = waits;
  t.equal(waits[0], seconds(300), 'the spread of 600 s, drawn at half');
  await wire.restart();
  await agent.up.atLeast(3);
  t.ok((waits[length] ?? Infinity) <= seconds(150), 'a short connection backs off instead');
});
