import { randomBytes } from 'node:crypto';
import { hours, type Id, id } from '@ringwave/protocol/units';
import type { SiteDetailView } from '@ringwave/protocol/views';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { mintToken, tokenRandomBytes } from '../../core/enrolment.ts';
import { notFound } from '../../core/refusal.ts';
import type { Command } from '../../core/state.ts';
import { freezeSpans } from '../../core/planned-freeze.ts';
import { comingOpenings, incidentsOf } from '../../core/site-outlook.ts';
import { siteView } from '../../core/views.ts';
import { answer, refuseAll } from './answer.ts';
import {
  alsoWrong,
  bodyOf,
  FreezeBody,
  instantSaid,
  SiteBody,
  siteFrom,
  siteOfRest,
  TokenBody,
} from './inputs.ts';
import type { RestParts } from './rest-parts.ts';

/** Sites: what an administrator says of a branch, and the token that makes a box its agent. */
export function siteRoutes(app: FastifyInstance, parts: RestParts): void {
  const { engine } = parts;
  const { tables } = engine;
  app.get('/api/v1/sites', async () =>
    [...tables.sites.values()].map((site) => siteView(tables, site, engine.clock.now())),
  );
  app.get('/api/v1/sites/:site', async (request, reply) => {
    const site = siteIn(request);
    const found = tables.sites.get(site);
    if (!found) return refuseAll(reply, [notFound('site', site, [...tables.sites.keys()])]);
    const now = engine.clock.now();
    return {
      ...found,
      ...siteView(tables, found, now),
      comingOpenings: comingOpenings(found, freezeSpans(tables, found.id, now), now),
      incidents: incidentsOf(tables, found.id),
    } satisfies SiteDetailView;
  });
  app.put('/api/v1/sites/:site', async (request, reply) => put(parts, request, reply));
  app.delete('/api/v1/sites/:site', async (request, reply) => {
    const command = { kind: 'site-remove', site: siteIn(request) as Id } as const;
    return answer(reply, engine.command(request.who, command), () => ({ ok: true }));
  });
  app.put('/api/v1/sites/:site/freeze', async (request, reply) => freeze(parts, request, reply));
  app.delete('/api/v1/sites/:site/freeze', async (request, reply) =>
    answerFreeze(parts, request, reply, null),
  );
  app.post('/api/v1/sites/:site/token', async (request, reply) => mint(parts, request, reply));
}

const siteIn = (request: FastifyRequest): string => (request.params as { site: string }).site;

function put({ engine }: RestParts, request: FastifyRequest, reply: FastifyReply): unknown {
  const named = siteIn(request);
  const site = id(named);
  if (!site) {
    const next = 'Use 1 to 64 lower-case letters, digits and dashes.';
    const thing = `site ${named.slice(0, 64)}`;
    return refuseAll(reply, [{ code: 'invalid', thing, reason: 'is not an id', next }]);
  }
  const body = bodyOf(SiteBody, request.body, `site ${site}`);
  if ('refusals' in body) {
    const command = { kind: 'site-put', site: siteOfRest(site, body) } as const;
    return refuseAll(reply, [...body.refusals, ...alsoWrong(engine, request.who, command, body)]);
  }
  const stored = siteFrom(site, body.value);
  return answer(reply, engine.command(request.who, { kind: 'site-put', site: stored }), () =>
    siteView(engine.tables, stored, engine.clock.now()),
  );
}

function freeze(parts: RestParts, request: FastifyRequest, reply: FastifyReply): unknown {
  const body = bodyOf(FreezeBody, request.body, `freeze of site ${siteIn(request)}`);
  if ('refusals' in body) return refuseAll(reply, body.refusals);
  const { reason, until } = body.value;
  const wanted = { reason, ...(until === undefined ? {} : { until: instantSaid(until) }) };
  return answerFreeze(parts, request, reply, wanted);
}

function answerFreeze(
  { engine }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
  wanted: Extract<Command, { kind: 'site-freeze' }>['freeze'],
): unknown {
  const site = siteIn(request) as Id;
  const command = { kind: 'site-freeze', site, freeze: wanted } as const;
  return answer(reply, engine.command(request.who, command), () => {
    const stored = engine.tables.sites.get(site);
    return stored ? siteView(engine.tables, stored, engine.clock.now()) : { ok: true };
  });
}

function mint(
  { engine, grantBase }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
): unknown {
  const site = siteIn(request);
  const body = bodyOf(TokenBody, request.body, 'token');
  if ('refusals' in body) return refuseAll(reply, body.refusals);
  const { text, record } = mintToken({
    site: site as Id,
    planKey: grantBase().planKey,
    now: engine.clock.now(),
    random: randomBytes(tokenRandomBytes),
    ...(body.value.hours === undefined ? {} : { validFor: hours(body.value.hours) }),
  });
  return answer(reply, engine.command(request.who, { kind: 'token-mint', record }), () => ({
    token: text,
    site,
    expiresAt: record.expiresAt,
  }));
}
