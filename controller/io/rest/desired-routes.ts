import type { DesiredAnswer } from '@ringwave/protocol/views';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  circlesIn,
  commandsFor,
  type Difference,
  differencesOf,
  refusedDifferences,
} from '../../core/desired-state.ts';
import { desiredFaults } from '../../core/desired-faults.ts';
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
  const { desired, refusals: ofForm } = read;
  const { tables, clock } = engine;
  const faults = () => desiredFaults(tables, read, { who: request.who, now: clock.now() });
  // Whoever mends the form learns at once what else is wrong.
  if (ofForm.length > 0) return told([], [...ofForm, ...faults()]);
  const differences = differencesOf(tables, desired);
  const begun = [...refusedDifferences(tables, differences), ...circlesIn(desired)];
  if (begun.length > 0) return told(differences, faults());
  const commands = commandsFor(desired, differences);
  if (commands.length === 0) return told(differences, []);
  const command = { kind: 'desired-state', commands } as const;
  const result: CommandResult =
    body.value.dryRun === true
      ? engine.wouldTake(request.who, command)
      : engine.command(request.who, command);
  if (result.ok) return told(differences, []);
  const found = faults();
  return told(differences, found.length > 0 ? found : result.refusals);
}

const told = (differences: readonly Difference[], refusals: readonly Refusal[]): DesiredAnswer => ({
  ok: refusals.length === 0,
  differences,
  problems: refusals.map(({ thing, reason, next }) => ({ thing, reason, next })),
});
