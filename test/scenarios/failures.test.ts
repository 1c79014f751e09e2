import { type Change, fold, type Tables } from '@ringwave/protocol/tables';
import type { Ack, Plan, Report, ReportItem } from '@ringwave/protocol/messages';
import {
  type EpochMs,
  type Id,
  laterBy,
  type Mac,
  minutes,
  type Sha256,
  seconds,
} from '@ringwave/protocol/units';
import { test } from 'tap';
import { stepAgent } from '../../agent/core/agent.ts';
import {
  type AgentEffect,
  type AgentEvent,
  type AgentTables,
  emptyTables as noAgent,
} from '../../agent/core/state.ts';
import { stepController } from '../../controller/core/controller.ts';
import {
  type Command,
  type ControllerEffect,
  type ControllerEvent,
  type ControllerTables,
  emptyTables as noController,
} from '../../controller/core/state.ts';

// Failures of the line and of power, by the numbers of the failure list, on the production steps alone.

const noon = Date.UTC(2026, 10, 10, 12) as EpochMs;
const site = 'lisbon' as Id;
const mac = '80:5e:c0:00:00:01' as Mac;

interface Stepped<Effect> {
  readonly effects: readonly Effect[];
  readonly wakeAt: EpochMs | undefined;
}

type Step<T extends Tables, Event, Effect> = (
  tables: T,
  event: Event,
  now: EpochMs,
) => Stepped<Effect> & { readonly changes: readonly Change<T>[] };

/** A program of which only the step and what it has committed are left. */
class Box<T extends Tables, Event, Effect> {
  readonly tables: T;
  readonly #step: Step<T, Event, Effect>;

  constructor(tables: T, step: Step<T, Event, Effect>) {
    this.tables = tables;
    this.#step = step;
  }

  take(event: Event, now: EpochMs = noon): Stepped<Effect> {
    const step = this.#step(this.tables, event, now);
    fold(this.tables, step.changes);
    return step;
  }
}

const newController = () =>
  new Box<ControllerTables, ControllerEvent, ControllerEffect>(
    noController(),
    (tables, event, now) => stepController({ tables }, event, now),
  );
const newAgent = () =>
  new Box<AgentTables, AgentEvent, AgentEffect>(noAgent(), (tables, event, now) =>
    stepAgent({ site, version: '1', tables }, event, now),
  );

/** A controller with one site, its agent in epoch 1, and one phone. */
function controllerWithSite() {
  const controller = newController();
  const command = (one: Command) =>
    controller.take({ kind: 'command', id: 'c', who: 'operator', command: one });
  const windows = [{ days: ['tue' as const], start: '00:00', end: '23:59' }];
  command({
    kind: 'site-put',
    site: {
      id: site,
      name: 'Lisbon',
      zone: 'Europe/Lisbon',
      windows,
      blackout: [],
      coverage: [],
      phonesUpdatingMax: 5,
      wanBytesPerSecond: 0,
      credentialDaysMax: 90,
    },
  });
  const record = { id: 'token', site, secret: '', expiresAt: laterBy(noon, minutes(60)) };
  command({ kind: 'token-mint', record });
  command({
    kind: 'agent-enrol',
    record,
    agent: { site, enrolledAt: noon, passwordHash: '', imageTokenHash: '' },
  });
  command({
    kind: 'phones-put',
    phones: [{ mac, site, vendor: 'Yealink', model: 'T46S', emergency: false }],
  });
  return controller;
}

const seen = (seq: number, version: string): ReportItem => ({
  kind: 'phone-seen',
  seq,
  at: noon + seq,
  mac,
  vendor: 'Yealink',
  model: 'T46S',
  version,
  source: 'http-request',
  address: '127.0.0.9',
});
const reportOf = (...items: ReportItem[]): Report => ({
  kind: 'report',
  epoch: 1,
  firstSeq: items[0]?.seq ?? 1,
  lastSeq: items.at(-1)?.seq ?? 1,
  items,
});
const acksIn = (step: Stepped<ControllerEffect>): number[] =>
  step.effects.flatMap((effect) => (effect.kind === 'send-ack' ? [effect.ack.seq] : []));

test('failure 2: a report that comes again after its acknowledgement was lost moves nothing and is acknowledged again', async (t) => {
  const controller = controllerWithSite();
  const report = reportOf(seen(1, '66.85.0.5'), seen(2, '66.86.0.15'));
  t.same(acksIn(controller.take({ kind: 'report', site, report })), [2]);
  const phone = controller.tables.phones.get(mac);
  t.same(acksIn(controller.take({ kind: 'report', site, report })), [2]);
  t.equal(controller.tables.phones.get(mac), phone);
  t.equal(controller.tables.agents.get(site)?.cursor.seq, 2);
});

const ack = (seq: number, conn?: string): Ack => ({
  kind: 'ack',
  epoch: 1,
  seq,
  window: 8,
  minGapMs: 0,
  spreadSeconds: 30,
  controllerMs: noon,
  ...(conn ? { conn } : {}),
});

const plan: Plan = {
  kind: 'plan',
  site,
  revision: 5,
  parent: 4,
  zone: 'Europe/Lisbon',
  startUntil: noon + 86_400_000,
  openings: [{ start: noon - 1000, end: noon + 7_200_000 }],
  phonesUpdatingMax: 5,
  wanBytesPerSecond: 0,
  coverage: [],
  pausedRollouts: [],
  releases: [
    {
      id: 'r-new',
      vendor: 'Yealink',
      version: '66.86.0.15',
      entry: 'new.rom',
      images: [{ fileName: 'new.rom', sha256: 'a'.repeat(64), lengthBytes: 10 }],
    },
  ],
  phones: [
    {
      mac,
      vendor: 'Yealink',
      model: 'T46S',
      emergency: false,
      credentialGeneration: 0,
      work: { rollout: 'autumn', hops: ['r-new'], attemptsMax: 3, round: 1 },
    },
  ],
};

function connectedAgent() {
  const agent = newAgent();
  agent.take({ kind: 'link-up', conn: 'one' });
  agent.take({ kind: 'acked', ack: ack(0, 'one') });
  return agent;
}

const reportsIn = (step: Stepped<AgentEffect>) =>
  step.effects.flatMap((effect) =>
    effect.kind === 'send' && effect.as === 'd' ? [effect.message as Report] : [],
  );

test('failure 3: what a broker acknowledged but no controller committed stays in the outbox and is sent again after 10 s', async (t) => {
  const agent = connectedAgent();
  const first = agent.take({ kind: 'plan-came', plan });
  t.equal(reportsIn(first).length, 1);
  t.ok(agent.tables.outbox.size > 0);
  t.equal(
    reportsIn(agent.take({ kind: 'woke' }, laterBy(noon, seconds(9)))).length,
    0,
    'not before its time',
  );
  const again = reportsIn(agent.take({ kind: 'woke' }, laterBy(noon, seconds(10))));
  t.equal(again[0]?.firstSeq, reportsIn(first)[0]?.firstSeq);
  const last = again.at(-1)?.lastSeq ?? 0;
  agent.take({ kind: 'acked', ack: ack(last) }, laterBy(noon, seconds(11)));
  t.equal(agent.tables.outbox.size, 0, 'only the controller’s own word empties it');
});

test('failure 12: a replayed plan with a good signature and an old revision changes nothing and is reported once', async (t) => {
  const agent = connectedAgent();
  agent.take({ kind: 'plan-came', plan });
  const before = agent.tables.plan.get('plan');
  agent.take({ kind: 'plan-came', plan: { ...plan, revision: 3, phones: [] } });
  t.equal(agent.tables.plan.get('plan'), before);
  t.ok(agent.tables.work.has(mac));
  const faults = [...agent.tables.outbox.values()].filter((item) => item.kind === 'agent-fault');
  t.match(faults, [{ fault: 'plan-generation-old' }]);
  t.equal(faults.length, 1);
});

test('failure 15: an agent restored from a backup gets a new epoch and a newer plan, and starts no phone that has arrived', async (t) => {
  const controller = controllerWithSite();
  controller.take({
    kind: 'report',
    site,
    report: reportOf(seen(1, '66.85.0.5'), seen(2, '66.86.0.15')),
  });
  const newest = controller.tables.plans.get(site)?.plan.revision ?? 0;
  const hello = {
    kind: 'hello' as const,
    conn: 'back',
    epoch: 1,
    nextSeq: 2,
    planRevision: newest,
    phones: 1,
    agentVersion: '1',
    clockMs: noon,
  };
  const step = controller.take({ kind: 'hello', site, hello });
  const acks = step.effects.flatMap((effect) => (effect.kind === 'send-ack' ? [effect.ack] : []));
  t.match(acks, [{ epoch: 2, seq: 0, conn: 'back' }]);
  const sent = step.effects.flatMap((effect) => (effect.kind === 'send-plan' ? [effect.plan] : []));
  t.equal(sent[0]?.revision, newest + 1);

  const restored = newAgent();
  restored.take({ kind: 'plan-came', plan });
  t.equal(restored.tables.work.get(mac)?.phase, 'scheduled', 'as the backup knows it');
  const lastSeen = { version: '66.86.0.15', address: '127.0.0.9', at: noon };
  restored.take({
    kind: 'plan-came',
    plan: { ...plan, revision: 6, phones: plan.phones.map((phone) => ({ ...phone, lastSeen })) },
  });
  t.equal(restored.tables.work.get(mac)?.phase, 'done');
  t.equal(restored.tables.work.get(mac)?.starts, 0, 'it was never started again');
});

test('an agent that has just started asks the controller before it starts a phone, for two minutes', async (t) => {
  const agent = newAgent();
  agent.take({ kind: 'started' });
  agent.take({
    kind: 'plan-came',
    plan: {
      ...plan,
      phones: plan.phones.map((phone) => ({
        ...phone,
        lastSeen: { version: '66.85.0.5', address: '127.0.0.9', at: noon },
      })),
    },
  });
  agent.take({ kind: 'image-held', digest: 'a'.repeat(64) as Sha256, fetchedBytes: 10 });
  t.match(agent.tables.work.get(mac)?.why, { waitingFor: 'agent' });
  const step = agent.take({ kind: 'woke' }, laterBy(noon, minutes(2)));
  t.match(step.effects, [{ kind: 'wake-phone', mac, start: 1 }]);
});

test('a phone taken out of the plan takes its secrets with it, so that it can begin anew', async (t) => {
  const agent = connectedAgent();
  const phones = plan.phones.map((phone) => ({ ...phone, credentialGeneration: 1 }));
  agent.take({ kind: 'plan-came', plan: { ...plan, phones } });
  const made = { mac, generation: 1, sealed: 'x', fingerprint: 'f'.repeat(32) };
  agent.take({ kind: 'secret-made', ...made });
  t.equal(agent.tables.credentials.get(mac)?.next?.generation, 1);
  agent.take({ kind: 'plan-came', plan: { ...plan, revision: 6, phones: [] } });
  t.notOk(agent.tables.credentials.has(mac));
});
