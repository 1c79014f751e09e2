import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Test, test } from 'tap';

const root = resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);

/** Everything that a maker nobody heard of needs: one file. */
const ACME = `
  import { brandWords, knownOnly, ownPhoneFile } from './knowledge.ts';
  import { asked, NO_PASSWORD_RULES, NO_SETTINGS, notify, setting } from './line-parts.ts';
  import { numeric } from './version-parts.ts';

const ouis = ['02ac3e'];

  export const acme = knownOnly({
  name: 'Acme',
  ouis,
  lines: [
    {
      line: 'Q',
      hasModel: (model) => /^Q\\d{3}$/.test(model),
      claims: ['user-agent', 'path', 'mac-prefix'],
      bootFiles: [asked('/acme-{mac}.xml', 'phone-config')],
      userAgent: 'Acme {model} {version} {mac}',
      config: {
        form: 'acme XML',
        contentType: 'text/xml',
        frame: '<acme>\\n{lines}</acme>\\n',
        line: '<{name}>{value}</{name}>',
        escape: 'xml',
        lineEnd: '\\n',
      },
      settings: {
        ...NO_SETTINGS,
        firmware: [setting('image', '{url}')],
        'provisioning-login': [setting('user', '{user}'), setting('password', '{password}')],
      },
      absentValue: 'keeps',
      updateDecision: 'differs',
      versionScheme: 'three numbers',
      families: 'unknown',
      imageNames: [
        { pattern: /^acme-(?<models>Q\\d{3})-(?<version>\\d+\\.\\d+\\.\\d+)\\.img$/, example: 'acme-Q100-1.2.3.img' },
      ],
      wake: [notify('check-sync')],
      reboot: 'unknown',
      wipe: 'unknown',
      passwords: NO_PASSWORD_RULES,
      sources: ['made up for this test'],
    },
  ],
  readAgent: (userAgent) => brandWords(userAgent, /^acme(?=\\s)/i, /^Q\\d{3}$/),
  readFile: ownPhoneFile(ouis, /^acme-[0-9a-f]{12}\\.xml$/),
  compare: numeric(3, 3),
});
`;

const QUESTIONS = `
import { identify } from '@ringwave/firmware-catalog/identify';
import { parseRelease } from '@ringwave/firmware-catalog/release';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import { readImageName } from '@ringwave/firmware-catalog/vendors/image-name';
import { compareVersions } from '@ringwave/firmware-catalog/version';

const { release, problems } = parseRelease({
  schema: 'ringwave/release/1',
  vendor: 'acme',
  version: '1.2.3',
  models: ['Q100'],
  images: [{ fileName: 'acme-Q100-1.2.3.img', sha256: 'ab'.repeat(32), lengthBytes: 10 }],
  severity: 'none',
  notes: '',
  requires: { fromAtLeast: '1.2.0' },
});
const rendition = {
  mac: '02:ac:3e:00:00:01',
  model: 'Q100',
  agent: { host: '192.0.2.7', httpPort: 8080, tftpPort: 69 },
  firmware: { version: '1.2.3', folder: 'fw', fileName: 'acme-Q100-1.2.3.img' },
};
const profile = profileOf('Acme');
process.stdout.write(JSON.stringify({
  identity: identify({ userAgent: 'Acme Q100 1.2.3 02ac3e000001', path: '/acme-02ac3e000001.xml' }),
  order: compareVersions('Acme', '1.9.0', '1.10.0'),
  image: readImageName('acme-Q100-1.2.3.img'),
  vendor: release?.vendor,
  problems,
  asked: profile?.fileAsked('/acme-02ac3e000001.xml'),
  told: profile?.readConfig(profile.renderPhoneConfig(rendition, '').body),
}));
`;

/** The packages that the catalogue stands on, as a workspace of its own. */
function copied(t: Test): string {
  const folder = t.testdir({ node_modules: { '@ringwave': {} } });
  for (const name of ['firmware-catalog', 'runtime', 'protocol']) {
    cpSync(join(root, name), join(folder, name), {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    });
    symlinkSync(join(folder, name), join(folder, 'node_modules/@ringwave', name), 'dir');
  }
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name.startsWith('.') || name === '@ringwave') continue;
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  return folder;
}

test('a vendor is one file and its place in the list: everything else knows it then', async (t) => {
  const folder = copied(t);
  const list = join(folder, 'firmware-catalog/vendors/all.ts');
  writeFileSync(join(folder, 'firmware-catalog/vendors/acme.ts'), ACME);
  const named = readFileSync(list, 'utf8')
    .replace('import { akuvox }', "import { acme } from './acme.ts';\nimport { akuvox }")
    .replace('  akuvox,\n', '  acme,\n  akuvox,\n');
  writeFileSync(list, named);
  mkdirSync(join(folder, 'asks'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'asks/acme.ts'), QUESTIONS);
  const { stdout } = await run(process.execPath, [join(folder, 'asks/acme.ts')], {
    timeout: 60_000,
  });
  t.same(JSON.parse(stdout), {
    identity: { vendor: 'Acme', model: 'Q100', version: '1.2.3', mac: '02:ac:3e:00:00:01' },
    order: 'older',
    image: { vendor: 'Acme', version: '1.2.3', models: ['Q100'], kind: 'firmware' },
    vendor: 'Acme',
    asked: { kind: 'phone-config', mac: '02:ac:3e:00:00:01' },
    told: { firmware: { url: 'http://192.0.2.7:8080/fw/acme-Q100-1.2.3.img' } },
  });
});

function sourcesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return ['node_modules', 'dist', 'public'].includes(entry.name) ? [] : sourcesUnder(path);
    }
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

test('nothing outside the vendors’ own files branches on a vendor’s name', (t) => {
  const folders = ['protocol', 'runtime', 'firmware-catalog', 'agent', 'controller', 'simulator'];
  const files = folders
    .flatMap(sourcesUnder)
    .filter((file) => !file.startsWith('firmware-catalog/vendors/'));
  const names =
    'Yealink|Polycom|Cisco|Grandstream|Snom|Fanvil|Nethesis|Aastra|Mitel|Gigaset|Avaya|Panasonic|Htek|Linksys|Sipura';
  const branch = new RegExp(
    `[vV]endor\\)?\\s*[!=]==?\\s*['"\`](?!string|unknown)|['"\`](?:${names})['"\`]\\s*[!=]==|[!=]==\\s*['"\`](?:${names})['"\`]|case\\s+['"\`](?:${names})['"\`]`,
    'i',
  );
  const branches = files.filter((file) =>
    branch.test(
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        // Empty text is no vendor: a form's question whether one was given.
        .filter((line) => !/[!=]==\s*''/.test(line))
        .join('\n'),
    ),
  );
  t.same(branches, []);
  t.ok(files.length > 100);
  t.end();
});
