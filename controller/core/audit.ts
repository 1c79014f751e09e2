import { createHash } from 'node:crypto';
import type { EpochMs } from '@ringwave/protocol/units';
import type { AuditEntry, ControllerDraft } from './state.ts';

/** Entries are chained, so that the log can be checked offline: a changed or missing line breaks the rest. */
export function audit(
  draft: ControllerDraft,
  entry: { at: EpochMs; who: string; what: string; object: string; detail?: string },
): void {
  const seq = nextCount(draft, 'audit');
  const before = draft.audit.get(auditKey(seq - 1))?.hash ?? '';
  draft.audit.put(auditKey(seq), { seq, ...entry, hash: chained(before, { seq, ...entry }) });
}

export const auditKey = (seq: number): string => String(seq).padStart(10, '0');

function chained(before: string, entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, at, who, what, object, detail } = entry;
  const line = JSON.stringify([before, seq, at, who, what, object, detail ?? null]);
  return createHash('sha256').update(line).digest('hex');
}

/** The number of the first entry that does not follow from the one before it; undefined when all do. */
export function firstBrokenEntry(entries: readonly AuditEntry[]): number | undefined {
  let before = '';
  for (const [place, { hash, ...entry }] of entries.entries()) {
    if (entry.seq !== place + 1 || hash !== chained(before, entry)) return place + 1;
    before = hash;
  }
  return undefined;
}

/** Counts up and gives the new number; the first is 1. */
export function nextCount(draft: ControllerDraft, name: string): number {
  const next = (draft.counters.get(name) ?? 0) + 1;
  draft.counters.put(name, next);
  return next;
}
