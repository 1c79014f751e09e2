import type { Plan } from '@ringwave/protocol/messages';
import { wanIntervalsMax } from '@ringwave/protocol/messages';
import type { EpochMs } from '@ringwave/protocol/units';
import { type Site, WEEKDAYS } from './state.ts';
import { siteOpenings } from './window.ts';

// What a site allows beyond its windows. All of it is optional: a site that says nothing has no such limit.

/** A rate of the site's line for a part of each day, by the local wall clock. */
export interface WanRule {
  /** `HH:MM`; `end` at or before `start` means the next day. */
  readonly start: string;
  readonly end: string;
  /** 0: nothing at all. */
  readonly bytesPerSecond: number;
}

export interface SiteLimits {
  /** Beside the usual rate of the line; where rules overlap the lower one holds. */
  readonly wanBudget?: readonly WanRule[];
  readonly lanBytesPerSecond?: number;
  readonly phonesPerSwitchMax?: number;
  readonly restartsPerMinuteMax?: number;
  readonly emergencyNumbers?: readonly string[];
  readonly callbackHoldMinutes?: number;
  /** Done waits for the phone's registration; for sites whose registrar the agent can ask. */
  readonly registrationProves?: boolean;
}

/** 24: a rate for every hour of the day. */
export const wanRulesMax = 24;

export const limitsOf = (site: Site): Partial<Plan> => ({
  ...(site.lanBytesPerSecond === undefined ? {} : { lanBytesPerSecond: site.lanBytesPerSecond }),
  ...(site.phonesPerSwitchMax === undefined ? {} : { phonesPerSwitchMax: site.phonesPerSwitchMax }),
  ...(site.restartsPerMinuteMax === undefined
    ? {}
    : { restartsPerMinuteMax: site.restartsPerMinuteMax }),
  ...(site.emergencyNumbers === undefined ? {} : { emergencyNumbers: [...site.emergencyNumbers] }),
  ...(site.callbackHoldMinutes === undefined
    ? {}
    : { callbackHoldMinutes: site.callbackHoldMinutes }),
  ...(site.registrationProves ? { registrationProves: true } : {}),
});

/** The rules as instants until the plan ends, so that an agent without a line keeps the site's own hours. */
export function wanIntervals(site: Site, from: EpochMs, until: EpochMs): Partial<Plan> {
  if (site.wanBudget === undefined) return {};
  const all = site.wanBudget.flatMap(({ start, end, bytesPerSecond }) => {
    const windows = [{ days: WEEKDAYS, start, end }];
    const openings = siteOpenings({ zone: site.zone, windows, blackout: [] }, from, until);
    return openings.map((one) => ({ start: one.start, end: one.end, bytesPerSecond }));
  });
  return { wanBudget: all.sort((a, b) => a.start - b.start).slice(0, wanIntervalsMax) };
}
