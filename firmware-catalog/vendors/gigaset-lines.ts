// What is documented about Gigaset's DECT managers and desk phones (teamwork.gigaset.com provisioning wiki).

import type { LineFacts } from './line-facts.ts';
import { asked, NO_SETTINGS, notify, NOTHING_KNOWN, setting } from './line-parts.ts';

export const gigasetLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'N510 and N720',
    hasModel: (model) => /^N(?:510|720)/i.test(model),
    claims: ['user-agent', 'path', 'mac-prefix'],
    bootFiles: [
      asked('/42/2/master.bin', 'other'),
      asked('/42/2/baselines.bin', 'other'),
      asked('/{MAC}.xml', 'phone-config'),
    ],
    userAgent: '{model}/{version};{MAC}',
    updateDecision: 'differs',
    versionScheme: 'product.release, filled with zeros at times: 42.258.00.000.000',
    families: { '42': ['N510 IP PRO'], '70': ['N720 IP PRO', 'N720 DM PRO'] },
    imageNames: [
      {
        pattern: /^(?<models>N510)_SW_(?<version>\d{3})\.zip$/,
        version: (written) => `42.${written}`,
        models: () => ['N510 IP PRO'],
        example: 'N510_SW_262.zip',
      },
      {
        pattern: /^merkur(?<version>\d{3})(?:_42)?\.bin$/,
        version: (written) => `42.${written}`,
        example: 'merkur245_42.bin',
      },
      {
        pattern: /^(?<models>N720)_SW(?<version>\d{3})\.zip$/,
        version: (written) => `70.${written}`,
        example: 'N720_SW117.zip',
      },
    ],
    sources: [
      'Gigaset pro wiki: N510 and N720 auto provisioning',
      'wazo-provd-plugins wazo-gigaset N510 and N720 templates',
    ],
  },
  {
    ...NOTHING_KNOWN,
    line: 'N610, N670 and N870',
    hasModel: (model) => /^N(?:6|8)\d0/i.test(model),
    claims: ['user-agent', 'path', 'mac-prefix'],
    bootFiles: [asked('/{mac}.xml', 'phone-config', 'http')],
    userAgent: '{model}/{version};{MAC}',
    config: {
      form: 'provisioning XML: firmware files, then named parameters',
      contentType: 'text/xml',
      frame:
        '<?xml version="1.0" encoding="UTF-8"?>\n<provisioning version="1.1" productID="e2">\n<firmware>\n{firmware}</firmware>\n<nvm>\n{lines}</nvm>\n</provisioning>\n',
      line: '<param name="{name}" value="{value}"/>',
      escape: 'xml',
      lineEnd: '\n',
    },
    settings: {
      ...NO_SETTINGS,
      firmware: [
        {
          name: 'file',
          value: '{url}',
          written: '<{name} version="{version}" url="{value}"/>',
          // Without the product and the V before it: 83.V2.48.0 is 2.48.0.
          version: (version) => version.replace(/^\d{1,3}\.V?(?=\d)/, ''),
          place: 'firmware',
        },
      ],
      'sip-login': [
        setting('SipAccount.00001.AuthName', '{user}'),
        setting('SipAccount.00001.AuthPassword', '{password}'),
      ],
      'admin-password': [setting('WebUIAccounts.1.Password', '{password}')],
      'provisioning-server': [setting('Provisioning.global.ProvisioningServer', '{root}')],
    },
    updateDecision: 'differs',
    versionScheme: '83.V and three numbers; a build’s name after it says nothing of order',
    families: { '83': ['N610 IP PRO', 'N670 IP PRO', 'N870 IP PRO', 'N870E IP PRO'] },
    imageNames: [
      {
        pattern:
          /^(?:Gigaset-(?<models>Nx70)|einstein-albert)-(?<version>V\d{1,2}(?:\.\d{1,3}){2})[-+]build\.[0-9a-f]{7,12}(?:\.update)?\.bin$/,
        version: (written) => `83.${written}`,
        models: () => ['N6x0', 'N8x0'],
        example: 'Gigaset-Nx70-V2.62.1-build.d1d6a22.bin',
      },
    ],
    wake: [notify('check-sync', { mayChallenge: true })],
    reboot: [notify('check-sync;reboot=true', { mayChallenge: true })],
    sources: [
      'Gigaset pro wiki: Nx70 provisioning, check-sync, CheckSyncRebootEnabled from 2.52',
      'wazo-provd-plugins wazo-gigaset Nx70 and N870 templates',
    ],
  },
  {
    ...NOTHING_KNOWN,
    line: 'Maxwell',
    hasModel: (model) => /^Maxwell/i.test(model),
    claims: ['user-agent', 'mac-prefix'],
    userAgent: '{model}/{version}-release;{MAC}',
    versionScheme: 'product, then three numbers',
    sources: ['User-Agents of Maxwell 3 PRO and Maxwell Basic'],
  },
];
