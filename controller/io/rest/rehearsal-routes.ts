import { draftOf } from '@ringwave/protocol/tables';
import { Type } from 'typebox';
import type { FastifyInstance } from 'fastify';
import { conflict } from '../../core/refusal.ts';
import { rehearseApart } from '../rehearse.ts';
import { refuseAll } from './answer.ts';
import { bodyOf, closed } from './inputs.ts';
import type { RestParts } from './rest-parts.ts';
import { problemsOfRest, rolloutFrom } from './rollout-inputs.ts';

const Rate = Type.Integer({ minimum: 1000, maximum: 10_000_000_000 });
const Part = Type.Number({ minimum: 0, maximum: 1 });

/** What may be assumed of the world beside the rollout itself. */
const WishesBody = Type.Object(
  {
    seeds: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    daysMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 365 })),
    failedPart: Type.Optional(Part),
    busyByHour: Type.Optional(Type.Array(Part, { minItems: 24, maxItems: 24 })),
    lanBytesPerSecond: Type.Optional(Rate),
    wanBytesPerSecond: Type.Optional(Rate),
    personTakesHours: Type.Optional(Type.Number({ minimum: 0, maximum: 720 })),
  },
  closed,
);

export function rehearsalRoutes(app: FastifyInstance, { engine }: RestParts): void {
  // Each holds a copy of the fleet and a processor: a second one waits until somebody asks again.
  let isBusy = false;
  const stopping = new AbortController();
  app.addHook('onClose', async () => stopping.abort());
  app.post('/api/v1/rollouts/rehearse', async (request, reply) => {
    const { rollout, ...rest } = (request.body ?? {}) as { rollout?: unknown };
    const input = rolloutFrom(rollout);
    const wishes = bodyOf(WishesBody, rest, 'rehearsal');
    if ('refusals' in input || 'refusals' in wishes) {
      const draft = draftOf(engine.tables);
      const ofInput = 'refusals' in input ? problemsOfRest(draft, input, engine.clock.now()) : [];
      return refuseAll(reply, [...ofInput, ...('refusals' in wishes ? wishes.refusals : [])]);
    }
    if (isBusy) {
      const next = 'Wait until it has ended, then ask again.';
      return refuseAll(reply, [conflict('rehearsal', 'is under way for somebody else', next)]);
    }
    isBusy = true;
    try {
      const task = {
        tables: engine.tables,
        input,
        now: engine.clock.now(),
        wishes: wishes.value,
      };
      const said = await rehearseApart(task, stopping.signal);
      return 'refusals' in said ? refuseAll(reply, said.refusals) : said;
    } catch (error) {
      const reason = `did not end: ${error instanceof Error ? error.message : String(error)}`;
      process.stderr.write(`rehearsal: ${error instanceof Error ? error.stack : String(error)}\n`);
      const next =
        'If it was too much at once, take fewer seeds or days; else look into the log of the controller.';
      return refuseAll(reply, [conflict('rehearsal', reason, next)]);
    } finally {
      isBusy = false;
    }
  });
}
