import type { Id } from '@ringwave/protocol/units';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { notFound } from '../../core/refusal.ts';
import { explain } from '../../core/explain.ts';
import type { Command, Rollout } from '../../core/state.ts';
import { rolloutView } from '../../core/views.ts';
import { ApproveBody, bodyOf, ReasonBody, RolloutBody, rolloutFrom } from './inputs.ts';
import { answer, refuseAll } from './answer.ts';
import type { RestParts } from './rest-parts.ts';

export function rolloutRoutes(app: FastifyInstance, parts: RestParts): void {
  const { engine } = parts;
  const { tables } = engine;
  app.get('/api/v1/rollouts', async () =>
    [...tables.rollouts.values()].map((one) => rolloutView(tables, one)),
  );
  app.post('/api/v1/rollouts', async (request, reply) => {
    const body = bodyOf(RolloutBody, request.body, 'rollout');
    if ('refusals' in body) return refuseAll(reply, body.refusals);
    const input = rolloutFrom(body.value);
    return answer(reply, engine.command(request.who, { kind: 'rollout-create', input }), () =>
      reply.code(201).send(viewOf(parts, input.id)),
    );
  });
  app.get('/api/v1/rollouts/:rollout', async (request, reply) => {
    const found = rolloutIn(parts, request);
    return found ? rolloutView(tables, found) : unknownRollout(parts, request, reply);
  });
  app.get('/api/v1/rollouts/:rollout/phones', async (request, reply) => {
    const found = rolloutIn(parts, request);
    return found ? phonesOf(parts, found) : unknownRollout(parts, request, reply);
  });
  app.post('/api/v1/rollouts/:rollout/approve', async (request, reply) => {
    const body = bodyOf(ApproveBody, request.body, 'approval');
    if ('refusals' in body) return refuseAll(reply, body.refusals);
    return act(parts, request, reply, (rollout) => ({
      kind: 'rollout-approve',
      rollout,
      ...body.value,
    }));
  });
  app.post('/api/v1/rollouts/:rollout/resume', async (request, reply) =>
    act(parts, request, reply, (rollout) => ({ kind: 'rollout-resume', rollout })),
  );
  app.post('/api/v1/rollouts/:rollout/pause', async (request, reply) =>
    stop(parts, request, reply, 'pause'),
  );
  app.post('/api/v1/rollouts/:rollout/abort', async (request, reply) =>
    stop(parts, request, reply, 'abort'),
  );
}

function stop(
  parts: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
  verb: 'pause' | 'abort',
): unknown {
  const body = bodyOf(ReasonBody, request.body, verb);
  if ('refusals' in body) return refuseAll(reply, body.refusals);
  const reason = body.value.reason ?? `no reason given by ${request.who}`;
  return act(parts, request, reply, (rollout) => ({ kind: `rollout-${verb}`, rollout, reason }));
}

function act(
  { engine }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
  command: (rollout: Id) => Command,
): unknown {
  const { rollout } = request.params as { rollout: string };
  const result = engine.command(request.who, command(rollout as Id));
  return answer(reply, result, () => viewOf({ engine }, rollout));
}

function viewOf({ engine }: Pick<RestParts, 'engine'>, id: string) {
  const found = engine.tables.rollouts.get(id);
  return found && rolloutView(engine.tables, found);
}

const rolloutIn = ({ engine }: RestParts, request: FastifyRequest): Rollout | undefined =>
  engine.tables.rollouts.get((request.params as { rollout: string }).rollout);

function unknownRollout(
  { engine }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { rollout } = request.params as { rollout: string };
  return refuseAll(reply, [
    notFound('rollout', rollout.slice(0, 64), [...engine.tables.rollouts.keys()]),
  ]);
}

function phonesOf({ engine }: RestParts, rollout: Rollout): unknown {
  const { tables } = engine;
  const now = engine.clock.now();
  return rollout.sites.flatMap((site) =>
    (tables.rosters.get(site) ?? []).flatMap((mac) => {
      const progress = tables.progress.get(`${rollout.id}/${mac}`);
      return progress ? [{ site, ...explain(tables, rollout, progress, now) }] : [];
    }),
  );
}
