// How much of each hour of the week a phone is in calls: minutes only, never with whom.

/** Monday 00:00 to 01:00 by the site's clock is hour 0. */
export const hoursOfWeek = 168;

const LEVELS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const unknown = '-';
const top = LEVELS.length - 1;

/** One sign for each hour: a part of it in 61 steps, or that nobody has looked. */
export const callHoursPattern = '^[0-9A-Za-z-]{168}$';

/** `partOf` gives the part of an hour of the week that was spent in calls, 0 to 1, or undefined where nobody looked. */
export const callHoursText = (partOf: (hour: number) => number | undefined): string =>
  Array.from({ length: hoursOfWeek }, (_, hour) => {
    const part = partOf(hour);
    return part === undefined ? unknown : LEVELS[Math.round(Math.min(part, 1) * top)];
  }).join('');

/** 0 to 1; undefined where nobody has looked. */
export function callPartAt(text: string, hour: number): number | undefined {
  const level = LEVELS.indexOf(text[hour] ?? unknown);
  return level === -1 ? undefined : level / top;
}

/** Steps by which an hour has to differ to be told again: a tenth of it, about six minutes. */
const stepsTold = 6;

export const differsEnough = (before: string, after: string): boolean =>
  Array.from({ length: hoursOfWeek }, (_, hour) => hour).some((hour) => {
    const [a, b] = [
      LEVELS.indexOf(before[hour] ?? unknown),
      LEVELS.indexOf(after[hour] ?? unknown),
    ];
    return a === -1 || b === -1 ? a !== b : Math.abs(a - b) >= stepsTold;
  });
