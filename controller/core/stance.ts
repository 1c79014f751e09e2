import type { Change } from '@ringwave/protocol/tables';
import { type EpochMs, earliest, type Id, laterBy, type Mac, ms } from '@ringwave/protocol/units';
import type { SiteView } from '@ringwave/protocol/views';
import { agentSilentAfter } from './explain.ts';
import { meansSite } from './planned-freeze.ts';
import { type ControllerTables, progressKey, type Rollout } from './state.ts';

// Why a phone waits follows from more than the phone: from its rollout, and from its site's agent, plan and
// openings. A stance is all of that in one text; when it changes, the phones behind it are told anew.

/** What the reasons of a rollout's phones follow from. */
export const rolloutStance = ({ state, paused, waves }: Rollout): string =>
  JSON.stringify([
    state,
    paused ?? null,
    waves.map(({ openedAt = null, soakUntil = null, asks = null }) => [openedAt, soakUntil, asks]),
  ]);

/** What the reasons of a site's phones follow from. */
export const siteStance = ({ agent, opening, holds }: SiteView): string =>
  JSON.stringify([
    agent.state,
    agent.state === 'connected' ? null : agent.lastHeardAt,
    agent.planRevision,
    opening,
    holds?.find((one) => one.hold === 'headquarters-freeze') ?? null,
  ]);

/** When time alone changes how a site is shown: its agent has been silent for too long, an opening or a freeze has ended. */
export function siteChangesAt(
  { agent, opening, holds = [], freezes = [] }: SiteView,
  now: EpochMs,
): EpochMs | undefined {
  const heardAt = agent.state === 'connected' ? agent.lastHeardAt : null;
  const silentAt =
    heardAt === null ? undefined : laterBy(laterBy(heardAt as EpochMs, agentSilentAfter), ms(1));
  const thaws = holds.find((one) => one.hold === 'headquarters-freeze')?.until ?? undefined;
  const closes = opening?.end;
  const freezesAt = freezes.find(({ from }) => from > now)?.from;
  const all = [closes, thaws, freezesAt, ...freezes.map(({ until }) => until)];
  return earliest(silentAt, ...(all as readonly (EpochMs | undefined)[]));
}

/** Phones that a rollout names, by the rosters of its sites. */
export const phonesOfRollout = (tables: ControllerTables, { id, sites }: Rollout): readonly Mac[] =>
  sites.flatMap((site) =>
    (tables.rosters.get(site) ?? []).filter((mac) => tables.progress.has(progressKey(id, mac))),
  );

/** Sites that show a planned freeze that was stored; where it no longer holds their plans say so. */
export function sitesFrozenBy(tables: ControllerTables, change: Change<ControllerTables>): Id[] {
  const freeze =
    change.table === 'plannedFreezes' ? tables.plannedFreezes.get(change.key) : undefined;
  if (!freeze) return [];
  return [...tables.sites.values()].filter((site) => meansSite(freeze, site)).map(({ id }) => id);
}

/** The objects that a committed change is seen on. */
export type Touched =
  | { readonly kind: 'phone'; readonly key: Mac }
  | { readonly kind: 'site'; readonly key: Id }
  | { readonly kind: 'rollout'; readonly key: Id };

export function touchedBy({ table, key }: Change<ControllerTables>): Touched | undefined {
  switch (table) {
    case 'phones':
    case 'assignments':
      return { kind: 'phone', key: key as Mac };
    case 'progress':
      return { kind: 'phone', key: key.slice(key.indexOf('/') + 1) as Mac };
    case 'rollouts':
      return { kind: 'rollout', key: key as Id };
    case 'sites':
    case 'plans':
    case 'presence':
    case 'freezes':
    case 'agents':
    case 'rosters':
      return { kind: 'site', key: key as Id };
    case 'notices':
    case 'siteHolds':
      return { kind: 'site', key: key.slice(0, key.indexOf('/')) as Id };
    default:
      return undefined;
  }
}
