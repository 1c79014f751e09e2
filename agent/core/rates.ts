import type { Plan } from '@ringwave/protocol/messages';
import { type EpochMs, earliest } from '@ringwave/protocol/units';
import type { AgentDraft, AgentEffect, Rate } from './state.ts';

// How fast the site's line and its own network may be used, which changes with the time of day.

export interface WanNow {
  readonly rate: Rate;
  /** When another rate begins; undefined where none does. */
  readonly until: EpochMs | undefined;
}

export function wanNow(plan: Plan, now: EpochMs): WanNow {
  const budget = plan.wanBudget ?? [];
  if (budget.length === 0) return { rate: usual(plan), until: undefined };
  const present = budget.filter((one) => one.start <= now && now < one.end);
  const edges = budget.map((one) => (one.start > now ? one.start : one.end) as EpochMs);
  const until = earliest(...edges.filter((at) => at > now));
  if (present.length === 0) return { rate: usual(plan), until };
  const least = Math.min(...present.map((one) => one.bytesPerSecond));
  return { rate: least === 0 ? 'none' : least, until };
}

const usual = (plan: Plan): Rate =>
  plan.wanBytesPerSecond === 0 ? 'free' : plan.wanBytesPerSecond;

/** Tells the shell the rates that have changed since it was last told. Gives when one changes next. */
export function setRates(
  draft: AgentDraft,
  plan: Plan,
  now: EpochMs,
  effects: AgentEffect[],
): EpochMs | undefined {
  const wan = wanNow(plan, now);
  const isPaced = plan.wanBudget !== undefined || draft.rates.has('wan');
  if (isPaced) tellRate(draft, 'wan', wan.rate, effects);
  const isCapped = plan.lanBytesPerSecond !== undefined || draft.rates.has('lan');
  if (isCapped) tellRate(draft, 'lan', plan.lanBytesPerSecond ?? 'free', effects);
  return wan.until;
}

function tellRate(draft: AgentDraft, of: 'wan' | 'lan', rate: Rate, effects: AgentEffect[]): void {
  if (draft.rates.get(of) === rate) return;
  draft.rates.put(of, rate);
  effects.push({ kind: 'set-rate', of, rate });
}
