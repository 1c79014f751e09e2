import { judgeAnnouncements } from '@ringwave/firmware-catalog/announcements';
import { readPackageWords } from '@ringwave/firmware-catalog/package-words';
import { readPluginInfo } from '@ringwave/firmware-catalog/wazo-plugin-info';
import { readWazoPkgs } from '@ringwave/firmware-catalog/wazo-pkgs';
import * as fc from 'fast-check';
import { test } from 'tap';
import { following, noon, vendorSite } from './feeds/vendor-site.ts';

const SNOM = `# desk phones
[pkg_715-fw]
description: Firmware for Snom D715
description_fr: Micrologiciel pour Snom D715
version: 10.1.46.16
files: 715-fw chain
install: snom-fw

[install_snom-fw]
a-b: cp $FILE1 firmware/
     $FILE2

[file_715-fw]
url: http://downloads.snom.example/fw/snom715-10.1.46.16-SIP-r.bin
size: 25571232
sha1sum:F7DCFA394F4AC135B7A63A64638AB2374FDEABDD

[file_chain]
filename = ramdisk-chained-update-r.bin
url:
size: 10576
sha1sum: bfff3a81b0aeef2cb9bc387c62a04a4614b09614
`;

const source = 'plugins/wazo-snom/10.1.46.16/pkgs/pkgs.db';

test('a package becomes an announcement with all its files, named by filename or address', (t) => {
  t.same(readWazoPkgs(SNOM, { source }), {
    announcements: [
      {
        vendor: 'Snom',
        models: ['D715'],
        version: '10.1.46.16',
        kind: 'firmware',
        files: [
          {
            fileName: 'snom715-10.1.46.16-SIP-r.bin',
            lengthBytes: 25_571_232,
            sha1: 'f7dcfa394f4ac135b7a63a64638ab2374fdeabdd',
            url: 'http://downloads.snom.example/fw/snom715-10.1.46.16-SIP-r.bin',
          },
          {
            fileName: 'ramdisk-chained-update-r.bin',
            lengthBytes: 10_576,
            sha1: 'bfff3a81b0aeef2cb9bc387c62a04a4614b09614',
          },
        ],
        flags: [],
        notes: 'Firmware for Snom D715',
        source: `${source} [pkg_715-fw]`,
      },
    ],
    problems: [],
  });
  t.end();
});

test('what is broken in a list is named by its place, and the rest counts', (t) => {
  const read = readWazoPkgs(
    `${SNOM}[pkg_a]\ndescription: Firmware for Snom D717\nversion: 10.1.46.16\nfiles: lost\n[pkg_a]\nnonsense\n`,
    { source },
  );
  t.same(
    read?.problems.map(({ path, reason }) => `${path} ${reason}`),
    [
      'line 27 repeats [pkg_a]',
      'line 28 is neither a section nor a setting',
      '[pkg_a].files names the file lost, which has no section of its own',
    ],
  );
  const { accepted, refused } = judgeAnnouncements(read?.announcements ?? []);
  t.same(
    [accepted.length, refused.map(({ problems }) => problems[0]?.reason)],
    [1, ['names no file']],
  );
  t.equal(readWazoPkgs('', { source }), undefined);
  t.equal(readWazoPkgs('<html>not found</html>', { source }), undefined);
  t.end();
});

test('lengths and digests that are none are refused by name', (t) => {
  const text = SNOM.replace('25571232', '25 MB').replace('F7DCFA394F4AC135', '');
  const { refused } = judgeAnnouncements(readWazoPkgs(text, { source })?.announcements ?? []);
  t.same(
    refused[0]?.problems.map(({ path, reason }) => `${path} ${reason}`),
    [
      'files[0].sha1 is "b7a63a64638ab2374fdeabdd", not 40 hexadecimal digits',
      'files[0].lengthBytes is no length',
    ],
  );
  t.end();
});

test('descriptions tell vendor, models and purpose, and never more than they say', (t) => {
  const read = (text: string, name = 'x-fw') => {
    const { vendor, models, kind } = readPackageWords(text, name);
    return [vendor, models.join('|'), kind];
  };
  for (const [text, expected] of [
    ['Firmware for Cisco 7941G, 7941G-GE and 7961G', ['Cisco', '7941G|7941G-GE|7961G', 'firmware']],
    [
      'Firmware for Yealink T46S T48S T42S and T41S',
      ['Yealink', 'T46S|T48S|T42S|T41S', 'firmware'],
    ],
    ['Firmware for Yealink T3X series', ['Yealink', '', 'firmware']],
    ['Firmware for Yealink T19P E2', ['Yealink', 'T19P_E2', 'firmware']],
    ['Firmware for Yealink T58A/V and T56A', ['Yealink', 'T58A|T58V|T56A', 'firmware']],
    ['Firmware for Yealink W53H(W80B)', ['Yealink', 'W53H', 'handset']],
    [
      'Firmware for Gigaset N670 IP PRO and N870(E) IP PRO',
      ['Gigaset', 'N670 IP PRO|N870 IP PRO|N870E IP PRO', 'firmware'],
    ],
    ['Firmware for Fanvil X6 1.1', ['Fanvil', 'X6', 'firmware']],
    ['Firmware for Avaya 1220/1230 IP Deskphone', ['Avaya', '1220|1230', 'firmware']],
    ['Firmware for all Digium phones (except D80)', ['Digium', '', 'firmware']],
    ['Firmware transition for Cisco SPA50XG and SPA30XG', ['Cisco', '', 'stepping-stone']],
    ['SIP application and language files', [undefined, '', 'firmware']],
    ['Language pack for Yealink T27G and CP920', ['Yealink', 'T27G|CP920', 'language']],
    ['BootROM', [undefined, '', 'bootloader']],
  ] as const) {
    t.same(read(text), expected, text);
  }
  t.end();
});

test('what a list leaves open its plugin tells, and is flagged as taken from there', (t) => {
  const text = SNOM.replace('Firmware for Snom D715', 'UC software');
  const plugin = readPluginInfo('{"capabilities":{"Snom, D715, 10.1":{},"Snom, D717, 10.1":{}}}');
  const place = { source: 'pkgs.db', ...(plugin ? { plugin } : {}) };
  t.match(readWazoPkgs(text.replace('snom715-', ''), place)?.announcements, [
    { vendor: 'Snom', models: ['D715', 'D717'], flags: [{ code: 'models-guessed' }] },
  ]);
  const unknown = text.replace('snom715-', '');
  const zenitel = { source: 'wazo-zenitel/01.11/pkgs/pkgs.db' };
  const { accepted } = judgeAnnouncements(readWazoPkgs(unknown, zenitel)?.announcements ?? []);
  t.match(accepted[0], { vendor: 'Zenitel', models: [] });
  t.ok(accepted[0]?.flags.some(({ code }) => code === 'vendor-unknown'));
  for (const text of ['', '7', 'null', '{"capabilities":7}']) {
    t.equal(readPluginInfo(text), undefined);
  }
  t.end();
});

test('a list is followed where a mirror serves it', async (t) => {
  const pages: Record<string, string> = { '/wazo-snom/pkgs.db': SNOM };
  const site = await vendorSite(t, pages);
  const follower = following(`${site}/wazo-snom/pkgs.db`, { kind: 'wazo-pkgs' });
  t.match(await follower.runOnce(noon), { kind: 'read', problems: [] });
  pages['/wazo-snom/pkgs.db'] = '<html>moved</html>';
  t.match(await follower.runOnce(noon), { kind: 'failed', fault: 'feed-shape-changed' });
  t.match(follower.state.items, [{ vendor: 'Snom', version: '10.1.46.16' }]);
});

test('no list makes the reader throw, dwell or touch what all objects share', (t) => {
  const piece = fc.oneof(
    fc.constantFrom('[pkg_a]\n', '[file_a]\n', 'files: a b\n', 'version: 1.2\n', '[__proto__]\n'),
    fc.constantFrom('__proto__: x\n', '  more\n', '[', '\r', 'description: Firmware for Snom (('),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      judgeAnnouncements(readWazoPkgs(pieces.join(''), { source })?.announcements ?? []);
    }),
    { seed: 20_260_108, numRuns: 400 },
  );
  const long = `[pkg_a]\ndescription: Firmware for Cisco ${'7('.repeat(400)}\n`;
  const beganAt = performance.now();
  readWazoPkgs(long + 'x'.repeat(1_000_000), { source });
  readWazoPkgs('[a\n'.repeat(90_000), { source });
  t.ok(performance.now() - beganAt < 1000);
  t.end();
});
