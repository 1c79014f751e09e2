import type { Ack } from '@ringwave/protocol/messages';
import { type DurationMs, type EpochMs, minutes } from '@ringwave/protocol/units';
import { report } from './reporting.ts';
import type { AgentDraft } from './state.ts';

// A box with a dead clock battery wakes up in 1970 and would keep windows that never were. The controller's
// time is the witness: an acknowledgement cannot have been written after it arrived, nor before its hello left.

/** Beyond this the box starts no phone; windows are an hour wide or more, so 5 minutes does no harm. */
export const clockErrorMax: DurationMs = minutes(5);

export function noteController(draft: AgentDraft, ack: Ack, now: EpochMs): void {
  const link = draft.link.get('link');
  const said = ack.controllerMs as EpochMs;
  const isAnswer = link !== undefined && !link.answered && ack.conn === link.conn;
  const isBehind = said > now + clockErrorMax;
  const isAhead = isAnswer && said < link.helloAt - clockErrorMax;
  const known = draft.clock.get('clock');
  const wasWrong = known?.faultSince !== undefined;
  const floor = Math.max(said, known?.floor ?? 0) as EpochMs;
  // Only an answer to hello can clear the fault: other acknowledgements may have been under way for long.
  const isWrong = isBehind || isAhead || (wasWrong && !isAnswer);
  if (isWrong && !wasWrong) {
    const detail = `Controller says ${iso(said)}, the box ${iso(now)}`;
    report(draft, { kind: 'agent-fault', at: now, fault: 'clock-wrong', detail });
  }
  // The floor matters to within the error allowed, so most acknowledgements change nothing here.
  if (known && isWrong === wasWrong && floor - known.floor < clockErrorMax) return;
  const faultSince = known?.faultSince ?? now;
  draft.clock.put('clock', { floor, offsetMs: said - now, ...(isWrong ? { faultSince } : {}) });
}

const iso = (at: EpochMs): string => new Date(at).toISOString();

export function isClockWrong(draft: AgentDraft, now: EpochMs): boolean {
  const known = draft.clock.get('clock');
  if (!known) return false;
  return known.faultSince !== undefined || now < known.floor - clockErrorMax;
}
