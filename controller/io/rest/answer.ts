import type { Problem } from '@ringwave/protocol/views';
import type { FastifyReply } from 'fastify';
import type { CommandResult, Refusal } from '../../core/state.ts';

export function refuse(
  reply: FastifyReply,
  status: number,
  error: Problem['error'],
  ...problems: Problem['problems']
): FastifyReply {
  const body: Problem = { error, problems };
  return reply.code(status).send(body);
}

const STATUS = { 'not-found': 404, conflict: 409, invalid: 400, forbidden: 403 } as const;

export function refuseAll(reply: FastifyReply, refusals: readonly Refusal[]): FastifyReply {
  const code = refusals[0]?.code ?? 'invalid';
  return refuse(
    reply,
    STATUS[code],
    code,
    ...refusals.map(({ thing, reason, next }) => ({ thing, reason, next })),
  );
}

/** The answer to a command: what `done` gives, or every reason why not. */
export function answer(reply: FastifyReply, result: CommandResult, done: () => unknown): unknown {
  return result.ok ? done() : refuseAll(reply, result.refusals);
}
