import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { type Broker, openBroker } from '@ringwave/controller/io/broker';
import { upTopic } from '@ringwave/protocol/topics';
import { Aedes, type Client } from 'aedes';
import type { MqttClient } from 'mqtt';
import { type Test, test } from 'tap';
import { ControllerEars, openStranger, passwordOf, quickClock, site } from '../../contract/wire.ts';

// What the installed aedes does that would hurt, each shown twice: on a bare aedes, so that the case is
// known to bite, and on our broker, which must not mind. When the first half of a test fails after an
// upgrade, aedes has mended it and the guard may be looked at again; when the second half fails, do not
// upgrade.

async function bareAedes(t: Test, options: ConstructorParameters<typeof Aedes>[0] = {}) {
  const aedes = await Aedes.createBroker(options);
  const clients: Client[] = [];
  const server = net.createServer((socket) => void clients.push(aedes.handle(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    await new Promise<void>((done) => aedes.close(() => done()));
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { aedes, clients, port, url: `mqtt://127.0.0.1:${port}` };
}

async function ourBroker(t: Test): Promise<{ broker: Broker; url: string; ears: ControllerEars }> {
  const ears = new ControllerEars();
  const broker = await openBroker({
    host: '127.0.0.1',
    port: 0,
    clock: quickClock(),
    limits: { messagesPerSecond: 1000, burstMessages: 10_000 },
    logins: (name, password) => password === passwordOf(name),
    onUp: ears.onUp,
    onGuard: ears.onGuard,
    onPresence: ears.onPresence,
  });
  t.teardown(() => broker.close());
  return { broker, url: `mqtt://127.0.0.1:${broker.port}`, ears };
}

const subscribed = (client: MqttClient, filter: string, qos: 0 | 1 = 1) =>
  client.subscribeAsync(filter, { qos });

const packet = (topic: string, payload: string, qos: 0 | 1, retain = false) => ({
  cmd: 'publish' as const,
  topic,
  payload: Buffer.from(payload),
  qos,
  retain,
  dup: false,
});

test('trap 1: messages of different QoS to one receiver overtake each other, and aedes drops the overtaken', async (t) => {
  const bare = await bareAedes(t);
  const { client, got } = openStranger(t, bare.url, 'bare');
  await subscribed(client, 'dn/#');
  for (let nth = 0; nth < 200; nth += 1) {
    bare.aedes.publish(packet('dn/first', `${nth}`, 1), () => {});
    bare.aedes.publish(packet('dn/second', `${nth}`, 0), () => {});
  }
  bare.aedes.publish(packet('dn/end', '', 1), () => {});
  await got.first((it) => it.startsWith('dn/end'));
  const kept = got.all.filter((it) => it.startsWith('dn/first')).length;
  t.ok(kept < 200, `a bare aedes kept ${kept} of 200 at QoS 1`);

  const { broker, url, ears } = await ourBroker(t);
  const agent = openStranger(t, url, 'lisbon');
  await subscribed(agent.client, 'fw/v1/dn/lisbon/#', 1);
  await subscribed(agent.client, 'fw/v1/dn/all/#', 0);
  await ears.presence.first();
  for (let nth = 0; nth < 200; nth += 1) {
    broker.send(site('lisbon'), 'plan', `${nth}`);
    broker.sendAll('halt', `${nth}`);
  }
  const all = await agent.got.atLeast(400);
  const numbers = Array.from({ length: 200 }, (_, nth) => `${nth}`);
  const of = (kind: string) => all.filter((it) => it.includes(kind)).map((it) => it.split(' ')[1]);
  t.same(of('dn/lisbon/plan'), numbers);
  t.same(of('dn/all/halt'), numbers);
});

test('trap 2: a network subscriber for everything falls behind; our consumer is never behind', async (t) => {
  const { url, ears } = await ourBroker(t);
  const agents = Array.from({ length: 20 }, (_, nth) => openStranger(t, url, `site-${nth}`));
  const load = agents.map(async ({ client }, nth) => {
    const topic = upTopic(site(`site-${nth}`), 'd');
    const sent = Array.from({ length: 100 }, () => client.publishAsync(topic, 'x', { qos: 1 }));
    await Promise.all(sent);
  });
  await Promise.all(load);
  // A PUBACK leaves before the message is routed, but by the time it is read here the message is too.
  t.equal(ears.up.all.length, 2000, 'everything acknowledged has been consumed');
});

test('trap 3: one subscriber that stops reading blocks the emitter of aedes for all', async (t) => {
  const plan = 'x'.repeat(64 * 1024);
  const freeze = ({ client }: { client: MqttClient }) => {
    client.stream.pause();
    client.stream.removeAllListeners('data');
  };
  const bare = await bareAedes(t, { drainTimeout: 400 });
  const frozen = openStranger(t, bare.url, 'frozen');
  const other = openStranger(t, bare.url, 'other');
  await subscribed(frozen.client, 'dn/frozen');
  await subscribed(other.client, 'dn/other');
  freeze(frozen);
  for (let nth = 0; nth < 400; nth += 1) {
    bare.aedes.publish(packet('dn/frozen', plan, 1), () => {});
  }
  const startedAt = performance.now();
  bare.aedes.publish(packet('dn/other', 'x', 1), () => {});
  await other.got.first();
  const bareWait = performance.now() - startedAt;
  t.ok(bareWait > 300, `behind a bare aedes the other waited ${Math.round(bareWait)} ms`);

  const { broker, url, ears } = await ourBroker(t);
  const stuck = openStranger(t, url, 'lisbon');
  const well = openStranger(t, url, 'berlin');
  await subscribed(stuck.client, 'fw/v1/dn/lisbon/#');
  await subscribed(well.client, 'fw/v1/dn/berlin/#');
  await ears.presence.atLeast(2);
  freeze(stuck);
  for (let nth = 0; nth < 400; nth += 1) broker.send(site('lisbon'), 'plan', plan);
  const sentAt = performance.now();
  broker.send(site('berlin'), 'plan', 'x');
  await well.got.first();
  const wait = performance.now() - sentAt;
  t.ok(wait < 300, `behind ours it waited ${Math.round(wait)} ms`);
  t.match((await ears.guard.first()).detail, /does not read/);
});

/** A PUBLISH that declares this many bytes (MQTT 3.1.1, section 2.2.3), and not one of them. */
function declaring(length: number): Buffer {
  const digits: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 128)) digits.push(left % 128);
  return Buffer.from([
    0x32,
    ...digits.map((digit, at) => (at < digits.length - 1 ? digit | 128 : digit)),
  ]);
}

/** Writes the packet and 8 MiB of its body, as fast as the peer takes it; gives what was written. */
async function pour(socket: net.Socket, length: number): Promise<number> {
  socket.on('error', () => {});
  socket.write(declaring(length));
  const chunk = Buffer.alloc(64 * 1024);
  for (let poured = 0; poured < 8 * 1024 * 1024 && !socket.destroyed; poured += chunk.length) {
    if (socket.write(chunk)) continue;
    await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
  }
  return socket.bytesWritten - socket.writableLength;
}

test('trap 4: aedes buffers a packet of any length, from anybody', async (t) => {
  const bare = await bareAedes(t);
  const anonymous = net.connect(bare.port, '127.0.0.1');
  await pour(anonymous, 150_000_000);
  const parser = (bare.clients[0] as unknown as { _parser: { _list: { length: number } } })._parser;
  while (parser._list.length < 4 * 1024 * 1024) await once(anonymous, 'drain').catch(() => {});
  t.ok(parser._list.length >= 4 * 1024 * 1024, 'a bare aedes holds it all');
  anonymous.destroy();

  const { broker, ears } = await ourBroker(t);
  const stranger = net.connect(broker.port, '127.0.0.1');
  const written = await pour(stranger, 150_000_000);
  t.ok(stranger.destroyed, 'cut before anything was sent after the header');
  t.ok(written < 4 * 1024 * 1024, `${written} bytes had been written`);
  const event = await ears.guard.first();
  t.match(event, { kind: 'cut', detail: 'packet of 150000000 bytes, at most 262144' });
});

test('failure 16: a packet of 200 MB from a site that has logged in is cut at its header', async (t) => {
  const { url, ears } = await ourBroker(t);
  const { client, ended } = openStranger(t, url, 'lisbon');
  await new Promise<void>((done) => client.once('connect', () => done()));
  client.stream.write(declaring(200_000_000));
  await ended.first();
  t.match(await ears.guard.first(), {
    kind: 'cut',
    client: 'lisbon',
    detail: 'packet of 200000000 bytes, at most 262144',
  });
});

test('trap 5: every subscription scans all retained messages; our broker never has one', async (t) => {
  const bare = await bareAedes(t);
  bare.aedes.publish(packet('dn/kept', 'old plan', 1, true), () => {});
  const late = openStranger(t, bare.url, 'late');
  await subscribed(late.client, 'dn/#');
  t.equal(await late.got.first(), 'dn/kept old plan', 'a bare aedes keeps and scans');

  const { broker, url, ears } = await ourBroker(t);
  const rogue = openStranger(t, url, 'lisbon');
  rogue.client.publish(upTopic(site('lisbon'), 'hello'), 'kept', { qos: 1, retain: true });
  t.match((await ears.guard.first()).detail, /retained messages are not kept/);
  await rogue.ended.first();
  const first = openStranger(t, url, 'berlin');
  await subscribed(first.client, 'fw/v1/dn/berlin/#');
  broker.send(site('berlin'), 'plan', 'first');
  await first.got.first();
  await first.client.endAsync();
  const second = openStranger(t, url, 'berlin');
  await subscribed(second.client, 'fw/v1/dn/berlin/#');
  await ears.presence.atLeast(3);
  broker.send(site('berlin'), 'plan', 'second');
  t.equal(await second.got.first(), 'fw/v1/dn/berlin/plan second', 'nothing was kept');
});

test('trap 8: aedes grants $share and delivers nothing; our broker refuses it', async (t) => {
  const bare = await bareAedes(t);
  const shared = openStranger(t, bare.url, 'shared');
  const [grant] = await subscribed(shared.client, '$share/group/dn/#');
  t.equal(grant?.qos, 1, 'a bare aedes grants it');
  await subscribed(shared.client, 'end');
  bare.aedes.publish(packet('dn/x', 'lost', 1), () => {});
  bare.aedes.publish(packet('end', '', 1), () => {});
  t.equal(await shared.got.first(), 'end ', 'and delivers nothing');

  const { url, ears } = await ourBroker(t);
  const agent = openStranger(t, url, 'lisbon');
  await t.rejects(subscribed(agent.client, '$share/group/fw/v1/dn/lisbon/#'));
  t.equal((await ears.guard.first()).kind, 'refused-subscribe');
});
