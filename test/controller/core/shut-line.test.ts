import { test } from 'tap';
import type { WanRule } from '../../../controller/core/site-limits.ts';
import { Desk, idOf, phoneOf, releaseOf, rolloutOf, siteOf } from './desk.ts';

const nothing = (start: string, end: string): WanRule => ({ start, end, bytesPerSecond: 0 });

/** What is told of a rollout at Lisbon and Porto, which keeps these rules. */
function told(...wanBudget: readonly WanRule[]): readonly string[] {
  const desk = new Desk().do(
    { kind: 'site-put', site: siteOf('lisbon') },
    { kind: 'site-put', site: siteOf('porto', { wanBudget }) },
    { kind: 'release-put', release: releaseOf() },
    { kind: 'release-move', release: releaseOf().id, cause: 'approve', why: 'tried' },
    { kind: 'phones-put', phones: [phoneOf(1), phoneOf(2, { site: idOf('porto') })] },
    { kind: 'rollout-create', input: rolloutOf() },
  );
  const { cautions = [] } = desk.tables.rollouts.get('autumn') ?? {};
  return cautions.map(({ thing, reason }) => `${thing} ${reason}`);
}

const isTold = [
  'rollout autumn: site porto fetches nothing at any hour of the day, so its phones wait for an image that the box does not hold',
];

test('a site whose line is shut all day is named when a rollout has phones there', (t) => {
  t.same(told(nothing('00:00', '00:00')), isTold);
  t.same(told(nothing('08:00', '20:00'), nothing('19:00', '08:00')), isTold, 'by two rules');
  const slow = { start: '02:00', end: '03:00', bytesPerSecond: 1000 };
  t.same(told(nothing('06:00', '06:00'), slow), isTold, 'the lower rate holds');
  t.end();
});

test('a line that is open for a minute is not shut', (t) => {
  t.same(told(), []);
  t.same(told(nothing('08:00', '20:00'), nothing('20:01', '08:00')), []);
  t.end();
});
