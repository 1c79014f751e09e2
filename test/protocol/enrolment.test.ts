import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { enrolmentRequest, openAnswer } from '@ringwave/agent/core/enrolment';
import { enrol } from '@ringwave/agent/io/enrol';
import {
  answerEnrolment,
  answerRandomBytes,
  hashSecret,
  mintToken,
  secretMatches,
  type TokenRecord,
  tokenRandomBytes,
} from '@ringwave/controller/core/enrolment';
import {
  decodeEnrolmentAnswer,
  decodeEnrolmentRequest,
  ENROLMENT_FAULTS,
  type EnrolmentAnswer,
  type EnrolmentRequest,
  type EnrolmentToken,
  fingerprintOf,
  privateKeyFrom,
  proofOf,
  rawPublicKey,
  readToken,
  writeToken,
} from '@ringwave/protocol/enrolment';
import { type EpochMs, hours, type Id, laterBy, ms } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';

const now = 1_800_000_000_000 as EpochMs;
const lisbon = 'lisbon' as Id;
const planKey = generateKeyPairSync('ed25519').privateKey;
const agentKey = privateKeyFrom('X25519', Buffer.alloc(32, 7));
const otherKey = privateKeyFrom('X25519', Buffer.alloc(32, 8));
const grant = {
  zone: 'Europe/Lisbon',
  mqttUrl: 'mqtts://controller.example:8883',
  httpUrl: 'https://controller.example',
  fingerprintKey: Buffer.alloc(32, 9).toString('base64url'),
  planKeys: [{ id: 'plan-1', publicKey: rawPublicKey(planKey) }],
};
const random = Buffer.from(Array.from({ length: answerRandomBytes }, (_, nth) => nth));

const minted = mintToken({ site: lisbon, planKey, now, random: Buffer.alloc(tokenRandomBytes, 5) });

function tokenOf(text: string): EnrolmentToken {
  const read = readToken(text);
  if (!read.ok) throw new Error(read.problem);
  return read.token;
}
const token = tokenOf(minted.text);
const request = enrolmentRequest(token, agentKey);

const answered = (
  record: TokenRecord | undefined = minted.record,
  asked: EnrolmentRequest = request,
  at: EpochMs = now,
) => answerEnrolment(record, asked, { now: at, planKey, grant, random });

function accepted(result: ReturnType<typeof answerEnrolment>) {
  if (!result.ok) throw new Error(result.problem);
  return result;
}

const faultOf = (result: { ok: boolean; fault?: string }) =>
  result.ok ? 'accepted' : result.fault;

test('a token carries what a box needs to know its controller by, for one site and 24 hours', (t) => {
  t.match(minted.text, /^rw1\.[A-Za-z0-9_-]+$/);
  t.ok(minted.text.length < 300, 'short enough for a message');
  t.same(token, {
    id: Buffer.alloc(9, 5).toString('base64url'),
    secret: Buffer.alloc(16, 5),
    site: 'lisbon',
    fingerprint: fingerprintOf(planKey),
    expiresAt: laterBy(now, hours(24)),
  });
  t.same(readToken(`  ${minted.text}\n`), { ok: true, token }, 'pasted with blanks around it');
  t.end();
});

test('what is no token is said to be none', (t) => {
  const strange = [
    '',
    'rw1.',
    'rw2.abc',
    minted.text.slice(4),
    minted.text.slice(0, -20),
    `rw1.${'a'.repeat(5000)}`,
  ];
  for (const text of strange)
    t.equal(faultOf(readToken(text)), 'token-malformed', text.slice(0, 20));
  t.end();
});

test('the secret of the token never travels', (t) => {
  const sent = JSON.stringify(request);
  t.notMatch(sent, token.secret.toString('base64url'));
  t.notMatch(sent, token.secret.toString('hex'));
  t.same(Object.keys(request).sort(), ['agentKey', 'proof', 'site', 'tokenId']);
  t.same(decodeEnrolmentRequest(sent), { ok: true, message: request });
  t.end();
});

test('the right box gets its grant, sealed to it', (t) => {
  const result = accepted(answered());
  t.same(decodeEnrolmentAnswer(JSON.stringify(result.answer)), {
    ok: true,
    message: result.answer,
  });
  const opened = openAnswer(result.answer, { token, agentKey, request });
  const mqttPassword = random.subarray(32, 56).toString('base64url');
  const agentToken = random.subarray(56, 80).toString('base64url');
  t.same(opened, { ok: true, grant: { ...grant, site: 'lisbon', mqttPassword, agentToken } });
  t.notMatch(JSON.stringify(result.answer), mqttPassword, 'nothing of it in clear');
  t.ok(secretMatches(result.mqttPasswordHash, mqttPassword));
  t.ok(secretMatches(result.agentTokenHash, agentToken));
  t.notOk(secretMatches(result.agentTokenHash, mqttPassword));
  t.equal(result.record.usedBy, request.agentKey);
  t.end();
});

test('a token opens one box, until it expires, for its site', (t) => {
  const used = { ...minted.record, usedBy: rawPublicKey(otherKey) };
  t.equal(faultOf(answered(used)), 'token-used');
  const mine = { ...minted.record, usedBy: request.agentKey };
  t.equal(faultOf(answered(mine)), 'accepted', 'the same box may ask again: its answer was lost');
  const last = minted.record.expiresAt;
  t.equal(faultOf(answered(undefined, request, laterBy(last, ms(-1)))), 'accepted');
  t.equal(faultOf(answered(undefined, request, last)), 'token-expired');
  t.equal(faultOf(answered(mine, request, last)), 'token-expired', 'nor for the same box');
  const berlin = enrolmentRequest({ ...token, site: 'berlin' as Id }, agentKey);
  t.equal(faultOf(answered(undefined, berlin)), 'token-other-site');
  t.end();
});

test('who cannot prove the secret learns nothing but that it is unknown', (t) => {
  const used = { ...minted.record, usedBy: rawPublicKey(otherKey) };
  const guessed = enrolmentRequest({ ...token, secret: Buffer.alloc(16) }, agentKey);
  t.equal(faultOf(answered(used, guessed)), 'token-unknown');
  t.equal(
    faultOf(answered(undefined, { ...request, agentKey: rawPublicKey(otherKey) })),
    'token-unknown',
  );
  t.equal(faultOf(answered(undefined, { ...request, site: 'berlin' })), 'token-unknown');
  const none = answerEnrolment(undefined, request, { now, planKey, grant, random });
  t.equal(faultOf(none), 'token-unknown');
  t.end();
});

test('a key with which nothing can be agreed is refused, not a crash', (t) => {
  const zero = Buffer.alloc(32).toString('base64url');
  const asked = { tokenId: token.id, site: lisbon, agentKey: zero };
  const proven = { ...asked, proof: proofOf(token.secret, asked) };
  t.equal(faultOf(answered(undefined, proven)), 'request-malformed');
  t.end();
});

test('another controller cannot take a box in, whatever it answers', (t) => {
  const foreign = generateKeyPairSync('ed25519').privateKey;
  const imitated = accepted(
    answerEnrolment(minted.record, request, {
      now,
      planKey: foreign,
      grant,
      random,
    }),
  );
  const from = { token, agentKey, request };
  t.equal(faultOf(openAnswer(imitated.answer, from)), 'controller-key-differs');
  const lying = { ...imitated.answer, planKey: rawPublicKey(planKey) };
  t.equal(faultOf(openAnswer(lying, from)), 'controller-key-differs');
  t.end();
});

test('an answer altered in any field, or made for another request, is not believed', (t) => {
  const result = accepted(answered());
  const from = { token, agentKey, request };
  const flipped = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
  for (const field of ['answerKey', 'sealed', 'planKey', 'signature'] as const) {
    const altered: EnrolmentAnswer = { ...result.answer, [field]: flipped(result.answer[field]) };
    t.equal(faultOf(openAnswer(altered, from)), 'controller-key-differs', field);
  }
  const otherRequest = enrolmentRequest(token, otherKey);
  const replayed = openAnswer(result.answer, { token, agentKey: otherKey, request: otherRequest });
  t.equal(faultOf(replayed), 'controller-key-differs', 'an answer recorded for another box');
  const wrongBox = openAnswer(result.answer, { token, agentKey: otherKey, request });
  t.equal(faultOf(wrongBox), 'answer-malformed', 'and who overhears it cannot open it');
  t.end();
});

test('a password is kept as a hash that fits it alone, and no hash fits nothing', (t) => {
  t.match(hashSecret('a'), /^[0-9a-f]{64}$/);
  t.ok(secretMatches(hashSecret('a'), 'a'));
  t.notOk(secretMatches(hashSecret('a'), 'b'));
  t.notOk(secretMatches(undefined, ''));
  t.notOk(secretMatches('', ''));
  t.end();
});

/** A controller's door, with the record it keeps. */
async function door(t: Test, answer?: (body: string) => string): Promise<string> {
  let record = minted.record;
  const server = http.createServer(async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming) body += String(chunk);
    if (answer) return void response.end(answer(body));
    const decoded = decodeEnrolmentRequest(body);
    if (!decoded.ok) return void response.end(JSON.stringify({ fault: 'request-malformed' }));
    const result = answered(record, decoded.message);
    if (result.ok) {
      record = result.record;
      return void response.end(JSON.stringify(result.answer));
    }
    response.statusCode = ENROLMENT_FAULTS[result.fault].status;
    response.end(JSON.stringify({ fault: result.fault, problem: result.problem }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a box enrols over plain HTTP once, and the second box hears why not', async (t) => {
  const url = await door(t);
  const first = await enrol(minted.text, url);
  t.equal(first.ok && first.grant.site, 'lisbon');
  t.same(await enrol(minted.text, url), {
    ok: false,
    fault: 'token-used',
    problem: 'This token has been used by another box: make a new one for the site.',
  });
  const forged = writeToken({ ...token, secret: Buffer.alloc(16) });
  t.equal(faultOf(await enrol(forged, url)), 'token-unknown');
});

test('what is no controller, or none at all, is named with the next step', async (t) => {
  const page = await door(t, () => '<html>router login</html>');
  t.equal(faultOf(await enrol(minted.text, page)), 'answer-malformed');
  const endless = await door(t, () => 'x'.repeat(1024 * 1024));
  t.equal(faultOf(await enrol(minted.text, endless)), 'answer-malformed');
  const nobody = await enrol(minted.text, 'http://127.0.0.1:1');
  t.match(nobody, {
    ok: false,
    fault: 'controller-unreachable',
    problem:
      /^No controller answers at http:\/\/127\.0\.0\.1:1 \(.*\): check the URL and the line\.$/,
  });
  t.equal(faultOf(await enrol(minted.text, 'not a url')), 'controller-unreachable');
});
