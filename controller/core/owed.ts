import { Heap } from '@ringwave/protocol/heap';
import { CountedMap } from '@ringwave/protocol/tables';
import {
  type DurationMs,
  type EpochMs,
  type Id,
  laterBy,
  minutes,
  ms,
  seconds,
} from '@ringwave/protocol/units';
import type { ControllerDraft, ControllerEffect } from './state.ts';

// Plans sent and not confirmed, by site. A wave that opens owes one to every site at once, and every word of any site asks
// what is due: it is looked up by time, and the rest is not touched.

/** A plan that was sent and not confirmed is sent again after this, then after twice as long each time. */
export const planResendAfter: DurationMs = seconds(30);
/** A box that is gone may count as up for long: 60 phones' plan each quarter of an hour is 2 MB a day. */
export const planResendAfterMax: DurationMs = minutes(15);

export interface Owed {
  /** Of the plan that was sent. */
  readonly revision: number;
  /** How often. */
  readonly sent: number;
  readonly again: EpochMs;
}

interface Due {
  readonly site: Id;
  readonly again: EpochMs;
}

export class OwedTable extends CountedMap<Owed> {
  /** Holds what was superseded, too, until it is the least or most of it is. */
  readonly #dues = new Heap<Due>((a, b) => a.again < b.again);

  override set(site: string, owed: Owed): this {
    super.set(site, owed);
    this.#dues.push({ site: site as Id, again: owed.again });
    return this.#tidied();
  }

  override delete(site: string): boolean {
    const wasOwed = super.delete(site);
    this.#tidied();
    return wasOwed;
  }

  override clear(): void {
    super.clear();
    this.#dues.refill([]);
  }

  /** Visits from the earliest on, as a heap does; each that is owed still. */
  visit(visit: (due: Due) => boolean): void {
    this.#dues.visit((due) => !this.#isOwed(due) || visit(due));
  }

  #isOwed({ site, again }: Due): boolean {
    return this.get(site)?.again === again;
  }

  #tidied(): this {
    const dues = this.#dues;
    for (let least = dues.least; least && !this.#isOwed(least); least = dues.least) dues.pop();
    if (dues.size > 2 * this.size + 100)
      dues.refill(Array.from(this, ([site, { again }]) => ({ site: site as Id, again })));
    return this;
  }
}

/** A caller's own plain table is indexed on the spot. */
function tableOf({ owed: { base } }: ControllerDraft): OwedTable {
  if (base instanceof OwedTable) return base;
  const table = new OwedTable();
  for (const [site, owed] of base) table.set(site, owed);
  return table;
}

/** Sites whose plan is to be sent again. */
export function resendsDue(draft: ControllerDraft, now: EpochMs): readonly Id[] {
  const written = draft.owed.written();
  const due = new Set<Id>();
  tableOf(draft).visit(({ site, again }) => {
    if (again > now) return false;
    if (!written.has(site)) due.add(site);
    return true;
  });
  for (const [site, owed] of written) if (owed && owed.again <= now) due.add(site as Id);
  return [...due].sort();
}

/** When the next plan is to be sent again. */
export function nextResend(draft: ControllerDraft): EpochMs | undefined {
  const written = draft.owed.written();
  let next: EpochMs | undefined;
  const sooner = (again: EpochMs): boolean => next === undefined || again < next;
  for (const owed of written.values()) if (owed && sooner(owed.again)) next = owed.again;
  tableOf(draft).visit(({ site, again }) => {
    if (!sooner(again)) return false;
    if (written.has(site)) return true;
    next = again;
    return false;
  });
  return next;
}

/** Sends plans that their agents are not known to hold. Gives when to try again. */
export function sendPlans(
  draft: ControllerDraft,
  sites: Iterable<Id>,
  now: EpochMs,
  effects: ControllerEffect[],
): EpochMs | undefined {
  for (const site of sites) {
    const plan = draft.plans.get(site);
    const isUp = draft.presence.get(site)?.up === true;
    if (!plan || !isUp || plan.heldRevision >= plan.plan.revision) {
      draft.owed.remove(site);
      continue;
    }
    const owed = draft.owed.get(site);
    const isSame = owed?.revision === plan.plan.revision;
    if (owed && isSame && now < owed.again) continue;
    effects.push({ kind: 'send-plan', site, plan: plan.plan, issuedAt: now });
    const sent = (isSame ? (owed?.sent ?? 0) : 0) + 1;
    const wait = Math.min(planResendAfter * 2 ** Math.min(sent - 1, 10), planResendAfterMax);
    const again = laterBy(now, ms(wait));
    draft.owed.put(site, { revision: plan.plan.revision, sent, again });
  }
  return nextResend(draft);
}
