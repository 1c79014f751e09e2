import { randomBytes } from 'node:crypto';
import { type Id, id, mac, ms } from '@ringwave/protocol/units';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  complianceView,
  csvOf,
  totalsBySite,
  type Verdict,
  verdictsOf,
} from '../../core/compliance.ts';
import { notFound } from '../../core/refusal.ts';
import { mintToken, tokenRandomBytes } from '../../core/enrolment.ts';
import { explainPhone } from '../../core/explain.ts';
import type { Phone } from '../../core/state.ts';
import { phoneView, siteView } from '../../core/views.ts';
import { bodyOf, HaltBody, PhonesBody, phonesFrom, SiteBody, siteFrom } from './inputs.ts';
import { answer, refuseAll } from './answer.ts';
import type { RestParts } from './rest-parts.ts';

/** Phones a page; the cursor is the last MAC of the page before. */
const pagePhonesMax = 1000;

export function fleetRoutes(app: FastifyInstance, parts: RestParts): void {
  const { engine } = parts;
  const { tables } = engine;
  const now = () => engine.clock.now();
  const noSite = (site: string, reply: FastifyReply) =>
    refuseAll(reply, [notFound('site', site, [...tables.sites.keys()])]);

  app.get('/api/v1/sites', async () =>
    [...tables.sites.values()].map((site) => siteView(tables, site, now())),
  );
  app.get('/api/v1/sites/:site', async (request, reply) => {
    const { site } = request.params as { site: string };
    const found = tables.sites.get(site);
    return found ? { ...found, ...siteView(tables, found, now()) } : noSite(site, reply);
  });
  app.put('/api/v1/sites/:site', async (request, reply) => {
    const { site } = request.params as { site: string };
    const siteId = id(site);
    const body = bodyOf(SiteBody, request.body, `site ${site}`);
    if (!siteId)
      return refuseAll(reply, [
        {
          code: 'invalid',
          thing: `site ${site.slice(0, 64)}`,
          reason: 'is not an id',
          next: 'Use 1 to 64 lower-case letters, digits and dashes.',
        },
      ]);
    if ('refusals' in body) return refuseAll(reply, body.refusals);
    const stored = siteFrom(siteId, body.value);
    return answer(reply, engine.command(request.who, { kind: 'site-put', site: stored }), () =>
      siteView(tables, stored, now()),
    );
  });
  app.delete('/api/v1/sites/:site', async (request, reply) => {
    const { site } = request.params as { site: string };
    return answer(
      reply,
      engine.command(request.who, { kind: 'site-remove', site: site as Id }),
      () => ({ ok: true }),
    );
  });
  app.post('/api/v1/sites/:site/token', async (request, reply) => mint(parts, request, reply));

  app.get('/api/v1/phones', async (request) =>
    phonesPage(parts, request.query as Record<string, string>),
  );
  app.post('/api/v1/phones', async (request, reply) => {
    const body = bodyOf(PhonesBody, request.body, 'phones');
    if ('refusals' in body) return refuseAll(reply, body.refusals);
    const phones = phonesFrom(body.value);
    if ('refusals' in phones) return refuseAll(reply, phones.refusals);
    return answer(reply, engine.command(request.who, { kind: 'phones-put', phones }), () => ({
      stored: phones.length,
    }));
  });
  app.get('/api/v1/phones/:mac', async (request, reply) => {
    const phone = phoneFrom(parts, request);
    if (!phone) return noPhone(request, reply);
    return {
      ...phoneView(tables, phone, now()),
      rollouts: explainPhone(tables, phone, now()),
      verdicts: verdictsOf(complianceView(tables, now()), phone),
    };
  });
  app.delete('/api/v1/phones/:mac', async (request, reply) => {
    const phone = phoneFrom(parts, request);
    if (!phone) return noPhone(request, reply);
    return answer(
      reply,
      engine.command(request.who, { kind: 'phone-remove', mac: phone.mac }),
      () => ({ ok: true }),
    );
  });

  app.post('/api/v1/login-links', async (request) => ({
    url: `${parts.url()}/?once=${parts.access.mintLink(request.who)}`,
  }));
  app.get('/api/v1/compliance', async (request, reply) => compliance(parts, request, reply));
  app.get('/api/v1/audit', async () => [...tables.audit.values()].slice(-1000));
  app.post('/api/v1/halt', async (request, reply) => {
    const body = bodyOf(HaltBody, request.body, 'halt');
    if ('refusals' in body) return refuseAll(reply, body.refusals);
    return answer(reply, engine.command(request.who, { kind: 'halt', ...body.value }), () => ({
      ok: true,
    }));
  });
}

function phoneFrom({ engine }: RestParts, request: FastifyRequest): Phone | undefined {
  const address = mac((request.params as { mac: string }).mac);
  return address && engine.tables.phones.get(address);
}

const noPhone = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  refuseAll(reply, [
    {
      code: 'not-found',
      thing: `phone ${(request.params as { mac: string }).mac.slice(0, 32)}`,
      reason: 'is not in the inventory',
      next: 'List phones with: ringwave phone list',
    },
  ]);

function phonesPage({ engine }: RestParts, query: Record<string, string>): unknown {
  const { tables } = engine;
  const now = engine.clock.now();
  const limit = Math.min(Math.max(Number(query['limit']) || 100, 1), pagePhonesMax);
  const pool = query['site']
    ? (tables.rosters.get(query['site']) ?? [])
    : [...tables.phones.keys()];
  const after = query['after'] ?? '';
  const matching = [...pool].sort().filter((one) => one > after);
  const phones: ReturnType<typeof phoneView>[] = [];
  for (const address of matching) {
    const phone = tables.phones.get(address);
    if (
      !phone ||
      (query['model'] && phone.model !== query['model']) ||
      (query['vendor'] && phone.vendor !== query['vendor'])
    )
      continue;
    const view = phoneView(tables, phone, now);
    if (query['phase'] && view.work?.phase !== query['phase']) continue;
    phones.push(view);
    if (phones.length === limit) break;
  }
  return { phones, next: phones.length === limit ? phones.at(-1)?.mac : null };
}

function mint(
  { engine, grantBase }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
): unknown {
  const { site } = request.params as { site: string };
  const { hours } = (request.body ?? {}) as { hours?: unknown };
  const validFor =
    typeof hours === 'number' && hours > 0 && hours <= 24 * 30
      ? { validFor: ms(hours * 3_600_000) }
      : {};
  const { planKey } = grantBase();
  const { text, record } = mintToken({
    site: site as Id,
    planKey,
    now: engine.clock.now(),
    random: randomBytes(tokenRandomBytes),
    ...validFor,
  });
  return answer(reply, engine.command(request.who, { kind: 'token-mint', record }), () => ({
    token: text,
    site,
    expiresAt: record.expiresAt,
  }));
}

function compliance({ engine }: RestParts, request: FastifyRequest, reply: FastifyReply): unknown {
  const { format, site } = request.query as { format?: string; site?: string };
  const { tables } = engine;
  const now = engine.clock.now();
  const view = complianceView(tables, now);
  const phones = site
    ? (tables.rosters.get(site) ?? []).flatMap((one) => tables.phones.get(one) ?? [])
    : [...tables.phones.values()];
  const verdicts: Verdict[] = phones.flatMap((phone) => verdictsOf(view, phone));
  if (format === 'csv') return reply.type('text/csv; charset=utf-8').send(csvOf(verdicts));
  return { at: now, sites: totalsBySite(verdicts), verdicts };
}
