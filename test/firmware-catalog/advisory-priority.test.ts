import type { AdvisoryClaim, ClaimedProduct } from '@ringwave/firmware-catalog/advisory-claim';
import { placeOne } from '@ringwave/firmware-catalog/advisory-placing';
import { priorityOf } from '@ringwave/firmware-catalog/advisory-priority';
import { days, type EpochMs, hours, laterBy } from '@ringwave/protocol/units';
import { test } from 'tap';

const noon = 1_790_000_000_000 as EpochMs;

const phone: ClaimedProduct = {
  vendor: 'Snom',
  product: 'D785',
  versions: '< 10.1.50.0',
  fixedIn: ['10.1.50.0'],
};

const advisory = (fields: Partial<AdvisoryClaim>, product: ClaimedProduct = phone) =>
  placeOne('CVE-2024-1000', [
    { id: 'CVE-2024-1000', issuer: 'snom', products: [product], scores: [], source: '', ...fields },
  ]);

const score = (value: number, vector?: string) => ({
  issuer: 'nvd',
  system: 'cvss-3.1' as const,
  score: value,
  ...(vector === undefined ? {} : { vector }),
});

const WORST = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';

const rules = [
  ['exploited', hours(72), { exploited: {}, scores: [score(4.2)] }],
  ['remote-code-unauthenticated', days(7), { scores: [score(9.8, WORST)] }],
  ['remote-code-unauthenticated', days(7), { title: 'Unauthenticated command injection' }],
  ['attack-likely', days(14), { likelihood: { chance: 0.1, percentile: 0.9, on: '2025-08-25' } }],
  ['critical', days(14), { scores: [score(9)] }],
  ['high', days(30), { scores: [score(3), score(7)] }],
  ['medium', days(90), { scores: [score(4)] }],
  ['low', days(180), { scores: [score(3.9)] }],
  ['unscored', days(30), {}],
] as const;

test('the first rule that holds gives the date, and its name', (t) => {
  for (const [rule, within, fields] of rules) {
    const found = priorityOf(advisory(fields), noon);
    t.same([found.rule, found.dueAt], [rule, laterBy(noon, within)], rule);
  }
  t.end();
});

test('the time runs from when it was known, and is over when it is over', (t) => {
  const known = advisory({ exploited: { dueOn: '2025-03-05' } });
  t.match(priorityOf(known, laterBy(noon, hours(73)), noon), {
    dueAt: laterBy(noon, hours(72)),
    isOverdue: true,
    kevDueOn: '2025-03-05',
  });
  t.equal(priorityOf(known, noon).isOverdue, false);
  t.end();
});

test('a chance below one in ten and a vector that needs a login decide nothing', (t) => {
  const fields = {
    likelihood: { chance: 0.09, percentile: 0.9, on: '2025-08-25' },
    scores: [score(8.8, WORST.replace('PR:N', 'PR:L'))],
  };
  t.match(priorityOf(advisory(fields), noon), {
    rule: 'high',
    words: 'nvd scores it 8.8 (cvss-3.1)',
  });
  t.end();
});

test('without a fix the phone is shielded and replaced, with prose somebody asks, and no phone is left alone', (t) => {
  const actions: [string, ClaimedProduct][] = [
    ['update', phone],
    ['compensate-and-replace', { ...phone, fixedIn: [] }],
    ['ask-issuer', { ...phone, fixedIn: ['first release after 10.1.49'] }],
    ['review', { ...phone, product: 'Toaster' }],
    ['not-a-phone', { ...phone, product: 'SRAPS' }],
  ];
  for (const [action, product] of actions) {
    t.equal(priorityOf(advisory({}, product), noon).action, action);
  }
  const withCondition = { ...phone, fixedIn: [], condition: 'only with ICE enabled' };
  t.match(priorityOf(advisory({}, withCondition), noon).actionWords, /only with ICE enabled/);
  t.end();
});
