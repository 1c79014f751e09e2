import { problemsMax } from '@ringwave/firmware-catalog/problems';
import { type EpochMs, laterBy, mac, minutes } from '@ringwave/protocol/units';
import { callPartAt, hoursOfWeek } from '@ringwave/protocol/call-hours';
import type { PhoneDetailView, PhoneView } from '@ringwave/protocol/views';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { complianceView, verdictsOf } from '../../core/compliance.ts';
import { explainPhone } from '../../core/explain.ts';
import { invalid, notFound } from '../../core/refusal.ts';
import { folded } from '../../core/selection/where.ts';
import type { Phone, Refusal } from '../../core/state.ts';
import { discoveredAt, type PhoneCallHours } from '../../core/site-tables.ts';
import { phoneView } from '../../core/views.ts';
import { answer, refuseAll } from './answer.ts';
import { bodyOf, PhonesBody, phonesFrom, type Unsound } from './inputs.ts';
import { unknownModel, unknownVendor } from './known-names.ts';
import { explainedIn, selectedPage } from './phone-selection.ts';
import type { RestParts } from './rest-parts.ts';

/** Phones a page; the cursor is the last MAC of the page before. */
const pagePhonesMax = 1000;
const pagePhonesUsually = 100;

/** Of a list with faulty phones those without a fault. */
const wholePhones = (list: unknown, { refusals, lacks }: Unsound) =>
  // Where problems were not counted to the end, those behind are not known.
  Array.isArray(list) && !lacks.includes('') && refusals.length < problemsMax
    ? (list as Static<typeof PhonesBody>).filter((_, place) => !lacks.includes(String(place)))
    : [];

export function phoneRoutes(app: FastifyInstance, parts: RestParts): void {
  const { engine } = parts;
  const { tables } = engine;
  app.get('/api/v1/phones', async (request, reply) => {
    const query = request.query as Record<string, string>;
    const refusal = unknownSite(parts, query['site']);
    const wrong = [
      ...(refusal ? [refusal] : []),
      ...unknownVendor(query['vendor']),
      // The last one may go between two pages.
      ...(query['after'] ? [] : unknownModel(query['model'], tables.phones)),
    ];
    if (wrong.length > 0) return refuseAll(reply, wrong);
    if (query['where'] === undefined) return phonesPage(parts, query);
    return selectedPage(parts, reply, query, pageLimit(query));
  });
  app.post('/api/v1/phones', async (request, reply) => {
    const body = bodyOf(PhonesBody, request.body, 'phones');
    const whole = 'refusals' in body ? wholePhones(request.body, body) : body.value;
    const phones = phonesFrom(whole);
    if ('refusals' in body || phones.refusals.length > 0) {
      const ofForm = 'refusals' in body ? body.refusals : [];
      const command = { kind: 'phones-put', phones: phones.phones } as const;
      const also = engine.wouldTake(request.who, command);
      return refuseAll(reply, [...ofForm, ...phones.refusals, ...(also.ok ? [] : also.refusals)]);
    }
    return answer(
      reply,
      engine.command(request.who, { kind: 'phones-put', phones: phones.phones }),
      () => ({
        stored: whole.length,
      }),
    );
  });
  app.get('/api/v1/discovered', async (request, reply) => {
    const { site } = request.query as { site?: string };
    const refusal = unknownSite(parts, site);
    if (refusal) return refuseAll(reply, [refusal]);
    const sites = site === undefined ? [...tables.sites.keys()] : [site];
    return sites.flatMap((one) => discoveredAt(tables, one, (mac) => tables.phones.has(mac)));
  });
  app.get('/api/v1/phones/:mac', async (request, reply) => {
    const phone = phoneFrom(parts, request);
    if (!phone) return noPhone(request, reply);
    const { at, where } = request.query as { at?: string; where?: string };
    const heardBy = engine.clock.now();
    const now = at === undefined ? heardBy : (Number(at) as EpochMs);
    if (laterBy(now, clockApart) < heardBy) return refuseAll(reply, [inThePast]);
    const selection = where === undefined ? undefined : explainedIn(parts, phone, where, now);
    if (selection && 'refusals' in selection) return refuseAll(reply, selection.refusals);
    return {
      ...(selection ? { selection } : {}),
      ...phoneView(tables, phone, heardBy),
      rollouts: explainPhone(tables, phone, now, heardBy),
      verdicts: verdictsOf(complianceView(tables, now, heardBy), phone),
      calls: callsView(tables.callHours.get(phone.mac)),
    };
  });
  app.delete('/api/v1/phones/:mac', async (request, reply) => {
    const phone = phoneFrom(parts, request);
    if (!phone) return noPhone(request, reply);
    const command = { kind: 'phone-remove', mac: phone.mac } as const;
    return answer(reply, engine.command(request.who, command), () => ({ ok: true }));
  });
}

/** Whoever asks for now may have a clock that is behind. */
const clockApart = minutes(1);

const inThePast = invalid(
  'query at',
  'has passed, and how a phone stood is not kept',
  'Leave it out for now, or give a time to come; what people did stands in the audit.',
);

/** Parts of the hours of a week that are spent in calls; null where nobody looked. */
const callsView = (counted: PhoneCallHours | undefined): PhoneDetailView['calls'] =>
  counted
    ? {
        at: counted.at,
        parts: Array.from({ length: hoursOfWeek }, (_, hour) => {
          const part = callPartAt(counted.hours, hour);
          return part === undefined ? null : Math.round(part * 100) / 100;
        }),
      }
    : null;

const macIn = (request: FastifyRequest): string => (request.params as { mac: string }).mac;

function phoneFrom({ engine }: RestParts, request: FastifyRequest): Phone | undefined {
  const address = mac(macIn(request));
  return address && engine.tables.phones.get(address);
}

function noPhone(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isMac = mac(macIn(request)) !== undefined;
  const reason = isMac ? 'is not in the inventory' : 'is not a MAC address';
  const next = isMac
    ? 'List phones with: ringwave phone list'
    : 'Write 12 hexadecimal digits, such as 80:5e:c0:12:34:56.';
  const thing = `phone ${macIn(request).slice(0, 32)}`;
  return refuseAll(reply, [{ code: 'not-found', thing, reason, next }]);
}

/** A filter that names a site nobody knows is a mistake, not an empty answer. */
export function unknownSite({ engine }: RestParts, site: string | undefined): Refusal | undefined {
  if (site === undefined || engine.tables.sites.has(site)) return undefined;
  return notFound('site', site.slice(0, 64), [...engine.tables.sites.keys()]);
}

const pageLimit = (query: Record<string, string>): number =>
  Math.min(Math.max(Math.floor(Number(query['limit'])) || pagePhonesUsually, 1), pagePhonesMax);

function phonesPage(
  { engine }: RestParts,
  query: Record<string, string>,
): { phones: PhoneView[]; next: string | null } {
  const { tables } = engine;
  const now = engine.clock.now();
  const limit = pageLimit(query);
  const site = query['site'];
  const pool = site === undefined ? [...tables.phones.keys()] : (tables.rosters.get(site) ?? []);
  const after = query['after'] ?? '';
  const phones: PhoneView[] = [];
  for (const address of [...pool].sort().filter((one) => one > after)) {
    const phone = tables.phones.get(address);
    if (!phone || !fits(phone, query)) continue;
    const view = phoneView(tables, phone, now);
    if (query['phase'] !== undefined && view.work?.phase !== query['phase']) continue;
    phones.push(view);
    if (phones.length === limit) break;
  }
  return { phones, next: phones.length === limit ? (phones.at(-1)?.mac ?? null) : null };
}

const fits = (phone: Phone, { model, vendor }: Record<string, string>): boolean =>
  (model === undefined || folded(phone.model) === folded(model)) &&
  (vendor === undefined || folded(phone.vendor) === folded(vendor));
