import type { VendorProfile } from '@ringwave/firmware-catalog/vendors/profile';
import { yealink } from '@ringwave/firmware-catalog/vendors/yealink';
import { mac } from '@ringwave/protocol/units';
import { test } from 'tap';
import { kindOf } from '../../../simulator/core/phone-kinds.ts';
import {
  afterFile,
  askFrom,
  beginRound,
  beginsToTake,
  filesPerRoundMax,
  judgeHeader,
} from '../../../simulator/core/boot-round.ts';
import { demoImage, ImageCheck } from '../../../simulator/core/demo-image.ts';

const phone = { mac: mac('805ec0000001')!, model: 'T46S', version: '66.85.0.5' };
const agent = { host: '127.0.0.1', httpPort: 8080, tftpPort: 6969 };
const master = (files: string) => ({
  kind: 'body' as const,
  body: `<APPLICATION CONFIG_FILES="${files}"/>`,
});
const polycom = kindOf('Polycom', 'VVX450')!;

test('files named by a file come next, once each', (t) => {
  const about = { kind: polycom, phone };
  const round = afterFile(beginRound(polycom, phone, agent), master('a.cfg, b.cfg, a.cfg'), about);
  t.same(
    round.todo.map(({ path }) => path),
    ['/a.cfg', '/b.cfg', '/a.cfg', ...round.todo.slice(3).map(({ path }) => path)],
  );
  const next = afterFile(round, master('b.cfg, 805ec0000001.cfg'), about);
  t.notOk(
    next.todo.some(({ path }) => path === '/805ec0000001.cfg'),
    'the first is not asked again',
  );
  t.end();
});

test('a Yealink reads the names of settings that its version has, and no others', (t) => {
  const kind = kindOf('Yealink', 'T46G')!;
  const told = (version: string, name: string) => {
    const body = `#!version:1.0.0.1\n${name} = http://127.0.0.1/a.rom\n`;
    const own = { ...phone, model: 'T46G', version };
    const round = beginRound(kind, own, agent);
    return afterFile(round, { kind: 'body', body }, { kind, phone: own }).told.firmware?.url;
  };
  const [before, since] = ['28.80.0.95', '28.83.0.120'];
  t.equal(told(before, 'firmware.url'), 'http://127.0.0.1/a.rom');
  t.equal(told(before, 'static.firmware.url'), undefined);
  t.equal(told(since, 'firmware.url'), undefined);
  t.equal(told(since, 'static.firmware.url'), 'http://127.0.0.1/a.rom');
  t.end();
});

test('files that name ever more files end at the bound', (t) => {
  let round = beginRound(polycom, phone, agent);
  for (let file = 0; round.todo.length > 0; file += 1) {
    round = afterFile(round, master(`${file}-a.cfg, ${file}-b.cfg`), {
      kind: polycom,
      phone,
    });
  }
  t.equal(round.asked.length, filesPerRoundMax);
  t.end();
});

test('a URL names protocol, host and port; what a phone cannot fetch is left', (t) => {
  const base = { protocol: 'http', host: '127.0.0.1', port: 8080, path: '/x' } as const;
  t.match(askFrom('/a%20b.cfg', base), { ...base, path: '/a%20b.cfg' });
  t.match(askFrom('tftp://10.0.0.1/fw/a.bin', base), {
    protocol: 'tftp',
    host: '10.0.0.1',
    port: 69,
    path: '/fw/a.bin',
  });
  t.match(askFrom('http://[::1]:81/a', base), { host: '::1', port: 81 });
  t.equal(askFrom('ftp://10.0.0.1/a', base), undefined);
  t.equal(askFrom('http://', base), undefined);
  t.end();
});

test('phones decide on an offer as their vendors do', (t) => {
  const decides = (updateDecision: VendorProfile['updateDecision'], version?: string) =>
    beginsToTake({ ...yealink, updateDecision }, phone, {
      url: 'http://a/',
      ...(version ? { version } : {}),
    });
  t.same(
    [decides('differs', '66.85.0.5'), decides('differs', '66.84.0.125'), decides('differs')],
    [false, true, true],
  );
  t.same([decides('newer', '66.84.0.125'), decides('newer', '66.86.0.15')], [false, true]);
  t.same([decides('always', '66.85.0.5'), decides('asks-user', '66.86.0.15')], [true, false]);
  t.same([decides('unknown', '66.84.0.125'), decides('unknown', '66.86.0.15')], [false, true]);
  const older = { vendor: 'Yealink', version: '66.84.0.125' };
  for (const updateDecision of ['newer', 'unknown'] as const)
    t.equal(judgeHeader({ ...yealink, updateDecision }, phone, older), 'runs-already');
  t.equal(
    judgeHeader(yealink, phone, older),
    'install',
    'a phone that takes what differs goes back',
  );
  t.end();
});

test('an image is whole only with every byte in its place', async (t) => {
  const image = {
    vendor: 'Yealink',
    version: '66.86.0.15',
    fileName: 'a.rom',
    lengthBytes: 200_000,
  };
  const bytes = Buffer.concat(await Array.fromAsync(demoImage(image)));
  const check = (...pieces: readonly Buffer[]) => {
    const check = new ImageCheck();
    for (const piece of pieces) check.take(piece);
    return [check.isWhole, check.isBroken];
  };
  t.equal(bytes.length, 200_000);
  t.same(bytes.toString('latin1', 0, 39), 'RINGWAVE-DEMO-IMAGE\nYealink\n66.86.0.15\n');
  t.same(check(bytes), [true, false]);
  t.same(
    check(...Array.from(bytes.subarray(0, 99), (byte) => Buffer.of(byte)), bytes.subarray(99)),
    [true, false],
  );
  t.same(check(bytes.subarray(0, -1)), [false, false]);
  t.same(check(bytes, Buffer.of(0)), [false, true]);
  t.same(check(bytes.subarray(0, 1000), bytes.subarray(1001)), [false, true]);
  t.same(check(Buffer.from('<html>not found</html>\n\n\n\n\n\n')), [false, true]);
  t.same(check(Buffer.alloc(2000)), [false, true]);
});
