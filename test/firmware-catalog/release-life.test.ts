import {
  beginLife,
  causesFrom,
  isHere,
  LIFE_CAUSES,
  type LifeCause,
  live,
  mayRollOut,
  NEXT,
  type ReleaseLife,
  RELEASE_STATES,
  stepsKept,
} from '@ringwave/firmware-catalog/release-life';
import type { EpochMs } from '@ringwave/protocol/units';
import { test } from 'tap';

const noon = Date.UTC(2026, 10, 22, 12) as EpochMs;
const heard: ReleaseLife = beginLife({ to: 'discovered', at: noon, who: 'feed', why: 'listed' });

const lived = (...causes: readonly LifeCause[]): ReleaseLife => {
  let life = heard;
  for (const cause of causes) {
    const next = live(life, cause, { at: noon, who: 'ada', why: cause });
    if (!next) throw new Error(`${life.state} cannot ${cause}`);
    life = next;
  }
  return life;
};

test('a release goes from discovered to preferred step by step, each with who, when and why', (t) => {
  const life = lived('fetch', 'verify', 'lab', 'approve', 'prefer');
  t.same(
    life.steps.map(({ to }) => to),
    ['discovered', 'fetched', 'verified', 'lab', 'approved', 'preferred'],
  );
  t.same(life.steps.at(-1), { to: 'preferred', at: noon, who: 'ada', why: 'prefer' });
  t.end();
});

test('no step is left out, and what is withdrawn stays so', (t) => {
  const step = { at: noon, who: 'ada', why: 'haste' };
  for (const cause of ['approve', 'prefer', 'lab', 'verify'] as const) {
    t.equal(live(heard, cause, step), undefined, `a release that is only heard of: ${cause}`);
  }
  t.same(causesFrom(lived('withdraw')), []);
  t.end();
});

test('quarantine ends in verified again, never in approved', (t) => {
  const held = lived('fetch', 'verify', 'approve', 'quarantine');
  t.equal(live(held, 'readmit', { at: noon, who: 'ada', why: 'looked' })?.state, 'verified');
  const unseen = lived('quarantine');
  t.same(causesFrom(unseen), ['withdraw'], 'bytes nobody measured are not verified by it');
  t.end();
});

test('only approved and preferred releases go to any phone, lab ones to phones picked by hand', (t) => {
  const to = (life: ReleaseLife | undefined) =>
    [false, true].map((handPicked) => mayRollOut(life, { handPicked }));
  t.same(to(undefined), [false, false]);
  t.same(to(heard), [false, false]);
  t.same(to(lived('fetch', 'verify')), [false, false]);
  t.same(to(lived('fetch', 'verify', 'lab')), [false, true]);
  t.same(to(lived('fetch', 'verify', 'approve')), [true, true]);
  t.same(to(lived('fetch', 'verify', 'approve', 'prefer')), [true, true]);
  t.same(to(lived('fetch', 'verify', 'approve', 'quarantine')), [false, false]);
  t.notOk(isHere(lived('fetch')));
  t.end();
});

test('every state is reached, and every cause is of use somewhere', (t) => {
  const reached = new Set(Object.values(NEXT).flatMap((row) => Object.values(row)));
  t.same(
    RELEASE_STATES.filter((state) => !reached.has(state)),
    ['discovered'],
  );
  const used = new Set(Object.values(NEXT).flatMap((row) => Object.keys(row)));
  t.same(
    LIFE_CAUSES.filter((cause) => !used.has(cause)),
    [],
  );
  t.end();
});

test('a restless release keeps its first step and its latest ones', (t) => {
  let life = lived('fetch', 'verify', 'approve');
  for (let round = 0; round < 100; round += 1) {
    const cause = life.state === 'approved' ? 'prefer' : 'demote';
    life = live(life, cause, { at: noon, who: 'ada', why: `round ${round}` }) ?? life;
  }
  t.equal(life.steps.length, stepsKept);
  t.equal(life.steps[0]?.to, 'discovered');
  t.equal(life.steps.at(-1)?.why, 'round 99');
  t.end();
});
