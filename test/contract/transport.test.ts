import { randomBytes } from 'node:crypto';
import { controllerLogin } from '@ringwave/controller/core/mosquitto';
import { checkBroker } from '@ringwave/controller/io/broker-check';
import { decodeLastWill } from '@ringwave/protocol/messages';
import { downTopic, upTopic } from '@ringwave/protocol/topics';
import { test } from 'tap';
import { needs } from '../peers/peer.ts';
import {
  ackFor,
  ControllerEars,
  openAgent,
  openStranger,
  openWire,
  passwordOf,
  site,
  startMosquitto,
  type WireKind,
} from './wire.ts';

// The same cases on every broker: whoever passes them can be the wire.

const sites = ['lisbon', 'berlin', 'new-york'];

for (const kind of ['embedded broker', 'mosquitto'] as const satisfies WireKind[]) {
  test(kind, async (t) => {
    if (kind === 'mosquitto' && !needs(t, 'mosquitto')) return;
    const ears = new ControllerEars();
    const wire = await openWire(t, kind, ears, sites);
    const hello = (name: string) => ears.up.first((it) => it.site === name && it.kind === 'hello');

    await t.test(
      'a hello goes up under its site, the answer comes down to that site alone',
      async (t) => {
        const lisbon = openAgent(t, wire.url, 'lisbon');
        const berlin = openAgent(t, wire.url, 'berlin');
        await Promise.all([lisbon.ears.up.first(), berlin.ears.up.first()]);
        t.ok(lisbon.link.send('hello', Buffer.from('of lisbon')));
        t.ok(berlin.link.send('hello', Buffer.from('of berlin')));
        t.equal((await hello('lisbon')).text, 'of lisbon');
        t.equal((await hello('berlin')).text, 'of berlin');
        t.ok(wire.transport.connected(site('lisbon')));
        t.ok(wire.transport.send(site('lisbon'), 'ack', JSON.stringify(ackFor(1))));
        t.ok(wire.transport.send(site('berlin'), 'ack', JSON.stringify(ackFor(2))));
        t.same(await lisbon.ears.acks.first(), ackFor(1));
        t.same(await berlin.ears.acks.first(), ackFor(2));
        wire.transport.sendAll('halt', 'stop');
        t.equal(await lisbon.ears.halts.first(), 'stop');
        t.equal(await berlin.ears.halts.first(), 'stop');
        t.equal(lisbon.ears.acks.all.length, 1);
      },
    );

    await t.test('messages of one site arrive in the order in which they were sent', async (t) => {
      const { link, ears: agent } = openAgent(t, wire.url, 'new-york');
      await agent.up.first();
      const expected = Array.from({ length: 40 }, (_, nth) => `number ${nth}`);
      for (const text of expected) link.send('d', Buffer.from(text));
      const isMine = (it: { site: string; kind: string }) =>
        it.site === 'new-york' && it.kind === 'd';
      const got = await ears.up.until((all) => {
        const mine = all.filter(isMine);
        return mine.length >= expected.length ? mine : undefined;
      });
      t.same(
        got.map((it) => it.text),
        expected,
      );
      const plans = Array.from({ length: 40 }, (_, nth) => `plan ${nth}`);
      for (const plan of plans) t.ok(wire.transport.send(site('new-york'), 'plan', plan));
      t.same(await agent.plans.atLeast(plans.length), plans);
    });

    await t.test('a plan of 128 KiB arrives whole', async (t) => {
      const { link, ears: agent } = openAgent(t, wire.url, 'lisbon');
      await agent.up.first();
      link.send('beat', Buffer.from('here'));
      await ears.up.first((it) => it.site === 'lisbon' && it.kind === 'beat');
      const plan = randomBytes(96 * 1024).toString('base64url');
      t.equal(plan.length, 128 * 1024);
      wire.transport.send(site('lisbon'), 'plan', plan);
      t.equal(await agent.plans.first(), plan);
    });

    await t.test(
      'an agent that vanishes leaves its last will, one that leaves on purpose none',
      async (t) => {
        const polite = openAgent(t, wire.url, 'berlin', { connId: () => 'polite' });
        await polite.ears.up.first();
        await polite.link.close();
        const will = {
          topic: upTopic(site('berlin'), 'lwt'),
          payload: Buffer.from('{"kind":"lwt","conn":"torn"}'),
        };
        const torn = openStranger(t, wire.url, 'berlin', {
          will: { ...will, qos: 1, retain: false },
        });
        await new Promise<void>((done) => torn.client.once('connect', () => done()));
        torn.client.stream.destroy();
        const left = await ears.up.first((it) => it.site === 'berlin' && it.kind === 'lwt');
        t.same(decodeLastWill(left.raw), { ok: true, message: { kind: 'lwt', conn: 'torn' } });
      },
    );

    await t.test(
      'a wrong password is refused, and the agent says so and when it tries again',
      async (t) => {
        const { ears: agent } = openAgent(t, wire.url, 'berlin', { password: 'guessed' });
        const { reason, nextAttemptAt } = await agent.down.first();
        t.match(reason, /Not authorized/);
        t.ok(nextAttemptAt > 0);
        t.equal(agent.up.all.length, 0);
      },
    );

    await t.test(
      'failure 17: a site neither reads nor writes what belongs to another',
      async (t) => {
        const { client: reader, got } = openStranger(t, wire.url, 'berlin');
        const lisbon = openAgent(t, wire.url, 'lisbon');
        await lisbon.ears.up.first();
        const foreign = [
          downTopic(site('lisbon'), 'plan'),
          'fw/v1/dn/lisbon/#',
          'fw/v1/#',
          '#',
          '+/+/#',
        ];
        for (const filter of foreign) {
          await new Promise<void>((done) => reader.subscribe(filter, { qos: 1 }, () => done()));
        }
        const { client: writer } = openStranger(t, wire.url, 'new-york');
        writer.publish(upTopic(site('lisbon'), 'd'), 'forged up', { qos: 1 });
        writer.publish(downTopic(site('lisbon'), 'plan'), 'forged down', { qos: 1 });
        await new Promise<void>((done) =>
          reader.subscribe('fw/v1/dn/berlin/#', { qos: 1 }, () => done()),
        );
        lisbon.link.send('d', Buffer.from('lisbon’s own'));
        await ears.up.first((it) => it.text === 'lisbon’s own');
        wire.transport.send(site('lisbon'), 'plan', 'for lisbon');
        reader.publish(upTopic(site('berlin'), 'hello'), 'berlin reads', { qos: 1 });
        await ears.up.first((it) => it.text === 'berlin reads');
        wire.transport.send(site('berlin'), 'plan', 'for berlin');
        t.equal(await got.first(), 'fw/v1/dn/berlin/plan for berlin');
        t.equal(await lisbon.ears.plans.first(), 'for lisbon');
        t.notOk(ears.up.all.some((it) => it.text.startsWith('forged')));
      },
    );

    await t.test('failure 23: a broker that lost everything is a wire again', async (t) => {
      const { link, ears: agent } = openAgent(t, wire.url, 'lisbon');
      await agent.up.first();
      await wire.restart();
      await agent.up.atLeast(2);
      t.ok(agent.down.all.length > 0);
      link.send('hello', Buffer.from('back again'));
      await ears.up.first((it) => it.text === 'back again');
      t.ok(wire.transport.send(site('lisbon'), 'plan', 'after the restart'));
      t.equal(await agent.plans.first(), 'after the restart');
    });
  });
}

test('the broker check passes on mosquitto as we configure it, and finds a broker that shows too much', async (t) => {
  if (!needs(t, 'mosquitto')) return;
  const login = (username: string) => ({ username, password: passwordOf(username) });
  const logins = {
    controller: login(controllerLogin),
    sites: [login('lisbon'), login('berlin')],
  } as const;
  const ours = await startMosquitto(t, sites);
  const results = await checkBroker(`mqtt://127.0.0.1:${ours.port}`, logins);
  t.equal(results.length, 12);
  t.same(
    results.filter((it) => !it.ok),
    [],
  );
  const open = await startMosquitto(t, sites, 'pattern readwrite #\n');
  const found = await checkBroker(`mqtt://127.0.0.1:${open.port}`, logins);
  t.same(
    found.filter((it) => !it.ok),
    [
      {
        name: 'a site cannot read what goes to another',
        ok: false,
        detail: 'fw/v1/dn/berlin/# showed fw/v1/dn/berlin/plan',
      },
      {
        name: 'a site cannot write for another, nor downwards',
        ok: false,
        detail: 'fw/v1/up/2d/berlin/d carried a forged message',
      },
    ],
  );
});
