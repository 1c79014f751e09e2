import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { Engine } from '@ringwave/controller/io/engine';
import { Live } from '@ringwave/controller/io/live';
import type { Command, RolloutInput } from '@ringwave/controller/core/state';
import { type EpochMs, type Id, days, hours, laterBy, ms } from '@ringwave/protocol/units';
import type { LiveDelta, LiveMessage, LiveSnapshot, PhoneView } from '@ringwave/protocol/views';
import { Random } from '@ringwave/rehearsal/random';
import { test } from 'tap';
import { HandClock } from '../../hand-clock.ts';
import { macOf, SeededFleet } from '../console/seeded-fleet.ts';

// Whoever folds what the stream tells over its snapshot sees what a new snapshot shows, whatever people and agents do.

const noon = Date.UTC(2026, 10, 18, 12) as EpochMs;
const sites = ['lisbon', 'porto', 'faro'] as Id[];
const wholeWeek = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

type Shown = ReadonlyMap<string, unknown>;

class Viewer extends EventEmitter {
  readonly bufferedAmount = 0;
  readonly shown = new Map<string, unknown>();

  send(text: string): void {
    const message = JSON.parse(text) as LiveMessage;
    this.#take(message);
    if (message.kind === 'snapshot') return;
    const { gone } = message;
    for (const mac of gone?.phones ?? []) this.shown.delete(`phone ${mac}`);
    for (const id of gone?.sites ?? []) this.shown.delete(`site ${id}`);
    for (const id of gone?.rollouts ?? []) this.shown.delete(`rollout ${id}`);
  }

  #take(message: LiveSnapshot | LiveDelta): void {
    if (message.halt !== undefined) this.shown.set('halt', message.halt);
    for (const one of message.rollouts ?? []) this.shown.set(`rollout ${one.id}`, one);
    for (const one of message.sites ?? []) this.shown.set(`site ${one.id}`, one);
    for (const one of message.phones ?? []) this.shown.set(`phone ${one.mac}`, one);
  }

  close(): void {}
}

/** A phone's next attempt moves with the clock alone; everything else is told. */
const withoutNextAttempt = (shown: Shown): unknown[] =>
  [...shown]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => {
      const { work } = (one ?? {}) as PhoneView;
      return [key, work ? { ...(one as PhoneView), work: { ...work, nextAttemptAt: 0 } } : one];
    });

interface World {
  readonly engine: Engine;
  readonly fleet: SeededFleet;
  readonly random: Random;
  /** What was proposed, by its id. */
  readonly inputs: Map<Id, RolloutInput>;
}

function inputOf({ fleet, random, inputs }: World, id: Id): RolloutInput {
  const known = [...inputs.keys()];
  return {
    id,
    name: `Rollout ${id}`,
    releases: [fleet.release()],
    selection: random.chance(0.3) ? { sites: [random.oneOf(sites)] } : {},
    waves: random.oneOf([
      [{ name: 'all' }],
      [
        { name: 'canary', count: 1 },
        { name: 'rest', dynamic: true },
      ],
    ]),
    gate: { successMin: 0.5, failuresMax: 1, minSample: 1, soak: hours(random.whole(0, 1)) },
    attemptsMax: 3,
    rotateCredentials: false,
    ...(random.chance(0.3)
      ? { deadline: { dueAt: laterBy(noon, days(random.whole(1, 5))), because: 'advisory' } }
      : {}),
    ...(known.length > 0 && random.chance(0.3) ? { after: [random.oneOf(known)] } : {}),
    ...(random.chance(0.3) ? { pace: { perMinute: 1 } } : {}),
    ...(random.chance(0.2) ? { startAt: laterBy(noon, hours(random.whole(1, 30))) } : {}),
  };
}

/** What one of the commands is, most of them only sometimes possible; that may be refused. */
function commandOf(world: World): Command {
  const { random, inputs } = world;
  const rollout = inputs.size > 0 ? random.oneOf([...inputs.keys()]) : ('none' as Id);
  const site = random.oneOf(sites);
  const freeze = `freeze-${random.whole(1, 3)}` as Id;
  const next = inputOf(world, `r${inputs.size + 1}` as Id);
  const reason = 'tried';
  const phone = { mac: macOf(random.whole(1, 8)), site, vendor: 'Yealink', model: 'T46S' };
  const group = random.oneOf([{}, { pair: 'desk' as Id }, { bond: 'door' as Id }]);
  const windows = [{ days: wholeWeek, start: random.oneOf(['00:00', '14:00']), end: '23:30' }];
  const known = world.engine.tables.sites.get(site);
  const from = random.oneOf(['2026-11-18', '2026-11-20', '2026-11-18T13:00Z']);
  const until = random.oneOf(['2026-11-21', '2026-11-25']);
  const some = random.chance(0.5) ? { sites: [site] } : {};
  return random.oneOf<Command>([
    { kind: 'rollout-create', input: next },
    { kind: 'rollout-create', input: next },
    { kind: 'rollout-edit', input: { ...(inputs.get(rollout) ?? next), name: 'Another name' } },
    { kind: 'rollout-approve', rollout },
    { kind: 'rollout-approve', rollout },
    { kind: 'rollout-pause', rollout, reason },
    { kind: 'rollout-resume', rollout },
    { kind: 'rollout-abort', rollout, reason, force: random.chance(0.5) },
    { kind: 'rollout-pass', rollout },
    { kind: 'rollout-close', rollout },
    { kind: 'rollout-remove', rollout },
    { kind: 'halt', halted: random.chance(0.4), reason },
    { kind: 'freeze-put', freeze: { id: freeze, reason, from, until, ...some } },
    { kind: 'freeze-remove', freeze },
    { kind: 'site-freeze', site, freeze: random.chance(0.6) ? { reason } : null },
    ...(known ? [{ kind: 'site-put' as const, site: { ...known, windows } }] : []),
    { kind: 'phones-put', phones: [{ ...phone, emergency: false, ...group }] },
    { kind: 'phone-remove', mac: phone.mac },
  ]);
}

/** What an agent may say, of a rollout that may not name the phone. */
function heardOf({ engine, fleet, random, inputs }: World): void {
  const agent = random.oneOf(['lisbon', 'porto']);
  const number = random.whole(1, 8);
  const what = random.whole(0, 3);
  if (what === 0) return fleet.hello(agent);
  if (what === 1) return fleet.vanish(agent);
  if (engine.tables.phones.get(macOf(number))?.site === undefined) return;
  if (what === 2) return fleet.seen(number, random.oneOf(['66.85.0.5', '66.86.0.15']));
  const phase = random.oneOf(['downloading', 'rebooting', 'done', 'failed'] as const);
  if (inputs.size > 0) fleet.moved(number, random.oneOf([...inputs.keys()]), { phase });
}

function act(world: World): string {
  if (world.random.chance(0.25)) {
    heardOf(world);
    return 'an agent speaks';
  }
  const command = commandOf(world);
  const who = command.kind === 'rollout-approve' ? 'second' : 'op';
  const { ok } = world.engine.command(who, command);
  if (ok && command.kind === 'rollout-create') world.inputs.set(command.input.id, command.input);
  return JSON.stringify(command);
}

test('deltas over the first snapshot are what a new snapshot shows, by seed', (t) => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const clock = new HandClock(noon);
    const wall = new HandClock(noon);
    const database = join(t.testdir(), `${seed}.sqlite`);
    const failed = (error: unknown) => t.error(error);
    const engine = new Engine({ database, clock, act: () => {}, failed });
    const live = new Live(engine, { demo: false, wall });
    const fleet = new SeededFleet(engine);
    for (const site of sites) fleet.site(site, 'Europe/Lisbon');
    for (const site of ['lisbon', 'porto']) fleet.agent(site);
    fleet.phones('lisbon', { from: 1, to: 3 });
    fleet.phones('porto', { from: 4, to: 6 });
    const random = new Random(seed);
    const world = { engine, fleet, random, inputs: new Map<Id, RolloutInput>() };
    const viewer = new Viewer();
    live.join(viewer as unknown as Parameters<Live['join']>[0], {});
    let differs: string | undefined;
    for (let step = 1; step <= 50 && differs === undefined; step += 1) {
      const did = act(world);
      clock.pass(random.oneOf([ms(0), ms(60_000), hours(1), hours(6)]));
      for (let gathered = 0; gathered < 3; gathered += 1) wall.pass(100);
      const fresh = new Viewer();
      live.join(fresh as unknown as Parameters<Live['join']>[0], {});
      fresh.emit('close');
      const [told, shown] = [viewer, fresh].map((one) => withoutNextAttempt(one.shown));
      if (JSON.stringify(told) === JSON.stringify(shown)) continue;
      differs = `seed ${seed}, step ${step}: ${did}`;
      t.same(told, shown, differs);
    }
    live.close();
    engine.close();
  }
  t.end();
});
