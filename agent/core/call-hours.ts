import { callHoursText, differsEnough, hoursOfWeek } from '@ringwave/protocol/call-hours';
import { days, type EpochMs, laterBy, type Mac } from '@ringwave/protocol/units';
import { planIndex } from './plan-index.ts';
import { report } from './reporting.ts';
import type { AgentDraft } from './state.ts';

// In which hours of the week phones are in calls, as the site's PBX says it. Minutes are kept, and nothing else.

/** One phone's minutes in calls, by hour of the week. */
export interface CallHours {
  readonly minutes: readonly number[];
  /** How long the site had been watched, hour by hour, when this phone came. */
  readonly before: readonly number[];
  /** What the controller was told of it last, and when. */
  readonly told?: string;
  readonly toldAt?: EpochMs;
}

/** What was counted in one hour of the week. */
export interface CallsCounted {
  readonly kind: 'calls-counted';
  /** 0 to 167, Monday first, by the site's clock. */
  readonly hour: number;
  /** Minutes in which every PBX answered. */
  readonly watched: number;
  /** Phones that were watched, with their minutes in calls. */
  readonly phones: readonly { readonly mac: Mac; readonly minutes: number }[];
}

/** Four weeks of an hour; beyond them all of it is halved, so that what is long past fades. */
export const watchedMax = 240;
/** Fewer minutes of an hour say nothing of it. */
export const watchedMin = 30;
/** Of one phone at most once a day. */
const toldEvery = days(1);

const none: readonly number[] = Array.from({ length: hoursOfWeek }, () => 0);

const plus = (counts: readonly number[], hour: number, by: number): number[] =>
  counts.with(hour, (counts[hour] ?? 0) + by);

export function callsCounted(
  draft: AgentDraft,
  { hour, watched, phones }: CallsCounted,
  now: EpochMs,
): void {
  const plan = draft.plan.get('plan')?.plan;
  if (!plan || !(hour >= 0 && hour < hoursOfWeek) || watched <= 0) return;
  const before = draft.callsWatched.get('watched') ?? none;
  draft.callsWatched.put('watched', plus(before, hour, watched));
  const { phones: planned } = planIndex(plan);
  for (const { mac, minutes } of phones) {
    if (!planned.has(mac)) continue;
    const known = draft.callHours.get(mac) ?? { minutes: none, before };
    const counted = plus(known.minutes, hour, Math.min(minutes, watched));
    if (minutes > 0 || !draft.callHours.has(mac))
      draft.callHours.put(mac, { ...known, minutes: counted });
  }
  // A phone that is no longer of this site leaves nothing behind.
  for (const mac of Array.from(draft.callHours.entries(), ([key]) => key))
    if (!planned.has(mac)) draft.callHours.remove(mac);
  fade(draft, hour);
  tellCalls(draft, now);
}

function fade(draft: AgentDraft, hour: number): void {
  const watched = draft.callsWatched.get('watched') ?? none;
  if ((watched[hour] ?? 0) <= watchedMax) return;
  const halved = (counts: readonly number[]) =>
    counts.with(hour, Math.floor((counts[hour] ?? 0) / 2));
  draft.callsWatched.put('watched', halved(watched));
  for (const [mac, known] of Array.from(draft.callHours.entries())) {
    const { minutes, before } = known;
    draft.callHours.put(mac, { ...known, minutes: halved(minutes), before: halved(before) });
  }
}

function tellCalls(draft: AgentDraft, now: EpochMs): void {
  const watched = draft.callsWatched.get('watched') ?? none;
  for (const [mac, known] of Array.from(draft.callHours.entries())) {
    const { told = '', toldAt } = known;
    if (toldAt !== undefined && now < laterBy(toldAt, toldEvery)) continue;
    const hours = hoursText(known, watched);
    if (!differsEnough(told, hours)) continue;
    report(draft, { kind: 'phone-calls', at: now, mac, hours });
    draft.callHours.put(mac, { ...known, told: hours, toldAt: now });
  }
}

const hoursText = ({ minutes, before }: CallHours, watched: readonly number[]): string =>
  callHoursText((hour) => {
    const seen = (watched[hour] ?? 0) - (before[hour] ?? 0);
    return seen < watchedMin ? undefined : (minutes[hour] ?? 0) / seen;
  });

/** The controller has lost count: what it was told is told again. */
export function retellCalls(draft: AgentDraft, now: EpochMs): void {
  for (const [mac, { told }] of draft.callHours.entries())
    if (told !== undefined) report(draft, { kind: 'phone-calls', at: now, mac, hours: told });
}
