import type { GateView, RolloutView, WaveView } from '@ringwave/protocol/views';
import { counted, spanText } from './time-text.ts';

// A gate in plain words, part by part: what it wants, and how things stand.

export interface GatePart {
  readonly name: string;
  readonly text: string;
  /** Undefined: nothing is known of it yet, or it comes later. */
  readonly stands?: 'met' | 'not-met' | 'broken';
}

const percent = (part: number): string => `${Math.floor(part * 1000) / 10} %`;

/** The parts that are judged over results, in the order in which they are judged. */
export function resultParts(wave: WaveView): readonly GatePart[] {
  const { gate, total, failed, skipped, aside, already = 0 } = wave;
  const done = wave.done - already;
  const completed = done + failed;
  // What was skipped, set aside or there before is neither success nor failure; a small wave counts whole.
  const able = total - skipped - aside - already;
  return [
    ...failureParts(gate, { failed, completed }),
    samplePart(completed, Math.min(gate.minSample, able)),
    ...doneParts(gate, { done, completed, able }),
  ];
}

function samplePart(completed: number, sample: number): GatePart {
  const text = `${completed} of at least ${sample}; fewer let nothing pass`;
  return {
    name: 'Results',
    text,
    stands: completed > 0 && completed >= sample ? 'met' : 'not-met',
  };
}

function failureParts(
  { failuresMax, failedPartMax }: GateView,
  { failed, completed }: { failed: number; completed: number },
): GatePart[] {
  const bound = failuresMax === 0 ? 'one halts the wave' : `more than ${failuresMax} halt the wave`;
  const part = completed === 0 ? 0 : failed / completed;
  const parts: GatePart[] = [
    {
      name: 'Failures',
      text: `${failed}; ${bound}`,
      stands: failed > failuresMax ? 'broken' : 'met',
    },
  ];
  if (failedPartMax !== undefined) {
    const text = `${percent(part)} of results; more than ${percent(failedPartMax)} halt the wave`;
    parts.push({ name: 'Failed part', text, stands: part > failedPartMax ? 'broken' : 'met' });
  }
  return parts;
}

function doneParts(
  { successMin, doneMin }: GateView,
  { done, completed, able }: { done: number; completed: number; able: number },
): GatePart[] {
  const part = completed === 0 ? 0 : done / completed;
  const now = completed === 0 ? 'no result yet' : `${percent(part)} of results`;
  const stands = (isMet: boolean) => (completed > 0 && isMet ? 'met' : 'not-met');
  const parts: GatePart[] = [
    {
      name: 'Done',
      text: `${now}; needs ${percent(successMin)}`,
      stands: stands(part >= successMin),
    },
  ];
  const least = Math.min(doneMin ?? 0, able);
  if (least > 0) {
    const text = `${done}; needs ${least}`;
    parts.push({ name: 'Phones done', text, stands: stands(done >= least) });
  }
  return parts;
}

/** "2 h of working time": how long results must stay right. */
export function soakText({ soakMs, soakIn }: GateView): string {
  const long = spanText(soakMs);
  return soakIn
    ? `${long} of working time (Monday to Friday, nine to five, by the clock of each site)`
    : long;
}

/** The host that an outside check asks; the whole address may carry more than a reader should see. */
export const checkHost = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);

/** After so many questions without a clear answer a person is asked. */
export const checkAsksMax = 3;

export function rateText(perMinute: number): string {
  if (perMinute < 1) return `a phone every ${spanText(60_000 / perMinute)}`;
  const rounded = Math.round(perMinute * 10) / 10;
  return `${counted(rounded, 'phone')} a minute`;
}

/** How the pace came to be what it is, and what bounds it; empty where it is what was asked for. */
export function paceTerms({ pace }: RolloutView): string {
  if (!pace) return '';
  const { perMinute, factor = 2, everyDone, perMinuteMax, perSitePerMinute } = pace;
  const terms = [
    ...(everyDone === undefined
      ? []
      : [
          `began with ${rateText(perMinute)}`,
          `times ${factor} for each ${everyDone.toLocaleString('en-GB')} done`,
        ]),
    ...(perMinuteMax === undefined ? [] : [`${perMinuteMax} a minute at most`]),
    ...(perSitePerMinute === undefined ? [] : [`${perSitePerMinute} a minute at one site`]),
  ];
  return terms.join(', ');
}

/** Commands stand behind a reason for those who read it in a terminal; here there is a button. */
export const withoutCommand = (why: string): string => why.replace(/: ringwave rollout .*$/, '');
