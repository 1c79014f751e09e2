import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { Engine } from '@ringwave/controller/io/engine';
import { Live } from '@ringwave/controller/io/live';
import type { LiveDelta, LiveMessage, LiveSnapshot } from '@ringwave/protocol/views';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { HandClock } from '../../hand-clock.ts';
import { macOf, SeededFleet } from '../console/seeded-fleet.ts';

const noon = Date.UTC(2026, 10, 18, 12) as EpochMs;

/** The far end of a connection, whose line takes as much as the test says. */
class Viewer extends EventEmitter {
  bufferedAmount = 0;
  readonly heard: LiveMessage[] = [];
  closedWith: number | undefined;

  send(text: string): void {
    this.heard.push(JSON.parse(text) as LiveMessage);
  }

  close(code: number): void {
    this.closedWith = code;
    this.emit('close');
  }

  get last(): LiveMessage | undefined {
    return this.heard.at(-1);
  }
}

interface Opened {
  readonly live: Live;
  readonly engine: Engine;
  readonly fleet: SeededFleet;
  /** Controller time. */
  readonly clock: HandClock;
  readonly wall: HandClock;
  readonly view: (last?: { epoch?: string; since?: number }, mayStay?: () => boolean) => Viewer;
}

/** Lisbon with an agent and three phones; a rollout with one phone in its first wave. */
function open(t: Test): Opened {
  const clock = new HandClock(noon);
  const wall = new HandClock(noon);
  const engine = new Engine({
    database: join(t.testdir(), 'controller.sqlite'),
    clock,
    act: () => {},
    failed: (error) => t.error(error),
  });
  const live = new Live(engine, { demo: false, wall });
  t.teardown(() => {
    live.close();
    engine.close();
  });
  const fleet = new SeededFleet(engine);
  fleet.site('lisbon', 'Europe/Lisbon');
  fleet.agent('lisbon');
  fleet.phones('lisbon', { from: 1, to: 3 });
  fleet.rollout('autumn', [{ name: 'canary', count: 1 }, { name: 'rest' }]);
  const view: Opened['view'] = (last = {}, mayStay) => {
    const viewer = new Viewer();
    live.join(viewer as unknown as Parameters<Live['join']>[0], last, mayStay);
    return viewer;
  };
  return { live, engine, fleet, clock, wall, view };
}

const gather = 100;
const pulse = 10_000;

test('a view begins with the snapshot, and numbers rise by one from there', (t) => {
  const { fleet, wall, view } = open(t);
  // Committed and not sent yet when the view joins: the snapshot holds it already.
  const viewer = view();
  t.equal(viewer.heard.length, 1);
  const snapshot = viewer.heard[0] as LiveSnapshot;
  t.equal(snapshot.kind, 'snapshot');
  t.equal(snapshot.phones.length, 3);
  fleet.seen(1, '66.86.0.15');
  wall.pass(gather);
  const delta = viewer.last as LiveDelta;
  t.match(delta, { kind: 'delta', epoch: snapshot.epoch, seq: snapshot.seq + 1 });
  t.equal(delta.phones?.find((one) => one.mac === macOf(1))?.running?.version, '66.86.0.15');
  t.end();
});

test('whoever was away gets what it missed and hears the time; of another epoch it gets all', (t) => {
  const { fleet, wall, clock, view } = open(t);
  const { epoch, seq } = view().heard[0] as LiveSnapshot;
  fleet.seen(1, '66.86.0.15');
  wall.pass(gather);
  clock.pass(5000);
  const back = view({ epoch, since: seq });
  t.strictSame(
    back.heard.map((one) => [one.kind, one.seq]),
    [
      ['delta', seq + 1],
      ['delta', seq + 2],
    ],
  );
  t.equal(back.last?.at, clock.now());
  t.strictSame(
    view({ epoch: 'another', since: seq }).heard.map((one) => one.kind),
    ['snapshot'],
  );
  t.strictSame(
    view({ epoch, since: 99 }).heard.map((one) => one.kind),
    ['snapshot'],
  );
  t.end();
});

const reasonsTold = (viewer: Viewer) =>
  (viewer.last as LiveDelta).phones?.map((one) => one.work?.reason);

test('a pause tells the new reason of every phone that waits, and not only the rollout', (t) => {
  const { fleet, wall, view } = open(t);
  const viewer = view();
  fleet.command({ kind: 'rollout-pause', rollout: 'autumn' as Id, reason: 'lunch' });
  wall.pass(gather);
  t.equal((viewer.last as LiveDelta).rollouts?.[0]?.state, 'paused');
  t.strictSame(reasonsTold(viewer), Array(3).fill('Paused by person: lunch'));
  t.end();
});

test('a stop of all sites tells the new reason of every phone that waits, and so does its end', (t) => {
  const { fleet, wall, view } = open(t);
  const viewer = view();
  fleet.command({ kind: 'halt', halted: true, reason: 'storm' });
  wall.pass(gather);
  t.strictSame(reasonsTold(viewer), Array(3).fill('All sites are halted: storm'));
  fleet.command({ kind: 'halt', halted: false, reason: 'over' });
  wall.pass(gather);
  t.equal(reasonsTold(viewer)?.filter((one) => one?.includes('halted')).length, 0);
  t.end();
});

test('what no longer exists is told as gone: phones, sites, rollouts before their start', (t) => {
  const { fleet, wall, view } = open(t);
  fleet.site('porto', 'Europe/Lisbon');
  const viewer = view();
  fleet.command({ kind: 'rollout-abort', rollout: 'autumn' as Id, reason: 'wrong release' });
  fleet.command({ kind: 'phone-remove', mac: macOf(3) });
  fleet.command({ kind: 'site-remove', site: 'porto' as Id });
  fleet.propose('winter', [{ name: 'all' }]);
  fleet.command({ kind: 'rollout-remove', rollout: 'winter' as Id });
  wall.pass(gather);
  t.strictSame((viewer.last as LiveDelta).gone, {
    sites: ['porto'],
    phones: [macOf(3)],
    rollouts: ['winter'],
  });
  t.end();
});

test('an agent that falls silent is away after its time, though nothing was committed', (t) => {
  const { clock, wall, view } = open(t);
  const viewer = view();
  clock.pass(7.5 * 60_000 + 1);
  wall.pass(gather);
  const { sites, phones } = viewer.last as LiveDelta;
  t.equal(sites?.[0]?.agent.state, 'away');
  t.equal(phones?.length, 3, 'its phones say so too');
  t.match(
    phones?.find((one) => one.work?.wave === 'canary')?.work?.reason,
    /agent is not connected; last word at 2026-11-18 12:00 UTC/,
  );
  t.end();
});

test('when an opening ends the next one is told', (t) => {
  const { clock, wall, view } = open(t);
  const viewer = view();
  const [before] = (viewer.heard[0] as LiveSnapshot).sites;
  t.equal(before?.opening?.end, Date.UTC(2026, 10, 18, 23, 59));
  clock.pass(12 * 3_600_000);
  wall.pass(gather);
  const [after] = (viewer.last as LiveDelta).sites ?? [];
  t.equal(after?.opening?.end, Date.UTC(2026, 10, 19, 23, 59));
  t.end();
});

test('a line that was too slow for a delta gets the whole picture once it has drained', (t) => {
  const { fleet, wall, view } = open(t);
  const viewer = view();
  viewer.bufferedAmount = 2 * 1024 * 1024;
  fleet.seen(1, '66.86.0.15');
  wall.pass(gather);
  t.equal(viewer.heard.length, 1);
  viewer.bufferedAmount = 0;
  wall.pass(pulse);
  const caughtUp = viewer.last as LiveSnapshot;
  t.equal(caughtUp.kind, 'snapshot');
  t.equal(caughtUp.phones.find((one) => one.mac === macOf(1))?.running?.version, '66.86.0.15');
  t.end();
});

test('a quiet stream shows every ten seconds that it is alive; an ended session is cut off', (t) => {
  const { wall, view } = open(t);
  let isLoggedIn = true;
  const viewer = view({}, () => isLoggedIn);
  const { seq } = viewer.heard[0] as LiveSnapshot;
  wall.pass(pulse);
  t.strictSame(Object.keys(viewer.last ?? {}), ['kind', 'epoch', 'seq', 'at']);
  t.equal(viewer.last?.seq, seq + 1);
  isLoggedIn = false;
  wall.pass(pulse);
  t.equal(viewer.closedWith, 4401);
  t.equal(viewer.last?.seq, seq + 1, 'and hears nothing more');
  t.end();
});
