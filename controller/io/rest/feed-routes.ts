import { FLAG_CODES } from '@ringwave/firmware-catalog/announcement';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { announcementsPage, feedView, runsOf } from '../../core/feed-view.ts';
import { invalid, notFound } from '../../core/refusal.ts';
import type { ControllerTables, Refusal } from '../../core/state.ts';
import { announcementsFrom, AnnouncementsBody } from './announcement-input.ts';
import { answer, refuseAll } from './answer.ts';
import { bodyOf } from './inputs.ts';
import { unknownVendor } from './known-names.ts';
import type { RestParts } from './rest-parts.ts';

/** Announcements a page. */
const pageMax = 500;
const pageUsually = 100;

/** The feeds that are followed, what their runs brought, and the firmware that they announce. */
export function feedRoutes(app: FastifyInstance, parts: RestParts): void {
  const { engine, feeds } = parts;
  const { tables } = engine;
  app.get('/api/v1/feeds', async () => {
    const followed = feeds();
    return (followed?.choices ?? []).map((choice) =>
      feedView(tables, choice, followed?.nextRoundAt ?? null),
    );
  });
  app.get('/api/v1/feeds/:feed/runs', async (request, reply) => {
    const { feed } = request.params as { feed: string };
    const names = (feeds()?.choices ?? []).map(({ name }) => name);
    if (names.includes(feed)) return runsOf(tables, feed);
    return refuseAll(reply, [notFound('feed', feed.slice(0, 64), names)]);
  });
  app.post('/api/v1/feeds/refresh', async (_request, reply) => {
    const followed = feeds();
    if (!followed) return refuseAll(reply, [noFeeds]);
    // A round may take minutes: it is not waited for, and one under way is joined.
    void followed.runOnce();
    return reply.code(202).send({ feeds: followed.choices.length });
  });
  app.get('/api/v1/announcements', async (request, reply) => page(parts, request, reply));
  app.post('/api/v1/announcements', async (request, reply) => {
    const body = bodyOf(AnnouncementsBody, request.body, 'announcements');
    if ('refusals' in body) return refuseAll(reply, body.refusals);
    const announcements = announcementsFrom(body.value);
    const result = engine.command(request.who, { kind: 'announcements-put', announcements });
    return answer(reply, result, () => (result.ok ? result.came : undefined));
  });
}

const noFeeds: Refusal = {
  code: 'conflict',
  thing: 'feeds',
  reason: 'are not followed by this controller',
  next: 'Start it with --feeds FILE (docs/feeds.md).',
};

function page({ engine }: RestParts, request: FastifyRequest, reply: FastifyReply): unknown {
  const { vendor, model, flag, after, limit } = request.query as Record<string, string>;
  const code = FLAG_CODES.find((one) => one === flag);
  const wrong = [...unknownVendor(vendor), ...unknownAfter(engine.tables, after)];
  if (wrong.length > 0) return refuseAll(reply, wrong);
  return announcementsPage(engine.tables, {
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model }),
    ...(code === undefined ? {} : { flag: code }),
    ...(after ? { after } : {}),
    limit: Math.min(Math.max(Math.trunc(Number(limit)) || pageUsually, 1), pageMax),
  });
}

/** From one that is not kept there is no going on: it would begin anew, without end. */
function unknownAfter(
  { announcements }: Pick<ControllerTables, 'announcements'>,
  after: string | undefined,
): Refusal[] {
  if (!after || announcements.has(after)) return [];
  const reason = `is ${JSON.stringify(after.slice(0, 40))}, which is no announcement that is kept`;
  return [
    invalid('query after', reason, 'Give the `next` of the page before, or begin without it.'),
  ];
}
