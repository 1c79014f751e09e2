import type { Site } from '../../controller/core/state.ts';
import type { Faults } from './faults.ts';
import type { SimFleet } from './fleet.ts';
import { Random } from './random.ts';

// The windows, days of blackout and hours of the line of a site, read off its wall clock by Intl: independent of the
// arithmetic under test.

/** By the last digit of the seed: no seed that taught something before there were days of blackout has one of these. */
export const hasBlackout = (seed: number, faults: Faults): boolean =>
  faults.orders && [5, 8].includes(seed % 10);

/** In some seeds sites are shut for a day or two, by their own clocks, and fetch images at night alone. */
export function withBlackout(fleet: SimFleet, seed: number, faults: Faults): SimFleet {
  if (!hasBlackout(seed, faults)) return fleet;
  const dice = new Random(seed ^ 0xb1_ac);
  const days = ['2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05'];
  const sites = fleet.sites.map((site) => ({
    ...site,
    blackout: days.filter(() => dice.chance(0.35)),
    ...(dice.chance(0.7)
      ? { wanBudget: [{ start: '07:00', end: '19:00', bytesPerSecond: 0 }] }
      : {}),
  }));
  return { ...fleet, sites };
}

/** A start that a deadline has freed from windows keeps off days of blackout, unless an opening reaches into one. */
export function permitsStart(site: Site, now: number, isFree: boolean): boolean {
  const [date = '', time = ''] = wallOf(site.zone).format(now).split(' ');
  const isShut = (day: string) => site.blackout.includes(day);
  if (isFree && !isShut(date)) return true;
  return site.windows.some(({ start, end = start }) => {
    if (start < end) return time >= start && time < end && !isShut(date);
    return time >= start ? !isShut(date) : time < end && !isShut(dayBefore(date));
  });
}

/** Whether the line may carry images. */
export function permitsFetch({ zone, wanBudget = [] }: Site, now: number): boolean {
  const [, time = ''] = wallOf(zone).format(now).split(' ');
  return !wanBudget.some(
    ({ start, end, bytesPerSecond }) => bytesPerSecond === 0 && start <= time && time < end,
  );
}

const dayBefore = (date: string): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);

const clocks = new Map<string, Intl.DateTimeFormat>();

/** `2026-11-02 23:30`. */
function wallOf(zone: string): Intl.DateTimeFormat {
  const format =
    clocks.get(zone) ??
    new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  clocks.set(zone, format);
  return format;
}
