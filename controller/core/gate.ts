import type { Released } from './rollout-state.ts';
import type { Gate, Rollout, Wave, WaveCounts } from './state.ts';

export type GateVerdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'undecided'; readonly why: string }
  /** Everything ended and the gate was not met: a person decides. */
  | { readonly kind: 'held'; readonly why: string }
  | { readonly kind: 'halted'; readonly why: string };

/** The rollout's gate with what this wave says of its own. */
export const gateOf = (rollout: Rollout, wave: Wave): Gate => ({
  ...rollout.gate,
  ...wave.spec.gate,
});

/** Said of a wave that has passed by its results, and by nobody's word. */
export const gateMet = 'Gate met';

/** Judges a wave by what counts of it now. What a person has released is not stopped again by the same failures. */
export function judgeWave(rollout: Rollout, wave: Wave): GateVerdict {
  const { counts, released } = wave;
  return judge(gateOf(rollout, wave), released ? beyond(tried(counts), released) : counts);
}

/** Phones that ran the version before they were let go are done, and say nothing of how it gets there. */
export function tried({ already = 0, ...counts }: WaveCounts): WaveCounts {
  return { ...counts, total: counts.total - already, done: counts.done - already };
}

/** A wave that has passed and whose late failures still halt the rollout. Of one released by an older version nobody kept what was known. */
export const isWatched = ({ state, why, released }: Wave): boolean =>
  state === 'passed' && (why === gateMet || released !== undefined);

/** Results may have been taken back since: fewer than none are none. */
function beyond(counts: WaveCounts, { done, failed }: Released): WaveCounts {
  return {
    ...counts,
    total: counts.total - Math.min(counts.done, done) - Math.min(counts.failed, failed),
    done: Math.max(counts.done - done, 0),
    failed: Math.max(counts.failed - failed, 0),
  };
}

const percent = (part: number): string => `${Math.floor(part * 1000) / 10} %`;

/**
 * Judges a wave over its completed results: failure before success. A number of failures holds at once; what is a part of the
 * results, and success, need the minimum sample.
 */
export function judge(gate: Gate, counts: WaveCounts): GateVerdict {
  // With no phone to try nothing is to be waited for.
  if (counts.total > 0 && counts.already === counts.total) return { kind: 'passed' };
  const { total, done, failed, skipped, aside = 0 } = tried(counts);
  const completed = done + failed;
  const able = total - skipped - aside;
  // Phones that were tried and gave no result that counts make the wave no smaller.
  const sample = Math.min(gate.minSample, total - skipped);
  const hasSample = completed > 0 && completed >= sample;
  const excess =
    tooManyFailures(gate, failed) ??
    (hasSample ? tooLargePart(gate, failed, completed) : undefined);
  if (excess) return { kind: 'halted', why: excess };
  const missing = missingSuccess(gate, { done, completed, able });
  if (hasSample && !missing) return { kind: 'passed' };
  const few = `${completed} of ${sample} results needed for a judgement`;
  if (completed === able) {
    const short = missing ?? `${few}, and no more are to come`;
    return { kind: 'held', why: able === 0 ? nothingProven(counts) : short };
  }
  if (!hasSample) return { kind: 'undecided', why: few };
  return { kind: 'undecided', why: missing ?? 'enough are done' };
}

const nothingProven = ({ aside = 0, already = 0 }: WaveCounts): string =>
  aside + already === 0
    ? 'Every phone of the wave was skipped, so nothing was proven'
    : 'No phone of the wave gave a result that counts, so nothing was proven';

const tooManyFailures = ({ failuresMax }: Gate, failed: number): string | undefined =>
  failed > failuresMax ? `${failed} phones failed, at most ${failuresMax} may` : undefined;

function tooLargePart(gate: Gate, failed: number, completed: number): string | undefined {
  const part = failed / completed;
  if (gate.failedPartMax !== undefined && part > gate.failedPartMax) {
    return `${failed} of ${completed} completed phones failed (${percent(part)}), at most ${percent(gate.failedPartMax)} may`;
  }
  return undefined;
}

function missingSuccess(
  gate: Gate,
  { done, completed, able }: { done: number; completed: number; able: number },
): string | undefined {
  const part = completed === 0 ? 0 : done / completed;
  if (part < gate.successMin) {
    return `${done} of ${completed} completed phones are done (${percent(part)}), needs ${percent(gate.successMin)}`;
  }
  const doneMin = Math.min(gate.doneMin ?? 0, able);
  if (done < doneMin) return `${done} phones are done, needs ${doneMin}`;
  return undefined;
}

/** What makes a gate one that nothing could pass or that says two things; empty where it can be met. */
export function gateProblems(gate: Gate): { part: string; reason: string; next: string }[] {
  const problems: { part: string; reason: string; next: string }[] = [];
  const partBounds = (part: 'successMin' | 'failedPartMax') => {
    const value = gate[part];
    if (value === undefined || (value >= 0 && value <= 1)) return;
    const next = 'Give a part between 0 and 1, such as 0.95.';
    problems.push({ part, reason: `is ${value}`, next });
  };
  partBounds('successMin');
  partBounds('failedPartMax');
  problems.push(...failureProblems(gate));
  if (gate.soakIn && gate.soak === 0) {
    const next = 'Give soakMinutes, or leave soakIn out.';
    problems.push({ part: 'soakIn', reason: 'has no time to soak in', next });
  }
  const ofAddress = gate.askUrl === undefined ? undefined : addressProblem(gate.askUrl);
  if (ofAddress) {
    const next = 'Write it like https://monitor.example.com/check.';
    problems.push({ part: 'askUrl', reason: ofAddress, next });
  }
  return problems;
}

/** After a failure that it permits such a gate is never met: the wave goes through all its phones, and is held. */
function failureProblems({ failuresMax, ...gate }: Gate): ReturnType<typeof gateProblems> {
  const strict = [
    ...(gate.successMin === 1 ? [{ says: 'successMin 1', mend: 'lower successMin' }] : []),
    ...(gate.failedPartMax === 0 ? [{ says: 'failedPartMax 0', mend: 'raise failedPartMax' }] : []),
  ];
  if (strict.length === 0 || failuresMax === 0) return [];
  const failures = failuresMax === 1 ? '1 failure' : `${failuresMax} failures`;
  const parts = strict.map(({ says }) => says).join(' and ');
  const reason = `permits ${failures}, but ${parts} ${strict.length === 1 ? 'permits' : 'permit'} none`;
  const next = `Give 0, or ${strict.map(({ mend }) => mend).join(' and ')}.`;
  return [{ part: 'failuresMax', reason, next }];
}

/** An address that could never be asked would hold each wave until a person comes. */
function addressProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return `is ${JSON.stringify(text.slice(0, 80))}, which names no host`;
  const { username, password } = new URL(text);
  return username + password === ''
    ? undefined
    : 'carries a user name or a password, which is not sent';
}
