import type { DesiredAnswer } from '@ringwave/protocol/views';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  circlesIn,
  commandsFor,
  type Difference,
  differencesOf,
  refusedDifferences,
} from '../../core/desired-state.ts';
import { taken } from '../../core/refusal.ts';
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
  const { desired, refusals: ofForm, named } = desiredFrom(body.value.documents);
  const { tables } = engine;
  const differences = differencesOf(tables, desired);
  const begun = [...refusedDifferences(tables, differences), ...circlesIn(desired)];
  const commands = commandsFor(desired, differences);
  const command = { kind: 'desired-state', commands } as const;
  if (ofForm.length > 0 || begun.length > 0) {
    // Whoever mends the form learns at once what else is wrong.
    const also = commands.length > 0 ? engine.wouldTake(request.who, command) : taken;
    return told(
      ofForm.length > 0 ? [] : differences,
      everyRefusal(ofForm, begun, also.ok ? [] : also.refusals, named),
    );
  }
  if (commands.length === 0) return told(differences, []);
  const result: CommandResult =
    body.value.dryRun === true
      ? engine.wouldTake(request.who, command)
      : engine.command(request.who, command);
  return told(differences, result.ok ? [] : result.refusals);
}

/** Without what follows from a fault that is told: a thing is missing whose document is wrong, or an edit of what has begun. */
function everyRefusal(
  ofForm: readonly Refusal[],
  begun: readonly Refusal[],
  also: readonly Refusal[],
  named: ReadonlySet<string>,
): Refusal[] {
  const told = new Set(begun.map(({ thing }) => thing));
  const own = also.filter(({ code, thing }) => {
    const isOfBroken = code === 'not-found' && named.has(thing.split(': ').at(-1) ?? '');
    return !isOfBroken && !told.has(thing);
  });
  return [...ofForm, ...begun, ...own];
}

const told = (differences: readonly Difference[], refusals: readonly Refusal[]): DesiredAnswer => ({
  ok: refusals.length === 0,
  differences,
  problems: refusals.map(({ thing, reason, next }) => ({ thing, reason, next })),
});
