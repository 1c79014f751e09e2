// What the box itself can say about its site, for the technician who stands before it. No secret is in it.

import type { EpochMs } from '@ringwave/protocol/units';
import { nextOpening, openingNow } from './queue.ts';
import type { AgentTables } from './state.ts';

export interface LocalPhone {
  readonly mac: string;
  readonly vendor: string;
  readonly model: string;
  readonly extension: string | null;
  readonly runs: string | null;
  readonly seenAt: EpochMs | null;
  /** By this box; of a phone that only an earlier one has seen the controller has told. */
  readonly isSeenHere: boolean;
  readonly address: string | null;
  readonly phase: string | null;
  readonly reason: string | null;
  readonly nextAttemptAt: EpochMs | null;
}

export interface LocalView {
  readonly site: string;
  readonly now: EpochMs;
  readonly plan: { readonly revision: number; readonly since: EpochMs } | null;
  readonly line: 'up' | 'down';
  readonly isHalted: boolean;
  /** The opening that is on, or the next one. */
  readonly opening: {
    readonly start: EpochMs;
    readonly end: EpochMs;
    readonly isOn: boolean;
  } | null;
  readonly images: { readonly held: number; readonly wanted: number; readonly failed: number };
  /** Reports that the controller has not confirmed. */
  readonly unconfirmed: number;
  readonly phones: readonly LocalPhone[];
}

export function localView(site: string, tables: AgentTables, now: EpochMs): LocalView {
  const held = tables.plan.get('plan');
  const states = [...tables.images.values()].map(({ state }) => state);
  const count = (state: string) => states.filter((one) => one === state).length;
  const on = held && openingNow(held.plan, now);
  const opening = on ?? (held && nextOpening(held.plan, now));
  return {
    site,
    now,
    plan: held ? { revision: held.plan.revision, since: held.heldSince } : null,
    line: tables.link.get('link') ? 'up' : 'down',
    isHalted: tables.halt.get('halt')?.halted ?? false,
    opening: opening
      ? { start: opening.start as EpochMs, end: opening.end as EpochMs, isOn: on !== undefined }
      : null,
    images: { held: count('held'), wanted: count('wanted'), failed: count('failed') },
    unconfirmed: tables.outbox.size,
    phones: (held?.plan.phones ?? []).map((phone) => phoneView(phone, tables)),
  };
}

function phoneView(
  phone: { mac: string; vendor: string; model: string; extension?: string },
  tables: AgentTables,
): LocalPhone {
  const work = tables.work.get(phone.mac);
  const seen = tables.sightings.get(phone.mac);
  return {
    mac: phone.mac,
    vendor: phone.vendor,
    model: phone.model,
    extension: phone.extension ?? null,
    runs: seen?.version ?? null,
    seenAt: seen?.at ?? null,
    isSeenHere: seen !== undefined && seen.isHearsay !== true,
    address: seen?.address ?? null,
    phase: work?.phase ?? null,
    reason: work?.why.reason ?? null,
    nextAttemptAt: work?.why.nextAttemptAt ?? null,
  };
}
