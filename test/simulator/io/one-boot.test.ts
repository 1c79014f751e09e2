import { mac } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { modelOfPart } from '@ringwave/firmware-catalog/vendors/polycom-parts';
import { KIND_QUIRKS } from '../../../simulator/core/kind-quirks.ts';
import { kindOf } from '../../../simulator/core/phone-kinds.ts';
import type { VirtualPhoneOptions } from '../../../simulator/io/virtual-phone.ts';
import { identify } from '@ringwave/firmware-catalog/identify';
import { Watched } from './branch.ts';
import { RecordingServer } from './recording-server.ts';

// What one boot of a phone asks for, request by request, against a server that has nothing. Orders, names and
// User-Agents are those of vendors' provisioning guides and of requests seen in the open.

interface Boot {
  readonly phone: string;
  readonly oui: string;
  readonly version?: string;
  readonly more?: Partial<VirtualPhoneOptions>;
  /** Requests, with `{mac}`, `{MAC}`, `{mac:}`, `{MAC-}` for the phone's own and `UA` for its User-Agent. */
  readonly asks: readonly string[];
  readonly userAgent?: string;
}

const usual = 'blksize=1428 tsize=0';
const poly = 'FileTransport PolycomVVX-VVX_411-UA';
const sip335 = 'FileTransport PolycomSoundPointIP-SPIP_335-UA';

const BOOTS: readonly Boot[] = [
  {
    phone: 'Yealink T46S',
    oui: '805ec0',
    version: '66.86.0.15',
    userAgent: 'Yealink SIP-T46S 66.86.0.15 {mac:}',
    asks: [
      'GET /{mac}.boot UA',
      'GET /y000000000000.boot UA',
      'GET /y000000000066.cfg UA',
      'GET /{mac}.cfg UA',
    ],
  },
  {
    phone: 'Yealink W70B',
    oui: '805ec0',
    version: '146.85.0.20',
    userAgent: 'Yealink W70B 146.85.0.20',
    more: { hidesMac: true },
    asks: [
      'GET /{mac}.boot UA',
      'GET /y000000000000.boot UA',
      'GET /y000000000146.cfg UA',
      'GET /{mac}.cfg UA',
    ],
  },
  {
    phone: 'Yealink T54W',
    oui: '805ec0',
    version: '96.86.0.70',
    more: { prefers: 'tftp' },
    asks: [
      `RRQ {mac}.boot ${usual}`,
      `RRQ y000000000000.boot ${usual}`,
      `RRQ y000000000096.cfg ${usual}`,
      `RRQ {mac}.cfg ${usual}`,
    ],
  },
  {
    phone: 'Polycom VVX411',
    oui: '64167f',
    version: '6.4.6.2656',
    more: { loaderVersion: '6.3.0.1111' },
    asks: [
      `GET /{mac}.cfg ${poly}/6.3.0.1111 Type/Updater`,
      `GET /000000000000.cfg ${poly}/6.3.0.1111 Type/Updater`,
      `GET /{mac}-license.cfg ${poly}/6.4.6.2656 Type/Application`,
      `GET /{mac}-directory.xml ${poly}/6.4.6.2656 Type/Application`,
      `GET /000000000000-directory.xml ${poly}/6.4.6.2656 Type/Application`,
      `PUT /{mac}-boot.log ${poly}/6.4.6.2656 Type/Application`,
      `PUT /{mac}-app.log ${poly}/6.4.6.2656 Type/Application`,
    ],
  },
  {
    phone: 'Polycom SPIP335',
    oui: '0004f2',
    version: '4.0.15.1009',
    asks: [
      `GET /{mac}.cfg ${sip335}/4.4.0.0423`,
      `GET /000000000000.cfg ${sip335}/4.4.0.0423`,
      `GET /{mac}-license.cfg ${sip335}/4.0.15.1009 Type/Application`,
      `GET /{mac}-directory.xml ${sip335}/4.0.15.1009 Type/Application`,
      `GET /000000000000-directory.xml ${sip335}/4.0.15.1009 Type/Application`,
      `PUT /{mac}-boot.log ${sip335}/4.0.15.1009 Type/Application`,
      `PUT /{mac}-app.log ${sip335}/4.0.15.1009 Type/Application`,
    ],
  },
  {
    phone: 'Cisco 8851',
    oui: '00562b',
    version: '12-0-7MPP0201-66',
    userAgent: 'Cisco-CP-8851-3PCC/12-0-7MPP0201-66 ({mac})',
    asks: [`RRQ 8851-3PCC.xml ${usual}`, 'GET /Cisco/CP-8851-3PCC/{mac}.cfg UA'],
  },
  {
    phone: 'Cisco SPA504G',
    oui: '002699',
    version: '7.4.9c',
    userAgent: 'Cisco/SPA504G-7.4.9c ({MAC})(CCQ{MAC+4})',
    asks: ['RRQ spa504G.cfg -', 'GET /{mac}.xml UA'],
  },
  {
    phone: 'Cisco ATA191',
    oui: '00562b',
    version: '11-1-0-MSR4',
    userAgent: 'Cisco/ATA191-MPP-11-1-0-MSR4 (CCQ{MAC+4})',
    asks: [`RRQ ATA191-3PCC.xml ${usual}`, 'GET /Cisco/CP-ATA191-3PCC/{mac}.cfg UA'],
  },
  {
    phone: 'Cisco 7960',
    oui: '001873',
    version: '8-12-00',
    asks: ['RRQ OS79XX.TXT -', 'RRQ SIPDefault.cnf -', 'RRQ SIP{MAC}.cnf -'],
  },
  {
    phone: 'Cisco 7965G',
    oui: '001873',
    version: '9-4-2SR3-1',
    asks: [
      'RRQ CTLSEP{MAC}.tlv -',
      'RRQ ITLSEP{MAC}.tlv -',
      'RRQ ITLFile.tlv -',
      'RRQ SEP{MAC}.cnf.xml -',
      'RRQ XMLDefault.cnf.xml -',
    ],
  },
  {
    phone: 'Linksys SPA942',
    oui: '000e08',
    version: '6.1.5(a)',
    userAgent: 'Linksys/SPA942-6.1.5(a) ({MAC})(00000000)',
    asks: ['RRQ spa942.cfg -', 'GET /{mac}.xml UA'],
  },
  {
    phone: 'Sipura SPA841',
    oui: '000e08',
    version: '3.1.4',
    userAgent: 'Sipura/SPA841-3.1.4 ({MAC})(00000000)',
    asks: ['RRQ spa841.cfg -', 'GET /{mac}.xml UA'],
  },
  {
    phone: 'Grandstream GXP2170',
    oui: '000b82',
    version: '1.0.11.57',
    more: { hardware: 'V1.1A' },
    userAgent: 'Grandstream Model HW GXP2170 V1.1A SW 1.0.11.57 DevId {mac}',
    asks: ['GET /cfg{mac} UA', 'GET /cfg{mac}.xml UA', 'GET /cfggxp2170.xml UA', 'GET /cfg.xml UA'],
  },
  {
    phone: 'Snom D785',
    oui: '000413',
    version: '10.1.198.19',
    userAgent:
      'Mozilla/4.0 (compatible; snomD785-SIP 10.1.198.19 2010.12-00004-g9ba52f5 {MAC} SXM:0 UXM:0)',
    asks: ['GET /snomD785.htm UA', 'GET /snomD785-{MAC}.htm UA'],
  },
  {
    phone: 'Snom M900',
    oui: '000413',
    version: '05.20.0001',
    userAgent: 'Snom M900 05.20.0001 {mac}',
    asks: ['GET /snomM900.htm UA', 'GET /snomM900-{MAC}.htm UA'],
  },
  {
    phone: 'Fanvil X4',
    oui: '00a859',
    version: '2.12.4.1',
    userAgent: 'Fanvil X4 2.12.4.1 {mac}',
    asks: ['GET /f0X4hw1.100.cfg UA', 'GET /{mac}.cfg UA'],
  },
  {
    phone: 'Fanvil X6U Pro',
    oui: '0c383e',
    version: '2.12.16.13',
    userAgent: 'Fanvil X6U Pro 2.12.16.13 {mac}',
    asks: ['GET /{mac}.cfg UA'],
  },
  {
    phone: 'Mitel 6867i',
    oui: '08000f',
    version: '6.2.0.1012',
    userAgent: 'Mitel6867i MAC:{MAC-} V:6.2.0.1012-SIP',
    asks: ['GET /security.tuz UA', 'GET /startup.cfg UA', 'GET /6867i.cfg UA', 'GET /{MAC}.cfg UA'],
  },
  {
    phone: 'Aastra 6731i',
    oui: '00085d',
    version: '3.3.1.4365',
    userAgent: 'Aastra6731i MAC:{MAC-} V:3.3.1.4365-SIP',
    asks: ['GET /security.tuz UA', 'GET /aastra.cfg UA', 'GET /6731i.cfg UA', 'GET /{MAC}.cfg UA'],
  },
  {
    phone: 'Gigaset N870 IP PRO',
    oui: '7c2f80',
    version: '83.V2.11.0+build.a546b91',
    userAgent: 'N870 IP PRO/83.V2.11.0+build.a546b91;{MAC}',
    asks: ['GET /{mac}.xml UA'],
  },
  {
    phone: 'Gigaset N510 IP PRO',
    oui: '7c2f80',
    version: '42.258.00.000.000',
    userAgent: 'N510 IP PRO/42.258.00.000.000;{MAC}',
    asks: ['GET /42/2/master.bin UA', 'GET /42/2/baselines.bin UA', 'GET /{MAC}.xml UA'],
  },
  {
    phone: 'Avaya J179',
    oui: 'c81fea',
    version: '4.1.3.0.6',
    userAgent: 'Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:{mac})',
    asks: ['GET /J100Supgrade.txt UA', 'GET /46xxsettings.txt UA', 'GET /{mac}.txt UA'],
  },
  {
    phone: 'Avaya 1220',
    oui: '00040d',
    version: '04.00.04.00',
    asks: ['RRQ 1220.cfg -', 'RRQ 1220SIP.cfg -'],
  },
  {
    phone: 'Panasonic KX-UT123',
    oui: '0080f0',
    version: '01.133',
    userAgent: 'Panasonic_KX-UT123/01.133 ({mac})',
    asks: ['GET /KX-UT123.cfg UA', 'GET /ConfigCommon.cfg UA', 'GET /Config{MAC}.cfg UA'],
  },
  {
    phone: 'Htek UC926',
    oui: '001fc1',
    version: '2.0.4.2',
    userAgent: 'Htek UC926 2.0.4.2 {mac:}',
    asks: ['GET /cfg0010.xml UA', 'GET /cfg{mac} UA', 'GET /cfg{mac}.xml UA'],
  },
  {
    phone: 'Akuvox R29',
    oui: '0c1105',
    version: '29.30.2.16',
    userAgent: 'Akuvox R29 29.30.2.16 {mac}',
    asks: ['GET /{mac}.cfg UA'],
  },
  {
    phone: 'AudioCodes 420HD',
    oui: '00908f',
    version: '2.2.2.77',
    userAgent: 'AUDC-IPPhone/2.2.2.77 (420HD-Rev0; {MAC})',
    asks: ['GET /{MAC}.cfg UA'],
  },
  {
    phone: 'Sangoma S500',
    oui: '005058',
    version: '2.0.4.14',
    userAgent: 'Sangoma S500 2.0.4.14 {mac}',
    asks: ['GET /cfg{mac}.xml UA'],
  },
  { phone: 'Digium D65', oui: '000fd3', asks: ['GET /Digium/{mac}.cfg -'] },
  {
    phone: 'Flyingvoice P10',
    oui: '0021f2',
    version: '0.6.22',
    userAgent: 'Flyingvoice P10 V0.6.22 {mac}',
    asks: ['GET /{mac}.boot UA', 'GET /y000000000000.boot UA', 'GET /{mac}.cfg UA'],
  },
  {
    phone: 'Alcatel-Lucent 8028s-GE',
    oui: '487a55',
    version: '1.51.52.2204',
    userAgent: 'ALE 8028s-GE 1.51.52.2204 {mac}',
    asks: ['GET /config.{mac}.xml UA'],
  },
  {
    phone: 'Nethesis NP-X5',
    oui: 'e0e656',
    version: '2.12.1.4',
    userAgent: 'Nethesis NP-X5 2.12.1.4 {mac}',
    asks: ['GET /{mac}.cfg UA'],
  },
];

const optionsOf = ({ phone, oui, version = '1.0.0', more }: Boot) => {
  const [vendor = '', ...model] = phone.split(' ');
  const own = mac(`${oui}0a1b2c`);
  if (!own) throw new Error(oui);
  return { vendor, model: model.join(' '), mac: own, version, ...more };
};

function spelled(text: string, own: string): string {
  const bare = own.replaceAll(':', '');
  return text
    .replaceAll('{mac}', bare)
    .replaceAll('{MAC}', bare.toUpperCase())
    .replaceAll('{MAC+4}', bare.slice(4).toUpperCase())
    .replaceAll('{mac:}', own)
    .replaceAll('{MAC-}', own.replaceAll(':', '-').toUpperCase());
}

async function boots(t: Test, server: RecordingServer, options: ReturnType<typeof optionsOf>) {
  return Watched.start(t, { ...options, agent: server.address });
}

for (const boot of BOOTS) {
  test(`a ${boot.phone}${boot.more?.prefers ? ` over ${boot.more.prefers}` : ''} asks for its files under its own names`, async (t) => {
    const server = await RecordingServer.open(t);
    const options = optionsOf(boot);
    const watched = await boots(t, server, options);
    const isWrite = (line: string) => line.startsWith('PUT ');
    await watched.until('asked', boot.asks.filter((line) => !isWrite(line)).length);
    await watched.until('wrote', boot.asks.filter(isWrite).length);
    const expected = boot.asks.map((line) =>
      spelled(
        line.replace(/ UA$/, () => ` ${boot.userAgent}`),
        options.mac,
      ),
    );
    t.same(server.lines, expected);
    for (const { method, headers } of server.asked) {
      if (method !== 'GET') continue;
      t.match(headers, { accept: '*/*', host: `127.0.0.1:${server.address.httpPort}` });
      t.equal(headers.authorization, undefined, 'a phone without a login sends none');
      t.equal(headers['accept-encoding'], undefined);
    }
    const last = server.asked.at(-1);
    const seen = identify({
      protocol: last?.method === 'RRQ' ? 'tftp' : 'http',
      path: last?.path.startsWith('/') ? last.path : `/${last?.path}`,
      ...(last?.headers['user-agent'] ? { userAgent: last.headers['user-agent'] } : {}),
    });
    t.ok(seen.vendor === options.vendor || seen.vendor === null, `taken for ${seen.vendor}`);
  });
}

test('a file that is there ends the search: what stands behind it is not asked for', async (t) => {
  const boot = (phone: string) => BOOTS.find((one) => one.phone === phone)!;
  const asks = async (phone: string, there: string, count: number, status = 200) => {
    const server = await RecordingServer.open(t);
    const options = optionsOf(boot(phone));
    server.lay(spelled(there, options.mac), { status, body: status === 200 ? '<x/>' : '' });
    const watched = await boots(t, server, options);
    await watched.until('asked', count);
    return server.asked.slice(0, count).map(({ path }) => path);
  };
  t.same(await asks('Yealink T46S', '/{mac}.boot', 1), ['/805ec00a1b2c.boot']);
  t.same(await asks('Grandstream GXP2170', '/cfg{mac}.xml', 2), [
    '/cfg000b820a1b2c',
    '/cfg000b820a1b2c.xml',
  ]);
  t.same(await asks('Polycom VVX411', '/{mac}.cfg', 3), [
    '/64167f0a1b2c.cfg',
    '/64167f0a1b2c-license.cfg',
    '/64167f0a1b2c-directory.xml',
  ]);
  t.same(
    await asks('Polycom VVX411', '/{mac}.cfg', 3, 500),
    ['/64167f0a1b2c.cfg', '/64167f0a1b2c-license.cfg', '/64167f0a1b2c-directory.xml'],
    'nor behind one that the server could not give just now',
  );
});

test('a phone that is put off comes back when the server said, and no sooner', async (t) => {
  const server = await RecordingServer.open(t);
  const boot = optionsOf(BOOTS.find(({ phone }) => phone === 'Gigaset N870 IP PRO')!);
  const path = '/7c2f800a1b2c.xml';
  server.lay(path, { status: 503, headers: { 'Retry-After': '400' } }, { status: 404 });
  const watched = await boots(t, server, boot);
  await watched.until('asked', 2);
  const [first, second] = watched.of('asked');
  t.match([first, second], [{ status: 503 }, { status: 404 }]);
  const waited = (second?.at ?? 0) - (first?.at ?? 0);
  t.ok(waited >= 396_000 && waited < 700_000, `it waited ${waited} ms`);
});

test('a login is sent when it is asked for, as the phone knows to, and never before', async (t) => {
  for (const loginStyle of ['basic', 'digest'] as const) {
    const server = await RecordingServer.open(t);
    const options = optionsOf(BOOTS[0]!);
    const path = '/805ec00a1b2c.cfg';
    const body = [
      '#!version:1.0.0.1',
      'static.auto_provision.server.username = desk',
      'static.auto_provision.server.password = Ab3',
      '',
    ].join('\n');
    const challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5, Basic realm="r"';
    const refusal = { status: 401, headers: { 'WWW-Authenticate': challenge } };
    server.lay(path, { body }, refusal, { body });
    const watched = await Watched.start(t, {
      ...options,
      agent: server.address,
      loginStyle,
      checksEvery: 600_000 as never,
    });
    await watched.until('asked', 8);
    const sent = server.asked
      .filter((one) => one.path === path)
      .map(({ headers }) => headers.authorization?.split(' ')[0]);
    t.same(sent, [undefined, undefined, loginStyle === 'basic' ? 'Basic' : 'Digest']);
  }
});

test('what a configuration leaves out is kept or forgotten, as the line does', async (t) => {
  const login = {
    Yealink:
      '#!version:1.0.0.1\nstatic.auto_provision.server.username = u\nstatic.auto_provision.server.password = p\n',
    Grandstream:
      '<gs_provision version="1"><config version="1"><P1360>u</P1360><P1361>p</P1361></config></gs_provision>',
  };
  const holds = async (at: number, path: string, body: string, without: string) => {
    const server = await RecordingServer.open(t);
    server.lay(path, { body }, { body: without });
    const watched = await Watched.start(t, {
      ...optionsOf(BOOTS[at]!),
      agent: server.address,
      checksEvery: 600_000 as never,
    });
    await watched.until('asked', 1);
    const count = () => server.asked.filter((one) => one.path === path).length;
    await watched.told.until(() => count() >= 3 || undefined);
    return watched.phone.state().holdsLogin;
  };
  const gs = BOOTS.findIndex(({ phone }) => phone === 'Grandstream GXP2170');
  t.equal(await holds(0, '/805ec00a1b2c.cfg', login.Yealink, '#!version:1.0.0.1\n'), true);
  const empty = '<gs_provision version="1"><config version="1"></config></gs_provision>';
  t.equal(await holds(gs, '/cfg000b820a1b2c.xml', login.Grandstream, empty), false);
});

test('an image is asked for under the name that this phone gives it', async (t) => {
  const asksImage = async (phone: string, path: string, body: string) => {
    const server = await RecordingServer.open(t);
    const options = optionsOf(BOOTS.find((one) => one.phone === phone)!);
    server.lay(path, { body: body.replace('SERVER', `127.0.0.1:${server.address.httpPort}`) });
    const watched = await boots(t, server, options);
    await watched.until('image-began');
    await watched.until('image-refused');
    return server.lines.find((line) => /fw\//.test(line));
  };
  t.equal(
    await asksImage(
      'Polycom VVX411',
      '/64167f0a1b2c.cfg',
      '<APPLICATION APP_FILE_PATH="http://SERVER/fw/sip.ld" CONFIG_FILES=""/>',
    ),
    `GET /fw/3111-48450-001.sip.ld ${poly}/6.3.0.1111 Type/Updater`,
  );
  t.equal(
    await asksImage(
      'Mitel 6867i',
      '/08000F0A1B2C.cfg',
      'firmware server: http://SERVER/fw/mitel\n',
    ),
    'GET /fw/mitel/6867i.st Mitel6867i MAC:08-00-0F-0A-1B-2C V:6.2.0.1012-SIP',
  );
});

test('every Poly whose part number is documented asks for the image of its own part', (t) => {
  const { parts = {} } = KIND_QUIRKS['Polycom']?.[''] ?? {};
  t.equal(Object.keys(parts).length, 34);
  for (const [model, part] of Object.entries(parts)) {
    t.equal(modelOfPart(part), model);
    t.equal(kindOf('Polycom', model)?.imageUrl('/fw/sip.ld', model), `/fw/${part}.sip.ld`);
  }
  t.end();
});

test('how a phone decides on an image is its line’s, and unknown stays unknown', (t) => {
  t.equal(kindOf('Fanvil', 'X4')?.updateDecision, 'asks-user');
  t.equal(kindOf('Avaya', 'J179')?.updateDecision, 'differs');
  t.equal(kindOf('Avaya', '1220')?.updateDecision, 'newer');
  t.equal(kindOf('Grandstream', 'GXP2170')?.updateDecision, 'always');
  t.equal(kindOf('Htek', 'UC926')?.updateDecision, 'always');
  t.equal(kindOf('Akuvox', 'R29')?.updateDecision, 'unknown');
  t.equal(kindOf('Acme', 'R29'), undefined);
  t.equal(kindOf('Yealink', 'fridge'), undefined);
  t.end();
});
