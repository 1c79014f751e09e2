import { doubledKey } from '../core/doubled-key.ts';
import { lineOf } from '../core/name-text.ts';
import type { CheckVerdict } from '../core/rollout-state.ts';
import type { ControllerEffect } from '../core/state.ts';

// Asks what stands outside whether a wave may pass. Only hosts that the operator named are asked, and nothing
// but a clear yes is one.

export type AskCheck = Extract<ControllerEffect, { kind: 'ask-check' }>;

export interface CheckAnswer {
  readonly verdict: CheckVerdict;
  readonly detail: string;
}

/** An outside check looks into a monitoring system; half a minute is long for that. */
const answerWithinMs = 30_000;
/** A verdict and a sentence. */
const answerBytesMax = 16 * 1024;
/** A sentence, which stands in the wave's line and in the pause that it leads to. */
const detailLengthMax = 200;

/** `hosts` are `HOST` or `HOST:PORT` as they stand in the URL. */
export async function askCheck(ask: AskCheck, hosts: readonly string[]): Promise<CheckAnswer> {
  const url = URL.canParse(ask.url) ? new URL(ask.url) : undefined;
  const isNamed = url && (hosts.includes(url.host) || hosts.includes(url.hostname));
  if (!url || !isNamed) {
    const host = url?.host ?? ask.url.slice(0, 80);
    return unclear(
      `${host} is not among the hosts that the controller may ask (--gate-check-host)`,
    );
  }
  const { rollout, name: wave, counts } = ask;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ rollout, wave, counts }),
      redirect: 'error',
      signal: AbortSignal.timeout(answerWithinMs),
    });
    if (!response.ok) return unclear(`${url.host} answered ${response.status}`);
    return readAnswer(await bounded(response), url.host);
  } catch (error) {
    return unclear(`${url.host} could not be asked: ${reasonOf(error)}`);
  }
}

const unclear = (detail: string): CheckAnswer => ({
  verdict: 'inconclusive',
  detail: lineOf(detail, detailLengthMax),
});

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? cause.message : error.message;
};

async function bounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.byteLength;
    if (length > answerBytesMax)
      throw new Error(`its answer is longer than ${answerBytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

const VERDICTS: readonly string[] = ['pass', 'fail', 'inconclusive'];

function readAnswer(text: string, host: string): CheckAnswer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unclear(`${host} did not answer with JSON`);
  }
  const twice = doubledKey(text);
  if (twice !== undefined) return unclear(`${host} says ${twice} twice`);
  const { verdict, detail } = (value ?? {}) as { verdict?: unknown; detail?: unknown };
  if (typeof verdict !== 'string' || !VERDICTS.includes(verdict)) {
    return unclear(`${host} gave no verdict of pass, fail or inconclusive`);
  }
  const said = typeof detail === 'string' ? detail : '';
  return { verdict: verdict as CheckVerdict, detail: lineOf(said, detailLengthMax) };
}
