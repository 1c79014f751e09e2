import type { FaultCode } from '@ringwave/protocol/faults';
import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import { CountedMap } from '@ringwave/protocol/tables';
import type { AgentDraft, Work } from './state.ts';

// The works of a site with what every step asks of them, kept as they change: a step then looks at the few phones
// that are down or due, never at all of them. A draft is read through: what this step wrote counts already.

/** Went away in its update, or cannot be reached by calls since: down until it shows itself. */
export const isLost = (work: Work): boolean =>
  work.backSince === undefined && !holdsSlot(work.phase) && isSilent(work);

/** How its last start ended says that nobody can call from it. One that was told nothing, or refused, is where it was. */
function isSilent({ fault, polls, woken, unanswered }: Work): boolean {
  if (fault === 'phone-never-asked') return !polls && (woken === true || unanswered === true);
  return fault !== undefined && silences.has(fault);
}

const silences: ReadonlySet<FaultCode> = new Set([
  'download-stalled',
  'phone-silent-after-restart',
  'phone-not-registered',
] as const);

export class WorkTable extends CountedMap<Work> {
  readonly down = new Set<string>();
  readonly lost = new Set<string>();
  readonly timed = new Set<string>();
  /** How many open works have a release still ahead of them. */
  readonly ahead = new Map<string, number>();

  override set(mac: string, work: Work): this {
    const before = this.get(mac);
    if (before) this.#forget(mac, before, work);
    if (holdsSlot(work.phase)) this.down.add(mac);
    if (isLost(work)) this.lost.add(mac);
    if (work.deadlineAt !== undefined) this.timed.add(mac);
    if (!before || !isAsFar(before, work)) countAhead(this.ahead, work, 1);
    return super.set(mac, work);
  }

  override delete(mac: string): boolean {
    const before = this.get(mac);
    if (before) this.#forget(mac, before);
    return super.delete(mac);
  }

  override clear(): void {
    for (const index of [this.down, this.lost, this.timed, this.ahead]) index.clear();
    super.clear();
  }

  #forget(mac: string, before: Work, after?: Work): void {
    if (holdsSlot(before.phase)) this.down.delete(mac);
    if (isLost(before)) this.lost.delete(mac);
    if (before.deadlineAt !== undefined) this.timed.delete(mac);
    if (!after || !isAsFar(before, after)) countAhead(this.ahead, before, -1);
  }
}

/** The same releases lie ahead of both. */
const isAsFar = (a: Work, b: Work): boolean =>
  a.hops === b.hops && a.hop === b.hop && isFinal(a.phase) === isFinal(b.phase);

function countAhead(ahead: Map<string, number>, work: Work, by: 1 | -1): void {
  if (isFinal(work.phase)) return;
  for (let place = work.hop; place < work.hops.length; place += 1) {
    const release = work.hops[place] ?? '';
    const count = (ahead.get(release) ?? 0) + by;
    if (count > 0) ahead.set(release, count);
    else ahead.delete(release);
  }
}

/** A caller's own plain table is indexed on the spot. */
function tableOf(draft: AgentDraft): WorkTable {
  const { base } = draft.work;
  if (base instanceof WorkTable) return base;
  const table = new WorkTable();
  for (const [mac, work] of base) table.set(mac, work);
  return table;
}

function chosen(
  draft: AgentDraft,
  index: ReadonlySet<string>,
  isMember: (work: Work) => boolean,
): readonly Work[] {
  const { base } = draft.work;
  const written = draft.work.written();
  const found: Work[] = [];
  for (const mac of index) {
    const work = written.has(mac) ? undefined : base.get(mac);
    if (work) found.push(work);
  }
  for (const work of written.values()) if (work && isMember(work)) found.push(work);
  return found;
}

/** Phones that are down or may go down without being asked again. */
export const worksDown = (draft: AgentDraft): readonly Work[] =>
  chosen(draft, tableOf(draft).down, (work) => holdsSlot(work.phase));

export const worksLost = (draft: AgentDraft): readonly Work[] =>
  chosen(draft, tableOf(draft).lost, isLost);

/** Phones whose present phase may take too long. */
export const worksTimed = (draft: AgentDraft): readonly Work[] =>
  chosen(draft, tableOf(draft).timed, (work) => work.deadlineAt !== undefined);

/** Whether some phone still has this release ahead of it. */
export function releasesAhead(draft: AgentDraft): (release: string) => boolean {
  const { ahead } = tableOf(draft);
  const written = draft.work.written();
  if (written.size === 0) return (release) => ahead.has(release);
  const counts = new Map(ahead);
  for (const [mac, work] of written) {
    const before = draft.work.base.get(mac);
    if (before) countAhead(counts, before, -1);
    if (work) countAhead(counts, work, 1);
  }
  return (release) => counts.has(release);
}
