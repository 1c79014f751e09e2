import assert from 'node:assert/strict';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import * as fc from 'fast-check';
import { test } from 'tap';
import { bounds, phonesWithin } from '../../../../controller/core/selection/bounds.ts';
import { explainMatch } from '../../../../controller/core/selection/explain-match.ts';
import { whereRefusals } from '../../../../controller/core/selection/selected.ts';
import { unknownWords } from '../../../../controller/core/selection/known-words.ts';
import { matcher } from '../../../../controller/core/selection/match.ts';
import { parseSelection } from '../../../../controller/core/selection/parse.ts';
import type { Where } from '../../../../controller/core/selection/where.ts';
import type { Phone } from '../../../../controller/core/state.ts';
import { macOf, siteOf } from '../desk.ts';
import { fleetOf, fleets, now, selectionTexts } from './fleets.ts';

const ago = (hours: number): EpochMs => (now - hours * 3_600_000) as EpochMs;
const runs = (version: string) => ({ version, at: now, source: 'http-request' });

const phone = (number: number, own: Partial<Phone> = {}): Phone => ({
  mac: macOf(number),
  site: 'lisbon' as Id,
  vendor: 'Yealink',
  model: 'T46S',
  emergency: false,
  credentialGeneration: 1,
  ...own,
});

const fleet = fleetOf(
  [
    siteOf('lisbon', { labels: { region: 'EU' } }),
    siteOf('boston', { labels: { region: 'US' } }),
    siteOf('lab', { coverage: [{ id: 'floor-1' as Id, minUp: 1 }] }),
  ],
  [
    phone(1, { running: runs('66.85.0.5'), seenAt: ago(1), labels: { room: 'A1' } }),
    phone(2, { running: runs('66.86.0.15'), seenAt: ago(30), hardware: '66.0' }),
    phone(3, { running: runs('70.84.0.10'), site: 'boston' as Id }),
    phone(4, { model: 'T48S', site: 'boston' as Id, coverageGroup: 'floor-1' as Id }),
    phone(5, { vendor: 'Snom', model: 'D785', site: 'lab' as Id, emergency: true }),
  ],
  [
    { rollout: 'r1' as Id, phase: 'failed', place: 0 },
    { rollout: 'r1' as Id, phase: 'done', place: 1 },
    { rollout: 'r2' as Id, phase: 'failed', place: 1 },
  ],
);

function read(text: string): Where {
  const parsed = parseSelection(text);
  if (!parsed.ok) throw new Error(`${text}: ${JSON.stringify(parsed.problems)}`);
  return parsed.selection;
}
/** The numbers of the phones that a text selects. */
const selected = (text: string): number[] => {
  const matches = matcher(read(text), fleet, now);
  return [...fleet.phones.values()]
    .filter(matches)
    .map(({ mac }) => Number.parseInt(mac.slice(-2), 16));
};

test('phones are selected by what they are, where they stand and what they run', (t) => {
  for (const [text, numbers] of [
    ['all', [1, 2, 3, 4, 5]],
    ['vendor = YEALINK', [1, 2, 3, 4]],
    ['model in (t46s, D785) and not site = boston', [1, 2, 5]],
    ['model ~ T4*S', [1, 2, 3, 4]],
    ['site.region = EU', [1, 2]],
    ['site.name ~ l*', [1, 2, 5]],
    ['label.room = a1', [1]],
    ['mac ~ 805EC000000*', [1, 2, 3, 4, 5]],
    ['mac in (80-5e-c0-00-00-02, 805ec0000005)', [2, 5]],
    ['group = floor-1 or emergency = yes', [4, 5]],
    ['seen < 24h', [1]],
    ['seen >= 24h', [2]],
    ['rollout = r1', [1, 2]],
    ['rollout != r1', [3, 4, 5]],
    ['rollout ~ r*', [1, 2]],
    ['rollout = r1 and phase in (failed, unreachable)', [1]],
    ['rollout = r1 and phase != failed', [2]],
    ['has rollout', [1, 2]],
  ] as const)
    t.same(selected(text), numbers, text);
  t.end();
});

test('a version is ordered by the catalogue, so that .160 is newer than .15 and another hardware is neither', (t) => {
  t.same(selected('running < 66.86.0.15'), [1]);
  t.same(selected('running <= 66.86.0.15'), [1, 2]);
  t.same(selected('running >= 66.85.0.5 and running < 66.86.0.160'), [1, 2]);
  t.same(selected('running in (66.85.0.5, 66.86.0.15)'), [1, 2]);
  t.same(selected('running ~ "66.8*"'), [1, 2]);
  t.end();
});

test('a test that cannot be answered selects nobody, and neither does its denial', (t) => {
  t.same(selected('hardware = 66.0'), [2]);
  t.same(selected('hardware != 66.0'), [], 'the others do not say what hardware they are');
  t.same(selected('not hardware = 66.0'), [], 'nor does "not" make a guess of it');
  t.same(selected('hardware is unknown'), [1, 3, 4, 5], 'this is how the unknown are meant');
  t.same(selected('not (hardware = 66.0 and vendor = Snom)'), [1, 2, 3, 4], 'no matter what it is');
  t.same(selected('seen < 24h or not seen < 24h'), [1, 2], 'never seen is neither');
  t.same(selected('seen is unknown'), [3, 4, 5]);
  t.same(selected('running < 70.86.0.15'), [3], '66.* cannot be compared with 70.*');
  t.same(selected('not running < 70.86.0.15'), []);
  t.same(selected('running = nonsense or running != nonsense'), []);
  t.same(selected('site.region not in (EU)'), [3, 4], 'the lab has no region');
  t.end();
});

test('a label that every object seems to have is unknown where nobody wrote it', (t) => {
  t.same(selected('has label.constructor'), []);
  t.same(selected('label.constructor != acme'), []);
  t.same(selected('site.constructor is unknown'), [1, 2, 3, 4, 5]);
  const noField = parseSelection('constructor = x');
  t.match(noField, {
    problems: [{ message: '"constructor" is no field', expected: /label\.NAME/ }],
  });
  t.end();
});

const explained = (text: string, number: number) => {
  const found = fleet.phones.get(macOf(number));
  return found && explainMatch(read(text), found, fleet, now);
};

test('why a phone is left out is said in the words of the selection', (t) => {
  t.same(explained('model = T48S and site.region = EU and vendor = Yealink', 1), {
    matches: false,
    because: ['model = T48S: no, it is T46S'],
  });
  t.same(explained('model = T48S or hardware = 66.0', 1)?.because, [
    'hardware = 66.0: its hardware is unknown',
  ]);
  t.same(explained('running < 70.86.0.15', 1)?.because, [
    'running < 70.86.0.15: cannot be compared with 66.85.0.5',
  ]);
  t.same(explained('seen < 24h and not site = lisbon', 2)?.because, [
    'seen < 24h: no, it is 30h',
    'site = lisbon: yes',
  ]);
  t.same(explained('vendor = Yealink', 1), { matches: true, because: ['vendor = Yealink: yes'] });
  t.end();
});

test('only the rosters that a selection can reach are walked', (t) => {
  const within = (text: string) => bounds(read(text), fleet.sites.values());
  t.same([...(within('site.region = EU and model = T46S').sites ?? [])], ['lisbon']);
  t.same([...(within('model in (T46S, D785) or model = X').models ?? [])], ['t46s', 'd785', 'x']);
  t.same([...(within('not site != boston').sites ?? [])], ['boston']);
  t.same([...(within('site is unknown').sites ?? ['?'])], []);
  t.same([...(within('mac = 80:5e:c0:00:00:01').macs ?? [])], ['80:5e:c0:00:00:01']);
  t.same(within('site = lisbon or vendor = Snom'), {}, 'an open side opens the whole');
  t.same(within('not all').sites?.size, 0);
  t.end();
});

test('no phone that matches is outside the bounds of its selection', (t) => {
  fc.assert(
    fc.property(selectionTexts, fleets, (text, some) => {
      const matches = matcher(read(text), some, now);
      const whole = [...some.phones.values()].filter(matches).map(({ mac }) => mac);
      const reached = [...phonesWithin(read(text), some)].filter(matches).map(({ mac }) => mac);
      assert.deepEqual(reached.sort(), whole.sort());
    }),
    { numRuns: 500 },
  );
  t.end();
});

test('a matching phone is explained as matching, and no phone matches a test and its denial', (t) => {
  fc.assert(
    fc.property(selectionTexts, fleets, (text, some) => {
      const yes = matcher(read(text), some, now);
      const no = matcher(read(`not (${text})`), some, now);
      for (const one of some.phones.values()) {
        assert.equal(explainMatch(read(text), one, some, now).matches, yes(one));
        assert.ok(!(yes(one) && no(one)));
      }
    }),
    { numRuns: 300 },
  );
  t.end();
});

test('a name that nobody has is told with the nearest that somebody has', (t) => {
  const words = (text: string) =>
    unknownWords(read(text), fleet).map(({ column, message, expected }) => [
      column,
      message,
      expected[0],
    ]);
  t.same(words('site = lisbn and site.regoin = EU and label.rom = 1'), [
    [8, 'no site "lisbn" is known here', 'lisbon'],
    [18, 'no site has a label regoin', 'site.region'],
    [39, 'no phone has a label rom', 'label.room'],
  ]);
  t.same(words('model in (T46S, T47S) or vendor = Yealnk or rollout != r3'), [
    [17, 'no model "T47S" is known here', 'T46S'],
    [35, 'no vendor "Yealnk" is known here', 'Yealink'],
    [56, 'no rollout "r3" is known here', 'r1'],
  ]);
  t.same(words('model = t46s and site ~ x* and group = floor-1'), []);
  t.end();
});

test('a version without any digit is told, since it compares to nothing and would select nobody', (t) => {
  const says = (text: string, known = true) =>
    whereRefusals('where', text, known ? { ...fleet, phones: new Map(odd) } : undefined).map(
      ({ thing, reason, next }) => `${thing} ${reason}. ${next}`,
    );
  const odd = [...fleet.phones, ['x', phone(9, { running: runs('odd') })] as const];
  const banana = (column: number) =>
    `where, column ${column} "banana" is no version: it has no digit. Expected: a version as its vendor writes it, such as 66.86.0.15`;
  t.same(says('running < banana'), [banana(11)]);
  const asText = ', ~ or not ~ before a text that is no version';
  t.same(says('model = T46S and running in (66.86.0.15, banana)'), [`${banana(42)}${asText}`]);
  t.same(says('running >= banana and modle = x')[0], banana(12), 'beside other mistakes');
  t.same(says('running < banana', false), [banana(11)], 'also where no fleet is asked');
  t.same(says('running = odd or running != odd or running ~ "ban*"'), [], 'a phone shows it');
  t.same(says('running = banana', false), [], 'nobody knows what phones show');
  t.same(says('running != banana'), [`${banana(12)}${asText}`], 'its denial selects nobody either');
  t.same(says('running not ~ banana'), [], 'as a text it is no text of theirs');
  t.same(whereRefusals('where', 'running = banana', { ...fleet, phones: new Map() }), []);
  for (const version of [
    '12-0-1MPP0001-245',
    'P0.18.23.89-2.4.5.2',
    'sip.4.1.8',
    '83.V2.11.0+build.a546b91',
    'SIP45.9-4-2SR3-1S',
    '66.86',
  ])
    t.same(says(`running < ${version}`), [], version);
  t.end();
});

/** Milliseconds for a million phones: five times what it takes here, for a busy machine. */
const millionMsMax = 5000;

test('a million phones are asked in about a second', (t) => {
  const matches = matcher(
    read(
      'model in (T46S, T48S) and site.region = EU and running < 66.86.0.15 and not emergency = yes',
    ),
    fleet,
    now,
  );
  const versions = Array.from({ length: 40 }, (_, nth) => runs(`66.${80 + (nth % 8)}.0.${nth}`));
  const phones = Array.from({ length: 1000 }, (_, nth) => {
    const version = versions[nth % 40];
    return phone(nth % 250, { ...(version ? { running: version } : {}), mac: `x${nth}` as Mac });
  });
  const began = performance.now();
  let count = 0;
  for (let round = 0; round < 1000; round += 1)
    for (const one of phones) if (matches(one)) count += 1;
  const took = performance.now() - began;
  t.comment(`1,000,000 phones in ${Math.round(took)} ms, ${count} match`);
  t.ok(count > 0 && took < millionMsMax, `${Math.round(took)} ms`);
  t.end();
});

test('a sigma is one letter, wherever it stands in a word', (t) => {
  const greek = fleetOf(
    ['ΟΔΟΣΑ', 'οδος', 'Οδόσα'].map((city, place) =>
      siteOf(['a', 'b', 'c'][place] ?? '', { labels: { city } }),
    ),
    ['a', 'b', 'c'].map((site, place) => phone(place + 1, { site: site as Id })),
  );
  const meant = (text: string) => {
    const matches = matcher(read(text), greek, now);
    return [...greek.phones.values()].filter(matches).map((one) => one.site);
  };
  for (const start of ['ΟΔΟΣ', 'οδοσ', 'οδος', 'Οδος'])
    t.same(meant(`site.city ~ "${start}*"`), ['a', 'b'], start);
  for (const end of ['ΔΟΣ', 'δοσ', 'δος']) t.same(meant(`site.city ~ "*${end}"`), ['b'], end);
  t.same(meant('site.city in (ΟΔΟΣ, ΟΔΟςΑ)'), ['a', 'b']);
  t.end();
});
