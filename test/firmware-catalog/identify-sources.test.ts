import { claimTextMax, identify, identifyWithSources } from '@ringwave/firmware-catalog/identify';
import { makerOf } from '@ringwave/firmware-catalog/maker';
import { array, assert, constantFrom, oneof, property, record, string } from 'fast-check';
import { test } from 'tap';

test('each fact of an identity says which claim it came from, and how sure that is', (t) => {
  const { identity, sources, doubts } = identifyWithSources({
    userAgent: 'Yealink SIP-T46S 66.86.0.15',
    path: '/805ec0123456.cfg',
  });
  t.equal(identity.mac, '80:5e:c0:12:34:56');
  t.same(sources, {
    vendor: { from: 'user-agent', confidence: 'certain', text: 'Yealink SIP-T46S 66.86.0.15' },
    model: { from: 'user-agent', confidence: 'certain', text: 'Yealink SIP-T46S 66.86.0.15' },
    version: { from: 'user-agent', confidence: 'certain', text: 'Yealink SIP-T46S 66.86.0.15' },
    mac: { from: 'path', confidence: 'certain', text: '/805ec0123456.cfg' },
  });
  t.same(doubts, []);
  t.end();
});

test('a MAC prefix alone is a hint, and the vendor stays unknown', (t) => {
  const { identity, sources, hints } = identifyWithSources({
    userAgent: 'something else',
    path: '/000413922d24.cfg',
  });
  t.equal(identity.vendor, null);
  t.equal(sources.vendor, undefined);
  t.same(hints.vendors, ['Snom']);
  t.end();
});

test('a model read from a file that models share is only a hint', (t) => {
  const { sources } = identifyWithSources({ path: '/y000000000044.cfg' });
  t.equal(sources.model?.confidence, 'hint');
  t.equal(sources.mac, undefined, 'the digits are no MAC');
  t.equal(identifyWithSources({ path: '/y000000000028.cfg' }).identity.mac, null);
  t.end();
});

test('claims that disagree are named', (t) => {
  const doubts = (request: Parameters<typeof identify>[0]) => identifyWithSources(request).doubts;
  const userAgent = 'Yealink SIP-T46S 66.86.0.15 80:5e:c0:12:34:56';
  t.same(doubts({ userAgent: 'Yealink SIP-T46S 66.86.0.15', path: '/000413922d24.cfg' }), [
    'the path’s MAC prefix is Snom’s, the User-Agent says Yealink',
  ]);
  t.same(doubts({ userAgent, path: '/snomD785.htm' }), [
    'the path says Snom, the User-Agent says Yealink',
  ]);
  t.same(doubts({ userAgent, sipUserAgent: 'Htek UC840 V1.0.4.2.11' }), [
    'the SIP User-Agent says Htek, the User-Agent says Yealink',
  ]);
  t.same(doubts({ userAgent, path: '/y000000000028.cfg' }), [
    'the path says model T46G, the User-Agent says T46S',
  ]);
  t.same(doubts({ userAgent, path: '/805ec0123457.cfg' }), [
    'the User-Agent says mac 80:5e:c0:12:34:56, the path says 80:5e:c0:12:34:57',
  ]);
  t.same(doubts({ userAgent, path: '/805ec0123456.cfg' }), []);
  const rebranded = {
    userAgent: 'Gigaset P810 IP PRO/1.0.0;000413E70001',
    path: '/snomD810-000413E70001.htm',
  };
  t.equal(identify(rebranded).vendor, 'Gigaset');
  t.same(doubts(rebranded), [], 'a brand and its maker do not disagree');
  t.end();
});

test('a phone under another brand is of its maker’s line', (t) => {
  const maker = (vendor: string | null, model: string | null, userAgent?: string) => {
    const { vendor: name, model: own } = makerOf({ vendor, model }, userAgent) ?? {};
    return [name, own];
  };
  t.same(maker('Nethesis', 'NPX5'), ['Fanvil', 'X5U']);
  t.same(maker('Nethesis', 'NPV61'), ['Fanvil', undefined], 'no model is guessed');
  t.same(maker('Alcatel-Lucent', 'H2'), ['Fanvil', undefined]);
  t.same(maker('Alcatel-Lucent', '8028s-GE'), ['Alcatel-Lucent', '8028s-GE']);
  t.same(maker('Gigaset', 'P810 IP PRO'), ['Snom', 'D810']);
  t.same(maker('Gigaset', 'N870 IP PRO'), ['Gigaset', 'N870 IP PRO']);
  t.same(maker(null, null, 'Zultys ZIP33G 47.80.0.132'), ['Yealink', undefined]);
  t.same(maker(null, null, 'curl/8.5.0'), [undefined, undefined]);
  t.same(maker(null, null), [undefined, undefined]);
  t.end();
});

/** Pieces of what phones say, so that chance meets the readers' own words. */
const piece = constantFrom(
  ...'Yealink SIP- T46S 66.86.0.15 snom D785 -SIP ( ) ; / AVAYA/ Cisco/ SPA504G - FileTransport Poly'.split(
    ' ',
  ),
  ...'VVX_411 -UA/ Grandstream DevId 805ec0123456 80:5e:c0:12:34:56 % " .. 1. a'.split(' '),
  ' ',
  '  ',
  '\u0000',
);
const claim = oneof(
  string({ maxLength: 700 }),
  array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
);
const request = record(
  { userAgent: claim, path: claim, sipUserAgent: claim, dhcpClass: claim },
  { requiredKeys: [] },
);

test('whatever is sent, an answer comes, its sources hold its facts, and its text is short and printable', (t) => {
  assert(
    property(request, (seen) => {
      const { identity, sources, doubts } = identifyWithSources(seen);
      const same = JSON.stringify(identity) === JSON.stringify(identify(seen));
      const held = (['vendor', 'model', 'version', 'mac'] as const).every(
        (fact) => identity[fact] !== null || sources[fact] === undefined,
      );
      const texts = Object.values(sources).map(({ text }) => text);
      const bounded = texts.every((text) => text.length <= claimTextMax && !/\p{Cc}/u.test(text));
      return same && held && bounded && doubts.length <= 12;
    }),
    { seed: 20_261_122, numRuns: 2000 },
  );
  t.end();
});

test('identifying takes time linear in what was sent, however hostile', (t) => {
  const seeds = [
    'a',
    '1.',
    ' ',
    'Yealink ',
    '(',
    'snom',
    '-',
    '%41',
    '/',
    '80:5e:',
    'AVAYA/',
    '00',
  ];
  const spent = (length: number): number => {
    const start = process.cpuUsage();
    for (const seed of seeds) {
      const text = seed.repeat(Math.ceil(length / seed.length));
      for (let time = 0; time < 20; time += 1) {
        identify({ userAgent: text, path: text, sipUserAgent: text, dhcpClass: text });
        identify({ userAgent: `Yealink SIP-T46S ${text}`, path: `/${text}.cfg` });
      }
    }
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  spent(64_000);
  // Both are far beyond every bound: linear is 16 times the work, quadratic 256 times.
  const short = spent(64_000);
  const long = spent(1_024_000);
  t.ok(long < (short + 5000) * 64, `${short} µs, then ${long} µs`);
  const unknown = identify({ userAgent: 'Yealink '.repeat(10_000), path: `/${'a'.repeat(2000)}` });
  t.same(unknown, { vendor: null, model: null, version: null, mac: null });
  t.end();
});
