import type { Id } from '@ringwave/protocol/units';
import { id } from '@ringwave/protocol/units';
import type { FreezeView, OpeningView } from '@ringwave/protocol/views';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import {
  freezeSpans,
  meansSite,
  type PlannedFreeze,
  type PlannedFreezeInput,
} from '../../core/planned-freeze.ts';
import { invalid, notFound } from '../../core/refusal.ts';
import { reachOf, siteCalendar } from '../../core/site-calendar.ts';
import type { Refusal } from '../../core/state.ts';
import { isDay } from '../../core/window.ts';
import { answer, refuseAll } from './answer.ts';
import { alsoWrong, bodyOf, closed, IdText, LineText, type Unsound, WhereText } from './inputs.ts';
import type { RestParts } from './rest-parts.ts';

const Moment = Type.String({
  minLength: 10,
  maxLength: 24,
  description: 'as 2026-12-24, 2026-12-24T18:00 by each site’s clock, or 2026-12-24T18:00Z',
});

export const PlannedFreezeBody = Type.Object(
  {
    reason: LineText(200),
    from: Moment,
    until: Moment,
    sites: Type.Optional(Type.Array(IdText, { minItems: 1, maxItems: 10_000 })),
    where: WhereText,
  },
  closed,
);

export const freezeFrom = (
  freeze: Id,
  { sites, where, ...body }: Static<typeof PlannedFreezeBody>,
): PlannedFreezeInput => ({
  ...body,
  id: freeze,
  ...(sites ? { sites } : {}),
  ...(where === undefined ? {} : { where }),
});

/** Of a freeze that is wrong in form. */
export const freezeOfRest = (freeze: Id, { rest }: Pick<Unsound, 'rest'>): PlannedFreezeInput =>
  freezeFrom(freeze, { reason: '-', from: '', until: '', ...rest });

/** Freezes that are planned ahead, and what they leave of a site's openings. */
export function freezeRoutes(app: FastifyInstance, parts: RestParts): void {
  const { engine } = parts;
  const { plannedFreezes } = engine.tables;
  app.get('/api/v1/freezes', async () =>
    [...plannedFreezes.values()].map((one) => freezeView(parts, one)),
  );
  app.get('/api/v1/freezes/:freeze', async (request, reply) => {
    const found = plannedFreezes.get(freezeIn(request));
    return found
      ? freezeView(parts, found)
      : refuseAll(reply, [notFound('freeze', freezeIn(request), [...plannedFreezes.keys()])]);
  });
  app.put('/api/v1/freezes/:freeze', async (request, reply) => put(parts, request, reply));
  app.delete('/api/v1/freezes/:freeze', async (request, reply) => {
    const freeze = freezeIn(request) as Id;
    const result = engine.command(request.who, { kind: 'freeze-remove', freeze });
    return answer(reply, result, () => ({ removed: freeze }));
  });
  app.get('/api/v1/sites/:site/openings', async (request, reply) =>
    openings(parts, request, reply),
  );
}

const freezeIn = (request: FastifyRequest): string =>
  (request.params as { freeze: string }).freeze.slice(0, 64);

function put({ engine }: RestParts, request: FastifyRequest, reply: FastifyReply): unknown {
  const freeze = id(freezeIn(request));
  const thing = `freeze ${freezeIn(request)}`;
  const next = 'Use 1 to 64 lower-case letters, digits and dashes.';
  if (!freeze) return refuseAll(reply, [invalid(thing, 'is not an id', next)]);
  const body = bodyOf(PlannedFreezeBody, request.body, thing);
  if ('refusals' in body) {
    const command = { kind: 'freeze-put', freeze: freezeOfRest(freeze, body) } as const;
    return refuseAll(reply, [...body.refusals, ...alsoWrong(engine, request.who, command, body)]);
  }
  const command = { kind: 'freeze-put', freeze: freezeFrom(freeze, body.value) } as const;
  return answer(reply, engine.command(request.who, command), () => {
    const stored = engine.tables.plannedFreezes.get(freeze);
    return stored && freezeView({ engine }, stored);
  });
}

function freezeView({ engine }: Pick<RestParts, 'engine'>, freeze: PlannedFreeze): FreezeView {
  const { tables, clock } = engine;
  const now = clock.now();
  const meant = [...tables.sites.values()].filter((site) => meansSite(freeze, site));
  const alone = { sites: tables.sites, plannedFreezes: new Map([[freeze.id, freeze]]) };
  // Sites of one zone have it at the same time.
  const zones = new Map(meant.map((site) => [site.zone, site.id]));
  const spans = [...zones.values()].flatMap((site) => freezeSpans(alone, site, now));
  const span =
    spans.length === 0
      ? null
      : {
          from: Math.min(...spans.map(({ from }) => from)),
          until: Math.max(...spans.map(({ until }) => until)),
        };
  return { ...freeze, sitesMeant: meant.length, span };
}

/** Of one request: a year's nights. */
const openingDaysMax = 366;

function openings(
  { engine }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | readonly OpeningView[] {
  const { tables } = engine;
  const named = (request.params as { site: string }).site;
  const site = tables.sites.get(named);
  if (!site)
    return refuseAll(reply, [notFound('site', named.slice(0, 64), [...tables.sites.keys()])]);
  const { from = '', to = '' } = request.query as Readonly<Record<string, string>>;
  const wrong = rangeProblems({ from, to });
  if (wrong.length > 0) return refuseAll(reply, wrong);
  const freezes = freezeSpans(tables, site.id, reachOf(from));
  return siteCalendar(site, freezes, { from, to });
}

function rangeProblems({ from, to }: { from: string; to: string }): Refusal[] {
  const wrong = Object.entries({ from, to }).filter(([, day]) => !isDay(day));
  if (wrong.length > 0)
    return wrong.map(([name, day]) =>
      invalid(name, `"${day.slice(0, 24)}" is no day`, 'Write it as YYYY-MM-DD.'),
    );
  const apart = (Date.parse(to) - Date.parse(from)) / 86_400_000;
  if (apart < 0) return [invalid('to', `is before ${from}`, 'Swap them.')];
  if (apart < openingDaysMax) return [];
  return [invalid('to', `is ${apart} days after from`, `Ask for ${openingDaysMax} days at most.`)];
}
