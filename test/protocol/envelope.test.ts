import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { envelopeCharsMax, open, type Sealed, seal } from '@ringwave/protocol/envelope';
import {
  downBytesMax,
  type Plan,
  type PlanPhone,
  planPhonesMax,
} from '@ringwave/protocol/messages';
import { days, type EpochMs, type Id, laterBy, minutes, ms } from '@ringwave/protocol/units';
import { test } from 'tap';
import { Random } from '../sim/random.ts';

const now = 1_800_000_000_000 as EpochMs;
const lisbon = 'lisbon' as Id;
const ours = generateKeyPairSync('ed25519');
const theirs = generateKeyPairSync('ed25519');
const key = { id: 'plan-1', privateKey: ours.privateKey };
const expect = {
  kind: 'plan',
  audiences: [lisbon],
  keys: new Map([['plan-1', ours.publicKey]]),
  now,
} as const;
const sealed: Sealed = {
  kind: 'plan',
  audience: lisbon,
  issuedAt: now,
  expiresAt: laterBy(now, days(7)),
  body: { revision: 4 },
};
const fault = (token: string, with_: Partial<Parameters<typeof open>[1]> = {}) => {
  const opened = open(token, { ...expect, ...with_ });
  return opened.ok ? 'accepted' : opened.fault;
};

test('what the controller sealed for this site is opened', (t) => {
  t.same(open(seal(sealed, key), expect), { ok: true, sealed });
  t.end();
});

test('failure 13: forged, foreign and misnamed envelopes are refused', (t) => {
  const good = seal(sealed, key);
  const [header = '', payload = '', signature = ''] = good.split('.');
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = JSON.parse(
    inflateRawSync(Buffer.from(payload, 'base64url')).toString('utf8'),
  ) as object;
  const resealed = (head: object, inside: object) => {
    const text = deflateRawSync(JSON.stringify(inside)).toString('base64url');
    const signed = `${encoded(head)}.${text}`;
    return `${signed}.${sign(null, Buffer.from(signed), ours.privateKey).toString('base64url')}`;
  };
  const head = { alg: 'EdDSA', kid: 'plan-1', typ: 'ringwave-plan', zip: 'DEF' };
  t.equal(fault(resealed(head, claims)), 'accepted', 'the forger’s tool works');
  const cases: [string, string, string][] = [
    [
      'signed by a stranger',
      seal(sealed, { ...key, privateKey: theirs.privateKey }),
      'plan-signature-wrong',
    ],
    [
      'signed by a key nobody pinned',
      seal(sealed, { ...key, id: 'plan-2' }),
      'plan-signature-wrong',
    ],
    [
      'made for another site',
      seal({ ...sealed, audience: 'berlin' as Id }, key),
      'plan-audience-wrong',
    ],
    ['another kind of document', seal({ ...sealed, kind: 'halt' }, key), 'plan-malformed'],
    [
      'algorithm none',
      `${encoded({ ...head, alg: 'none' })}.${payload}.${signature}`,
      'plan-signature-wrong',
    ],
    [
      'algorithm of a shared secret',
      resealed({ ...head, alg: 'HS256' }, claims),
      'plan-signature-wrong',
    ],
    [
      'no algorithm',
      resealed({ kid: 'plan-1', typ: 'ringwave-plan' }, claims),
      'plan-signature-wrong',
    ],
    [
      'another payload under the signature',
      `${header}.${encoded({ aud: lisbon })}.${signature}`,
      'plan-signature-wrong',
    ],
    ['no signature', `${header}.${payload}.`, 'plan-malformed'],
    ['no audience', resealed(head, { ...claims, aud: undefined }), 'plan-audience-wrong'],
    ['no expiry', resealed(head, { ...claims, exp: undefined }), 'plan-malformed'],
    [
      'an expiry that is no number',
      resealed(head, { ...claims, exp: '9999999999999' }),
      'plan-malformed',
    ],
    ['a header that is a list', `${encoded([])}.${payload}.${signature}`, 'plan-malformed'],
    ['four parts', `${good}.x`, 'plan-malformed'],
    ['nothing', '', 'plan-malformed'],
    ['longer than any envelope', 'a'.repeat(envelopeCharsMax + 1), 'plan-malformed'],
    [
      'a bomb of 4 MiB',
      resealed(head, { ...claims, body: 'a'.repeat(4 * 1024 * 1024) }),
      'plan-malformed',
    ],
  ];
  for (const [name, token, expected] of cases) t.equal(fault(token), expected, name);
  t.end();
});

test('an envelope holds until its expiry, and not before its issue by more than five minutes', (t) => {
  const good = seal(sealed, key);
  t.equal(fault(good, { now: sealed.expiresAt }), 'accepted');
  t.equal(fault(good, { now: laterBy(sealed.expiresAt, ms(1)) }), 'plan-expired');
  t.equal(fault(good, { now: laterBy(now, minutes(-5)) }), 'accepted');
  t.equal(fault(good, { now: laterBy(now, ms(-300_001)) }), 'plan-expired');
  t.end();
});

test('a halt stops even when it is late, and a box whose clock is behind', (t) => {
  const halt = seal({ ...sealed, kind: 'halt', audience: 'all' as Id }, key);
  for (const off of [30, -30]) {
    const read = { kind: 'halt', audiences: ['all' as Id], now: laterBy(now, days(off)) } as const;
    t.equal(fault(halt, read), 'accepted', `${off} days`);
  }
  t.end();
});

test('an envelope altered anywhere is refused, or says the same', (t) => {
  const random = new Random(3);
  const good = seal(sealed, key);
  const letters = 'ABCxyz019-_.!= '.split('');
  for (let nth = 0; nth < 2000; nth += 1) {
    const at = random.whole(0, good.length - 1);
    const cut = random.whole(0, 2);
    const altered = good.slice(0, at) + random.oneOf(letters) + good.slice(at + cut);
    const opened = open(altered, expect);
    if (opened.ok) t.same(opened.sealed, sealed);
  }
  t.pass('2,000 alterations');
  t.end();
});

test('a plan for the largest site fits what every broker carries', (t) => {
  const phones = Array.from(
    { length: planPhonesMax },
    (_, nth): PlanPhone => ({
      mac: randomBytes(6)
        .toString('hex')
        .replace(/(..)(?=.)/g, '$1:'),
      vendor: 'Yealink',
      model: 'T54W',
      extension: String(2000 + nth),
      emergency: nth % 50 === 0,
      coverageGroup: `floor-${nth % 20}`,
      work: { rollout: 'autumn', hops: ['yealink-96-86-0-100'], attemptsMax: 3, round: 0 },
      lastSeen: { version: '96.86.0.45', address: `10.1.${nth >> 8}.${nth & 255}`, at: now + nth },
      credentialGeneration: 1,
    }),
  );
  const plan: Plan = {
    kind: 'plan',
    site: lisbon,
    revision: 1,
    parent: 0,
    zone: 'Europe/Lisbon',
    startUntil: now,
    openings: Array.from({ length: 64 }, (_, nth) => ({ start: now + nth, end: now + nth + 1 })),
    phonesUpdatingMax: 5,
    wanBytesPerSecond: 0,
    coverage: [],
    pausedRollouts: [],
    releases: [],
    phones,
  };
  const token = seal({ ...sealed, body: plan }, key);
  t.ok(token.length <= downBytesMax, `${token.length} characters`);
  t.same(open(token, expect), { ok: true, sealed: { ...sealed, body: plan } });
  t.end();
});
