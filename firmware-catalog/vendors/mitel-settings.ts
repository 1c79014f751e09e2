// How Aastra's phones, and Mitel's after them, are provisioned (SIP administrator guides 2.6 to 6.4: appendix A;
// TR-069 and configuration file chapters).

import type { LineFacts } from './line-facts.ts';
import { asked, lettersAndDigits, NO_SETTINGS, notify, setting } from './line-parts.ts';

/** Of all phones; its encrypted twin has another ending. */
const commonName = { Aastra: '/aastra', Mitel: '/startup' } as const;

const bootFiles = (common: string) => [
  // Where it is there the phone reads the encrypted twins in the place of its files, and nothing can be set in them.
  asked('/security.tuz', 'other'),
  asked(`${common}.tuz`, 'other'),
  asked('/{model}.tuz', 'other'),
  asked('/{MAC}.tuz', 'other'),
  asked(`${common}.cfg`, 'common-config'),
  asked('/{model}.cfg', 'common-config'),
  asked('/{MAC}.cfg', 'phone-config'),
];

export const mitelSip = (brand: 'Aastra' | 'Mitel') =>
  ({
    claims: ['user-agent', 'path', 'sip-user-agent', 'dhcp-class', 'mac-prefix'],
    bootFiles: bootFiles(commonName[brand]),
    userAgent: `${brand}{model} MAC:{MAC-} V:{version}-SIP`,
    config: {
      form: 'name: value lines',
      contentType: 'text/plain',
      frame: '{lines}',
      line: '{name}: {value}',
      escape: 'plain',
      lineEnd: '\n',
      // 2.4 and up: "Locking parameters in the configuration file", "Overwriting parameters with defaults".
      signs: { locks: '!', resets: '^' },
    },
    settings: {
      ...NO_SETTINGS,
      firmware: [{ ...setting('firmware server', '{folder}'), asks: '{model}.st' }],
      'sip-login': [
        setting('sip line1 auth name', '{user}'),
        setting('sip line1 password', '{password}'),
      ],
      'admin-password': [setting('admin password', '{password}')],
      'provisioning-login': [
        setting('http digest username', '{user}'),
        setting('http digest password', '{password}'),
      ],
      'provisioning-server': [
        { ...setting('download protocol', 'HTTP'), over: 'http' },
        { ...setting('http server', '{host}'), over: 'http' },
        { ...setting('http port', '{port}'), over: 'http' },
        { ...setting('download protocol', 'HTTPS'), over: 'https' },
        { ...setting('https server', '{host}'), over: 'https' },
        { ...setting('https port', '{port}'), over: 'https' },
      ],
      'sip-tls': [setting('sip transport protocol', '4')],
      syslog: [setting('log server ip', '{host}')],
      'web-off': [setting('web interface enabled', '0')],
    },
    // Where a phone loads from, and by what; a login of that server as well.
    otherServerNames: [
      'tftp server',
      'alternate tftp server',
      'use alternate tftp server',
      'ftp server',
      'ftp username',
      'ftp password',
      'http path',
      'https path',
      'https user',
      'https password',
    ],
    // Of all lines together, and of who uses the phone.
    otherPasswordNames: ['sip password', 'user password'],
    absentValue: 'unknown',
    updateDecision: 'differs',
    versionScheme: 'a.b.c.build; up to release 3 two ranges of builds for two groups of models',
    families: 'unknown',
    wake: [notify('check-sync;reboot=true')],
    reboot: [notify('check-sync;reboot=true')],
    wipe: 'unknown',
    passwords: {
      admin: 'unknown',
      sip: 'unknown',
      provisioning: lettersAndDigits(1, 20),
    },
  }) as const satisfies Omit<LineFacts, 'line' | 'hasModel' | 'imageNames' | 'sources'>;
