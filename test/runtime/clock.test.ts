import { epochMs, hours, ms, seconds } from '@ringwave/protocol/units';
import { fastClock, wallClock } from '@ringwave/runtime/clock';
import { test } from 'tap';

const startedAt = epochMs(1_800_000_000_000)!;

test('a fast clock shows the same in every process that was told the same start', (t) => {
  const wallStartedAt = epochMs(Date.now() - 10_000)!;
  const clock = fastClock({ speed: 3600, startedAt, wallStartedAt });
  const shown = clock.now() - startedAt;
  t.ok(shown >= hours(10) && shown < hours(11), `${shown} ms after ten seconds of the wall`);
  t.end();
});

test('a wait ends on the clock it was asked of, and a cancelled one never', async (t) => {
  const clock = fastClock({ speed: 3600, startedAt, wallStartedAt: epochMs(Date.now())! });
  const ended: string[] = [];
  const cancel = clock.after(seconds(60), () => ended.push('cancelled'));
  cancel();
  await new Promise<void>((resolve) => {
    clock.after(seconds(30), () => ended.push('first'));
    clock.after(hours(0.1), resolve);
  });
  t.same(ended, ['first']);
  const wall = wallClock();
  await new Promise<void>((resolve) => wall.after(ms(0), resolve));
  t.ok(Math.abs(wall.now() - Date.now()) < 1000);
});

test('a wait of a month does not end at once, as a bare timer would', async (t) => {
  const wall = wallClock();
  let isOver = false;
  const cancel = wall.after(hours(24 * 31), () => {
    isOver = true;
  });
  await new Promise<void>((resolve) => wall.after(ms(5), resolve));
  t.equal(isOver, false);
  cancel();
});
