import { setImmediate as turn } from 'node:timers/promises';
import type { Change } from '@ringwave/protocol/tables';
import { type EpochMs, laterBy, ms, seconds } from '@ringwave/protocol/units';
import type { Clock, SteadyMs } from '@ringwave/runtime/clock';
import { type Step, StepLoop, type TableStore } from '@ringwave/runtime/step-loop';
import { test } from 'tap';

type Tables = { counts: Map<string, number> };
type Event =
  | 'woke'
  | 'jumped'
  | 'add'
  | 'add-and-tell'
  | 'break'
  | 'sleep-long'
  | 'nothing'
  | 'tell';
const start = 1_000_000 as EpochMs;

/** A clock whose time and timers the test moves. */
class HandClock implements Clock {
  at = start;
  /** Undefined: nobody can set this clock. */
  steadyAt: number | undefined;
  steady = () => (this.steadyAt ?? this.at) as SteadyMs;
  timers: { at: number; fn: () => void }[] = [];
  now = () => this.at;
  after = (wait: number, fn: () => void) => {
    const timer = { at: this.at + wait, fn };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((one) => one !== timer));
  };
  /** Runs the one timer there is at its time. */
  ring(): void {
    const timer = this.timers.shift();
    if (!timer) throw new Error('no timer is set');
    this.at = timer.at as EpochMs;
    timer.fn();
  }
}

interface Own {
  commit?(changes: readonly Change[]): void;
  flush?(): Promise<void>;
  readonly mayWait?: () => boolean;
}

function loopOf(own: Own = {}) {
  const happened: string[] = [];
  const tables: Tables = { counts: new Map() };
  const clock = new HandClock();
  const store: TableStore = {
    load: () => new Map(),
    commit: (changes) => {
      own.commit?.(changes);
      happened.push(`commit ${changes.map(({ value }) => String(value)).join()}`);
    },
    flush: async () => {
      happened.push('flush');
      await own.flush?.();
    },
    close: () => {},
  };
  const loop: StepLoop<Tables, Event, string> = new StepLoop<Tables, Event, string>({
    tables,
    store,
    clock,
    step: (event, now): Step<Tables, string> => {
      if (event === 'break') throw new Error('a bug');
      if (event === 'nothing') return { changes: [], effects: [], wakeAt: undefined };
      if (event === 'tell') return { changes: [], effects: ['tell'], wakeAt: undefined };
      const value = (tables.counts.get('n') ?? 0) + 1;
      const effects = event === 'add-and-tell' ? [`tell ${value}`, 'again'] : [];
      const wait = event === 'sleep-long' ? ms(30 * 86_400_000) : seconds(10);
      return {
        changes: [{ table: 'counts', key: 'n', value }],
        effects,
        wakeAt: laterBy(now, wait),
      };
    },
    act: (effect) => {
      happened.push(effect);
      if (effect === 'again') loop.submit('add');
    },
    committed: (_changes, event) => happened.push(`seen ${event}`),
    failed: (error, event) => happened.push(`failed ${event}: ${(error as Error).message}`),
    woke: 'woke',
    jumped: () => 'jumped',
    ...(own.mayWait && { mayWait: own.mayWait }),
  });
  return { loop, happened, tables, clock };
}

test('commit, then fold, then tell, then act; what an effect submits waits for its turn', (t) => {
  const { loop, happened, tables } = loopOf();
  loop.submit('add-and-tell');
  t.same(happened, ['commit 1', 'seen add-and-tell', 'tell 1', 'again', 'commit 2', 'seen add']);
  t.equal(tables.counts.get('n'), 2, 'both are committed when submit returns');
  t.end();
});

test('time wakes the loop at the instant the last step named, and only then', (t) => {
  const { loop, happened, clock } = loopOf();
  loop.submit('add');
  loop.submit('add');
  t.same(
    clock.timers.map(({ at }) => at),
    [start + 10_000],
    'one timer, set anew',
  );
  clock.ring();
  t.equal(happened.at(-1), 'seen woke');
  loop.submit('nothing');
  t.same(clock.timers, [], 'no wish, no timer');
  t.equal(happened.filter((it) => it.startsWith('commit')).length, 3, 'no change, no commit');
  t.end();
});

test('a clock that is set makes an event before any other, and once; one that is nudged or only runs does not', (t) => {
  const { loop, happened, clock } = loopOf();
  const seen = (steadyMs: number, clockMs: number) => {
    happened.length = 0;
    clock.steadyAt = steadyMs;
    clock.at = (start + clockMs) as EpochMs;
    loop.submit('add');
    return happened.filter((it) => it.startsWith('seen'));
  };
  t.same(seen(0, 0), ['seen add'], 'the first step has nothing to compare with');
  t.same(seen(7_200_000, 7_200_000), ['seen add'], 'two hours have passed on both');
  t.same(seen(7_200_000, 7_230_000), ['seen add'], 'half a minute is a nudge');
  t.same(seen(7_201_000, 10_831_000), ['seen jumped', 'seen add'], 'an hour ahead');
  t.same(seen(7_202_000, 10_832_000), ['seen add']);
  t.same(seen(7_203_000, 7_233_000), ['seen jumped', 'seen add'], 'and back');
  t.end();
});

test('a wait of a month is looked at again within a day', (t) => {
  const { loop, clock } = loopOf();
  loop.submit('sleep-long');
  t.same(
    clock.timers.map(({ at }) => at),
    [start + 86_400_000],
  );
  t.end();
});

test('a disk that fails stops everything: nothing is folded, told or acted, now or later', (t) => {
  const full = () => {
    throw new Error('disk full');
  };
  const { loop, happened, tables, clock } = loopOf({ commit: full });
  loop.submit('add-and-tell');
  loop.submit('add');
  t.same(happened, ['failed add-and-tell: disk full']);
  t.equal(tables.counts.size, 0);
  t.same(clock.timers, []);
  t.end();
});

test('a bug in a step stops the loop, and so does stop', (t) => {
  const broken = loopOf();
  broken.loop.submit('add');
  broken.loop.submit('break');
  broken.loop.submit('add');
  t.same(broken.happened, ['commit 1', 'seen add', 'failed break: a bug']);
  t.same(broken.clock.timers, [], 'its timer with it');
  const stopped = loopOf();
  stopped.loop.submit('add');
  stopped.loop.stop();
  stopped.loop.submit('add');
  t.same(stopped.happened, ['commit 1', 'seen add']);
  t.same(stopped.clock.timers, []);
  t.end();
});

test('steps of one turn share a flush, and none acts before it', async (t) => {
  const { loop, happened } = loopOf({ mayWait: () => false });
  loop.submit('add-and-tell');
  loop.submit('add-and-tell');
  t.notOk(happened.some((it) => it.startsWith('tell')));
  await loop.settled();
  t.same(happened.slice(0, 7), [
    'commit 1',
    'seen add-and-tell',
    'commit 2',
    'seen add-and-tell',
    'flush',
    'tell 1',
    'again',
  ]);
  loop.stop();
});

test('what is decided during a flush is part of the next one', async (t) => {
  let end = () => {};
  const slow = () => new Promise<void>((resolve) => (end = resolve));
  const { loop, happened } = loopOf({ mayWait: () => false, flush: slow });
  loop.submit('add');
  await turn();
  loop.submit('add');
  const both = loop.settled();
  end();
  while (happened.filter((it) => it === 'flush').length < 2) await turn();
  end();
  await both;
  t.same(happened, ['commit 1', 'seen add', 'flush', 'commit 2', 'seen add', 'flush']);
  loop.stop();
});

test('in a crowd a flush takes what several turns decided', async (t) => {
  const { loop, happened } = loopOf({ mayWait: () => false, flush: turn });
  const began = performance.now();
  let turns = 0;
  for (; performance.now() - began < 100; turns += 1) {
    loop.submit('add');
    await turn();
  }
  await loop.settled();
  const tookMs = performance.now() - began;
  const flushes = happened.filter((it) => it === 'flush').length;
  t.ok(flushes <= 2 + tookMs / 9, `${flushes} flushes in ${tookMs} ms`);
  t.ok(flushes < turns, `${turns} turns`);
  loop.stop();
});

test('what may wait is flushed within a second, and nobody waits for it', async (t) => {
  const { loop, happened, clock } = loopOf({ mayWait: () => true });
  loop.submit('add');
  await loop.settled();
  await turn();
  t.same(happened, ['commit 1', 'seen add']);
  t.ok(clock.timers.some(({ at }) => at === start + 1000));
  clock.timers.sort((a, b) => a.at - b.at);
  clock.ring();
  await loop.settled();
  t.equal(happened.at(-1), 'flush');
  loop.stop();
});

test('an effect is told after what was known before it is durable, though its step changed nothing', async (t) => {
  const { loop, happened } = loopOf({ mayWait: () => true });
  loop.submit('add');
  loop.submit('tell');
  await loop.settled();
  t.same(happened, ['commit 1', 'seen add', 'seen tell', 'flush', 'tell']);
  loop.stop();
});

test('a disk that cannot be flushed stops everything, and nothing is acted', async (t) => {
  const broken = () => Promise.reject(new Error('no such device'));
  const { loop, happened } = loopOf({ mayWait: () => false, flush: broken });
  loop.submit('add-and-tell');
  let isSettled = false;
  void loop.settled().then(() => (isSettled = true));
  await turn();
  await turn();
  loop.submit('add');
  t.same(happened, ['commit 1', 'seen add-and-tell', 'flush', 'failed woke: no such device']);
  t.notOk(isSettled, 'nobody who waited goes on');
});

test('whoever asks after a stop whether all is durable never goes on: what he decided was not taken', async (t) => {
  const { loop, happened } = loopOf({ mayWait: () => false });
  loop.submit('add');
  await loop.settled();
  loop.stop();
  loop.submit('add');
  let isSettled = false;
  void loop.settled().then(() => (isSettled = true));
  await turn();
  await turn();
  t.same(happened, ['commit 1', 'seen add', 'flush']);
  t.notOk(isSettled);
});
