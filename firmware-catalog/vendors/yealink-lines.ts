// What is documented about Yealink's phones (auto provisioning guides V70 to V87; administrator guides of the
// T, W and CP series).

import type { LineFacts } from './line-facts.ts';
import {
  asked,
  byHand,
  NO_PASSWORD_RULES,
  NO_SETTINGS,
  notify,
  NOTHING_KNOWN,
  setting,
} from './line-parts.ts';
import { yealinkBaseImages, yealinkDeskImages, yealinkHandsetImages } from './yealink-images.ts';
import { modelsOfFamily } from './yealink-models.ts';

const families = (numbers: readonly number[]): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(numbers.map((number) => [String(number), modelsOfFamily(number)]));

const guides = [
  'Yealink SIP Phones Auto Provisioning Guide V87: boot files, configuration files, firmware',
  'Yealink Administrator Guide: SIP NOTIFY, Action URI, user mode passwords',
];

/**
 * Since V81 the name has `static.` before it, and before V81 it has not (told of `firmware.url`): both are one setting, written,
 * managed and kept back together.
 */
const staticNames = (name: string): readonly string[] => [`static.${name}`, name];
const staticSetting = (name: string, value: string) =>
  staticNames(name).map((one) => setting(one, value));

const settings: LineFacts['settings'] = {
  ...NO_SETTINGS,
  firmware: staticSetting('firmware.url', '{url}'),
  'sip-login': [
    setting('account.1.enable', '1'),
    setting('account.1.user_name', '{user}'),
    setting('account.1.auth_name', '{user}'),
    setting('account.1.password', '{password}'),
  ],
  'admin-password': staticSetting('security.user_password', 'admin:{password}'),
  'provisioning-login': [
    ...staticSetting('auto_provision.server.username', '{user}'),
    ...staticSetting('auto_provision.server.password', '{password}'),
  ],
  'provisioning-server': staticSetting('auto_provision.server.url', '{root}/'),
  'sip-tls': [setting('account.1.sip_server.1.transport_type', '2')],
  srtp: [setting('account.1.srtp_encryption', '2')],
  syslog: [
    ...staticSetting('syslog.enable', '1'),
    ...staticSetting('syslog.server', '{host}'),
    ...staticSetting('syslog.server_port', '{port}'),
  ],
  'web-off': [...staticSetting('wui.http_enable', '0'), ...staticSetting('wui.https_enable', '0')],
};

const config: LineFacts['config'] = {
  form: 'key = value lines under a first line with a version',
  contentType: 'text/plain',
  frame: '#!version:1.0.0.1\n{lines}',
  line: '{name} = {value}',
  escape: 'plain',
  lineEnd: '\n',
};

const bootFiles: LineFacts['bootFiles'] = [
  asked('/{mac}.boot', 'other'),
  asked('/y000000000000.boot', 'other'),
  asked('/y{number}.cfg', 'common-config'),
  asked('/{mac}.cfg', 'phone-config'),
];

/** One behaviour over desk phones, conference phones and DECT bases. */
const common = {
  ...NOTHING_KNOWN,
  claims: ['user-agent', 'path', 'sip-user-agent', 'dhcp-class', 'mac-prefix'],
  bootFiles,
  config,
  settings,
  // Handsets load through their base.
  otherFirmwareNames: [...staticNames('over_the_air.url'), ...staticNames('over_the_air.url.*')],
  otherPasswordNames: ['static.account.#.password'],
  absentValue: 'keeps',
  updateDecision: 'differs',
  versionScheme: 'family.line.branch.build; numbers of two families do not compare',
  wake: [
    notify('check-sync;reboot=true'),
    notify('check-sync;reboot=false'),
    {
      by: 'http',
      method: 'GET',
      path: '/servlet?key=AutoP',
      needs:
        'features.action_uri.enable = 1, the agent in features.action_uri_limit_ip, the admin login',
    },
  ],
  reboot: [
    notify('check-sync;reboot=true'),
    notify('ACTION-URI', { body: 'key=Reboot' }),
    {
      by: 'http',
      method: 'GET',
      path: '/servlet?key=Reboot',
      needs:
        'features.action_uri.enable = 1, the agent in features.action_uri_limit_ip, the admin login',
    },
  ],
  wipe: [
    {
      by: 'http',
      method: 'GET',
      path: '/servlet?key=Reset',
      needs:
        'features.action_uri.enable = 1, the agent in features.action_uri_limit_ip, the admin login',
    },
    byHand('Key-press reset; builds rolled out since 2018 may lack it.'),
  ],
  passwords: NO_PASSWORD_RULES,
  sources: guides,
} as const satisfies Omit<LineFacts, 'line' | 'hasModel'>;

export const yealinkLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'DECT handsets',
    hasModel: (model) => /^(?:W\d{2}[HR]|CP930W)$/i.test(model),
    settings: {
      ...NO_SETTINGS,
      firmware: [{ name: 'over_the_air.url.{model}', value: '{url}', file: 'shared' }],
    },
    versionScheme: 'family.line.branch.build',
    families: families([16, 26, 61, 87, 88, 115, 116, 118, 119, 120]),
    imageNames: yealinkHandsetImages,
    sources: ['Yealink DECT administrator guide: handset firmware comes through the base'],
  },
  {
    ...common,
    line: 'DECT bases',
    hasModel: (model) => /^(?:W\d{2}(?:P|B|DM)?|AX\d{2}[HR]?)$/i.test(model),
    userAgent: 'Yealink {model} {version} {mac:}',
    families: families([25, 77, 103, 130, 146, 175, 180]),
    imageNames: yealinkBaseImages,
  },
  {
    ...common,
    line: 'T, VP and CP desk and conference phones',
    hasModel: (model) => /^(?:T\d{2}|VP\d{2,3}|CP\d{3})/i.test(model),
    soldAs: [
      {
        brand: 'Zultys',
        source:
          'User-Agent of a Zultys ZIP33G, which has the form and numbering of Yealink (47.80.0.132)',
      },
    ],
    userAgent: 'Yealink SIP-{model} {version} {mac:}',
    families: families([
      2, 6, 7, 9, 18, 23, 28, 29, 31, 32, 34, 35, 36, 37, 38, 44, 45, 46, 51, 52, 53, 54, 58, 65,
      66, 67, 68, 69, 70, 73, 74, 76, 78, 91, 95, 96, 97, 108, 124, 143, 148, 150, 185, 192,
    ]),
    imageNames: yealinkDeskImages,
  },
];
