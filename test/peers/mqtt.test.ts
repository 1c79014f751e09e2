import { type ChildProcess, spawn } from 'node:child_process';
import { upTopic } from '@ringwave/protocol/topics';
import { type Test, test } from 'tap';
import {
  ControllerEars,
  openAgent,
  openWire,
  passwordOf,
  site,
  type WireKind,
} from '../contract/wire.ts';
import { Heard } from '../heard.ts';
import { needs, programPath } from './peer.ts';

// mosquitto's own clients, as a stranger would use them, against both brokers.

interface Run {
  readonly child: ChildProcess;
  readonly out: Heard<string>;
  readonly exit: Promise<{ code: number | null; said: string }>;
}

function run(t: Test, program: string, url: string, args: readonly string[]): Run {
  const { port } = new URL(url);
  // Into a pipe these programs would say everything at the end; stdbuf (coreutils) makes it line by line.
  const path = programPath(program) ?? program;
  const child = spawn('stdbuf', ['-oL', path, '-h', '127.0.0.1', '-p', port, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = new Heard<string>(program);
  let said = '';
  const hear = (chunk: Buffer) => {
    said += chunk.toString('utf8');
    for (const line of chunk.toString('utf8').trim().split('\n')) out.add(line);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const exit = new Promise<{ code: number | null; said: string }>((done) => {
    child.on('close', (code) => done({ code, said }));
  });
  t.teardown(() => child.kill('SIGKILL'));
  return { child, out, exit };
}

const as = (name: string, password = passwordOf(name)) => [
  '-i',
  name,
  '-u',
  name,
  '-P',
  password,
  '-q',
  '1',
];

for (const kind of ['embedded broker', 'mosquitto'] as const satisfies WireKind[]) {
  test(`mosquitto_sub and mosquitto_pub on the ${kind}`, async (t) => {
    if (!needs(t, 'mosquitto', 'mosquitto_sub', 'mosquitto_pub')) return;
    const ears = new ControllerEars();
    const wire = await openWire(t, kind, ears, ['lisbon', 'berlin']);

    await t.test('the right login reads its own topics and writes its own', async (t) => {
      const said = ['-t', upTopic(site('lisbon'), 'd'), '-m', 'from lisbon'];
      const pub = run(t, 'mosquitto_pub', wire.url, [...as('lisbon'), ...said]);
      t.equal((await pub.exit).code, 0);
      t.equal((await ears.up.first()).text, 'from lisbon');
      const filters = ['-t', 'fw/v1/dn/lisbon/#', '-t', 'fw/v1/dn/all/#'];
      const sub = run(t, 'mosquitto_sub', wire.url, [...as('lisbon'), '-d', '-v', ...filters]);
      await sub.out.first((it) => /Subscribed/.test(it));
      t.ok(wire.transport.send(site('lisbon'), 'plan', 'for lisbon'));
      wire.transport.sendAll('halt', 'for all');
      await sub.out.first((it) => it === 'fw/v1/dn/lisbon/plan for lisbon');
      await sub.out.first((it) => it === 'fw/v1/dn/all/halt for all');
    });

    await t.test('the wrong password and the unknown name are refused', async (t) => {
      const login = as('lisbon', 'guessed');
      const sub = await run(t, 'mosquitto_sub', wire.url, [...login, '-t', 'fw/v1/dn/lisbon/#'])
        .exit;
      t.equal(sub.code, 5);
      t.match(sub.said, /not authorised/i);
      const pub = await run(t, 'mosquitto_pub', wire.url, [...as('stranger'), '-t', 'x', '-m', 'x'])
        .exit;
      t.equal(pub.code, 5);
      const nobody = await run(t, 'mosquitto_sub', wire.url, ['-t', '#']).exit;
      t.equal(nobody.code, 5);
    });

    await t.test('failure 17: another site’s topics can neither be read nor written', async (t) => {
      const lisbon = openAgent(t, wire.url, 'lisbon');
      await lisbon.ears.up.first();
      lisbon.link.send('hello', Buffer.from('lisbon is here'));
      await ears.up.first((it) => it.text === 'lisbon is here');
      const foreign = ['-t', 'fw/v1/dn/lisbon/#', '-t', '#', '-t', 'fw/v1/dn/berlin/#'];
      const spy = run(t, 'mosquitto_sub', wire.url, [...as('berlin'), '-d', '-v', ...foreign]);
      await spy.out.first((it) => /Subscribed/.test(it));
      t.ok(wire.transport.send(site('lisbon'), 'plan', 'secret of lisbon'));
      t.equal(await lisbon.ears.plans.first(), 'secret of lisbon');
      wire.transport.sendAll('halt', 'for all');
      await lisbon.ears.halts.first();
      spy.child.kill('SIGINT');
      t.notMatch((await spy.exit).said, /secret/);
      const forged = [upTopic(site('lisbon'), 'd'), 'fw/v1/dn/lisbon/plan'];
      for (const topic of forged) {
        // One broker cuts the forger, the other acknowledges and drops: neither lets it through.
        await run(t, 'mosquitto_pub', wire.url, [...as('berlin'), '-t', topic, '-m', 'forged'])
          .exit;
      }
      lisbon.link.send('d', Buffer.from('lisbon’s own'));
      await ears.up.first((it) => it.text === 'lisbon’s own');
      t.ok(wire.transport.send(site('lisbon'), 'plan', 'the next'));
      await lisbon.ears.plans.first((it) => it === 'the next');
      t.same(lisbon.ears.plans.all, ['secret of lisbon', 'the next']);
      t.notOk(ears.up.all.some((it) => it.text === 'forged'));
    });

    if (kind === 'mosquitto') return;

    await t.test(
      'an MQTT 5 client is refused with the code for it, not left hanging',
      async (t) => {
        const five = run(t, 'mosquitto_sub', wire.url, [
          ...as('lisbon'),
          '-V',
          '5',
          '-t',
          'fw/v1/dn/lisbon/#',
        ]);
        const { code, said } = await five.exit;
        t.not(code, 0);
        t.match(said, /unacceptable protocol version|Unspecified error|Protocol/i);
        await ears.guard.first((it) => /unacceptable protocol version/.test(it.detail));
      },
    );

    await t.test(
      'a subscription at QoS 0 gets its messages, a message at QoS 0 ends the connection',
      async (t) => {
        const login = ['-i', 'lisbon', '-u', 'lisbon', '-P', passwordOf('lisbon')];
        const sub = run(t, 'mosquitto_sub', wire.url, [
          ...login,
          '-d',
          '-C',
          '1',
          '-t',
          'fw/v1/dn/lisbon/#',
        ]);
        await sub.out.first((it) => /Subscribed/.test(it));
        t.ok(wire.transport.send(site('lisbon'), 'plan', 'at most once'));
        t.match((await sub.exit).said, /at most once/);
        const topic = upTopic(site('lisbon'), 'd');
        await run(t, 'mosquitto_pub', wire.url, [...login, '-t', topic, '-m', 'unacknowledged'])
          .exit;
        await ears.guard.first((it) => /only QoS 1 is carried/.test(it.detail));
        t.notOk(ears.up.all.some((it) => it.text === 'unacknowledged'));
      },
    );
  });
}
