import {
  type DurationMs,
  days,
  type EpochMs,
  laterBy,
  minutes,
  ms,
  seconds,
} from '@ringwave/protocol/units';
import type { Caution, Pace, Paced, Rollout, WaveSpec } from './rollout-state.ts';

// How fast an open wave lets its phones go. The rate grows with what is proven, never with time alone.

/** No look at the line sooner than this: a rate above four a minute releases several phones a look. */
export const paceTick: DurationMs = seconds(15);
/** What time without a look (a pause, a restart) may save up: a minute's worth or one phone, so that no burst follows. */
const savedUpMax = (rate: number): DurationMs => ms(Math.max(60_000, 60_000 / rate));
/** What the rate is multiplied by where only `everyDone` is given. */
const factorUsually = 2;

/** As many phones a minute as anybody has; a rate that grows without a cap of its own stays a number that can be reckoned with. */
export const perMinuteMost = 100_000;

/** Phones a minute once so many are done. */
export function rateAfter(pace: Pace, done: number): number {
  const { perMinute, everyDone, perMinuteMax = perMinuteMost } = pace;
  const factor = pace.factor ?? (everyDone === undefined ? 1 : factorUsually);
  const steps = everyDone === undefined ? 0 : Math.floor(done / everyDone);
  return Math.min(perMinute * factor ** steps, perMinuteMax);
}

/** How many phones may be released now, and what is left of the allowance. */
export function allowed(
  pace: Pace,
  paced: Paced,
  done: number,
  now: EpochMs,
): { readonly count: number; readonly credit: number } {
  const rate = rateAfter(pace, done);
  const elapsed = Math.min(Math.max(now - paced.at, 0), savedUpMax(rate));
  const whole = paced.credit + (rate * elapsed) / 60_000;
  const count = Math.floor(whole + 1e-9);
  return { count, credit: Math.max(whole - count, 0) };
}

/** When to look at the line again: at the next whole phone, not sooner than a tick. */
export function nextLook(pace: Pace, paced: Paced, done: number): EpochMs {
  const wait = ((1 - paced.credit) / rateAfter(pace, done)) * 60_000;
  return laterBy(paced.at, ms(Math.ceil(Math.max(wait, paceTick))));
}

/** About one phone a day: below that no wave ends in a time that anybody plans for. */
export const perMinuteLeast = 0.0007;

export function paceProblems(pace: Pace): { part: string; reason: string; next: string }[] {
  const problems: { part: string; reason: string; next: string }[] = [];
  if (pace.perMinute < perMinuteLeast) {
    const reason = `is ${pace.perMinute}, one phone in ${daysText(minutes(1 / pace.perMinute))}`;
    const next = `Give at least ${perMinuteLeast}, about one phone a day; a small first wave with a gate goes gently, too.`;
    problems.push({ part: 'perMinute', reason, next });
  }
  if (pace.perMinuteMax !== undefined && pace.perMinuteMax < pace.perMinute) {
    const reason = `is ${pace.perMinuteMax}, below perMinute ${pace.perMinute}`;
    problems.push({ part: 'perMinuteMax', reason, next: 'Raise it, or lower perMinute.' });
  }
  if (pace.factor !== undefined && pace.everyDone === undefined) {
    const reason = 'multiplies a rate, but everyDone does not say how often';
    problems.push({ part: 'factor', reason, next: 'Give everyDone, such as 100.' });
  }
  return problems;
}

/** A month: who paces a wave longer than that has seldom counted its phones. */
const waveTakesUsually: DurationMs = days(30);

/** Waves whose phones are let go for very long, when all goes well. */
export function longPaces(
  { id, pace }: Pick<Rollout, 'id' | 'pace'>,
  waves: readonly WaveSpec[],
  members: readonly { readonly length: number }[],
): Caution[] {
  if (!pace) return [];
  let done = 0;
  return waves.flatMap(({ name }, index) => {
    const phones = members[index]?.length ?? 0;
    const takes = letGoIn(pace, { done, phones });
    done += phones;
    if (takes <= waveTakesUsually) return [];
    const reason = `lets its ${phones} phones go in ${daysText(takes)} by its pace`;
    const next = 'Raise pace.perMinute, or give everyDone, so that it grows with what is done.';
    return [{ thing: `rollout ${id}: wave ${name}`, reason, next }];
  });
}

/** From the first phone to the last, where each is done at once. */
function letGoIn(pace: Pace, wave: { readonly done: number; readonly phones: number }): DurationMs {
  const { everyDone = Number.POSITIVE_INFINITY } = pace;
  const end = wave.done + wave.phones;
  let waited = 0;
  for (let done = wave.done; done < end; ) {
    const step = Math.min(end - done, everyDone - (done % everyDone));
    waited += step / rateAfter(pace, done);
    done += step;
  }
  return minutes(waited);
}

const daysText = (length: DurationMs): string => `${Math.round(length / days(1))} days`;
