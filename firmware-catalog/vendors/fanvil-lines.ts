// What is documented about Fanvil's phones, and those it makes for others (user manuals: Auto Provision,
// Upgrade; provisioning guide).

import { fanvilImages } from './fanvil-images.ts';
import type { LineFacts } from './line-facts.ts';
import { asked, NO_SETTINGS, notify, NOTHING_KNOWN } from './line-parts.ts';

const inUpdateCheck = (name: string, value: string) => ({
  name,
  value,
  written: '<fwCheck><{name}>{value}</{name}></fwCheck>',
});

const inLine = (name: string, value: string) => ({
  name,
  value,
  written: '<sip><line index="1"><{name}>{value}</{name}></line></sip>',
});

/**
 * The settings name a server; which image it has stands in a text file. Its name is shared by phones of a hardware, and a server of
 * its own for each phone could be a folder with its MAC. What lacks is an update without a person: with EnableAutoUpgrade on, say
 * all manuals at hand, the phone prompts its user, and so it did in a test of NethVoice. Templates of wazo-fanvil name an image in
 * the phone's own file (AUTOUPDATE_CONFIG_MODULE, Download_Mode 1, Auto_Image_URL); no document at hand says whether that is
 * installed without the user.
 */
const UPDATE_TEXT = '/{vendor}_{model}_hwv{hardware}.txt';

const common = {
  ...NOTHING_KNOWN,
  claims: ['user-agent', 'path', 'sip-user-agent', 'mac-prefix'],
  config: {
    form: 'sysConf XML; older lines VOIP_CONFIG_FILE XML',
    contentType: 'text/xml',
    frame: '<?xml version="1.0" encoding="UTF-8"?>\n<sysConf>\n{lines}</sysConf>\n',
    line: '<{name}>{value}</{name}>',
    escape: 'xml',
    lineEnd: '\n',
    otherFiles: { [UPDATE_TEXT]: '{lines}' },
  },
  settings: {
    ...NO_SETTINGS,
    firmware: [
      inUpdateCheck('EnableAutoUpgrade', '1'),
      inUpdateCheck('UpgradeServer1', '{root}'),
      { name: 'Version', value: '{version}', written: '{name}={value}', file: 'shared' },
      { name: 'Firmware', value: '{url}', written: '{name}={value}', file: 'shared' },
    ],
    'sip-login': [inLine('RegisterUser', '{user}'), inLine('RegisterPswd', '{password}')],
    'sip-tls': [inLine('Transport', '3')],
  },
  updateDecision: 'asks-user',
  versionScheme:
    'the application’s numbers, on older lines after the platform’s: P0.18.23.89-2.4.5.2',
  imageNames: fanvilImages,
  wake: [notify('check-sync'), notify('check-sync;reboot=true')],
  reboot: [notify('check-sync;reboot=true')],
  sources: [
    'Fanvil user manuals, as of H2U, PA2S and GA10: System, Upgrade (vendor_model_hw10.txt with Version, Firmware, BuildTime, Info; the prompt)',
    'NethServer issue 7478: an NP-X5 V2 with its text file from a path of its own asks before it updates',
    'wazo-provd-plugins wazo-fanvil templates',
  ],
} as const satisfies Omit<LineFacts, 'line' | 'hasModel'>;

const others = {
  nethesis: 'NethServer issue 7216: the image of an NP-X5 is x5u-6906, Fanvil’s X5U',
  ale: 'ALE H2 user manual, whose upgrade pages are Fanvil’s',
  esi: 'ESI user manuals, whose upgrade pages are Fanvil’s',
};

export const fanvilLines: readonly LineFacts[] = [
  {
    ...common,
    line: 'i-series door phones',
    hasModel: (model) => /^i\d/i.test(model),
    bootFiles: [asked('/{mac}.cfg', 'phone-config')],
  },
  {
    ...common,
    line: 'X, V, H, C and W phones',
    hasModel: (model) => /^(?:X\d|V\d{2}|H\d|C\d{2}(?!\d)|W6\d{2})/i.test(model),
    soldAs: [
      { brand: 'Nethesis', models: { NPX5: 'X5U' }, source: others.nethesis },
      { brand: 'Alcatel-Lucent', hasModel: (model) => /^H\d/i.test(model), source: others.ale },
      { brand: 'ESI', source: others.esi },
    ],
    bootFiles: [asked('/{mac}.cfg', 'phone-config')],
    userAgent: 'Fanvil {model} {version} {mac}',
  },
];
