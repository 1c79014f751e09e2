import type { Plan, PlanOpening, PlanPhone } from '@ringwave/protocol/messages';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import type { Rollout, Site, WaveSpec, WindowRule } from './state.ts';
import { siteOpenings } from './window.ts';

// A wave may narrow the windows of its sites: its phones are started where both are open, and never elsewhere.

/** How a plan names the openings of one wave. */
export const withinId = (rollout: Id, wave: number): string => `${rollout}/${wave}`;

/** The parts of openings that lie in a wave's own windows, by the clock of the site. */
export function narrowed(
  { zone }: Pick<Site, 'zone'>,
  openings: readonly PlanOpening[],
  windows: readonly WindowRule[],
  { now, until }: { readonly now: EpochMs; readonly until: EpochMs },
): PlanOpening[] {
  const own = siteOpenings({ zone, windows, blackout: [] }, now, until);
  return openings.flatMap((one) =>
    own.flatMap(({ start, end }) => {
      const part = { start: Math.max(start, one.start), end: Math.min(end, one.end) };
      return part.end > part.start ? [part] : [];
    }),
  );
}

interface Rollouts {
  readonly rollouts: { get(id: string): Rollout | undefined };
}

/** As a plan carries them: the openings of each wave with windows of its own that a phone of the plan is in. */
export function planWithin(
  tables: Rollouts,
  site: Site,
  { phones, openings }: { phones: readonly PlanPhone[]; openings: readonly PlanOpening[] },
  span: { readonly now: EpochMs; readonly until: EpochMs },
): Pick<Plan, 'within'> {
  const ids = new Set(phones.flatMap(({ work }) => work?.within ?? []));
  if (ids.size === 0) return {};
  const within = [...ids].map((id) => {
    const [rollout = '', wave] = id.split('/');
    const windows = tables.rollouts.get(rollout)?.waves[Number(wave)]?.spec.windows ?? [];
    return { id, openings: narrowed(site, openings, windows, span) };
  });
  return { within };
}

const narrowedOnce = new WeakMap<Plan, Map<WaveSpec, readonly PlanOpening[]>>();

/** The openings that matter to phones of a wave at a site, as its newest plan knows them. */
export function openingsFor(
  plan: Plan,
  site: Pick<Site, 'zone'>,
  spec: WaveSpec | undefined,
): readonly PlanOpening[] {
  const { windows } = spec ?? {};
  if (!spec || !windows) return plan.openings;
  const known = narrowedOnce.get(plan) ?? new Map<WaveSpec, readonly PlanOpening[]>();
  narrowedOnce.set(plan, known);
  const found = known.get(spec) ?? narrowed(site, plan.openings, windows, spanOf(plan));
  known.set(spec, found);
  return found;
}

const spanOf = ({ openings, startUntil }: Plan) => ({
  now: (openings[0]?.start ?? startUntil) as EpochMs,
  until: startUntil as EpochMs,
});

/** `sat, sun 01:00 to 05:00`: as people read a rule. */
export const windowWords = ({ days, start, end, minutes }: WindowRule): string =>
  `${days.join(', ')} ${start} ${end === undefined ? `for ${minutes} minutes` : `to ${end}`}`;
