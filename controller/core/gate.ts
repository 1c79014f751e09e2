import type { Gate, WaveCounts } from './state.ts';

export type GateVerdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'undecided'; readonly why: string }
  /** Everything ended and the gate was not met: a person decides. */
  | { readonly kind: 'held'; readonly why: string }
  | { readonly kind: 'halted'; readonly why: string };

const percent = (part: number): string => `${Math.floor(part * 1000) / 10} %`;

/** Judges a wave over its completed results: failure before success, and nothing below the minimum sample. */
export function judge(gate: Gate, counts: WaveCounts): GateVerdict {
  const { total, done, failed, skipped } = counts;
  const completed = done + failed;
  const able = total - skipped;
  const sample = Math.min(gate.minSample, able);
  const hasSample = completed > 0 && completed >= sample;
  if (hasSample && failed > gate.failuresMax) {
    return { kind: 'halted', why: `${failed} phones failed, at most ${gate.failuresMax} may` };
  }
  if (hasSample && done / completed >= gate.successMin) return { kind: 'passed' };
  const sofar = `${done} of ${completed} completed phones are done (${percent(completed ? done / completed : 0)}), needs ${percent(gate.successMin)}`;
  if (completed === able) {
    const why = able === 0 ? 'Every phone of the wave was skipped, so nothing was proven' : sofar;
    return { kind: 'held', why };
  }
  if (!hasSample)
    return { kind: 'undecided', why: `${completed} of ${sample} results needed for a judgement` };
  return { kind: 'undecided', why: sofar };
}
