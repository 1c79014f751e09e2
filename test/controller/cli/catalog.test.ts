import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerCatalog } from '@ringwave/controller/cli/catalog';
import { Command } from 'commander';
import { type Test, test } from 'tap';

/** Runs `ringwave catalog …` in this process, with a terminal that only remembers. */
async function catalog(args: readonly string[], input: readonly (string | Uint8Array)[] = []) {
  const terminal = { out: '', errors: '', code: 0 };
  const program = new Command('ringwave').exitOverride();
  registerCatalog(program, {
    write: (text) => void (terminal.out += text),
    fail: (message) => void (terminal.errors += message),
    exitWith: (code) => void (terminal.code = Math.max(terminal.code, code)),
    input: blocks(input),
  });
  await program.parseAsync(['catalog', ...args], { from: 'user' });
  return terminal;
}

async function* blocks(input: readonly (string | Uint8Array)[]): AsyncIterable<Uint8Array> {
  for (const block of input) yield typeof block === 'string' ? Buffer.from(block) : block;
}

const lines = (text: string): unknown[] =>
  text.split('\n').flatMap((line): unknown[] => (line === '' ? [] : [JSON.parse(line)]));

const fileWith = (t: Test, text: string): string => {
  const path = join(t.testdir({}), 'lines.jsonl');
  writeFileSync(path, text);
  return path;
};

test('identify prints vendor, model, version and mac, null where unknown', async (t) => {
  const known = await catalog([
    'identify',
    '--user-agent',
    'Yealink SIP-T46S 66.86.0.15',
    '--path',
    '/805ec0123456.cfg',
    '--protocol',
    'http',
    '--json',
  ]);
  t.equal(
    known.out,
    '{"vendor":"Yealink","model":"T46S","version":"66.86.0.15","mac":"80:5e:c0:12:34:56"}\n',
  );
  const unknown = await catalog(['identify', '--user-agent', 'curl/8.5.0', '--json']);
  t.equal(unknown.out, '{"vendor":null,"model":null,"version":null,"mac":null}\n');
  const plain = await catalog(['identify', '--path', 'SEP001873A1B2C3.cnf.xml']);
  t.equal(
    plain.out,
    [
      'vendor: Cisco',
      'model: unknown',
      'version: unknown',
      'mac: 00:18:73:a1:b2:c3',
      'vendor from the path, likely: SEP001873A1B2C3.cnf.xml',
      'mac from the path, certain: SEP001873A1B2C3.cnf.xml',
      '',
    ].join('\n'),
  );
});

test('identify says which claims disagree, and who made a phone under another brand', async (t) => {
  const two = await catalog([
    'identify',
    '--user-agent',
    'Yealink SIP-T46S 66.86.0.15',
    '--path',
    '/000413922d24.cfg',
  ]);
  t.match(two.out, 'doubt: the path’s MAC prefix is Snom’s, the User-Agent says Yealink\n');
  const hint = await catalog(['identify', '--user-agent', 'x', '--path', '/000413922d24.cfg']);
  t.match(hint.out, 'vendor: unknown\n');
  t.match(hint.out, 'hint: the MAC prefix is Snom’s\n');
  const zultys = await catalog(['identify', '--user-agent', 'Zultys ZIP33G 47.80.0.132']);
  t.match(zultys.out, 'made by: Yealink (User-Agent of a Zultys ZIP33G');
});

test('identify reads what a registrar and a DHCP server saw, from flags and from lines', async (t) => {
  const sip = await catalog(['identify', '--sip-user-agent', 'Htek UC840 V1.0.4.2.11', '--json']);
  t.equal(sip.out, '{"vendor":"Htek","model":"UC840","version":"1.0.4.2.11","mac":null}\n');
  const dhcp = await catalog(['identify', '--dhcp-class', 'CP-8841-3PCC', '--json']);
  t.equal(dhcp.out, '{"vendor":"Cisco","model":"8841","version":null,"mac":null}\n');
  const input = [
    '{"sipUserAgent":"Linksys/SPA3102-3.3.6(GW)"}\n',
    '{"dhcpClass":"Cisco Systems, Inc. IP Phone CP-7940G\\u0000"}\n',
    '{"dhcpClass":7}\n',
  ];
  const { out } = await catalog(['identify', '--from', '-'], input);
  t.match(lines(out)[1], {
    sources: {
      model: {
        from: 'dhcp-class',
        confidence: 'likely',
        text: 'Cisco Systems, Inc. IP Phone CP-7940G·',
      },
    },
  });
  t.match(lines(out), [
    { vendor: 'Linksys', model: 'SPA3102', version: '3.3.6(GW)', mac: null },
    { vendor: 'Cisco', model: '7940G', version: null, mac: null },
    { error: 'line 3 has a dhcpClass that is not text', line: 3 },
  ]);
});

test('compare prints one word', async (t) => {
  t.equal(
    (
      await catalog([
        'compare',
        '--vendor',
        'Yealink',
        '--model',
        'T41S',
        '68.81.0.110',
        '66.82.0.20',
      ])
    ).out,
    'older\n',
  );
  t.equal(
    (await catalog(['compare', '--vendor', 'Cisco', '9.4(2)SR3', '9-4-2SR3-1'])).out,
    'same\n',
  );
  t.equal(
    (await catalog(['compare', '--vendor', 'Polycom', '--json', '5.9.6', '5.8.2'])).out,
    '{"order":"newer"}\n',
  );
  const hardware = ['--model', 'HT802', '--hardware', 'V2.0A', '1.0.63.3', '1.0.5.10'];
  t.equal(
    (await catalog(['compare', '--vendor', 'Grandstream', ...hardware])).out,
    'incomparable\n',
  );
});

test('a file is answered line by line, in order, however its blocks are cut', async (t) => {
  const text = [
    { protocol: 'http', userAgent: 'Grandstream GXP2170 1.0.11.57', path: '/cfg.xml' },
    { protocol: 'tftp', userAgent: null, path: 'term65.default.loads' },
    { userAgent: 'Zürich' },
  ]
    .map((line) => JSON.stringify(line))
    .join('\n');
  const fromFile = await catalog(['identify', '--from', fileWith(t, `${text}\n`)]);
  t.match(lines(fromFile.out), [
    { vendor: 'Grandstream', model: 'GXP2170', version: '1.0.11.57', mac: null },
    { vendor: 'Cisco', model: '7965', version: null, mac: null },
    { vendor: null, model: null, version: null, mac: null },
  ]);
  const single = Array.from(Buffer.from(text), (byte) => Uint8Array.of(byte));
  const cut = await catalog(['identify', '--from', '-'], single);
  t.equal(cut.out, fromFile.out, 'also without a last line end');
  t.equal(cut.code, 0);
});

test('a malformed line gets a line of its own and exit code 2, and the others are answered', async (t) => {
  const input = [
    '{"vendor":"Yealink","a":"66.85.0.5","b":"66.86.0.15"}\n',
    'nonsense\n\n[1]\n{"vendor":"Yealink","a":1,"b":"2"}\n',
    `{"vendor":"${'x'.repeat(70_000)}`,
    `${'x'.repeat(70_000)}"}\n`,
    '{"vendor":"Grandstream","model":"HT802V2","hardware":null,"a":"1.0.5.10","b":"1.0.5.4"}',
  ];
  const { out, code } = await catalog(['compare', '--from', '-'], input);
  t.same(lines(out), [
    { order: 'older' },
    { error: 'line 2 is not JSON', line: 2 },
    { error: 'line 3 is empty', line: 3 },
    { error: 'line 4 is not a JSON object', line: 4 },
    { error: 'line 5 needs two versions, a and b, as text', line: 5 },
    { error: 'line 6 is longer than 65536 characters', line: 6 },
    { order: 'newer' },
  ]);
  t.equal(code, 2);
  const protocol = await catalog(['identify', '--from', '-'], ['{"protocol":"ftp"}']);
  t.match(protocol.out, 'neither http nor tftp');
});

test('what cannot be asked is refused with the next step, and no stack trace', async (t) => {
  for (const [args, said] of [
    [['identify'], 'give --user-agent, --path, --sip-user-agent, --dhcp-class or --from'],
    [['identify', '--protocol', 'http'], 'nothing to identify'],
    [['compare', '1.0', '2.0'], 'names no vendor'],
    [['compare', '--vendor', 'Yealink', '1.0'], 'needs two versions'],
    [['identify', '--from', '/nonexistent/x'], 'give the name of a file, or - for standard input'],
    [['check', '/nonexistent/x'], '/nonexistent/x cannot be read (there is none)'],
    [['check', '/'], '/ cannot be read (it is a folder)'],
    [['identify', '--from', '/'], '/ cannot be read (it is a folder)'],
    [['identify', '--from', '-', '--path', '/x'], 'either --from or'],
    [['compare', '--from', '-', '--vendor', 'Snom'], 'either --from or'],
  ] as const) {
    const { errors, out, code } = await catalog(args);
    t.match(errors, said);
    t.notMatch(errors, '    at ');
    t.same([out, code], ['', 2]);
  }
});

test('check prints the release, or everything that is wrong with the manifest', async (t) => {
  const manifest = {
    schema: 'ringwave/release/1',
    vendor: 'Yealink',
    version: '66.86.0.15',
    models: ['T46S'],
    images: [{ fileName: 'T46S-66.86.0.15.rom', sha256: 'a'.repeat(64), lengthBytes: 1 }],
    severity: 'none',
    notes: '',
  };
  const good = await catalog(['check', fileWith(t, JSON.stringify(manifest))]);
  t.match(
    good.out,
    /^yealink-t46s-66-86-0-15-[0-9a-f]{8}\nYealink 66\.86\.0\.15 for T46S: 1 image\(s\), severity none\n$/,
  );
  const bad = await catalog([
    'check',
    '--json',
    fileWith(t, JSON.stringify({ ...manifest, severity: 'x', modles: [] })),
  ]);
  t.same(
    (lines(bad.out)[0] as { problems: { path: string }[] }).problems.map(({ path }) => path),
    ['severity', 'modles'],
  );
  t.equal(bad.code, 1);
});

test('compare says when nobody orders versions of such a vendor, so that a slip does not look like an answer', async (t) => {
  const { out, errors, code } = await catalog(['compare', '--vendor', 'Yelink', '1.0', '2.0']);
  t.same([out, code], ['incomparable\n', 0]);
  t.match(errors, 'nobody here orders versions of "Yelink": did you mean Yealink?');
});

test('check reads a manifest from standard input as well', async (t) => {
  const { out, code } = await catalog(['check', '-'], ['[', ']']);
  t.match(out, 'manifest is a list, not an object');
  t.equal(code, 1);
});
