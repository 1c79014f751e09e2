// What is documented about Grandstream's phones and adapters (administration guides; P-value lists;
// SIP device provisioning guide).

import { grandstreamImages } from './grandstream-images.ts';
import type { LineFacts } from './line-facts.ts';
import { asked, NO_SETTINGS, notify, NOTHING_KNOWN, numberedOnly, setting } from './line-parts.ts';

const common = {
  ...NOTHING_KNOWN,
  claims: ['user-agent', 'path', 'sip-user-agent', 'mac-prefix'],
  bootFiles: [
    // Binary settings, on newer phones with an ending: read before the XML, and free to name another server.
    asked('/cfg{mac}', 'other'),
    asked('/cfg{mac}.bin', 'other'),
    asked('/cfg{mac}.xml', 'phone-config'),
    asked('/cfg{model}.xml', 'common-config'),
    asked('/cfg.xml', 'common-config'),
  ],
  userAgent: 'Grandstream Model HW {model} SW {version} DevId {mac}',
  config: {
    form: 'XML with numbered P values',
    contentType: 'text/xml',
    frame:
      '<?xml version="1.0" encoding="UTF-8"?>\n<gs_provision version="1">\n<config version="1">\n{lines}</config>\n</gs_provision>\n',
    line: '<{name}>{value}</{name}>',
    escape: 'xml',
    lineEnd: '\n',
    unreadable: numberedOnly,
  },
  settings: {
    ...NO_SETTINGS,
    // P6767 is how P192 is fetched: a base that says HTTP would send the phone to TFTP's port with it.
    // P232 and P233 stand before and behind the name that the phone asks for in P192: with them it is not the one that lies there.
    firmware: [
      setting('P192', '{folder}'),
      setting('P6767', '0'),
      setting('P238', '0'),
      setting('P232', ''),
      setting('P233', ''),
    ],
    'sip-login': [setting('P35', '{user}'), setting('P36', '{user}'), setting('P34', '{password}')],
    'admin-password': [setting('P2', '{password}')],
    'provisioning-login': [setting('P1360', '{user}'), setting('P1361', '{password}')],
    'provisioning-server': [setting('P237', '{host}:{port}'), setting('P212', '1')],
    syslog: [setting('P207', '{host}:{port}')],
  },
  updateDecision: 'always',
  versionScheme: 'a.b.c.d; hardware of a second version starts low again',
  families: { 'hardware V1': ['HT801', 'HT802'], 'hardware V2': ['HT801V2', 'HT802V2'] },
  imageNames: grandstreamImages,
  wake: [
    notify('check-sync;reboot=true', { mayChallenge: true }),
    notify('resync', { mayChallenge: true }),
  ],
  reboot: [
    notify('check-sync;reboot=true', { mayChallenge: true }),
    {
      by: 'http',
      method: 'POST',
      path: '/cgi-bin/api-sys_operation',
      needs: 'a session of the web interface; request=REBOOT with its sid',
      inSession: true,
    },
  ],
  wipe: [
    {
      by: 'http',
      method: 'POST',
      path: '/cgi-bin/api-sys_operation',
      needs: 'a session of the web interface; request=RESET with its sid',
      inSession: true,
    },
  ],
  sources: [
    'Grandstream SIP Device Provisioning Guide: file names, order, P192, P237, P238',
    'Grandstream administration guides: web API, NOTIFY, P26015',
  ],
} as const satisfies Omit<LineFacts, 'line' | 'hasModel'>;

/** The administrator's password stands in the request: whoever reads the wire has it. */
const restart = {
  by: 'http',
  method: 'GET',
  path: '/cgi-bin/api-sys_operation?passcode={password}&request=REBOOT',
  needs: 'a model with the CTI interface, such as GRP26xx, and the admin password',
} as const;

export const grandstreamLines: readonly LineFacts[] = [
  {
    ...common,
    line: 'HT and GXW adapters',
    hasModel: (model) => /^(?:HT|GXW)/i.test(model),
  },
  {
    ...common,
    line: 'GXP, GRP, GXV, WP and DP phones',
    hasModel: (model) => /^(?:GXP|GRP|GXV|GXE|GHP|GAC|GDS|GSC|GBX|WP|DP|BT|UCM)\d/i.test(model),
    wake: [...common.wake, restart],
    reboot: [common.reboot[0], restart, common.reboot[1]],
    sources: [...common.sources, 'Grandstream GRP261x CTI Guide: system operations over HTTP'],
  },
];
