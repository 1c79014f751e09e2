import { parseAdvisory } from '@ringwave/firmware-catalog/advisory';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { advisoryBoard } from '../../core/advisory-board.ts';
import { advisoryDetail, advisoryViews } from '../../core/advisory-view.ts';
import { notFound } from '../../core/refusal.ts';
import { answer, refuseAll } from './answer.ts';
import type { RestParts } from './rest-parts.ts';

/** Advisories of one answer; phones have some hundred. `?after=` goes on. */
const advisoriesMax = 1000;

/** Advisories as they are placed on phones, each with its date and who says so. */
export function advisoryRoutes(app: FastifyInstance, parts: RestParts): void {
  const { engine } = parts;
  const { tables, clock } = engine;
  app.get('/api/v1/advisories', async (request) => {
    const { review, after = '' } = request.query as Record<string, string>;
    const isReview = review === '1' || review === 'true';
    return advisoryViews(tables, clock.now(), { isReview })
      .filter(({ id }) => id > after)
      .slice(0, advisoriesMax);
  });
  app.get('/api/v1/advisories/:advisory', async (request, reply) => one(parts, request, reply));
  app.post('/api/v1/advisories', async (request, reply) => {
    const { advisory, problems } = parseAdvisory(request.body);
    if (!advisory)
      return refuseAll(
        reply,
        problems.map(({ path, reason, nextStep }) => ({
          code: 'invalid',
          thing: path ? `advisory: ${path}` : 'advisory',
          reason,
          next: nextStep,
        })),
      );
    return answer(reply, engine.command(request.who, { kind: 'advisory-put', advisory }), () =>
      reply.code(201).send(advisory),
    );
  });
}

function one({ engine }: RestParts, request: FastifyRequest, reply: FastifyReply): unknown {
  const { advisory: id } = request.params as { advisory: string };
  const found = advisoryDetail(engine.tables, id, engine.clock.now());
  if (found) return found;
  const known = [...advisoryBoard(engine.tables).advisories.keys()];
  return refuseAll(reply, [notFound('advisory', id.slice(0, 80), known)]);
}
