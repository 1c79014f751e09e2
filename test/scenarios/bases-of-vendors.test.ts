import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { type EpochMs, type Mac, minutes } from '@ringwave/protocol/units';
import { fastClock } from '@ringwave/runtime/clock';
import { type Test, test } from 'tap';
import type { BaseSource } from '../../agent/core/provisioning/base.ts';
import { openBox, readGrant } from '../../agent/io/box.ts';
import { Keyring } from '../../agent/io/keyring.ts';
import type { RunningAgent } from '../../agent/main.ts';
import { type DemoImage, demoImage, demoImageDigest } from '../../simulator/core/demo-image.ts';
import { kindOf } from '../../simulator/core/phone-kinds.ts';
import { freeUdpPort } from '../../simulator/demo/ports.ts';
import { VirtualPhone } from '../../simulator/io/virtual-phone.ts';
import {
  alwaysOpen,
  Api,
  enrolAgent,
  fastTime,
  startAgent,
  startController,
  until,
} from './site.ts';

// Phones of further makers over the files of a PBX, each in its own format: its slot names firmware,
// its login is the agent's, and the rest is what the folder says.

interface Brand {
  readonly vendor: string;
  readonly model: string;
  readonly mac: Mac;
  readonly from: string;
  readonly to: string;
  /** The first is the one that a configuration names. */
  readonly images: readonly string[];
  /** The phone's own file in the folder. */
  readonly file: string;
  readonly base: string;
  /** What of it must come through. */
  readonly kept: readonly (string | RegExp)[];
  /** What the agent's own must stand in, outside a slot; absent where no document tells how a phone is told a login. */
  readonly login?: RegExp;
  readonly names: RegExp;
  readonly others?: Readonly<Record<string, string>>;
}

const BRANDS: readonly Brand[] = [
  {
    vendor: 'Polycom',
    model: 'VVX450',
    mac: '64:16:7f:00:00:01' as Mac,
    from: '6.3.0.14929',
    to: '6.4.6.2656',
    images: ['3111-48840-001.sip.ld'],
    file: '64167f000001.cfg',
    base: '<?xml version="1.0"?>\n<!-- made by the PBX -->\n<APPLICATION APP_FILE_PATH="http://pbx/sip.ld" CONFIG_FILES="64167f000001-phone.cfg, site.cfg" MISC_FILES="" LOG_FILE_DIRECTORY="/logs"/>\n',
    kept: [
      '<!-- made by the PBX -->',
      'LOG_FILE_DIRECTORY="/logs"',
      '64167f000001-phone.cfg,site.cfg',
    ],
    login: /CONFIG_FILES="64167f000001-user\.cfg,64167f000001-phone\.cfg,site\.cfg"/,
    names: /APP_FILE_PATH="http:\/\/127\.0\.0\.1:\d+\/fw\/64167f000001\//,
    others: {
      '64167f000001-phone.cfg': '<phone reg.1.label="Ann"/>\n',
      'site.cfg': '<site tcpIpApp.sntp.address="10.0.0.1"/>\n',
    },
  },
  {
    vendor: 'Cisco',
    model: '7841',
    mac: '00:56:2b:00:00:02' as Mac,
    from: '12-0-1MPP0001-245',
    to: '12-0-7MPP0201-66',
    images: ['sip78xx.12-0-7MPP0201-66.loads', 'kern78xx.12-0-7MPP0201-66.sbn'],
    file: 'Cisco/CP-7841-3PCC/00562b000002.cfg',
    base: '<flat-profile>\n<!-- made by the PBX -->\n<Upgrade_Rule ua="na">http://pbx/sip78xx.loads</Upgrade_Rule>\n<Profile_Rule ua="na">http://pbx/$MA.cfg</Profile_Rule>\n<Display_Name_1_ ua="na">Ann</Display_Name_1_>\n<Password_1_ ua="na">fromPbx</Password_1_>\n</flat-profile>\n',
    kept: [
      '<!-- made by the PBX -->',
      '<Display_Name_1_ ua="na">Ann</Display_Name_1_>',
      '<Password_1_ ua="na">fromPbx</Password_1_>',
    ],
    login: /<Profile_Rule ua="na">\[--uid 00562b000002 --pwd \S{8,}\]http:\/\/127\.0\.0\.1:/,
    names: /<Upgrade_Rule ua="na">http:\/\/127\.0\.0\.1:\d+\/fw\/00562b000002\//,
  },
  {
    vendor: 'Grandstream',
    model: 'GXP1630',
    mac: 'c0:74:ad:00:00:03' as Mac,
    from: '1.0.7.13',
    to: '1.0.7.81',
    images: ['gxp1600fw.bin'],
    file: 'cfgc074ad000003.xml',
    base: '<?xml version="1.0" encoding="UTF-8" ?>\n<gs_provision version="1">\n<config version="1">\n<P192>pbx/fw</P192>\n<P6767>1</P6767>\n<P237>pbx/cfg</P237>\n<P34>fromPbx</P34>\n<P3>Ann</P3>\n</config>\n</gs_provision>\n',
    kept: ['<P34>fromPbx</P34>\n<P3>Ann</P3>\n'],
    login: /<P1360>c074ad000003<\/P1360>\s*<P1361>[^<]{8,}<\/P1361>/,
    names: /<P192>127\.0\.0\.1:\d+\/fw\/c074ad000003\//,
  },
  {
    vendor: 'Snom',
    model: 'D785',
    mac: '00:04:13:00:00:04' as Mac,
    from: '10.1.184.14',
    to: '10.1.198.19',
    images: ['snomD785-10.1.198.19-SIP-r.bin'],
    file: 'snomD785-000413000004.htm',
    base: '<?xml version="1.0" encoding="utf-8"?>\n<settings>\n<phone-settings>\n<!-- made by the PBX -->\n<firmware perm="">http://pbx/snom.bin</firmware>\n<user_realname idx="1" perm="R">Ann</user_realname>\n<user_pass idx="1" perm="R">fromPbx</user_pass>\n</phone-settings>\n</settings>\n',
    kept: [
      '<!-- made by the PBX -->',
      '<user_realname idx="1" perm="R">Ann</user_realname>\n<user_pass idx="1" perm="R">fromPbx</user_pass>',
    ],
    login: /<http_client_pass[^>]*>[^<]{8,}<\/http_client_pass>/,
    names: /<firmware_status perm="R">http:\/\/127\.0\.0\.1:\d+\/\S*firmware\.xml</,
  },
  {
    vendor: 'Mitel',
    model: '6867i',
    mac: '08:00:0f:00:00:05' as Mac,
    from: '6.1.0.146',
    to: '6.2.0.1012',
    images: ['6867i.st'],
    file: '08000F000005.cfg',
    base: '# made by the PBX\nfirmware server: http://pbx/fw\nsip line1 display name: Ann\nsip line1 password: fromPbx\n',
    kept: ['# made by the PBX\n', 'sip line1 display name: Ann\nsip line1 password: fromPbx\n'],
    login: /^http digest username: 08000f000005\nhttp digest password: \S{8,}$/m,
    names: /^firmware server: http:\/\/127\.0\.0\.1:\d+\/fw\/08000f000005\//m,
  },
  {
    vendor: 'Htek',
    model: 'UC926',
    mac: '00:1f:c1:00:00:07' as Mac,
    from: '2.0.4.2.19',
    to: '2.0.4.4.58',
    images: ['fw926.rom'],
    file: 'cfg001fc1000007.xml',
    base: '<?xml version="1.0" encoding="UTF-8" ?>\n<hl_provision version="1">\n<config version="1">\n<P192>http://pbx/fw</P192>\n<P237>http://pbx/</P237>\n<P34>fromPbx</P34>\n<P3>Ann</P3>\n</config>\n</hl_provision>\n',
    kept: ['<P34>fromPbx</P34>\n<P3>Ann</P3>\n'],
    login: /<P1360>001fc1000007<\/P1360>\s*<P1361>[^<]{8,}<\/P1361>/,
    names: /<P192>http:\/\/127\.0\.0\.1:\d+\/fw\/001fc1000007\//,
  },
  {
    vendor: 'Panasonic',
    model: 'KX-UT123',
    mac: '00:80:f0:00:00:08' as Mac,
    from: '01.022',
    to: '01.133',
    images: ['UT11x12x-01.133_HW1.fw'],
    file: 'Config0080F0000008.cfg',
    base: '# Panasonic SIP Phone Standard Format File #\r\n# made by the PBX\r\nFIRM_FILE_PATH="http://pbx/fw"\r\nDISPLAY_NAME_1="Ann"\r\n\r\n',
    kept: [
      '# Panasonic SIP Phone Standard Format File #\r\n# made by the PBX\r\n',
      'DISPLAY_NAME_1="Ann"\r\n',
      // Whatever is added, an empty line ends it.
      /[^\n]\r\n\r\n$/,
    ],
    names: /^FIRM_FILE_PATH="http:\/\/127\.0\.0\.1:\d+\/fw\/0080f0000008\//m,
    others: {
      'KX-UT123.cfg':
        '# Panasonic SIP Phone Standard Format File #\r\nCFG_STANDARD_FILE_PATH="http://pbx/Config{MAC}.cfg"\r\n\r\n',
    },
  },
];

const imageBytes = 150_000;

const imagesOf = ({ vendor, to, images: [entry = '', ...parts] }: Brand): DemoImage[] => {
  const common = { vendor, version: to, lengthBytes: imageBytes };
  return [
    { ...common, fileName: entry, ...(parts.length > 0 && { parts }) },
    ...parts.map((fileName) => ({ ...common, fileName })),
  ];
};

async function storeRelease(api: Api, brand: Brand): Promise<string> {
  const images = [];
  for (const image of imagesOf(brand)) {
    const sha256 = await demoImageDigest(image);
    const bytes = Buffer.concat(await Array.fromAsync(demoImage(image)));
    await api.must('PUT', `/images/${sha256}`, bytes);
    images.push({ fileName: image.fileName, sha256, lengthBytes: imageBytes });
  }
  const { id } = await api.must('POST', '/releases', {
    schema: 'ringwave/release/1',
    vendor: brand.vendor,
    version: brand.to,
    models: [brand.model],
    images,
    entry: brand.images[0],
    severity: 'high',
    notes: '',
  });
  await api.must('POST', `/releases/${String(id)}/life`, { cause: 'approve', why: 'tried' });
  return String(id);
}

/** The phone's own file as this phone would get it now, by what it shows and the login that it has. */
async function fileOf(agent: RunningAgent, keyring: Keyring, brand: Brand): Promise<string> {
  const { mac, vendor, model, file } = brand;
  const { current } = agent.tables.credentials.get(mac) ?? {};
  const secret = current && keyring.unseal(current.sealed, mac, current.generation);
  const login = `${mac.replaceAll(':', '')}:${secret}`;
  const version = agent.tables.sightings.get(mac)?.version ?? brand.from;
  const userAgent = kindOf(vendor, model)?.userAgent({ ...brand, version }, 'application') ?? '';
  const response = await fetch(`http://127.0.0.1:${agent.ports.http}/${file}`, {
    headers: {
      'user-agent': userAgent,
      ...(secret && { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
    },
  });
  return response.ok ? response.text() : `status ${response.status}`;
}

const unserved = { mac: '0c:38:3e:00:00:06' as Mac, vendor: 'Fanvil', model: 'X4' };

/** Every file that the PBX has, by its path. */
const FILES: ReadonlyMap<string, string> = new Map([
  ...BRANDS.flatMap(({ file, base, others }) => Object.entries({ [file]: base, ...others })),
  ['0c383e000006.cfg', '<sysConf></sysConf>'],
]);

function folderOfPbx(t: Test): BaseSource {
  const folder = join(t.testdirName, 'base');
  for (const [name, body] of FILES) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), body);
  }
  return { kind: 'folder', folder, anyCase: false };
}

async function serverOfPbx(t: Test): Promise<BaseSource> {
  const server = createServer(({ url = '' }, response) => {
    const body = FILES.get(url.replace('/prov/', ''));
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return {
    kind: 'upstream',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prov/`,
  };
}

async function site(t: Test, kind: 'folder' | 'upstream') {
  const folder = t.testdir({});
  const source = kind === 'folder' ? folderOfPbx(t) : await serverOfPbx(t);
  const controller = await startController(join(folder, 'controller'), { clock: fastTime(5) });
  t.teardown(() => controller.close());
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', { ...alwaysOpen, phonesUpdatingMax: BRANDS.length });
  const rows = [...BRANDS, unserved].map(({ mac, vendor, model }) => ({
    mac,
    site: 'lisbon',
    vendor,
    model,
  }));
  await api.must('POST', '/phones', rows);
  const box = join(folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  const phoneSipPort = await freeUdpPort();
  const agent = await startAgent(box, { base: { source, isHardened: false }, phoneSipPort });
  t.teardown(() => agent.close());
  const grant = readGrant(openBox(box));
  const key = Buffer.from(grant?.fingerprintKey ?? '', 'base64url');
  const keyring = Keyring.open(openBox(box).keyFile, key);
  for (const { mac, login } of BRANDS) {
    if (login)
      await until('each phone has a secret', () => agent.tables.credentials.get(mac)?.next);
  }
  return { api, agent, keyring, sipPort: phoneSipPort };
}

async function updateOver(t: Test, kind: 'folder' | 'upstream'): Promise<void> {
  const { api, agent, keyring, sipPort } = await site(t, kind);
  const now = Date.now() as EpochMs;
  const clock = fastClock({ speed: 100, startedAt: now, wallStartedAt: now });
  const { http: httpPort, tftp: tftpPort } = agent.ports;
  const phones = await Promise.all(
    BRANDS.map(({ from: version, ...brand }, place) =>
      VirtualPhone.start({
        ...brand,
        version,
        localAddress: `127.74.1.${1 + place}`,
        agent: { host: '127.0.0.1', httpPort, tftpPort },
        sipPort,
        clock,
        seed: 3,
        checksEvery: minutes(5),
      }),
    ),
  );
  t.teardown(() => Promise.all(phones.map((phone) => phone.stop())));
  const before = new Map<Brand, string>();
  for (const brand of BRANDS) {
    const { vendor, mac } = brand;
    if (brand.login)
      await until(`${vendor} proves its login`, () => agent.tables.credentials.get(mac)?.current);
    const text = await fileOf(agent, keyring, brand);
    before.set(brand, text);
    for (const line of brand.kept) t.match(text, line, vendor);
    if (brand.login) t.match(text, brand.login, `${vendor}: its login is the agent's`);
    t.notMatch(text, 'pbx/', `${vendor}: nothing leads past the agent`);
    t.notMatch(text, brand.names, `${vendor}: without a slot no firmware is named`);
  }
  // In their slots for as long as this test looks.
  for (const phone of phones) phone.behave({ kind: 'refuses-image' });
  const releases = [];
  for (const brand of BRANDS) releases.push(await storeRelease(api, brand));
  await api.must('POST', '/rollouts', {
    id: 'autumn',
    releases,
    waves: [{ name: 'all' }],
    gate: { soakMinutes: 0, minSample: 1 },
  });
  await api.approve('autumn');
  const phase = ({ mac }: Brand) => agent.tables.work.get(mac)?.phase;
  for (const brand of BRANDS) {
    await until(`${brand.vendor} has its slot`, () => phase(brand) === 'offered');
    const text = await fileOf(agent, keyring, brand);
    t.match(text, brand.names, `${brand.vendor}: in its slot`);
    for (const line of brand.kept) t.match(text, line, brand.vendor);
  }
  for (const phone of phones) phone.behave({ kind: 'good' });
  for (const [place, brand] of BRANDS.entries()) {
    const shown = () => agent.tables.sightings.get(brand.mac)?.version;
    await until(`${brand.vendor} shows its new version`, () => shown() === brand.to);
    t.equal(phones[place]?.state().version, brand.to);
    const after = await fileOf(agent, keyring, brand);
    t.equal(after, before.get(brand), `${brand.vendor}: as it was before`);
  }
}

test('phones of seven makers are updated over a folder of files in their own formats, which stay what they were', (t) =>
  updateOver(t, 'folder'));

test('and so they are over the provisioning server of a PBX', (t) => updateOver(t, 'upstream'));

test('a phone of a maker that cannot be served gets nothing of its base', async (t) => {
  const { agent } = await site(t, 'folder');
  const headers = { 'user-agent': 'Fanvil X4 2.12.1 0c383e000006' };
  const got = await fetch(`http://127.0.0.1:${agent.ports.http}/0c383e000006.cfg`, { headers });
  t.equal(got.status, 404);
});
