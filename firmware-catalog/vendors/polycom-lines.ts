// What is documented about Poly's UC Software phones (administrator guides 3.3 to 6.4; release notes).

import type { LineFacts } from './line-facts.ts';
import { asked, NO_SETTINGS, notify, NOTHING_KNOWN, setting } from './line-parts.ts';
import { polycomArchives, polycomPartImage } from './polycom-images.ts';

/** A `device.*` value counts only with its twin. */
const device = (name: string, value: string) => [setting(name, value), setting(`${name}.set`, '1')];

const common = {
  ...NOTHING_KNOWN,
  claims: ['user-agent', 'path', 'sip-user-agent', 'dhcp-class', 'mac-prefix'],
  bootFiles: [
    asked('/{mac}.cfg', 'phone-config'),
    asked('/000000000000.cfg', 'common-config'),
    asked('/{mac}-license.cfg', 'other'),
    asked('/{mac}-directory.xml', 'other'),
  ],
  config: {
    form: 'XML in which any element carries dotted attributes; a master file names image and further files',
    contentType: 'text/xml',
    frame:
      '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<c device.set="1"\n{lines}/>\n',
    line: '{name}="{value}"',
    escape: 'xml',
    lineEnd: '\n',
  },
  // APP_FILE_PATH_VVX410 and the like count before APP_FILE_PATH; the server of upgrades names firmware without it.
  otherFirmwareNames: [
    'APP_FILE_PATH_*',
    'device.prov.upgradeServer',
    'device.prov.upgradeServer.set',
  ],
  otherPasswordNames: ['device.auth.localUserPassword'],
  furtherFiles: 'CONFIG_FILES',
  settings: {
    ...NO_SETTINGS,
    firmware: [setting('APP_FILE_PATH', '{url}')],
    'sip-login': [
      setting('reg.1.auth.userId', '{user}'),
      setting('reg.1.auth.password', '{password}'),
    ],
    'admin-password': device('device.auth.localAdminPassword', '{password}'),
    'provisioning-login': [
      ...device('device.prov.user', '{user}'),
      ...device('device.prov.password', '{password}'),
    ],
    'provisioning-server': [
      ...device('device.prov.serverName', '{root}/'),
      ...device('device.prov.serverType', 'HTTP'),
    ],
    srtp: [
      setting('sec.srtp.enable', '1'),
      setting('sec.srtp.offer', '1'),
      setting('sec.srtp.require', '1'),
    ],
    syslog: device('device.syslog.serverName', '{host}'),
    'web-off': [setting('httpd.cfg.enabled', '0')],
  },
  updateDecision: 'always',
  versionScheme:
    'a.b.c.build, the build restarting with every release; boot code numbers on its own',
  imageNames: [polycomPartImage, ...polycomArchives],
  wake: [notify('check-sync')],
  reboot: [notify('check-sync')],
  sources: [
    'Poly UC Software Administrator Guide: provisioning files, device parameters, check-sync',
    'Poly REST API reference: management calls and their answers',
  ],
} as const satisfies Omit<LineFacts, 'line' | 'hasModel'>;

const rest: NonNullable<Exclude<LineFacts['reboot'], 'unknown'>>[number] = {
  by: 'http',
  method: 'POST',
  path: '/api/v1/mgmt/safeRestart',
  needs: 'apps.restapi.enabled = 1 and the admin password, which must not be the default one',
};

export const polycomLines: readonly LineFacts[] = [
  {
    ...common,
    line: 'SoundPoint and SoundStation',
    hasModel: (model) => /^S[PS]IP\d/i.test(model),
    userAgent: 'FileTransport PolycomSoundPointIP-{model}-UA/{version}',
  },
  {
    ...common,
    line: 'VVX',
    hasModel: (model) => /^VVX/i.test(model),
    userAgent: 'FileTransport PolycomVVX-{model}-UA/{version} (SN:{mac}) Type/Application',
    wake: [notify('check-sync'), rest],
    reboot: [notify('check-sync'), rest],
  },
  {
    ...common,
    line: 'Trio',
    hasModel: (model) => /^Trio/i.test(model),
    userAgent: 'FileTransport PolycomRealPresenceTrio-{model}-UA/{version} Type/Application',
    wake: [notify('check-sync'), rest],
    reboot: [notify('check-sync'), rest],
  },
  {
    ...common,
    line: 'CCX',
    hasModel: (model) => /^CCX/i.test(model),
    userAgent: 'FileTransport PolyCCX-{model}-UA/{version} (SN:{mac}) Type/Application',
    wake: [notify('check-sync'), rest],
    reboot: [notify('check-sync'), rest],
  },
  {
    ...common,
    line: 'Edge E',
    hasModel: (model) => /^Edge/i.test(model),
    userAgent: 'FileTransport PolyEdge-{model}-UA/{version} (SN:{mac}) Type/Application',
    wake: [notify('check-sync'), rest],
    reboot: [notify('check-sync'), rest],
  },
];
