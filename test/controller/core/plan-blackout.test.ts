import type { EpochMs } from '@ringwave/protocol/units';
import { test } from 'tap';
import { planBlackout } from '../../../controller/core/plan-blackout.ts';
import { after, Desk, idOf, phoneOf, siteOf } from './desk.ts';

const utc = (text: string): EpochMs => Date.parse(text) as EpochMs;

const planned = (blackout: readonly string[]) => {
  const desk = new Desk().do(
    { kind: 'site-put', site: siteOf('lisbon', { blackout }) },
    { kind: 'phones-put', phones: [phoneOf(1)] },
  );
  return desk.tables.plans.get(idOf('lisbon'))?.plan;
};

test('a plan carries the days of blackout that begin before it ends, those in a row as one', (t) => {
  t.same(planned(['2026-03-01', '2026-03-02/2026-03-04', '03-06'])?.blackout, [
    { from: utc('2026-03-02T00:00Z'), until: utc('2026-03-05T00:00Z') },
    { from: utc('2026-03-06T00:00Z'), until: utc('2026-03-07T00:00Z') },
  ]);
  t.same(planned(['2026-03-09/2026-03-20'])?.blackout, [
    { from: utc('2026-03-09T00:00Z'), until: utc('2026-03-10T00:00Z') },
  ]);
  t.end();
});

test('a plan without days of blackout ahead says nothing of any', (t) => {
  for (const blackout of [[], ['2026-03-10'], ['12-24/01-01']])
    t.notOk('blackout' in (planned(blackout) ?? {}), blackout.join());
  t.end();
});

test('a day of blackout that has just ended is carried still: the clock of a box may be some minutes behind', (t) => {
  const site = { zone: 'Europe/Lisbon', blackout: ['2026-03-02'] };
  const until = utc('2026-03-09T00:05Z');
  t.match(planBlackout(site, { now: utc('2026-03-03T00:05Z'), until }), {
    blackout: [{ until: utc('2026-03-03T00:00Z') }],
  });
  t.same(planBlackout(site, { now: utc('2026-03-03T00:15Z'), until }), {});
  t.end();
});

test('a day of blackout lasts by the clock of its site, also where clocks change', (t) => {
  const site = { zone: 'America/New_York', blackout: ['2026-03-08'] };
  const span = { now: utc('2026-03-07T12:00Z'), until: utc('2026-03-14T12:00Z') };
  t.same(planBlackout(site, span), {
    blackout: [{ from: utc('2026-03-08T05:00Z'), until: utc('2026-03-09T04:00Z') }],
  });
  const apia = { zone: 'Pacific/Apia', blackout: ['2011-12-30'] };
  const then = { now: utc('2011-12-29T12:00Z'), until: utc('2012-01-05T12:00Z') };
  t.same(planBlackout(apia, then), {}, 'Apia had no such day');
  t.equal(after(0), utc('2026-03-02T01:00Z'), 'the desk begins on that Monday');
  t.end();
});
