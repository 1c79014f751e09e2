import type { SteadyMs } from '@ringwave/runtime/clock';
import { test } from 'tap';
import {
  ask,
  type FairShare,
  fairShare,
  grant,
  nextGrantAt,
} from '../../../agent/core/fair-share.ts';
import {
  enter,
  impatient,
  leave,
  waitingRoom,
  withdraw,
} from '../../../agent/core/waiting-room.ts';
import { uploadNamed } from '../../../agent/core/upload-names.ts';

const at = (ms: number) => ms as SteadyMs;

/** Runs `seconds` with sources that always want more; gives the bytes of each. */
function run(share: FairShare<string>, sources: Record<string, number>, seconds: number) {
  const got: Record<string, number> = {};
  const want = (source: string) => ask(share, { source, bytes: sources[source]!, item: source });
  for (const source of Object.keys(sources)) want(source);
  for (let now = 0; now <= seconds * 1000; now += 1) {
    for (const source of grant(share, at(now))) {
      got[source] = (got[source] ?? 0) + sources[source]!;
      want(source);
    }
  }
  return got;
}

test('the rate is kept within a tenth, and pieces of any size get equal shares', (t) => {
  const got = run(fairShare(1_000_000, at(0)), { small: 1428, window: 23_000, http: 65_536 }, 30);
  const all = Object.values(got).reduce((sum, one) => sum + one, 0);
  t.ok(all > 27_000_000 && all < 33_000_000, `${all} bytes in 30 s`);
  for (const [source, bytes] of Object.entries(got)) {
    t.ok(Math.abs(bytes / 10_000_000 - 1) < 0.1, `${source} got ${bytes}`);
  }
  t.end();
});

test('a phone that comes later starts level, and one that ran alone owes nothing', (t) => {
  const share = fairShare<string>(1_000_000, at(0));
  let now = 0;
  for (; now < 1000; now += 1) {
    ask(share, { source: 'early', bytes: 1000, item: 'early' });
    grant(share, at(now));
  }
  const got = { early: 0, late: 0 };
  for (let round = 0; round < 200; round += 1) {
    ask(share, { source: 'late', bytes: 1000, item: 'late' });
    ask(share, { source: 'early', bytes: 1000, item: 'early' });
    now += 2;
    for (const item of grant(share, at(now))) got[item as 'early'] += 1;
  }
  t.ok(Math.abs(got.early - got.late) <= 2, JSON.stringify(got));
  t.end();
});

test('nobody waiting means nothing to wake up for', (t) => {
  const share = fairShare<string>(1000, at(0));
  t.equal(nextGrantAt(share), undefined);
  ask(share, { source: 'a', bytes: 500, item: 'first' });
  ask(share, { source: 'a', bytes: 500, item: 'second' });
  t.same(grant(share, at(0)), ['first']);
  t.equal(nextGrantAt(share), 481, 'when the debt is paid');
  t.same(grant(share, at(481)), ['second']);
  t.equal(nextGrantAt(share), undefined);
  t.equal(share.finishTags.size <= 1, true);
  t.end();
});

test('a free place goes to the phone that holds the fewest, the longest waiting among equals', (t) => {
  const room = waitingRoom<string>(2, 3);
  const come = (source: string, item: string) => enter(room, { source, item }, at(0));
  t.same([come('a', 'a1'), come('a', 'a2')], ['goes', 'goes']);
  t.same([come('a', 'a3'), come('b', 'b1'), come('c', 'c1')], ['waits', 'waits', 'waits']);
  t.equal(come('d', 'd1'), 'full');
  t.equal(leave(room, 'a'), 'b1');
  t.equal(withdraw(room, 'c1'), true);
  t.equal(withdraw(room, 'c1'), false);
  t.equal(leave(room, 'b'), 'a3');
  t.equal(leave(room, 'a'), undefined);
  t.equal(leave(room, 'a'), undefined);
  t.equal(room.taken, 0);
  t.end();
});

test('who waited for twenty seconds is let go', (t) => {
  const room = waitingRoom<string>(1, 9);
  for (const [now, item] of [
    [0, 'x'],
    [0, 'y'],
    [5000, 'z'],
  ] as const) {
    enter(room, { source: item, item }, at(now));
  }
  t.same(impatient(room, at(19_999)), []);
  t.same(impatient(room, at(20_000)), ['y']);
  t.same(impatient(room, at(25_000)), ['z']);
  t.end();
});

test('a phone may write the names of its vendor and no others', (t) => {
  const patterns = ['{mac}-app.log', '{mac}-boot.log', '{MAC}-local.cfg'];
  t.same(uploadNamed('0004F2AABBCC-app.log', patterns), {
    name: '0004f2aabbcc-app.log',
    mac: '00:04:f2:aa:bb:cc',
  });
  t.ok(uploadNamed('0004f2aabbcc-local.cfg', patterns));
  for (const path of [
    '0004f2aabbcc.cfg',
    '0004f2aabbcc-app.log.old',
    'x/0004f2aabbcc-app.log',
    'fw.rom',
    '{mac}-app.log',
    '0004f2aabbc-app.log',
    '',
  ]) {
    t.equal(uploadNamed(path, patterns), undefined, path);
  }
  t.end();
});
