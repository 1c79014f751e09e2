import { ENROLMENT_FAULTS } from '@ringwave/protocol/enrolment';
import { FAULTS } from '@ringwave/protocol/faults';
import {
  type Ack,
  type Beat,
  decodeAck,
  decodeBeat,
  decodeHalt,
  decodeHello,
  decodeLastWill,
  decodePlan,
  decodeReport,
  encode,
  type Halt,
  type Hello,
  type LastWill,
  type Plan,
  type Report,
  upBytesMax,
} from '@ringwave/protocol/messages';
import { test } from 'tap';

const at = 1_800_000_000_000;
const hello: Hello = {
  kind: 'hello',
  conn: 'c-1',
  epoch: null,
  nextSeq: 1,
  planRevision: 0,
  phones: 20,
  agentVersion: '0.1.0',
  clockMs: at,
};
const report: Report = {
  kind: 'report',
  epoch: 1,
  firstSeq: 1,
  lastSeq: 2,
  items: [
    {
      kind: 'phone-seen',
      seq: 1,
      at,
      mac: '00:15:65:aa:bb:cc',
      vendor: 'Yealink',
      model: null,
      version: '108.86.0.20',
      source: 'http-request',
      address: '192.0.2.7',
    },
    { kind: 'agent-fault', seq: 2, at, fault: 'plan-signature-wrong', detail: 'unknown key' },
  ],
};
const beat: Beat = { kind: 'beat', conn: 'c-1', clockMs: at, planRevision: 3, outboxDepth: 0 };
const lastWill: LastWill = { kind: 'lwt', conn: 'c-1' };
const ack: Ack = {
  kind: 'ack',
  epoch: 1,
  seq: 2,
  window: 8,
  minGapMs: 0,
  spreadSeconds: 30,
  controllerMs: at,
  conn: 'c-1',
};
const halt: Halt = { kind: 'halt', counter: 1, halted: true, reason: 'wrong image' };
const plan: Plan = {
  kind: 'plan',
  site: 'lisbon',
  revision: 1,
  parent: 0,
  zone: 'Europe/Lisbon',
  startUntil: at,
  openings: [{ start: at, end: at + 3_600_000 }],
  phonesUpdatingMax: 5,
  wanBytesPerSecond: 0,
  coverage: [{ id: 'floor-1', minUp: 2 }],
  pausedRollouts: [],
  releases: [],
  phones: [],
};

const table = [
  ['hello', hello, decodeHello],
  ['report', report, decodeReport],
  ['beat', beat, decodeBeat],
  ['last will', lastWill, decodeLastWill],
  ['ack', ack, decodeAck],
  ['halt', halt, decodeHalt],
  ['plan', plan, decodePlan],
] as const;

for (const [name, message, decode] of table) {
  test(`a ${name} is read back as it was said, and held to its schema`, (t) => {
    t.same(decode(encode(message)), { ok: true, message });
    t.ok(decode(JSON.stringify({ ...message, later: 'v1.3' })).ok, 'unknown fields pass');
    t.same(decode('{'), { ok: false, problems: ['is not JSON'] });
    t.notOk(decode('null').ok);
    t.notOk(decode('[]').ok);
    t.notOk(decode(JSON.stringify({ ...message, kind: 'other' })).ok, 'another kind is refused');
    for (const field of Object.keys(message).filter((it) => !(name === 'ack' && it === 'conn'))) {
      const { [field as 'kind']: _, ...rest } = message;
      const decoded = decode(JSON.stringify(rest));
      t.ok(!decoded.ok && decoded.problems.some((it) => it.includes(field)), `names ${field}`);
    }
    t.end();
  });
}

test('all problems of a message are told at once', (t) => {
  const decoded = decodeHello(JSON.stringify({ ...hello, conn: 7, nextSeq: -1, phones: 'many' }));
  t.same(!decoded.ok && decoded.problems.map((it) => it.split(' ')[0]), [
    '/conn',
    '/nextSeq',
    '/phones',
  ]);
  t.end();
});

test('values outside their bounds are refused at the door', (t) => {
  const [seen] = report.items;
  const strange: [string, unknown][] = [
    ['a MAC in capitals', { ...report, items: [{ ...seen, mac: '00:15:65:AA:BB:CC' }] }],
    ['a time in the year 2300', { ...report, items: [{ ...seen, at: 10_413_792_000_000 }] }],
    ['a fault nobody knows', { ...report, items: [{ ...report.items[1], fault: 'gremlins' }] }],
    ['an item of an unknown kind', { ...report, items: [{ kind: 'poem', seq: 1, at }] }],
    ['201 items', { ...report, items: Array.from({ length: 201 }, () => seen) }],
    ['a fraction as number', { ...report, lastSeq: 1.5 }],
  ];
  for (const [name, message] of strange) t.notOk(decodeReport(JSON.stringify(message)).ok, name);
  const long = decodeReport(' '.repeat(upBytesMax + 1));
  t.same(long, { ok: false, problems: ['is 65537 bytes long, at most 65536 are read'] });
  t.end();
});

test('every fault tells an operator what to do, in a sentence', (t) => {
  for (const [code, { advice }] of Object.entries(FAULTS)) t.match(advice, /^[A-Z].*\.$/, code);
  for (const [code, it] of Object.entries(ENROLMENT_FAULTS))
    t.match(it.problem, /^[A-Z].*\.$/, code);
  t.end();
});
