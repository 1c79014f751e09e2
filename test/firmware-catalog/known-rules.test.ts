import { KNOWN_RULES } from '@ringwave/firmware-catalog/known-rules';
import { rulesProblems } from '@ringwave/firmware-catalog/rules-check';
import { rulesFor } from '@ringwave/firmware-catalog/upgrade-edge';
import { type Milestone, type Road, road } from '@ringwave/firmware-catalog/upgrade-road';
import { test } from 'tap';

// What phones of the field need on their way, by the rules that come with the catalogue.

interface Asked {
  readonly vendor: string;
  readonly model: string;
  readonly hardware?: string;
  readonly from: string;
  readonly to: string;
  readonly over?: readonly string[];
  readonly consent?: readonly string[];
  readonly downgrade?: boolean;
}

function asked({ from, to, over = [], consent = [], downgrade = false, ...phone }: Asked) {
  return road<Milestone>({
    phone,
    from,
    target: { version: to },
    milestones: over.map((version) => ({ version })),
    rules: rulesFor(KNOWN_RULES, phone),
    consent: { downgrade, modeChanges: consent },
  });
}

const told = (found: Road<Milestone>): string =>
  found.kind === 'road'
    ? found.hops
        .map(({ to, steps, modeChange }) =>
          [...steps.map(() => 'by hand'), ...(modeChange ? ['edition'] : []), to.version].join(' '),
        )
        .join(' > ')
    : `${found.kind} ${found.kind === 'arrived' ? '' : (found.rule ?? 'order')}`;

const cisco = { vendor: 'Cisco' };
const ROADS: readonly [what: string, Asked, expected: string][] = [
  [
    'a 7941 before 8.3(3) goes over 8.5(2)',
    { ...cisco, model: '7941', from: '8-3-2', to: '9-4-2SR3-1', over: ['8-3-3', '8-5-2', '9-0-3'] },
    '8-5-2 > 9-4-2SR3-1',
  ],
  [
    'a 7975 that has 8.4 needs no stone',
    { ...cisco, model: '7975', from: '8-4-1', to: '9-4-2SR3-1', over: ['8-5-2'] },
    '9-4-2SR3-1',
  ],
  [
    'without its stone there is no road',
    { ...cisco, model: '7941', from: '8-3-2', to: '9-4-2SR3-1' },
    'closed cisco-79xx-over-8-5-2',
  ],
  [
    'a 7960 with its first loads goes over 5.0(5)',
    {
      ...cisco,
      model: '7960',
      from: 'P00303020214',
      to: 'P00308000900',
      over: ['P00305000500', 'P00306000500'],
    },
    'P00305000500 > P00308000900',
  ],
  [
    'a multiplatform release is one by its number too, as its phone reports it',
    { ...cisco, model: '8865', hardware: 'V10', from: '12.0.3', to: '12-0-7MPP0201-66' },
    '12-0-7MPP0201-66',
  ],
  [
    'an enterprise phone needs consent for a multiplatform release named by its number alone',
    { ...cisco, model: '7832', from: '12.5(1)SR1', to: '11-3-7' },
    'closed cisco-enterprise-to-mpp',
  ],
  [
    'and goes there once that is given',
    {
      ...cisco,
      model: '7832',
      from: '12.5(1)SR1',
      to: '11-3-7',
      consent: ['cisco-enterprise-to-mpp'],
    },
    'edition 11-3-7',
  ],
  [
    'hardware V15 never goes below 11.3.3, however the release is written',
    { ...cisco, model: '8851', hardware: 'V15', from: '11.3.7', to: '11.3.1', downgrade: true },
    'closed cisco-88xx-v15-floor',
  ],
  [
    'an early UNIStim phone takes no SIP firmware, consent or not',
    {
      vendor: 'Avaya',
      model: '1220',
      from: '062AC23',
      to: '04.04.23.00',
      consent: ['avaya-12x0-unistim-to-sip'],
    },
    'closed avaya-12x0-unistim-floor',
  ],
  [
    'a later one does',
    {
      vendor: 'Avaya',
      model: '1220',
      from: '062AC8Q',
      to: '04.04.23.00',
      consent: ['avaya-12x0-unistim-to-sip'],
    },
    'edition 04.04.23.00',
  ],
  [
    'an SPA passes the transition image',
    { ...cisco, model: 'SPA303', from: '7.4.9c', to: '7.5.5', over: ['7.5.1', '7.5.2b'] },
    '7.5.2b > 7.5.5',
  ],
  [
    'hardware V15 never goes below 11.3.3',
    {
      ...cisco,
      model: '8851',
      hardware: 'V15',
      from: '12-0-7MPP0201-66',
      to: '11-3-1MSR3-3',
      downgrade: true,
    },
    'closed cisco-88xx-v15-floor',
  ],
  [
    'older hardware does',
    {
      ...cisco,
      model: '8851',
      hardware: 'V08',
      from: '12-0-7MPP0201-66',
      to: '11-3-1MSR3-3',
      downgrade: true,
    },
    '11-3-1MSR3-3',
  ],
  [
    'while the revision is unknown the rule holds',
    {
      ...cisco,
      model: '8851',
      from: '12-0-7MPP0201-66',
      to: '11-3-1MSR3-3',
      downgrade: true,
    },
    'closed cisco-88xx-v15-floor',
  ],
  [
    'unless what runs shows that it is older hardware',
    { ...cisco, model: '8851', from: '11-0-1MPP-477', to: '11-2-1MPP-142' },
    '11-2-1MPP-142',
  ],
  [
    'another edition needs consent',
    { ...cisco, model: '8851', from: '12.8.1', to: '12-0-7MPP0201-66' },
    'closed cisco-enterprise-to-mpp',
  ],
  [
    'with consent it is a step of its own kind',
    {
      ...cisco,
      model: '8851',
      from: '12.8.1',
      to: '12-0-7MPP0201-66',
      consent: ['cisco-enterprise-to-mpp'],
    },
    'edition 12-0-7MPP0201-66',
  ],
  [
    'consent does not open what hardware forbids',
    {
      ...cisco,
      model: '7821',
      hardware: 'V02',
      from: '12.8.1',
      to: '12-0-7MPP0201-66',
      consent: ['cisco-enterprise-to-mpp'],
    },
    'closed cisco-7821-7861-v01-v02-no-mpp',
  ],
  [
    'a SoundPoint on 3.x needs the Upgrader',
    { vendor: 'Polycom', model: 'SPIP650', from: '3.2.7.0198', to: '4.0.15.1009' },
    'by hand 4.0.15.1009',
  ],
  [
    'a VVX 1500 goes over 3.2.2',
    { vendor: 'Polycom', model: 'VVX1500', from: '3.1.1', to: '5.9.6', over: ['3.2.2', '3.2.7'] },
    '3.2.7 > 5.9.6',
  ],
  [
    'a VVX 410 ends at 5.9',
    { vendor: 'Polycom', model: 'VVX410', from: '5.9.6', to: '6.4.0' },
    'closed poly-vvx-x00-last',
  ],
  [
    'a VVX 411 does not',
    { vendor: 'Polycom', model: 'VVX411', from: '5.9.6', to: '6.4.0' },
    '6.4.0',
  ],
  [
    'a Snom on 6 needs three steps by hand',
    { vendor: 'Snom', model: '370', from: '6.5.20', to: '8.7.5.48' },
    'by hand by hand by hand 8.7.5.48',
  ],
  [
    'a Snom on 8.9.3 does not go below it, though going back is agreed to',
    { vendor: 'Snom', model: 'D765', from: '8.9.3.80', to: '8.7.5.48', downgrade: true },
    'closed snom-below-8-9-3',
  ],
  [
    'a DECT base on 450 goes over 500',
    {
      vendor: 'Snom',
      model: 'M700',
      from: '04.50.0001',
      to: '05.10.0001',
      over: ['05.01.0001', '04.60.0001'],
    },
    '05.01.0001 > 05.10.0001',
  ],
  [
    'a T41S may cross from family 68 to 66',
    { vendor: 'Yealink', model: 'T41S', from: '68.81.0.110', to: '66.86.0.15' },
    '66.86.0.15',
  ],
  [
    'a CP960 with Teams never comes back',
    { vendor: 'Yealink', model: 'CP960', from: '73.15.0.20', to: '73.83.0.30', downgrade: true },
    'closed yealink-cp960-teams-one-way',
  ],
  [
    'an X210 that runs 2.4 is hardware V1 and stays there',
    { vendor: 'Fanvil', model: 'X210', from: '2.4.5', to: '2.12.1.3' },
    'closed fanvil-v1-stays-2-4',
  ],
  [
    'an X210 V2 runs 2.12',
    { vendor: 'Fanvil', model: 'X210', hardware: 'V2', from: '2.12.1.1', to: '2.12.1.3' },
    '2.12.1.3',
  ],
  [
    'a version outside the order holds the phone',
    { ...cisco, model: 'SPA504G', from: 'nightly', to: '7.5.5' },
    'incomparable order',
  ],
];

for (const [what, question, expected] of ROADS) {
  test(what, (t) => {
    t.equal(told(asked(question)), expected);
    t.end();
  });
}

test('the rules that come with the catalogue can be kept, and each names its source', (t) => {
  t.same(rulesProblems(KNOWN_RULES), []);
  for (const { id, source, reason } of KNOWN_RULES)
    t.ok(source.length > 10 && reason.length > 10, id);
  const ids = KNOWN_RULES.map(({ id }) => id);
  t.equal(new Set(ids).size, ids.length);
  t.end();
});

test('a note is told with the hop and closes nothing', (t) => {
  const found = asked({
    vendor: 'Yealink',
    model: 'T57W',
    from: '97.84.0.30',
    to: '96.86.0.45',
  });
  t.match(found, { hops: [{ notes: [/leading number falls \(rule yealink-t5x-family-96/] }] });
  t.end();
});

test('an expansion module names what its host must run', (t) => {
  const found = asked({ vendor: 'Snom', model: 'UXM', from: '1.0.1', to: '2.1.1' });
  t.match(found, {
    hops: [{ demands: [{ rule: 'snom-uxm-host', needs: '8.9.3.68 or later' }] }],
  });
  t.end();
});
