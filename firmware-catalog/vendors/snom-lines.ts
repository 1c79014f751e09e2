// What is documented about Snom's phones (service.snom.com: Auto Provisioning, Firmware Configuration File,
// update_policy; M-series administrator manuals).

import type { LineFacts } from './line-facts.ts';
import {
  asked,
  NO_PASSWORD_RULES,
  NO_SETTINGS,
  notify,
  NOTHING_KNOWN,
  setting,
} from './line-parts.ts';
import { snomDectImages, snomDeskImages, snomModuleImages } from './snom-images.ts';

const FIRMWARE_FILE = '/snom{model}-{MAC}-firmware.xml';

const SETTINGS_FRAME =
  '<?xml version="1.0" encoding="utf-8"?>\n<settings>\n<phone-settings>\n{lines}</phone-settings>\n</settings>\n';

/** Lines of one SIP identity carry its number. */
const ofIdentity = (name: string, value: string) => ({
  name,
  value,
  written: '<{name} idx="1" perm="R">{value}</{name}>',
});

const webReboot = {
  by: 'http',
  method: 'GET',
  path: '/advanced_update.htm?reboot=Reboot',
  needs: 'the login of http_user and http_pass, use_hidden_tags = off',
} as const;

export const snomLines: readonly LineFacts[] = [
  {
    ...NOTHING_KNOWN,
    line: 'M-series DECT',
    hasModel: (model) => /^M\d/i.test(model),
    claims: ['user-agent', 'path', 'dhcp-class', 'mac-prefix'],
    bootFiles: [
      asked('/snom{model}.htm', 'common-config'),
      asked('/snom{model}-{MAC}.htm', 'phone-config'),
    ],
    userAgent: 'Snom {model} {version} {mac}',
    versionScheme: 'two digits, two digits, four digits; branches such as 450B have no way back',
    imageNames: snomDectImages,
    sources: [
      'Snom M300/M700/M900 Administrator and Provisioning Manual',
      'wazo-provd-plugins wazo-snom common_dect templates',
    ],
  },
  {
    ...NOTHING_KNOWN,
    line: 'expansion modules',
    hasModel: (model) => /^(?:UXM|D[78]C$)/i.test(model),
    settings: {
      ...NO_SETTINGS,
      firmware: [{ ...setting('firmware_uxm', '{url}'), file: 'shared' }],
    },
    versionScheme: 'three numbers, on their own',
    imageNames: snomModuleImages,
    sources: ['service.snom.com: Firmware Configuration File (firmware_uxm since 8.9.3.68)'],
  },
  {
    line: 'desk phones',
    hasModel: (model) => /^(?:[CD]?\d{3}[A-Z]{0,3}|MP|PA\d)$/i.test(model),
    soldAs: [
      {
        brand: 'Gigaset',
        hasModel: (model) => /^P[78]\d{2}/.test(model),
        models: {
          P710: 'D713',
          P810: 'D810',
          P810B: 'D810B',
          P820: 'D812',
          P825: 'D812',
          P850W: 'D815W',
          P855BW: 'D815W',
        },
        source: 'NethServer issue 7764: Gigaset IP PRO models and their Snom equivalents',
      },
    ],
    claims: ['user-agent', 'path', 'sip-user-agent', 'dhcp-class', 'mac-prefix'],
    bootFiles: [
      asked('/snom{model}.htm', 'common-config', 'http'),
      asked('/snom{model}-{MAC}.htm', 'phone-config', 'http'),
    ],
    // Behind the version stands the boot code's own text.
    userAgent:
      'Mozilla/4.0 (compatible; snom{model}-SIP {version} 2010.12-00004-g9ba52f5 {MAC} SXM:0 UXM:0)',
    config: {
      form: 'settings XML in which perm="R" locks a value; the image stands in a file of its own',
      contentType: 'text/xml',
      frame: SETTINGS_FRAME,
      line: '<{name} perm="R">{value}</{name}>',
      escape: 'xml',
      lineEnd: '\n',
      otherFiles: {
        [FIRMWARE_FILE]:
          '<?xml version="1.0" encoding="utf-8"?>\n<firmware-settings>\n{lines}</firmware-settings>\n',
      },
    },
    settings: {
      ...NO_SETTINGS,
      firmware: [
        setting('update_policy', 'auto_update'),
        setting('firmware_status', '{next}'),
        {
          name: 'firmware',
          value: '{url}',
          written: '<{name} perm="">{value}</{name}>',
          file: FIRMWARE_FILE,
        },
      ],
      'sip-login': [
        ofIdentity('user_name', '{user}'),
        ofIdentity('user_pname', '{user}'),
        ofIdentity('user_pass', '{password}'),
      ],
      'admin-password': [
        setting('http_pass', '{password}'),
        setting('admin_mode_password', '{password}'),
        setting('admin_mode_password_confirm', '{password}'),
      ],
      'provisioning-login': [
        setting('http_client_user', '{user}'),
        setting('http_client_pass', '{password}'),
      ],
      'provisioning-server': [setting('setting_server', '{root}')],
      srtp: [ofIdentity('user_srtp', 'on'), ofIdentity('user_savp', 'mandatory')],
      syslog: [setting('syslog_server', '{host}')],
    },
    olderForm: {
      language: {
        form: 'name: value lines',
        contentType: 'text/plain',
        frame: '{lines}',
        line: '{name}: {value}',
        escape: 'plain',
        lineEnd: '\n',
        namesEnd: '!#&$',
      },
      // The number of an identity is a part of the name.
      passwordNames: [
        'user_pass#',
        'http_pass',
        'admin_mode_password',
        'admin_mode_password_confirm',
      ],
    },
    // The phone's image by another of its names, and the expansion module's.
    otherFirmwareNames: ['firmware_url', 'firmware_uxm'],
    absentValue: 'unknown',
    updateDecision: 'differs',
    versionScheme: 'three to five numbers; a further number is a later patch of the same release',
    families: 'unknown',
    imageNames: snomDeskImages,
    wake: [
      notify('check-sync;reboot=true', { mayChallenge: true }),
      notify('check-sync;reboot=false', { mayChallenge: true }),
      webReboot,
    ],
    reboot: [notify('check-sync;reboot=true', { mayChallenge: true }), webReboot],
    wipe: [{ by: 'config', setting: 'reset_settings' }],
    passwords: NO_PASSWORD_RULES,
    sources: [
      'service.snom.com: Auto Provisioning, setting files and their order',
      'wiki.snom.com: Mass Deployment, Setting Files (text of firmware 4 to 7: a sign behind a name says who may change it)',
      'service.snom.com: Firmware Configuration File, asked for only where firmware_status names it',
      'service.snom.com: update_policy; settings_only is the default',
      'service.snom.com: Can I control my snom phone remotely (advanced_update.htm, http_user, hidden tags)',
      'wazo-provd-plugins wazo-snom templates: the same image stays named after an update, and older ones are taken',
    ],
  },
];
