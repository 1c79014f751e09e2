import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { type Broker, type BrokerOptions, openBroker } from '@ringwave/controller/io/broker';
import { downTopic, upTopic } from '@ringwave/protocol/topics';
import { ms } from '@ringwave/protocol/units';
import { wallClock } from '@ringwave/runtime/clock';
import type { IClientOptions, MqttClient } from 'mqtt';
import { type Test, test } from 'tap';
import {
  ackFor,
  ControllerEars,
  openAgent,
  openStranger,
  passwordOf,
  quickClock,
  site,
} from '../../contract/wire.ts';
import { needs } from '../../peers/peer.ts';

interface Opened {
  readonly broker: Broker;
  readonly url: string;
  readonly ears: ControllerEars;
}

async function open(t: Test, with_: Partial<BrokerOptions> = {}): Promise<Opened> {
  const ears = new ControllerEars();
  const broker = await openBroker({
    host: '127.0.0.1',
    port: 0,
    clock: quickClock(),
    logins: (name, password) => password === passwordOf(name),
    onUp: ears.onUp,
    onGuard: ears.onGuard,
    onPresence: ears.onPresence,
    ...with_,
  });
  t.teardown(() => broker.close());
  return { broker, url: `mqtt://127.0.0.1:${broker.port}`, ears };
}

const connected = (client: MqttClient) =>
  new Promise<void>((done) => client.once('connect', () => done()));

const granted = (client: MqttClient, filter: string, qos: 0 | 1 | 2 = 1) =>
  new Promise<number>((done) => {
    client.subscribe(filter, { qos }, (error, grants) =>
      done(error ? 128 : (grants?.[0]?.qos ?? 128)),
    );
  });

test('a site that breaks a rule of the wire is cut, and the guard says which', async (t) => {
  const lisbon = site('lisbon');
  const own = upTopic(lisbon, 'd');
  const cases: [string, string, string | Buffer, { qos: 0 | 1 | 2; retain?: boolean }, RegExp][] = [
    ['QoS 0', own, 'x', { qos: 0 }, /QoS 0, only QoS 1/],
    ['QoS 2', own, 'x', { qos: 2 }, /QoS 2, only QoS 1/],
    ['retained', own, 'x', { qos: 1, retain: true }, /retained messages are not kept/],
    ['one byte too long', own, Buffer.alloc(65_537), { qos: 1 }, /65537 bytes, at most 65536/],
    ['another site', upTopic(site('berlin'), 'd'), 'x', { qos: 1 }, /not this site's/],
    ['a foreign shard', 'fw/v1/up/zz/lisbon/d', 'x', { qos: 1 }, /not this site's/],
    ['an unknown kind', own.replace(/d$/, 'firmware'), 'x', { qos: 1 }, /not this site's/],
    ['downwards', downTopic(lisbon, 'plan'), 'x', { qos: 1 }, /not this site's/],
    ['$SYS', '$SYS/lisbon/new/clients', 'x', { qos: 1 }, /not this site's/],
  ];
  for (const [name, topic, body, options, said] of cases) {
    await t.test(name, async (t) => {
      const { url, ears } = await open(t);
      const { client, ended } = openStranger(t, url, 'lisbon');
      client.publish(topic, body, options);
      const { kind, client: who, detail } = await ears.guard.first();
      t.equal(kind, 'refused-publish');
      t.equal(who, 'lisbon');
      t.match(detail, said);
      await ended.first();
      t.equal(ears.guard.all.length, 1);
      t.equal(ears.up.all.length, 0);
    });
  }
});

test('a topic deeper than eight levels is cut before anybody matches it', async (t) => {
  const { url, ears } = await open(t);
  const { client, ended } = openStranger(t, url, 'lisbon');
  client.publish(`fw/v1/up/${'a/'.repeat(90)}b`, 'x', { qos: 1 });
  t.match((await ears.guard.first()).detail, /too many levels/);
  await ended.first();
});

test('a login is refused unless everything fits, and never says what was wrong', async (t) => {
  const will = (topic: string, retain = false): IClientOptions => ({
    will: { topic, payload: Buffer.from('gone'), qos: 1, retain },
  });
  const own = upTopic(site('lisbon'), 'lwt');
  const cases: [string, IClientOptions, RegExp][] = [
    ['a wrong password', { password: 'x' }, /no such login/],
    ['no password', { password: '' }, /no such login/],
    ['no user name', { username: '', password: '' }, /no such login/],
    ['a client id that is not the user name', { clientId: 'berlin' }, /no such login/],
    ['a password of a kilobyte', { password: 'x'.repeat(1024) }, /no such login/],
    [
      'the name of all sites',
      { clientId: 'all', username: 'all', password: passwordOf('all') },
      /no such login/,
    ],
    [
      'a name that is no id',
      { clientId: 'a/b', username: 'a/b', password: passwordOf('a/b') },
      /no such login/,
    ],
    ['a session that is to be kept', { clean: false }, /only clean sessions/],
    ['a last will for another site', will(upTopic(site('berlin'), 'lwt')), /last will: topic/],
    ['a last will that is to be retained', will(own, true), /last will: retained/],
    ['a keepalive of an hour', { keepalive: 3600 }, /keep alive limit/],
    ['no keepalive', { keepalive: 0 }, /keep alive limit/],
    ['MQTT 5', { protocolVersion: 5 }, /unacceptable protocol version/],
  ];
  for (const [name, options, said] of cases) {
    await t.test(name, async (t) => {
      const { url, ears } = await open(t);
      const { client, ended } = openStranger(t, url, 'lisbon', options);
      client.on('connect', () => t.fail('was let in'));
      const event = await ears.guard.first();
      t.equal(event.kind, 'refused-login');
      t.match(event.detail, said);
      await ended.first();
      t.equal(ears.presence.all.length, 0);
    });
  }
});

test('only the two filters of an agent are granted', async (t) => {
  const { url, ears } = await open(t);
  const { client } = openStranger(t, url, 'porto');
  t.equal(await granted(client, 'fw/v1/dn/porto/#'), 1);
  t.equal(await granted(client, 'fw/v1/dn/all/#'), 1);
  for (const filter of [
    'fw/v1/dn/lisbon/#',
    'fw/v1/dn/+/plan',
    '#',
    'fw/v1/dn/porto/plan',
    '$SYS/#',
  ]) {
    t.equal(await granted(client, filter), 128, filter);
    const isIt = (it: { detail: string }) => it.detail === `filter ${filter}`;
    t.equal((await ears.guard.first(isIt)).kind, 'refused-subscribe');
  }
});

test('a connection that keeps asking for foreign filters is cut', async (t) => {
  const { url, ears } = await open(t);
  const { client, ended } = openStranger(t, url, 'lisbon');
  await connected(client);
  for (let nth = 0; nth < 17; nth += 1) client.subscribe(`fw/v1/dn/site-${nth}/#`, { qos: 1 });
  await ended.first();
  t.equal(ears.guard.all.length, 17);
});

test('the controller does not send to who has not subscribed, nor to who has gone', async (t) => {
  const { broker, url, ears } = await open(t);
  const { client, got } = openStranger(t, url, 'faro');
  await connected(client);
  t.notOk(broker.connected(site('faro')));
  t.notOk(broker.send(site('faro'), 'plan', 'too early'));
  t.equal(await granted(client, 'fw/v1/dn/faro/#'), 1);
  await ears.presence.first((it) => it === 'faro up');
  t.ok(broker.send(site('faro'), 'plan', 'in time'));
  t.equal(await got.first(), 'fw/v1/dn/faro/plan in time');
  await client.endAsync();
  await ears.presence.first((it) => it === 'faro down');
  t.notOk(broker.send(site('faro'), 'plan', 'too late'));
});

test('listening beyond this machine without TLS is refused unless it is said aloud', async (t) => {
  const events = { onUp() {}, onGuard() {}, clock: wallClock(), logins: () => false };
  await t.rejects(openBroker({ host: '0.0.0.0', port: 0, ...events }), {
    message: /MQTT on 0\.0\.0\.0 without TLS would show every agent's password/,
  });
  const open = await openBroker({ host: '0.0.0.0', port: 0, insecure: true, ...events });
  await open.close();
});

test('a port that is taken is named', async (t) => {
  const { broker } = await open(t);
  await t.rejects(open(t, { port: broker.port }), {
    message: new RegExp(`MQTT cannot listen on 127.0.0.1 port ${broker.port}: .*EADDRINUSE`),
  });
});

test('over TLS an agent comes in by the certificate it was given, and by no other', async (t) => {
  if (!needs(t, 'openssl')) return;
  const folder = t.testdir({});
  const pem = (name: string): { key: string; cert: string } => {
    const at = (part: string) => join(folder, `${name}-${part}.pem`);
    const made = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
    ];
    const names = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', [...made, ...names, '-keyout', at('key'), '-out', at('cert')], {
      stdio: 'ignore',
    });
    return { key: readFileSync(at('key'), 'utf8'), cert: readFileSync(at('cert'), 'utf8') };
  };
  const ours = pem('ours');
  const { broker } = await open(t, { tls: ours });
  const secureUrl = `mqtts://127.0.0.1:${broker.port}`;
  const { ears: trusted } = openAgent(t, secureUrl, 'lisbon', { ca: ours.cert });
  await trusted.up.first();
  const { ears: misled } = openAgent(t, secureUrl, 'berlin', { ca: pem('other').cert });
  t.match((await misled.down.first()).reason, /self-signed certificate/);
});

test('connections are capped per address, and freed when they end', async (t) => {
  const { broker, ears } = await open(t, { limits: { connectionsPerAddressMax: 2 } });
  const dial = () => net.connect(broker.port, '127.0.0.1').on('error', () => {});
  const [first, second] = [dial(), dial()];
  await Promise.all([once(first, 'connect'), once(second, 'connect')]);
  const third = dial();
  await once(third, 'close');
  t.match((await ears.guard.first()).detail, /connections of this address used up/);
  first.destroy();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const { ears: agent } = openAgent(t, url, 'lisbon');
  await agent.up.first();
  second.destroy();
});

test('who connects and says nothing is cut when its time is up', async (t) => {
  const { broker, ears } = await open(t, { limits: { connectTimeout: ms(50) } });
  const silent = net.connect(broker.port, '127.0.0.1').on('error', () => {});
  await once(silent, 'close');
  t.match((await ears.guard.first()).detail, /connect did not arrive in time/);
});

test('failure 4: a half-open line is left by the agent, freed by the broker, and taken up anew', async (t) => {
  const { broker, ears } = await open(t);
  const proxy = await openProxy(t, broker.port);
  const { link, ears: agent } = openAgent(t, `mqtt://127.0.0.1:${proxy.port}`, 'lisbon', {
    keepaliveSeconds: 1,
    connId: (() => {
      let count = 0;
      return () => `conn-${++count}`;
    })(),
  });
  t.equal(await agent.up.first(), 'conn-1');
  proxy.freeze();
  link.send('beat', Buffer.from('into the void'));
  t.match((await agent.down.first()).reason, /Keepalive timeout/i);
  t.equal(await agent.up.first((conn) => conn !== 'conn-1'), 'conn-2');
  const will = await ears.up.first((it) => it.kind === 'lwt');
  t.equal(will.text, '{"kind":"lwt","conn":"conn-1"}', 'the stale will names the lost connection');
  t.ok(broker.send(site('lisbon'), 'ack', JSON.stringify(ackFor(7))));
  t.equal((await agent.acks.first()).seq, 7);
});

/** Passes everything on until it is frozen; then nothing, in either direction, and no close. */
async function openProxy(t: Test, target: number) {
  const pairs: net.Socket[][] = [];
  const server = net.createServer((near) => {
    const far = net.connect(target, '127.0.0.1');
    for (const end of [near, far]) end.on('error', () => {});
    near.pipe(far);
    far.pipe(near);
    near.on('close', () => far.readyState === 'open' && !frozen.has(near) && far.destroy());
    far.on('close', () => !frozen.has(near) && near.destroy());
    pairs.push([near, far]);
  });
  const frozen = new Set<net.Socket>();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const end of pairs.flat()) end.destroy();
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    freeze() {
      for (const [near, far] of pairs) {
        if (!near || !far) continue;
        frozen.add(near);
        near.unpipe(far);
        far.unpipe(near);
      }
    },
  };
}

test('failure 5: an agent that does not read is dropped at 1 MiB, and nobody else waits', async (t) => {
  const { broker, url, ears } = await open(t);
  const { client: frozen } = openStranger(t, url, 'lisbon');
  t.equal(await granted(frozen, 'fw/v1/dn/lisbon/#'), 1);
  const { ears: agent } = openAgent(t, url, 'berlin');
  await agent.up.first();
  frozen.stream.pause();
  frozen.stream.removeAllListeners('data');
  const plan = 'x'.repeat(64 * 1024);
  const waits: number[] = [];
  for (let nth = 0; nth < 400 && broker.connected(site('lisbon')); nth += 1) {
    broker.send(site('lisbon'), 'plan', plan);
    const sentAt = performance.now();
    t.ok(broker.send(site('berlin'), 'plan', `plan ${nth}`));
    await agent.plans.first((it) => it === `plan ${nth}`);
    waits.push(performance.now() - sentAt);
  }
  const cut = await ears.guard.first();
  t.equal(cut.kind, 'cut');
  t.match(cut.detail, /does not read: \d+ bytes wait for lisbon/);
  t.notOk(broker.connected(site('lisbon')));
  const slowest = Math.max(...waits);
  t.ok(slowest < 500, `the other agent waited at most ${Math.round(slowest)} ms`);
});

test('failure 14: two boxes with one identity are noticed at the third take-over', async (t) => {
  const { url, ears } = await open(t, { clock: wallClock() });
  openAgent(t, url, 'lisbon', { connId: () => 'one' });
  openAgent(t, url, 'lisbon', { connId: () => 'two' });
  const noticed = await ears.guard.first((it) => /two boxes/.test(it.detail));
  t.equal(noticed.kind, 'taken-over');
  t.equal(noticed.client, 'lisbon');
  t.equal(ears.guard.all.filter((it) => it.kind === 'taken-over').length, 3);
});

test('failure 16: a flood is cut, and the other agents do not feel it', async (t) => {
  const { broker, url, ears } = await open(t, { clock: wallClock() });
  const { link, ears: agent } = openAgent(t, url, 'berlin');
  await agent.up.first();
  const { client: rogue, ended } = openStranger(t, url, 'lisbon');
  await connected(rogue);
  const flood = Buffer.alloc(300, 0x20);
  for (let nth = 0; nth < 10_000; nth += 1)
    rogue.publish(upTopic(site('lisbon'), 'd'), flood, { qos: 1 });
  const sentAt = performance.now();
  link.send('d', Buffer.from('still heard'));
  await ears.up.first((it) => it.text === 'still heard');
  broker.send(site('berlin'), 'ack', JSON.stringify(ackFor(1)));
  await agent.acks.first();
  t.ok(performance.now() - sentAt < 1000, 'acknowledged within a second');
  await ended.first();
  t.match(await ears.guard.first(), { kind: 'refused-publish', detail: 'too many messages' });
  const heard = ears.up.all.filter((it) => it.site === 'lisbon').length;
  t.ok(heard <= 110, `${heard} of 10000 were let in`);
});

test('a busy site is slowed to its rate before it is cut', async (t) => {
  const { url, ears } = await open(t, { clock: wallClock(), limits: { messagesPerSecond: 100 } });
  const { client } = openStranger(t, url, 'lisbon');
  await connected(client);
  const startedAt = performance.now();
  const sent = Array.from({ length: 70 }, (_, nth) =>
    client.publishAsync(upTopic(site('lisbon'), 'd'), `${nth}`, { qos: 1 }),
  );
  await Promise.all(sent);
  const tookMs = performance.now() - startedAt;
  t.ok(tookMs >= 150, `20 messages above the burst took ${Math.round(tookMs)} ms at 100 a second`);
  const all = await ears.up.atLeast(70);
  t.same(
    all.map((it) => it.text),
    Array.from({ length: 70 }, (_, nth) => `${nth}`),
  );
});

test('closing ends every connection and lets the port go', async (t) => {
  const { broker, url } = await open(t);
  const { ears: agent } = openAgent(t, url, 'lisbon');
  await agent.up.first();
  const { port } = broker;
  await broker.close();
  const again = net.createServer().listen(port, '127.0.0.1');
  await once(again, 'listening');
  again.close();
  await broker.close();
  t.pass('closing twice is harmless');
});

test('a site whose login has ended is cut at once', async (t) => {
  const { broker, url, ears } = await open(t);
  const { client, ended } = openStranger(t, url, 'faro');
  await connected(client);
  t.equal(await granted(client, 'fw/v1/dn/faro/#'), 1);
  await ears.presence.first((it) => it === 'faro up');
  broker.cut(site('faro'));
  await ended.first();
  await ears.presence.first((it) => it === 'faro down');
  broker.cut(site('nobody'));
});
