import type { Plan } from '@ringwave/protocol/messages';
import { updateTakesUsually } from '@ringwave/protocol/phases';
import { hours, minutes } from '@ringwave/protocol/units';

// How long updates of a model take, as its phones were timed: the latest start in an opening follows from it.

/** The last updates of a model that are kept: some weeks of one that is common, and no slower memory of a rare one. */
export const samplesMax = 64;
/** Fewer prove nothing about the slowest phone: until then the usual time holds, unless they took longer. */
export const samplesMin = 8;
/** Beyond it something else was timed: a phone that was away, a clock that was set. */
const sampleMax = hours(4);
/** On top of the slowest of twenty. */
const margin = minutes(2);
/** What a plan may say, in minutes. */
const worstMin = 5;
const worstMax = 90;

type Durations = {
  get(key: string): readonly number[] | undefined;
  put(key: string, value: readonly number[]): void;
};

const keyOf = ({ vendor, model }: { vendor: string; model: string }) => `${vendor}/${model}`;

export function noteDuration(
  durations: Durations,
  phone: { readonly vendor: string; readonly model: string },
  tookMs: number,
): void {
  if (tookMs > sampleMax) return;
  const known = durations.get(keyOf(phone)) ?? [];
  durations.put(keyOf(phone), [...known, tookMs].slice(-samplesMax));
}

/** Minutes that an update takes at worst: all but the slowest of twenty, and some more; undefined where none was timed. */
export function worstMinutes(samples: readonly number[] | undefined): number | undefined {
  if (!samples || samples.length === 0) return undefined;
  const rising = [...samples].sort((a, b) => a - b);
  const slow = rising[Math.ceil(rising.length * 0.95) - 1] ?? 0;
  const found = Math.ceil((slow + margin) / minutes(1));
  const usual = updateTakesUsually / minutes(1);
  const worst = rising.length < samplesMin ? Math.max(found, usual) : found;
  return Math.min(Math.max(worst, worstMin), worstMax);
}

/** For the models of a site. Never a reason for a new plan: it goes along with the next one. */
export function takesOf(
  durations: Pick<Durations, 'get'>,
  phones: Plan['phones'],
): NonNullable<Plan['takes']> {
  const takes: NonNullable<Plan['takes']> = [];
  const known = new Map<string, Set<string>>();
  for (const { vendor, model } of phones) {
    const models = known.get(vendor) ?? new Set();
    known.set(vendor, models);
    if (models.has(model)) continue;
    models.add(model);
    const worst = worstMinutes(durations.get(keyOf({ vendor, model })));
    if (worst !== undefined) takes.push({ vendor, model, worstMinutes: worst });
  }
  return takes.slice(0, takesMax);
}

/** As many as a plan carries. */
const takesMax = 256;
