import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs } from '@ringwave/protocol/units';
import { test } from 'tap';
import { doctorLines } from '../../agent/core/doctor.ts';
import { openIdentity } from '../../agent/io/agent-identity.ts';
import { openBox, readGrant, storeGrant } from '../../agent/io/box.ts';
import { examine } from '../../agent/io/doctor-checks.ts';
import type { ServingSettings } from '../../agent/io/phone-servers.ts';
import {
  alwaysOpen,
  Api,
  enrolAgent,
  HandPhone,
  startAgent,
  startController,
  until,
} from './site.ts';

// A technician at the box: what doctor says on the way from an empty box to one that can be left.

const said = async (folder: string) => doctorLines(await examine(openBox(folder)));

test('doctor leads from an empty box to one that can be left', async (t) => {
  const folder = t.testdir({});
  const box = join(folder, 'agent');
  t.equal(
    (await said(box)).at(-1),
    'Mend this first: Enrol it with: ringwave-agent enroll TOKEN --controller URL',
  );
  const controller = await startController(join(folder, 'controller'));
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  await enrolAgent(api, controller, 'lisbon', box);
  t.equal((await said(box)).at(-1), 'Mend this first: Start it with: ringwave-agent run');
  const baseFile = join(folder, 'provisioning.json');
  writeFileSync(baseFile, '{"base": "folder", "folder": "."}');
  const agent = await startAgent(box, { baseFile });
  await until('the agent is connected', () => agent.tables.link.get('link')?.answered);
  const isEarly = async () =>
    /^Mend this first: (?:Put its phones|Set DHCP option 66)/.test((await said(box)).at(-1) ?? '');
  await until('doctor asks for phones', isEarly);
  const mac = '80:5e:c0:00:00:01';
  await api.must('POST', '/phones', [{ mac, site: 'lisbon', vendor: 'Yealink', model: 'T46S' }]);
  await until('the plan is here', () => agent.tables.plan.get('plan')?.plan.phones.length === 1);
  // What the agent knows is on its disk a moment later.
  const isTold = async () =>
    (await said(box)).at(-1)?.startsWith('Mend this first: Check the path of the base');
  await until('doctor names the base', isTold);
  writeFileSync(baseFile, '{"base": "template"}');
  const waiting = await said(box);
  t.match(
    waiting.at(-1),
    `Mend this first: Set DHCP option 66 = http://127.0.0.1:${agent.ports.http}/`,
  );
  await new HandPhone(agent, '805ec0000001', '66.85.0.5').boot();
  await until('the phone was seen', () => agent.tables.sightings.size === 1);
  const last = await said(box);
  t.equal(last.at(-1), 'You can leave.');
  for (const what of [
    'disk',
    'clock',
    'name',
    'broker',
    'line',
    'http',
    'tftp',
    'plan',
    'phones',
  ]) {
    t.ok(
      last.some((line) => line.startsWith(`ok    ${what}: `)),
      what,
    );
  }
  await until('the controller was told', () =>
    [...controller.engine.tables.phones.values()].some(({ running }) => running !== undefined),
  );
  await agent.close();
  const another = join(folder, 'another');
  await enrolAgent(api, controller, 'lisbon', another);
  const instead = await startAgent(another);
  const bought = { site: 'lisbon', vendor: 'Yealink', model: 'T46S' };
  await api.must('POST', '/phones', [{ ...bought, mac: '80:5e:c0:00:00:02' }]);
  await until('it knows the phone', () => instead.tables.sightings.size === 1);
  const isToldSo = async () =>
    (await said(another)).at(-1)?.startsWith('Mend this first: Set DHCP option 66');
  await until('a box in the stead of the first one waits to be asked itself', isToldSo);
  await new HandPhone(instead, '805ec0000001', '66.85.0.5').boot();
  await until('the phone has come', async () => (await said(another)).at(-1) === 'You can leave.');
  await instead.close();
  await controller.close();
  t.match((await said(box)).at(-1), 'Start it with: ringwave-agent run');
});

test('doctor reads from an agent that listens on IPv6', async (t) => {
  const folder = t.testdir({});
  const controller = await startController(join(folder, 'controller'));
  t.teardown(() => controller.close());
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  const box = join(folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  const own = { host: '::1', port: 0 };
  const agent = await startAgent(box, { http: own, tftp: own });
  t.teardown(() => agent.close());
  const lines = await said(box);
  t.ok(lines.some((line) => line.startsWith('ok    http: ')));
  t.ok(lines.some((line) => line.startsWith('ok    tftp: ')));
  t.ok(lines.some((line) => line.includes(`66 = http://[::1]:${agent.ports.http}/`)));
  await api.must('POST', '/phones', [
    { site: 'lisbon', vendor: 'Yealink', model: 'T46S', mac: '80:5e:c0:00:00:01' },
  ]);
  await until('it knows the phone', () => agent.tables.plan.get('plan')?.plan.phones.length === 1);
  await fetch(`http://[::1]:${agent.ports.http}/805ec0000001.cfg`);
  await until('the phone was seen', () => agent.tables.sightings.size === 1);
  const isOf = (line: string) => line.includes(' sip: ');
  await until('doctor reads of it', async () => (await said(box)).some(isOf));
  t.match(
    (await said(box)).find(isOf),
    'WRONG sip: 1 of the phones has an IPv6 address, and NOTIFY leaves by IPv4 alone',
  );
});

test('doctor names a certificate that phones refuse, since it has not begun or has ended', async (t) => {
  const folder = t.testdir({});
  const controller = await startController(join(folder, 'controller'));
  t.teardown(() => controller.close());
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  const box = join(folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  const https = { host: '127.0.0.1', port: 0 };
  const certificateOf = async (serving: ServingSettings) => {
    const agent = await startAgent(box, { serving });
    const line = (await said(box)).find((one) => one.includes(' certificate: '));
    await agent.close();
    return line;
  };
  t.match(await certificateOf({ https }), /^ok {4}certificate: ends on 20/);
  const brought = (days: number) => {
    const own = join(folder, `brought ${days}`);
    const now = (Date.now() + days * 86_400_000) as EpochMs;
    openIdentity(own, { hosts: ['127.0.0.1'], keyKind: 'p-256', now });
    const file = (what: string) => join(own, `p-256-${what}.pem`);
    return { certFile: file('server'), keyFile: file('server-key') };
  };
  const later = await certificateOf({ https, tls: brought(30) });
  t.match(later, /^WRONG certificate: begins only on 20/);
  t.match(await certificateOf({ https, tls: brought(-900) }), /^WRONG certificate: ended on 20/);
});

test('doctor names a broker that does not answer and a name nobody knows', async (t) => {
  const folder = t.testdir({});
  const controller = await startController(join(folder, 'controller'));
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  const box = join(folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  const grant = readGrant(openBox(box));
  if (!grant) throw new Error('not enrolled');
  storeGrant(openBox(box), { ...grant, mqttUrl: 'mqtt://no-such-host.invalid:1' });
  const lines = await said(box);
  t.ok(lines.some((line) => line.startsWith('WRONG name: ')));
  t.ok(lines.some((line) => line.startsWith('WRONG broker: no-such-host.invalid:1 does not: ')));
  await controller.close();
});

test('doctor names a login that the controller does not know any more, though its broker takes connections', async (t) => {
  const folder = t.testdir({});
  const controller = await startController(join(folder, 'controller'));
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  const box = join(folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  const grant = readGrant(openBox(box));
  if (!grant) throw new Error('not enrolled');
  storeGrant(openBox(box), { ...grant, mqttPassword: 'x'.repeat(32) });
  const agent = await startAgent(box);
  const isTold = async () =>
    (await said(box)).some((line) => line.startsWith('WRONG line: the agent has none to the'));
  await until('doctor says that it has no line', isTold);
  const lines = await said(box);
  t.ok(lines.some((line) => line.startsWith('ok    broker: ')));
  t.match(lines.at(-1), /^Mend this first: .* Enrol it anew with a token of its site/);
  await agent.close();
  await controller.close();
});
