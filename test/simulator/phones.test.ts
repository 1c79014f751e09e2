import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';
import { demoFleet } from '../../simulator/core/demo-fleet.ts';
import { Heard } from '../heard.ts';
import { Branch } from './io/branch.ts';

const script = fileURLToPath(new URL('../../simulator/phones.ts', import.meta.url));

interface Run {
  readonly process: ChildProcessWithoutNullStreams;
  readonly lines: Heard<string>;
  readonly complaints: Heard<string>;
  readonly ended: Promise<unknown[]>;
}

function run(t: Test, firstLine: string): Run {
  const child = spawn(process.execPath, [script]);
  t.teardown(() => child.kill('SIGKILL'));
  const lines = new Heard<string>('standard output');
  const complaints = new Heard<string>('standard error');
  createInterface({ input: child.stdout }).on('line', lines.add);
  createInterface({ input: child.stderr }).on('line', complaints.add);
  child.stdin.write(`${firstLine}\n`);
  return { process: child, lines, complaints, ended: once(child, 'exit') };
}

const fleet = demoFleet({ seed: 5, phones: 500 });

async function config(t: Test) {
  const branch = await Branch.open(t);
  const phones = fleet.phones.map(
    ({ body: { mac, vendor, model }, version, localAddress, habit, loginStyle }) => {
      return { mac, vendor, model, version, localAddress, habit, loginStyle };
    },
  );
  const clock = { speed: 2000, startedAt: fleet.startsAt, wallStartedAt: Date.now() };
  return { seed: 5, sipPort: 0, clock, sites: [{ agent: branch.address, phones }] };
}

test('one process holds 500 phones, each of which asks for its files', async (t) => {
  const crowd = run(t, JSON.stringify(await config(t)));
  t.equal(await crowd.lines.first(), 'ready 500 phones');
  const asking = new Set<string>();
  await crowd.lines.until((all) => {
    for (const line of all.slice(1)) {
      const event = JSON.parse(line) as { kind: string; mac: string };
      if (event.kind === 'asked') asking.add(event.mac);
    }
    return asking.size === 500 || undefined;
  });
  t.match(JSON.parse(crowd.lines.all[1] ?? ''), {
    kind: 'booting',
    mac: fleet.phones[0]?.body.mac,
  });
  crowd.process.stdin.end();
  t.same(await crowd.ended, [0, null]);
});

test('a later line changes how a phone behaves; SIGTERM ends them all', async (t) => {
  const { sites, ...rest } = await config(t);
  const [{ agent, phones }] = sites as [(typeof sites)[number]];
  const [one] = phones;
  const first = { ...rest, sites: [{ agent, phones: [{ ...one, habit: { kind: 'off' } }] }] };
  const crowd = run(t, JSON.stringify(first));
  await crowd.lines.first((line) => line === 'ready 1 phones');
  crowd.process.stdin.write(`${JSON.stringify({ mac: one?.mac, habit: { kind: 'good' } })}\n`);
  await crowd.lines.first((line) => line.includes('"asked"'));
  crowd.process.stdin.write('{"mac":"805ec0","habit":{"kind":"slow"}}\n');
  t.match(await crowd.complaints.first(), /^mac is "805ec0"/);
  crowd.process.kill('SIGTERM');
  t.same(await crowd.ended, [0, null]);
});

test('a first line that is wrong is answered with what is wrong in it', async (t) => {
  const first = { seed: 1, sipPort: 0, clok: {}, sites: [{ agent: {}, phones: [] }] };
  const crowd = run(t, JSON.stringify(first));
  t.same(await crowd.ended, [2, null]);
  t.same(await crowd.complaints.atLeast(4), [
    'clok is not a key that is known here. Did you mean clock?',
    'sites[0].agent.host is missing. Add host.',
    'sites[0].agent.httpPort is missing. Add httpPort.',
    'sites[0].agent.tftpPort is missing. Add tftpPort.',
  ]);
});
