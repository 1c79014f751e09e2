import type { DesiredAnswer } from '@ringwave/protocol/views';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  commandsFor,
  type Difference,
  differencesOf,
  refusedDifferences,
} from '../../core/desired-state.ts';
import type { CommandResult, Refusal } from '../../core/state.ts';
import { refuseAll } from './answer.ts';
import { DesiredBody, desiredFrom } from './desired-inputs.ts';
import { bodyOf } from './inputs.ts';
import type { RestParts } from './rest-parts.ts';

/** Documents of desired state: compared with what is, and made so in one step, or not at all. */
export function desiredRoutes(app: FastifyInstance, parts: RestParts): void {
  app.post('/api/v1/desired-state', async (request, reply) => make(parts, request, reply));
}

function make(
  { engine }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | DesiredAnswer {
  const body = bodyOf(DesiredBody, request.body, 'desired state');
  if ('refusals' in body) return refuseAll(reply, body.refusals);
  const read = desiredFrom(body.value.documents);
  if ('refusals' in read) return told([], read.refusals);
  const { tables } = engine;
  const differences = differencesOf(tables, read.desired);
  const refusals = refusedDifferences(tables, differences);
  if (refusals.length > 0) return told(differences, refusals);
  const commands = commandsFor(read.desired, differences);
  if (commands.length === 0) return told(differences, []);
  const command = { kind: 'desired-state', commands } as const;
  const result: CommandResult =
    body.value.dryRun === true
      ? engine.wouldTake(request.who, command)
      : engine.command(request.who, command);
  return told(differences, result.ok ? [] : result.refusals);
}

const told = (differences: readonly Difference[], refusals: readonly Refusal[]): DesiredAnswer => ({
  ok: refusals.length === 0,
  differences,
  problems: refusals.map(({ thing, reason, next }) => ({ thing, reason, next })),
});
