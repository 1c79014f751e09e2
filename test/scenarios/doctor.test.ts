import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { EnrolmentGrant } from '@ringwave/protocol/enrolment';
import { days, type DurationMs, laterBy, ms } from '@ringwave/protocol/units';
import { wallClock } from '@ringwave/runtime/clock';
import { type Test, test } from 'tap';
import { doctorLines, firstToMend } from '../../agent/core/doctor.ts';
import { openIdentity } from '../../agent/io/agent-identity.ts';
import { damagedState, openBox, readGrant, storeGrant } from '../../agent/io/box.ts';
import { examine } from '../../agent/io/doctor-checks.ts';
import { tellRunning } from '../../agent/io/running-file.ts';
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
  const agent = await startAgent(box, { http: own, tftp: own, serving: { https: own } });
  t.teardown(() => agent.close());
  const lines = await said(box);
  t.ok(lines.some((line) => line.startsWith('ok    http: ')));
  t.ok(lines.some((line) => line.startsWith('ok    tftp: ')));
  t.ok(lines.some((line) => line.startsWith('ok    https: ')));
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
  storeGrant(openBox(box), { ...grant, httpUrl: 'http://no-such-host.invalid/' });
  const { name, clock } = await examine(openBox(box));
  t.match(name?.fix, 'Check the DNS server of this box: it must know no-such-host.invalid.');
  t.equal(clock?.state, 'wrong');
  t.equal(firstToMend({ name: name!, clock: clock! }), name, 'not the firewall');
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

/** A box of a site, which has not run. */
async function boxWith(t: Test, more: Partial<EnrolmentGrant> = {}) {
  const folder = t.testdir({});
  const controller = await startController(join(folder, 'controller'));
  t.teardown(() => controller.close());
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  const box = openBox(join(folder, 'agent'));
  await enrolAgent(api, controller, 'lisbon', box.folder);
  const grant = readGrant(box);
  if (!grant) throw new Error('not enrolled');
  storeGrant(box, { ...grant, ...more });
  return box;
}

test('doctor names the clock where the certificate of the controller shows that it is wrong', async (t) => {
  const usual = getCACertificates('default');
  t.teardown(() => setDefaultCACertificates(usual));
  const apart: readonly (readonly [DurationMs, string])[] = [
    [days(3), 'Set the clock of this box; let it follow an NTP server.'],
    [
      ms(0 - days(800)),
      "Set the clock of this box if it is ahead; if not, renew the controller's certificate.",
    ],
  ];
  for (const [by, fix] of apart) {
    const own = { hosts: ['127.0.0.1'], keyKind: 'p-256' as const };
    const now = laterBy(wallClock().now(), by);
    const { key, cert, authority = '' } = openIdentity(join(t.testdir(), 'tls'), { ...own, now });
    setDefaultCACertificates([authority]);
    const server = createServer({ key, cert }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const box = await boxWith(t, { httpUrl: `https://127.0.0.1:${port}` });
    const { clock } = await examine(box);
    t.match(clock?.said, / by the clock of this box \(2\d{3}-/);
    t.equal(clock?.fix, fix);
  }
});

test('doctor names a state that cannot be read, and is content with one that is just being made', async (t) => {
  const box = await boxWith(t);
  writeFileSync(box.database, '');
  t.equal((await examine(box)).state, undefined);
  writeFileSync(box.database, 'no database '.repeat(100));
  const findings = await examine(box);
  const { agent, state } = findings;
  t.equal(state?.said, `${box.database}: file is not a database`);
  t.equal(state?.fix, damagedState(box.folder));
  t.equal(agent?.state, 'wrong');
  t.equal(firstToMend(findings), state, 'an agent could not start with it');
});

test('doctor takes no other program on the port for the agent', async (t) => {
  const other = createPlainServer((_, response) => response.end('It works!')).listen(
    0,
    '127.0.0.1',
  );
  await once(other, 'listening');
  t.teardown(() => {
    other.close();
    other.closeAllConnections();
  });
  const { port } = other.address() as AddressInfo;
  const box = await boxWith(t);
  tellRunning(box.folder, { pid: process.pid, host: '127.0.0.1', http: port, tftp: port });
  t.match((await examine(box)).http, {
    state: 'wrong',
    said: `port ${port} answers something else`,
  });
});

test('doctor looks at the certificate that phones are shown', async (t) => {
  const box = await boxWith(t);
  const apart: readonly (readonly [DurationMs, RegExp])[] = [
    [ms(0), /^well TLS on port \d+, with a certificate until /],
    [
      days(3),
      /^wrong .* begins only on .* Set the clock of this box, and start the agent again\.$/,
    ],
    [ms(0 - days(800)), /^wrong .* ended on .* Give the agent another one with --tls-cert, /],
  ];
  for (const [by, expected] of apart) {
    const now = laterBy(wallClock().now(), by);
    const own = { hosts: ['127.0.0.1'], keyKind: 'p-256' as const, now };
    const { key, cert } = openIdentity(join(box.folder, `tls${by}`), own);
    const server = createServer({ key, cert }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    tellRunning(box.folder, {
      pid: process.pid,
      host: '127.0.0.1',
      http: 0,
      tftp: 0,
      https: { host: '127.0.0.1', port },
    });
    const { https } = await examine(box);
    t.match(`${https?.state} ${https?.said} ${https?.fix ?? ''}`, expected);
  }
});
