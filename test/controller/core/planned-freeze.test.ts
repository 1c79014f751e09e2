import type { EpochMs } from '@ringwave/protocol/units';
import { test } from 'tap';
import { explainPhone } from '../../../controller/core/explain.ts';
import {
  freezeSpans,
  meansSite,
  momentOf,
  type PlannedFreezeInput,
} from '../../../controller/core/planned-freeze.ts';
import { siteCalendar } from '../../../controller/core/site-calendar.ts';
import { siteView } from '../../../controller/core/views.ts';
import { after, type Desk, idOf, macOf, rolloutOf, siteOf, smallFleet } from './desk.ts';

const utc = (text: string): EpochMs => Date.parse(text) as EpochMs;
const lisbon = idOf('lisbon');

// The desk begins 2026-03-02 01:00 UTC; Lisbon's windows are 01:00 to 03:00 each night.
const freezeOf = (own: Partial<PlannedFreezeInput> = {}): PlannedFreezeInput => ({
  id: idOf('fair'),
  reason: 'trade fair',
  from: '2026-03-03',
  until: '2026-03-04',
  ...own,
});

const running = (): Desk =>
  smallFleet(2).do(
    { kind: 'rollout-create', input: rolloutOf() },
    { kind: 'rollout-approve', rollout: rolloutOf().id },
  );

const planOf = (desk: Desk) => desk.tables.plans.get(lisbon)?.plan;
const nights = (desk: Desk) =>
  planOf(desk)?.openings.map(({ start, end }) =>
    [start, end].map((at) => new Date(at).toISOString().slice(5, 16)).join(' '),
  );
const explained = (desk: Desk, at = desk.now) => {
  const phone = desk.tables.phones.get(macOf(1));
  return phone && explainPhone(desk.tables, phone, at)[0];
};

test('a day, a local time and an instant are read by the clock of each site', (t) => {
  const iso = (text: string, zone: string, edge: 'from' | 'until') => {
    const at = momentOf(text, zone, edge);
    return at === undefined ? undefined : new Date(at).toISOString();
  };
  t.equal(iso('2026-12-24', 'Asia/Kathmandu', 'from'), '2026-12-23T18:15:00.000Z');
  t.equal(iso('2026-12-24', 'Asia/Kathmandu', 'until'), '2026-12-24T18:15:00.000Z');
  t.equal(iso('2026-12-24T18:00', 'America/New_York', 'until'), '2026-12-24T23:00:00.000Z');
  t.equal(iso('2026-12-24T18:00Z', 'America/New_York', 'from'), '2026-12-24T18:00:00.000Z');
  t.equal(iso('2026-03-29T02:30', 'Europe/Berlin', 'from'), '2026-03-29T01:30:00.000Z');
  const none = ['2026-02-29', '24.12.2026', '2026-12-24T25:00', '2026-12-24T18:00+01:00', ''];
  for (const wrong of none) t.equal(momentOf(wrong, 'UTC', 'from'), undefined);
  t.end();
});

test('a planned freeze travels in the plan, takes its nights out of the openings, and can be cancelled', (t) => {
  const desk = running();
  const before = planOf(desk)?.revision ?? 0;
  t.same(nights(desk)?.slice(0, 3), [
    '03-02T01:00 03-02T03:00',
    '03-03T01:00 03-03T03:00',
    '03-04T01:00 03-04T03:00',
  ]);
  desk.do({ kind: 'freeze-put', freeze: freezeOf() });
  const [from, until] = [utc('2026-03-03T00:00Z'), utc('2026-03-05T00:00Z')];
  t.same(planOf(desk)?.freezes, [{ from, until, reason: 'trade fair' }]);
  t.same(nights(desk)?.slice(0, 2), ['03-02T01:00 03-02T03:00', '03-05T01:00 03-05T03:00']);
  t.equal(planOf(desk)?.revision, before + 1);
  desk.do({ kind: 'freeze-put', freeze: freezeOf() });
  t.equal(planOf(desk)?.revision, before + 1, 'the same freeze again is the same plan');
  desk.do({ kind: 'freeze-remove', freeze: idOf('fair') });
  t.same([planOf(desk)?.freezes, nights(desk)?.length], [undefined, 7]);
  t.match(desk.refusals({ kind: 'freeze-remove', freeze: idOf('fair') }), [{ code: 'not-found' }]);
  const { audit } = desk.tables;
  t.same(
    [...audit.values()].filter(({ object }) => object === 'fair').map(({ what }) => what),
    ['freeze planned', 'freeze removed'],
  );
  t.end();
});

test('what waits for a planned freeze says so, from when to when, and what comes after it', (t) => {
  const desk = running().do({ kind: 'freeze-put', freeze: freezeOf() });
  t.match(
    explained(desk)?.because[2],
    /to be frozen from headquarters by ada from 2026-03-03 00:00 UTC until 2026-03-05 00:00 UTC: trade fair$/,
  );
  const within = explained(desk, utc('2026-03-03T12:00Z'));
  t.match(within, {
    waitingFor: 'person',
    reason:
      'Site lisbon is frozen from headquarters by ada from 2026-03-03 00:00 UTC until 2026-03-05 00:00 UTC: trade fair',
    nextAttemptAt: utc('2026-03-05T01:00Z'),
  });
  const site = desk.tables.sites.get(lisbon);
  t.match(site && siteView(desk.tables, site, desk.now).freezes, [
    { id: 'fair', from: utc('2026-03-03T00:00Z'), until: utc('2026-03-05T00:00Z') },
  ]);
  t.match(site && siteView(desk.tables, site, utc('2026-03-03T12:00Z')).holds, [
    { hold: 'headquarters-freeze', until: utc('2026-03-05T00:00Z') },
  ]);
  t.notMatch(explained(desk, utc('2026-03-05T02:00Z'))?.reason, /frozen/);
  t.end();
});

test('rest that outlasts the week of a plan leaves a next opening all the same', (t) => {
  const desk = running().do({ kind: 'freeze-put', freeze: freezeOf({ until: '2026-04-29' }) });
  const next = utc('2026-04-30T01:00+01:00');
  t.equal(nights(desk)?.length, 1, 'the plan knows the night before alone');
  const within = explained(desk, utc('2026-03-10T12:00Z'));
  t.match(within, { waitingFor: 'person', nextAttemptAt: next });
  t.match(within?.because[2], /next opening 2026-04-30 00:00 UTC/);
  const site = desk.tables.sites.get(lisbon);
  t.match(site && siteView(desk.tables, site, utc('2026-03-02T04:00Z')).opening, {
    start: next,
    end: utc('2026-04-30T03:00+01:00'),
  });
  desk.do({ kind: 'freeze-put', freeze: freezeOf({ until: '2026-04-30' }) });
  t.equal(explained(desk, utc('2026-03-10T12:00Z'))?.nextAttemptAt, utc('2026-05-01T00:00Z'));
  t.end();
});

test('a freeze means all sites, or those that are named, or those that a selection of sites fits', (t) => {
  const [porto, rio] = [
    siteOf('porto', { labels: { region: 'EU' } }),
    siteOf('rio', { zone: 'America/Sao_Paulo', labels: { region: 'LATAM' } }),
  ];
  const desk = running().do({ kind: 'site-put', site: porto }, { kind: 'site-put', site: rio });
  const means = (own: Partial<PlannedFreezeInput>) =>
    [...desk.tables.sites.values()]
      .filter((one) => meansSite(freezeOf(own), one))
      .map((it) => it.id);
  t.same(means({}), ['lisbon', 'porto', 'rio']);
  t.same(means({ sites: [rio.id] }), ['rio']);
  t.same(means({ where: 'site.region = eu' }), ['porto']);
  t.same(means({ where: 'site.zone ~ "America/*" or site = lisbon' }), ['lisbon', 'rio']);
  t.same(means({ where: 'not site.region = EU', sites: [rio.id, porto.id] }), ['rio']);
  desk.do({ kind: 'freeze-put', freeze: freezeOf({ where: 'site.region = EU' }) });
  t.equal(planOf(desk)?.freezes, undefined, 'plans of other sites stay');
  t.same(freezeSpans(desk.tables, porto.id, desk.now).length, 1);
  desk.do({ kind: 'site-put', site: siteOf('lisbon', { labels: { region: 'EU' } }) });
  t.equal(planOf(desk)?.freezes?.length, 1, 'a site that becomes one of them is planned anew');
  t.end();
});

test('a freeze that cannot be meant is refused, with everything that is wrong', (t) => {
  const desk = running();
  const told = (own: Partial<PlannedFreezeInput>) =>
    desk
      .refusals({ kind: 'freeze-put', freeze: freezeOf(own) })
      .map(({ thing, reason }) => `${thing} ${reason}`);
  t.same(told({ from: '2026-03-32', until: 'soon', sites: [idOf('lisbn')], where: 'sit = x' }), [
    'site lisbn does not exist',
    'freeze fair: where, column 1 "sit" is no field',
    'freeze fair: from 2026-03-32 is no day and no time',
    'freeze fair: until soon is no day and no time',
  ]);
  t.same(told({ from: '2026-03-05', until: '2026-03-03' }), [
    'freeze fair: until is not after from',
  ]);
  t.same(told({ from: '2026-01-05', until: '2026-01-06' }), ['freeze fair: until has passed']);
  t.same(told({ until: '2027-12-31' }), ['freeze fair: until is more than 400 days after from']);
  t.same(told({ where: 'model = T46S and site.region = EU and label.room = lobby' }), [
    'freeze fair: where, column 1 model asks of phones, and a freeze holds whole sites',
    'freeze fair: where, column 39 label.room asks of phones, and a freeze holds whole sites',
  ]);
  t.equal(desk.tables.plannedFreezes.size, 0);
  t.end();
});

test('openings of a site tell what blackout days and freezes take from them', (t) => {
  const desk = running().do({
    kind: 'freeze-put',
    freeze: freezeOf({ from: '2026-03-03T02:00', until: '2026-03-04T02:30' }),
  });
  const site = siteOf('lisbon', { blackout: ['2026-03-05'] });
  const spans = freezeSpans(desk.tables, lisbon, after(0));
  const range = { from: '2026-03-03', to: '2026-03-05' };
  t.same(
    siteCalendar(site, spans, range).map(({ date, start, end, note }) => [
      date,
      (end - start) / 60_000,
      note,
    ]),
    [
      ['2026-03-03', 60, 'partly frozen by fair: trade fair'],
      ['2026-03-04', 30, 'partly frozen by fair: trade fair'],
      ['2026-03-05', 0, 'a day of blackout'],
    ],
  );
  t.same(nights(desk)?.slice(1, 3), ['03-03T01:00 03-03T02:00', '03-04T02:30 03-04T03:00']);
  t.end();
});
