import { PROFILES, profileOf } from '@ringwave/firmware-catalog/vendors/all';
import { type Mac, mac } from '@ringwave/protocol/units';
import { test } from 'tap';

// A phone that asks in clear is given no login: its file tells it to come back over HTTPS.

const agent = { host: '192.0.2.7', httpPort: 8080, tftpPort: 6969, httpsPort: 8443 };
const firmware = { version: '1.2.3.4', folder: 'fw/r', fileName: 'a.bin' };
const own = mac('00:1f:c1:00:00:01') as Mac;

const bodyOf = (vendor: string, model: string, more: { path?: string; inSlot?: boolean } = {}) => {
  const { path = '', inSlot } = more;
  const about = { mac: own, model, agent, isLed: true, ...(inSlot && { firmware }) };
  return profileOf(vendor)?.renderPhoneConfig(about, path).body ?? '';
};

const SAID: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'Yealink',
    'T46S',
    '',
    [
      'static.auto_provision.server.url = https://192.0.2.7:8443/',
      'auto_provision.server.url = https://192.0.2.7:8443/',
    ],
  ],
  ['Polycom', 'VVX450', '/001fc1000001.cfg', ['CONFIG_FILES="001fc1000001-user.cfg"']],
  [
    'Polycom',
    'VVX450',
    '/001fc1000001-user.cfg',
    [
      'device.set="1"',
      'device.prov.serverName="https://192.0.2.7:8443/"',
      'device.prov.serverName.set="1"',
      'device.prov.serverType="HTTPS"',
      'device.prov.serverType.set="1"',
    ],
  ],
  ['Grandstream', 'GXP2170', '', ['<P237>192.0.2.7:8443</P237>', '<P212>2</P212>']],
  ['Htek', 'UC926', '', ['<P237>https://192.0.2.7:8443/</P237>', '<P212>2</P212>']],
  ...['Mitel', 'Aastra'].map(
    (vendor) =>
      [
        vendor,
        vendor === 'Mitel' ? '6930' : '6731i',
        '',
        ['download protocol: HTTPS', 'https server: 192.0.2.7', 'https port: 8443'],
      ] as const,
  ),
  [
    'Cisco',
    '8851',
    '',
    ['<Profile_Rule ua="na">https://192.0.2.7:8443/Cisco/CP-8851-3PCC/$MA.cfg</Profile_Rule>'],
  ],
  ['Snom', 'D785', '', ['<setting_server perm="R">https://192.0.2.7:8443</setting_server>']],
];

test('every phone that takes a login can be led to HTTPS by a file without one', (t) => {
  for (const [vendor, model, path, said] of SAID) {
    for (const inSlot of [false, true]) {
      const body = bodyOf(vendor, model, { path, inSlot });
      const isImages = vendor === 'Htek' && inSlot;
      for (const text of isImages ? said.slice(0, 1) : said) t.match(body, text);
      t.notMatch(
        body,
        /password|P1360|--uid|client_pass|prov\.user/i,
        `${vendor} is told no login`,
      );
    }
  }
  const told = new Set(SAID.map(([vendor]) => vendor));
  const isTakingLogins = PROFILES.filter(({ lines }) =>
    lines.some(({ settings }) => settings['provisioning-login'] !== 'unknown'),
  );
  for (const { name } of isTakingLogins) t.ok(told.has(name), name);
  t.end();
});

test('what an Htek’s firmware needs of P212 goes before the address of its files, which has its own scheme', (t) => {
  const body = bodyOf('Htek', 'UC926', { inSlot: true });
  t.match(body, '<P212>1</P212>');
  t.notMatch(body, '<P212>2</P212>');
  t.end();
});

test('a Mitel’s common file names the agent by the protocol that it serves', (t) => {
  const common = (httpsPort?: number) => {
    const { host, httpPort, tftpPort } = agent;
    const at = { host, httpPort, tftpPort, ...(httpsPort === undefined ? {} : { httpsPort }) };
    return profileOf('Mitel')?.renderCommonConfig(at, '/startup.cfg').body;
  };
  t.equal(common(), 'download protocol: HTTP\nhttp server: 192.0.2.7\nhttp port: 8080\n');
  t.equal(common(8443), 'download protocol: HTTPS\nhttps server: 192.0.2.7\nhttps port: 8443\n');
  t.end();
});
