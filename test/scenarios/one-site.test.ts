import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { seal } from '@ringwave/protocol/envelope';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { test } from 'tap';
import { openBox, readGrant, storeGrant } from '../../agent/io/box.ts';
import type { RunningAgent } from '../../agent/main.ts';
import { openPlanKey } from '../../controller/io/plan-key.ts';
import { controllerLogin } from '../../controller/core/mosquitto.ts';
import type { RunningController } from '../../controller/main.ts';
import { passwordOf, startMosquitto } from '../contract/wire.ts';
import { needs } from '../peers/peer.ts';
import {
  alwaysOpen,
  Api,
  enrolAgent,
  HandPhone,
  startAgent,
  startController,
  storeRelease,
  until,
} from './site.ts';

const mac = '80:5e:c0:00:00:01' as Mac;
const image = Buffer.alloc(300_000, 'firmware ');

interface Site {
  readonly controller: RunningController;
  readonly agent: RunningAgent;
  readonly api: Api;
  readonly phone: HandPhone;
}

/** One site with one phone that has shown its old version. */
async function oneSite(
  folder: string,
  through?: (mqttUrl: string) => Promise<string>,
): Promise<Site> {
  const controller = await startController(join(folder, 'controller'));
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  await api.must('POST', '/phones', [{ mac, site: 'lisbon', vendor: 'Yealink', model: 'T46S' }]);
  const box = join(folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  if (through) {
    const grant = readGrant(openBox(box));
    if (!grant) throw new Error('no grant');
    storeGrant(openBox(box), { ...grant, mqttUrl: await through(grant.mqttUrl) });
  }
  const agent = await startAgent(box);
  await until(
    'the agent holds its plan',
    () => agent.tables.plan.get('plan')?.plan.phones.length === 1,
  );
  const phone = new HandPhone(agent, '805ec0000001', '66.85.0.5');
  await phone.boot();
  await until(
    'the controller has seen the phone',
    () => controller.engine.tables.phones.get(mac)?.running,
  );
  return { controller, agent, api, phone };
}

async function startRollout({ api, agent }: Site): Promise<void> {
  const release = await storeRelease(api, '66.86.0.15', image);
  await api.must('POST', '/rollouts', {
    id: 'autumn',
    releases: [release.id],
    waves: [{ name: 'all' }],
    gate: { soakMinutes: 0, minSample: 1 },
  });
  await api.approve('autumn');
  await until('the phone has its slot', () => agent.tables.work.get(mac)?.phase === 'offered');
}

const stateOf = (controller: RunningController) =>
  controller.engine.tables.rollouts.get('autumn')?.state;

test('a release reaches a phone, and only its own evidence makes it done', async (t) => {
  const site = await oneSite(t.testdir());
  const { controller, agent, phone, api } = site;
  await startRollout(site);
  t.ok(await phone.boot(), 'its file names the image');
  await until('the whole image has left', () => agent.tables.work.get(mac)?.phase === 'rebooting');
  t.equal(stateOf(controller), 'running', 'the image delivered is not success');
  phone.version = '66.86.0.15';
  await phone.boot();
  await until('the rollout is done', () => stateOf(controller) === 'done');
  await until(
    'the credential is proven',
    () => controller.engine.tables.phones.get(mac)?.credential?.state === 'proven',
  );
  const stranger = new HandPhone(agent, '805ec0000001', '99.99.0.1');
  t.equal((await stranger.ask('/805ec0000001.boot')).status, 404);
  t.equal((await stranger.ask('/805ec0000001.cfg')).status, 401, 'its file is for its own login');
  t.equal(
    agent.tables.sightings.get(mac)?.version,
    '66.86.0.15',
    'a claim without the login is no evidence',
  );
  const csv = await fetch(`${controller.url}/api/v1/compliance?format=csv`, {
    headers: { authorization: `Bearer ${controller.access.mintApiToken('x')}` },
  });
  t.match(await csv.text(), /firmware-at-target,pass,"Runs 66\.86\.0\.15, target 66\.86\.0\.15"/);
  const shown = JSON.stringify(await api.must('GET', `/phones/${mac}`));
  t.notMatch(shown, /password|sealed/i, 'no secret is shown');
  await agent.close();
  await controller.close();
});

test('an agent cut off from its controller finishes alone, and its reports arrive later, in order, once', async (t) => {
  const line = await cuttableLine();
  const site = await oneSite(t.testdir(), line.through);
  const { controller, agent, phone } = site;
  await startRollout(site);
  line.cut();
  await until('the agent knows that it is alone', () => agent.tables.link.size === 0);
  await phone.boot();
  await until('the whole image has left', () => agent.tables.work.get(mac)?.phase === 'rebooting');
  phone.version = '66.86.0.15';
  await phone.boot();
  await until('the agent has proof', () => agent.tables.work.get(mac)?.phase === 'done');
  t.equal(stateOf(controller), 'running', 'the controller knows nothing of it yet');
  const seqs = [...agent.tables.outbox.values()].map((item) => item.seq);
  t.same(
    seqs,
    [...seqs].sort((a, b) => a - b),
  );
  line.mend();
  await until('the reports have arrived', () => stateOf(controller) === 'done');
  await until('the outbox is empty', () => agent.tables.outbox.size === 0);
  t.equal(
    controller.engine.tables.rollouts.get('autumn')?.waves[0]?.counts.done,
    1,
    'counted once',
  );
  await agent.close();
  await controller.close();
  await line.close();
});

test('failures 12 and 13: a plan with a broken or foreign signature, or an older generation, changes nothing and is reported', async (t) => {
  const folder = t.testdir();
  const site = await oneSite(folder);
  const { controller, agent, api } = site;
  const before = agent.tables.plan.get('plan');
  const own = openPlanKey(join(folder, 'controller', 'plan.key'));
  const foreign = openPlanKey(join(folder, 'foreign.key'));
  const now = controller.engine.clock.now();
  const body = { ...before?.plan, revision: 99 };
  const envelope = {
    kind: 'plan' as const,
    audience: 'lisbon' as Id,
    issuedAt: now,
    expiresAt: (now + 60_000) as EpochMs,
    body,
  };
  const good = seal(envelope, own);
  const forged = [
    seal(envelope, { ...foreign, id: own.id }),
    `${good.slice(0, -4)}AAAA`,
    seal({ ...envelope, audience: 'berlin' as Id }, own),
    seal({ ...envelope, body: { ...before?.plan, revision: 0 } }, own),
    seal(
      { ...envelope, body: { ...before?.plan, revision: (before?.plan.revision ?? 1) - 1 } },
      own,
    ),
  ];
  for (const token of forged) deliver(controller, token);
  const faults = () => [...controller.engine.tables.notices.values()].map((notice) => notice.fault);
  await until('all five are reported', () => faults().length === forged.length);
  t.same(faults().sort(), [
    'plan-audience-wrong',
    'plan-generation-old',
    'plan-malformed',
    'plan-signature-wrong',
    'plan-signature-wrong',
  ]);
  t.equal(agent.tables.plan.get('plan'), before, 'the agent holds what it held');
  const shown = (await api.must('GET', '/sites/lisbon')) as { notices: { advice: string }[] };
  t.match(shown.notices[0]?.advice, /./, 'and an administrator is told what to do');
  await agent.close();
  await controller.close();
});

/** What a hostile broker could do: put bytes on the site's topic. */
function deliver(controller: RunningController, token: string): void {
  controller.transport.send('lisbon' as Id, 'plan', token);
}

test('the same controller and agent work over mosquitto', async (t) => {
  if (!needs(t, 'mosquitto')) return;
  const folder = t.testdir();
  const broker = await startMosquitto(t, ['lisbon']);
  const controller = await startController(join(folder, 'controller'), {
    outsideBroker: {
      url: `mqtt://127.0.0.1:${broker.port}`,
      username: controllerLogin,
      password: passwordOf(controllerLogin),
    },
  });
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  await api.must('POST', '/phones', [{ mac, site: 'lisbon', vendor: 'Yealink', model: 'T46S' }]);
  const box = join(folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  const grant = readGrant(openBox(box));
  if (!grant) throw new Error('no grant');
  // Whoever runs the broker writes its password file; here it was written before the enrolment.
  storeGrant(openBox(box), { ...grant, mqttPassword: passwordOf('lisbon') });
  const agent = await startAgent(box);
  await until(
    'the agent holds its plan',
    () => agent.tables.plan.get('plan')?.plan.phones.length === 1,
  );
  const phone = new HandPhone(agent, '805ec0000001', '66.85.0.5');
  await phone.boot();
  await until(
    'the controller has seen the phone',
    () => controller.engine.tables.phones.get(mac)?.running,
  );
  await startRollout({ controller, agent, api, phone });
  await phone.boot();
  await until('the whole image has left', () => agent.tables.work.get(mac)?.phase === 'rebooting');
  phone.version = '66.86.0.15';
  await phone.boot();
  await until('the rollout is done', () => stateOf(controller) === 'done');
  t.equal(controller.engine.tables.phones.get(mac)?.running?.version, '66.86.0.15');
  await agent.close();
  await controller.close();
});

/** A TCP line to the broker that a test can cut and mend. */
async function cuttableLine() {
  const sockets = new Set<Socket>();
  let isCut = false;
  let target = { host: '127.0.0.1', port: 0 };
  const server = createServer((inner) => {
    if (isCut) return void inner.destroy();
    const outer = connect(target);
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => (inner.destroy(), outer.destroy()));
    }
    inner.pipe(outer).pipe(inner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    through: async (mqttUrl: string) => {
      const { hostname, port: brokerPort } = new URL(mqttUrl);
      target = { host: hostname, port: Number(brokerPort) };
      return `mqtt://127.0.0.1:${port}`;
    },
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => {
      isCut = false;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
