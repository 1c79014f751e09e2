import type { EpochMs } from '@ringwave/protocol/units';
import type { SteadyMs } from '@ringwave/runtime/clock';
import { test } from 'tap';
import { authParameters, digestResponse, isSameSecret } from '../../../../agent/core/digest.ts';
import {
  askedPortion,
  isRangeValid,
  isUnchanged,
  isUnmodified,
  isWanted,
} from '../../../../agent/core/provisioning/http-conditions.ts';
import {
  fittingPassword,
  isFreshNonce,
  loginChallenges,
  loginClaim,
  mintNonce,
} from '../../../../agent/core/provisioning/http-login.ts';
import {
  nonceCounts,
  nonceNumber,
  takesCount,
  takesResponse,
} from '../../../../agent/core/provisioning/nonce-counts.ts';
import { generator } from '../tftp/lossy-network.ts';

const target = '/dir/index.html';
const get = { method: 'GET', target };

test('the examples of the RFCs come out', (t) => {
  const rfc7616 = {
    user: 'Mufasa',
    realm: 'http-auth@example.org',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    method: 'GET',
    uri: target,
    auth: {
      nonceCount: '00000001',
      clientNonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    },
  };
  t.equal(
    digestResponse({ ...rfc7616, algorithm: 'MD5' }, 'Circle of Life'),
    '8ca523f5e9506fed4657c9700eebdbec',
  );
  t.equal(
    digestResponse({ ...rfc7616, algorithm: 'SHA-256' }, 'Circle of Life'),
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  );
  const rfc2069 = {
    algorithm: 'MD5',
    user: 'Mufasa',
    realm: 'testrealm@host.com',
    nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    method: 'GET',
    uri: target,
  } as const;
  // RFC 2069 with its erratum 749.
  t.equal(digestResponse(rfc2069, 'CircleOfLife'), '1949323746fe6a43ef61f9606e7febea');
  t.end();
});

const mufasa = (response: string, more = '') =>
  `Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="${target}", response="${response}"${more}`;

test('a login tells which of several passwords it was made with', (t) => {
  const digest = loginClaim(mufasa('1949323746fe6a43ef61f9606e7febea'), get);
  t.equal(fittingPassword(digest!, ['old', 'CircleOfLife']), 1);
  t.equal(fittingPassword(digest!, ['old', 'new']), undefined);
  t.equal(fittingPassword(digest!, []), undefined, 'no password lets nobody in');
  const basic = loginClaim(`basic ${Buffer.from('phone:a:b').toString('base64')}`, get);
  t.match(basic, { user: 'phone', password: 'a:b' });
  t.equal(fittingPassword(basic!, ['a:b', 'c']), 0);
  t.equal(fittingPassword(basic!, ['']), undefined);
  t.end();
});

test('a login that is for another file, of another kind or said twice is none', (t) => {
  const right = '1949323746fe6a43ef61f9606e7febea';
  t.equal(loginClaim(undefined, get), undefined);
  t.equal(loginClaim('Bearer x', get), undefined);
  t.equal(loginClaim('Basic ====', get), undefined);
  t.equal(loginClaim(mufasa(right), { ...get, target: '/other' }), undefined);
  t.ok(loginClaim(mufasa(right).replace(target, `http://agent:80${target}`), get));
  t.equal(loginClaim(mufasa(right, ', qop=auth'), get), undefined, 'qop without its nonces');
  t.equal(loginClaim(mufasa(right, ', qop=auth-int, nc=1, cnonce=x'), get), undefined);
  t.equal(loginClaim(mufasa(right, ', algorithm=SHA-512'), get), undefined);
  t.equal(loginClaim(mufasa(right, ', username="other"'), get), undefined);
  t.end();
});

const realm = 'R';

test('a nonce is taken for five minutes and only when it is ours and of its realm', (t) => {
  const key = Buffer.alloc(32, 1);
  const nonce = mintNonce(key, 1000 as SteadyMs, { number: 1, realm });
  t.not(
    mintNonce(key, 1000 as SteadyMs, { number: 2, realm }),
    nonce,
    'two phones in one moment get two',
  );
  t.equal(isFreshNonce({ nonce, realm }, key, 1000 as SteadyMs), true);
  t.equal(isFreshNonce({ nonce, realm }, key, 301_000 as SteadyMs), true);
  t.equal(isFreshNonce({ nonce, realm }, key, 301_001 as SteadyMs), false);
  t.equal(isFreshNonce({ nonce, realm }, Buffer.alloc(32, 2), 1000 as SteadyMs), false);
  t.equal(isFreshNonce({ nonce: nonce.replace(/^./, 'z'), realm }, key, 1000 as SteadyMs), false);
  t.equal(isFreshNonce({ nonce, realm: 'r' }, key, 1000 as SteadyMs), false, 'of another realm');
  t.equal(isFreshNonce({ nonce: '', realm }, key, 1000 as SteadyMs), false);
  t.end();
});

test('a challenge offers Digest in two strengths, and Basic where it may cross the wire', (t) => {
  const digests = [
    'Digest realm="Ringwave \\"lab\\"", qop="auth", algorithm=MD5, nonce="n", stale=true',
    'Digest realm="Ringwave \\"lab\\"", qop="auth", algorithm=SHA-256, nonce="n", stale=true',
  ];
  const offered = (takesBasic: boolean) =>
    loginChallenges('Ringwave "lab"', 'n', { isStale: true, takesBasic });
  t.same(offered(true), [...digests, 'Basic realm="Ringwave \\"lab\\""']);
  t.same(offered(false), digests);
  t.end();
});

test('authentication headers are read by their grammar', (t) => {
  const read = (text: string) => {
    const found = authParameters('digest', text);
    return found && Object.fromEntries(found);
  };
  t.same(read('DIGEST a=1,B = "x, \\"y\\"" , c=""'), { a: '1', b: 'x, "y"', c: '' });
  t.equal(read('Basic a=1'), undefined);
  t.equal(read('Digest'), undefined);
  t.equal(read('Digest a="1'), undefined);
  t.equal(read('Digest a=1 b=2'), undefined);
  const random = generator(3);
  for (let round = 0; round < 5000; round += 1) {
    const piece = () => 'a=",\\ b1'[Math.floor(random() * 8)];
    read(`Digest ${Array.from({ length: 60 }, piece).join('')}`);
  }
  const started = process.hrtime.bigint();
  read(`Digest a="${'\\'.repeat(4000)}`);
  read(`Digest ${'a=1,'.repeat(1000)} "`);
  t.ok(process.hrtime.bigint() - started < 200_000_000n, 'in a time that does not explode');
  t.end();
});

test('secrets of any length can be compared', (t) => {
  t.equal(isSameSecret('a', 'a'), true);
  t.equal(isSameSecret('a', 'ab'), false);
  t.end();
});

test('a Range gives one part, the whole, or cannot be met', (t) => {
  const portion = (range: string | undefined, length = 100) => {
    const found = askedPortion(range, length);
    return found.kind === 'part' ? `${found.from}-${found.to}` : found.kind;
  };
  const cases: [string | undefined, string][] = [
    [undefined, 'whole'],
    ['bytes=0-9', '0-9'],
    ['bytes=90-', '90-99'],
    ['bytes=90-500', '90-99'],
    ['bytes=-10', '90-99'],
    ['bytes=-500', '0-99'],
    ['Bytes = 5-5', '5-5'],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=0-1,5-6', 'whole'],
    ['bytes=9-5', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=a-b', 'whole'],
    ['lines=1-2', 'whole'],
    [`bytes=0-${'9'.repeat(30)}`, '0-99'],
    [`bytes=${'9'.repeat(16)}-`, 'unsatisfiable'],
    [`bytes=${' '.repeat(16_000)}x`, 'whole'],
  ];
  for (const [range, expected] of cases) t.equal(portion(range), expected, range ?? 'no range');
  t.equal(portion('bytes=0-', 0), 'unsatisfiable');
  t.end();
});

test('only the same strong tag continues a part; a weak one says unchanged', (t) => {
  t.equal(isRangeValid(undefined, 'x'), true);
  t.equal(isRangeValid('"x"', 'x'), true);
  t.equal(isRangeValid('W/"x"', 'x'), false);
  t.equal(isRangeValid('Sun, 22 Nov 2026 10:00:00 GMT', 'x'), false);
  t.equal(isWanted(undefined, 'x'), true);
  t.equal(isWanted('*', 'x'), true);
  t.equal(isWanted('"y", "x"', 'x'), true);
  t.equal(isWanted('"y", W/"x"', 'x'), false);
  t.equal(isWanted('', 'x'), false);
  t.equal(isUnchanged('"y", W/"x"', 'x'), true);
  t.equal(isUnchanged('*', 'x'), true);
  t.equal(isUnchanged('"y"', 'x'), false);
  t.equal(isUnchanged(undefined, 'x'), false);
  t.end();
});

test('a count of a nonce is taken once, in any order within reach', (t) => {
  const counts = nonceCounts();
  const nonce = { text: mintNonce(Buffer.alloc(32), 5 as SteadyMs, { number: 7, realm }), made: 7 };
  t.equal(nonceNumber(nonce.text), 7);
  const takes = (count: string) => takesCount(counts, nonce, count);
  t.same(['00000001', '00000003', '00000002', '0000000a'].map(takes), [true, true, true, true]);
  t.same(['00000001', '00000003', '0000000a', '00000000'].map(takes), [false, false, false, false]);
  t.equal(takes('00000100'), true);
  t.equal(takes('00000004'), false, 'too far behind to be known');
  t.same(['1', 'x', '000000001'].map(takes), [false, false, false], 'eight digits');
  t.end();
});

test('a nonce that was forgotten opens nothing again', (t) => {
  const counts = nonceCounts();
  const nonce = (made: number) => ({
    text: mintNonce(Buffer.alloc(32), 5 as SteadyMs, { number: made, realm }),
    made,
  });
  for (let made = 1; made <= 5000; made += 1) takesCount(counts, nonce(made), '00000001');
  t.equal(takesCount(counts, nonce(1), '00000001'), false);
  t.equal(takesCount(counts, nonce(5000), '00000002'), true);
  t.equal(counts.seen.size, 4096);
  t.end();
});

test('a date says unchanged to the second, and only where no tag is asked for', (t) => {
  const at = Date.UTC(2026, 10, 22, 10, 0, 0) as EpochMs;
  const later = (at + 400) as EpochMs;
  t.equal(isUnmodified('Sun, 22 Nov 2026 10:00:00 GMT', later), true);
  t.equal(isUnmodified('Sun, 22 Nov 2026 09:59:59 GMT', later), false);
  t.equal(isUnmodified('yesterday', at), false);
  t.equal(isUnmodified(undefined, at), false);
  t.equal(
    isUnmodified('Sun, 22 Nov 2026 10:00:00 GMT', undefined),
    false,
    'without a date of ours',
  );
  t.end();
});

test('of one nonce only so many logins without a count are known, and none beyond them is taken', (t) => {
  const counts = nonceCounts();
  const nonce = { text: mintNonce(Buffer.alloc(32), 5 as SteadyMs, { number: 7, realm }), made: 7 };
  const takes = (number: number) => takesResponse(counts, nonce, `response ${number}`);
  const taken = Array.from({ length: 100 }, (_, number) => takes(number)).filter(Boolean);
  t.equal(taken.length, 64);
  t.equal(takes(0), false);
  t.equal(takes(99), false);
  t.end();
});
