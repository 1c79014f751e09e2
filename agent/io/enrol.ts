import { randomBytes } from 'node:crypto';
import {
  decodeEnrolmentAnswer,
  ENROLMENT_FAULTS,
  type EnrolmentGrant,
  type EnrolmentRefused,
  enrolmentAnswerBytesMax,
  enrolmentRefused,
  privateKeyFrom,
  readToken,
} from '@ringwave/protocol/enrolment';
import { enrolmentRequest, openAnswer } from '../core/enrolment.ts';

/** 20 s: a technician is waiting; a controller answers within one. */
const answerTimeoutMs = 20_000;

export type Enrolment =
  | { readonly ok: true; readonly grant: EnrolmentGrant }
  | EnrolmentRefused
  | { readonly ok: false; readonly fault: 'controller-unreachable'; readonly problem: string };

/**
 * Makes this box the agent of the token's site. `controllerUrl` is the controller's HTTP address; plain
 * HTTP is safe here, since the token pins the controller's key and the grant is sealed.
 */
export async function enrol(tokenText: string, controllerUrl: string): Promise<Enrolment> {
  const read = readToken(tokenText);
  if (!read.ok) return read;
  const agentKey = privateKeyFrom('X25519', randomBytes(32));
  const request = enrolmentRequest(read.token, agentKey);
  let body: string;
  try {
    const response = await fetch(new URL('/enrol/v1', controllerUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(answerTimeoutMs),
      redirect: 'error',
    });
    body = await textOf(response);
  } catch (error) {
    return unreachable(controllerUrl, error);
  }
  const refusal = refusalIn(body);
  if (refusal) return refusal;
  const answer = decodeEnrolmentAnswer(body);
  if (!answer.ok) return enrolmentRefused('answer-malformed');
  return openAnswer(answer.message, { token: read.token, agentKey, request });
}

/** At most `enrolmentAnswerBytesMax`; what follows is not read. */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > enrolmentAnswerBytesMax) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A controller refuses with `{fault}`, one of the table's words. */
function refusalIn(body: string): EnrolmentRefused | undefined {
  try {
    const { fault } = JSON.parse(body) as { fault?: unknown };
    const known = Object.keys(ENROLMENT_FAULTS).find((code) => code === fault);
    return known ? enrolmentRefused(known as keyof typeof ENROLMENT_FAULTS) : undefined;
  } catch {
    return undefined;
  }
}

function unreachable(controllerUrl: string, error: unknown) {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const why = cause instanceof Error ? cause.message || cause.name : String(cause);
  return {
    ok: false,
    fault: 'controller-unreachable',
    problem: `No controller answers at ${controllerUrl} (${why}): check the URL and the line.`,
  } as const;
}
