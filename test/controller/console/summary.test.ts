import type { PhonePhase } from '@ringwave/protocol/phases';
import type { PhoneView, RolloutView } from '@ringwave/protocol/views';
import { test } from 'tap';
import { URGENCY_WORDS } from '../../../controller/console/src/words.ts';
import { URGENCY_WORDS as saidOnTheCommandLine } from '../../../controller/core/deadline.ts';
import {
  effectsOn,
  firstShown,
  groupCounts,
  inOrder,
  matchesFilter,
  sentenceOf,
} from '../../../controller/console/src/summary.ts';
import {
  clockText,
  instantText,
  relativeText,
  spanText,
} from '../../../controller/console/src/time-text.ts';

test('console and command line say in the same words what a deadline permits', (t) => {
  t.strictSame(URGENCY_WORDS, saidOnTheCommandLine);
  t.end();
});

const noon = Date.UTC(2026, 10, 18, 12);

const phone = (number: number, phase: PhonePhase): PhoneView => ({
  mac: `80:5e:c0:00:00:0${number}`,
  site: number % 2 === 0 ? 'berlin' : 'lisbon',
  vendor: 'Yealink',
  model: 'T46S',
  emergency: false,
  running: { version: '66.85.0.5', at: noon, source: 'http-request' },
  seenAt: noon,
  address: '10.4.0.9',
  credential: null,
  work: {
    rollout: 'autumn',
    wave: 'canary',
    phase,
    target: '66.86.0.15',
    since: noon,
    reason: 'In a call',
    nextAttemptAt: noon - number,
  },
});

const gate = { successMin: 0.95, failuresMax: 1, minSample: 3, soakMs: 0 };
const plain = { aside: 0, asks: null, paced: null, gate, dynamic: false, check: null };

const rollout = (part: Partial<RolloutView> = {}): RolloutView => ({
  id: 'autumn',
  name: 'Autumn',
  state: 'running',
  releases: [],
  sites: ['lisbon', 'berlin'],
  gate,
  waves: [
    {
      name: 'canary',
      state: 'passed',
      total: 2,
      done: 1,
      failed: 1,
      skipped: 0,
      openedAt: noon,
      soakUntil: null,
      why: null,
      ...plain,
    },
    {
      name: 'rest',
      state: 'open',
      total: 5,
      done: 0,
      failed: 0,
      skipped: 0,
      openedAt: noon,
      soakUntil: null,
      why: null,
      ...plain,
    },
  ],
  kind: 'update',
  priority: 500,
  deadline: null,
  editedBy: null,
  editors: [],
  denied: null,
  brokeGlass: null,
  after: [],
  startAt: null,
  pace: null,
  createdBy: 'ana',
  approvedBy: 'ben',
  approvalRemark: null,
  contentHash: 'ab',
  createdAt: noon,
  startedAt: noon,
  endedAt: null,
  paused: null,
  leftOut: null,
  ...part,
});

const fleet = [
  phone(1, 'done'),
  phone(2, 'unreachable'),
  phone(3, 'downloading'),
  phone(4, 'rebooting'),
  phone(5, 'held'),
  phone(6, 'scheduled'),
  phone(7, 'waiting'),
];

test('a rollout is told in one sentence', (t) => {
  t.equal(
    sentenceOf(rollout(), fleet),
    'Wave 2 of 2 open: 1 of 7 phones done, 2 active, 1 held, 1 needs attention',
  );
  const paused = { by: 'gate', who: 'rest', reason: '2 phones failed' };
  t.match(
    sentenceOf(rollout({ state: 'paused', paused }), fleet),
    /^Paused by the gate of wave rest: 1 of 7/,
  );
  t.match(
    sentenceOf(rollout({ state: 'awaiting-approval' }), []),
    /^Waits for another person than ana, 2 waves at 2 sites: 1 of 7/,
  );
  t.end();
});

test('every phone is in exactly one list, and the dialogs count as the controller acts', (t) => {
  t.strictSame(groupCounts(fleet), {
    attention: 1,
    held: 1,
    active: 2,
    waiting: 2,
    skipped: 0,
    done: 1,
  });
  t.strictSame(effectsOn(fleet), {
    notStarted: 3,
    ended: 2,
    inFlight: [
      { phase: 'downloading', count: 1 },
      { phase: 'rebooting', count: 1 },
    ],
  });
  t.end();
});

test('phones are found by group, phase, site, wave and text, and ordered without chance', (t) => {
  const all = { state: '', site: '', wave: '', text: '' };
  const found = (part: Partial<typeof all>) =>
    fleet.filter((one) => matchesFilter(one, { ...all, ...part })).length;
  t.equal(found({}), 7);
  t.equal(found({ state: 'waiting' }), 2, 'a group is all of its phases');
  t.equal(found({ state: 'scheduled' }), 1);
  t.equal(found({ site: 'berlin' }), 3);
  t.equal(found({ wave: 'rest' }), 0);
  t.equal(found({ text: ' 805EC0000003' }), 1);
  t.equal(found({ text: '66.86' }), 7);
  const macs = (order: 'attention' | 'site' | 'next') =>
    inOrder(fleet, order).map((one) => Number(one.mac.at(-1)));
  t.strictSame(macs('attention'), [2, 5, 4, 3, 6, 7, 1]);
  t.strictSame(macs('site'), [2, 4, 6, 1, 3, 5, 7]);
  t.strictSame(macs('next'), [7, 6, 5, 4, 3, 2, 1]);
  t.end();
});

test('what runs is shown before what has ended, the newest first', (t) => {
  const ended = rollout({ id: 'old', state: 'done', createdAt: noon + 2 });
  const waits = rollout({ id: 'next', state: 'awaiting-approval', createdAt: noon + 1 });
  t.equal(firstShown([ended, waits, rollout()])?.id, 'autumn');
  t.equal(firstShown([ended, waits])?.id, 'next');
  t.equal(firstShown([]), undefined);
  t.end();
});

test('a date in another year than now, by the clock of its place, says its year', (t) => {
  const now = Date.UTC(2026, 11, 31, 23, 30);
  const cases: readonly [string, string, string][] = [
    ['2026-12-31T23:45:00Z', 'UTC', '23:45 UTC'],
    ['2026-03-02T01:00:00Z', 'UTC', 'Mon 2 Mar, 01:00 UTC'],
    ['2027-01-01T00:10:00Z', 'UTC', 'Fri 1 Jan 2027, 00:10 UTC'],
    ['2025-12-31T23:45:00Z', 'UTC', 'Wed 31 Dec 2025, 23:45 UTC'],
    ['2032-12-31T23:45:00Z', 'UTC', 'Fri 31 Dec 2032, 23:45 UTC'],
    ['2027-01-01T00:10:00Z', 'America/New_York', '19:10 UTC-5'],
    ['2027-01-01T00:10:00Z', 'Europe/Berlin', '01:10 UTC+1'],
    ['2026-12-30T23:30:00Z', 'Europe/Berlin', 'Thu 31 Dec 2026, 00:30 UTC+1'],
    ['2027-06-01T10:00:00Z', 'Mars/Olympus', 'Tue 1 Jun 2027, 10:00 UTC'],
  ];
  for (const [at, zone, text] of cases)
    t.equal(instantText(Date.parse(at), zone, now), text, `${at} in ${zone}`);
  t.end();
});

test('times carry the place they belong to, wherever the reader sits', (t) => {
  t.equal(clockText(noon, 'Asia/Kathmandu'), '17:45 UTC+5:45');
  t.equal(clockText(noon, 'Australia/Lord_Howe'), '23:00 UTC+11');
  t.equal(clockText(noon, 'America/New_York'), '07:00 UTC-5');
  t.equal(clockText(noon, 'UTC'), '12:00 UTC');
  t.equal(clockText(noon, 'Mars/Olympus'), '12:00 UTC', 'an unknown zone says that it is UTC');
  t.equal(instantText(noon + 43_200_000, 'UTC', noon), 'Thu 19 Nov, 00:00 UTC');
  t.strictSame([0, 119_000, 120_000, 3_600_000, 15_120_000, 90_000_000].map(spanText), [
    '0 s',
    '119 s',
    '2 min',
    '1 h',
    '4 h 12 min',
    '1 d 1 h',
  ]);
  t.equal(relativeText(noon + 60_000, noon), 'in 60 s');
  t.equal(relativeText(noon - 180_000, noon), '3 min ago');
  t.end();
});
