import type { MeView } from '@ringwave/protocol/views';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  complianceView,
  csvOf,
  totalsBySite,
  type Verdict,
  verdictsOf,
} from '../../core/compliance.ts';
import { haltView } from '../../core/views.ts';
import { answer, refuseAll } from './answer.ts';
import { bodyOf, HaltBody } from './inputs.ts';
import { unknownSite } from './phone-routes.ts';
import type { RestParts } from './rest-parts.ts';

/** Audit entries an answer holds; the whole chain is in the database. */
const auditEntriesMax = 1000;

/** What concerns the whole fleet: compliance, the audit, the stop for all sites, and links to log in. */
export function fleetRoutes(app: FastifyInstance, parts: RestParts): void {
  const { engine } = parts;
  app.get('/api/v1/me', async ({ who, isOwn }): Promise<MeView> => ({ who, isOwn }));
  app.post('/api/v1/login-links', async (request) => {
    const isOwn = request.isOwn || request.headers['ringwave-as'] !== undefined;
    return { url: `${parts.url()}/?once=${parts.access.mintLink(request.who, { isOwn })}` };
  });
  app.get('/api/v1/compliance', async (request, reply) => compliance(parts, request, reply));
  app.get('/api/v1/audit', async () => [...engine.tables.audit.values()].slice(-auditEntriesMax));
  app.post('/api/v1/halt', async (request, reply) => {
    const body = bodyOf(HaltBody, request.body, 'halt');
    if ('refusals' in body) return refuseAll(reply, body.refusals);
    const wasHalted = haltView(engine.tables) !== null;
    // Also where none is known: a site may have heard of one that an older copy of the controller has forgotten.
    return answer(reply, engine.command(request.who, { kind: 'halt', ...body.value }), () => ({
      ok: true,
      wasHalted,
    }));
  });
}

function compliance(parts: RestParts, request: FastifyRequest, reply: FastifyReply): unknown {
  const { tables, clock } = parts.engine;
  const { format, site } = request.query as { format?: string; site?: string };
  const refusal = unknownSite(parts, site);
  if (refusal) return refuseAll(reply, [refusal]);
  const now = clock.now();
  const view = complianceView(tables, now);
  const phones = site
    ? (tables.rosters.get(site) ?? []).flatMap((one) => tables.phones.get(one) ?? [])
    : [...tables.phones.values()];
  const verdicts: Verdict[] = phones.flatMap((phone) => verdictsOf(view, phone));
  if (format === 'csv') return reply.type('text/csv; charset=utf-8').send(csvOf(verdicts));
  return { at: now, sites: totalsBySite(verdicts), verdicts };
}
