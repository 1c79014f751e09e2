// What is documented about Cisco's desk phones (MPP provisioning guides 11.3 and 12.0; SPA provisioning guide;
// administration guides of the 79xx).

import { ciscoEnterpriseImages, ciscoMppImages, spaImages } from './cisco-images.ts';
import { isMpp } from './cisco-mpp.ts';
import { isSpa } from './cisco-spa.ts';
import type { LineFacts } from './line-facts.ts';
import { asked, byHand, NO_SETTINGS, notify, NOTHING_KNOWN, setting } from './line-parts.ts';
import {
  flatProfile,
  flatProfilePasswords,
  flatProfileServers,
  flatProfileSettings,
} from './flat-profile.ts';

const challenged = { mayChallenge: true } as const;

const enterprise: LineFacts = {
  ...NOTHING_KNOWN,
  line: 'enterprise (79xx, 89xx, 99xx, 78xx and 88xx)',
  hasModel: (model) => /^(?:78|79|88|89|99)\d{2}[A-Z]{0,3}$/i.test(model),
  claims: ['path', 'dhcp-class', 'sip-user-agent', 'mac-prefix'],
  bootFiles: [
    asked('/CTLSEP{MAC}.tlv', 'other', 'tftp'),
    asked('/ITLSEP{MAC}.tlv', 'other', 'tftp'),
    asked('/ITLFile.tlv', 'other', 'tftp'),
    asked('/SEP{MAC}.cnf.xml', 'phone-config', 'tftp'),
    asked('/XMLDefault.cnf.xml', 'common-config', 'tftp'),
  ],
  config: {
    form: 'device XML, which call servers sign and encrypt',
    contentType: 'text/xml',
    frame: '<device>\n{lines}</device>\n',
    line: '<{name}>{value}</{name}>',
    escape: 'xml',
    lineEnd: '\n',
  },
  settings: {
    ...NO_SETTINGS,
    firmware: [setting('loadInformation', '{version}')],
    'sip-login': [
      {
        name: 'authName',
        value: '{user}',
        written:
          '<sipProfile><sipLines><line button="1"><{name}>{value}</{name}></line></sipLines></sipProfile>',
      },
      {
        name: 'authPassword',
        value: '{password}',
        written:
          '<sipProfile><sipLines><line button="1"><{name}>{value}</{name}></line></sipLines></sipProfile>',
      },
    ],
    'admin-password': [setting('sshPassword', '{password}')],
  },
  updateDecision: 'differs',
  versionScheme: 'a-b-c, then SR and its number after the plain release, then the issue',
  families: {
    '11': ['7911', '7906'],
    '41': ['7941', '7961'],
    '42': ['7942', '7962'],
    '45': ['7945', '7965'],
    '70': ['7970', '7971'],
    '75': ['7975'],
    '894x': ['8941', '8945'],
  },
  imageNames: ciscoEnterpriseImages,
  wake: [notify('check-sync')],
  reboot: [notify('check-sync')],
  wipe: [byHand('Key-press reset at power-on; the phone then asks for term??.default.loads.')],
  sources: [
    'Cisco Unified IP Phone 7900 administration guides: files asked for, loads, factory reset',
    'wazo-provd-plugins wazo-cisco-sccp and wazo-cisco-sip templates',
  ],
};

/** The oldest of them has files of its own, of `name: value` lines; which of the names firmware is told by is not at hand. */
const oldSip: LineFacts = {
  ...NOTHING_KNOWN,
  line: '7940 and 7960 with SIP firmware',
  hasModel: (model) => /^79[46]0G?$/i.test(model),
  claims: ['path', 'dhcp-class', 'sip-user-agent', 'mac-prefix'],
  bootFiles: [
    asked('/OS79XX.TXT', 'other', 'tftp'),
    asked('/SIPDefault.cnf', 'common-config', 'tftp'),
    asked('/SIP{MAC}.cnf', 'phone-config', 'tftp'),
  ],
  updateDecision: 'differs',
  versionScheme: 'P00308000900 is 8.0(9), P0S3-08-12-00 is 8.12(0)',
  wake: [notify('check-sync')],
  reboot: [notify('check-sync')],
  sources: [
    'Cisco SIP IP Phone 7940/7960 Administrator Guide: OS79XX.TXT, SIPDefault.cnf, SIP<MAC>.cnf, check-sync and syncinfo.xml',
  ],
};

const mpp: LineFacts = {
  ...NOTHING_KNOWN,
  line: 'multiplatform (MPP) and ATA 191/192',
  hasModel: (model) => isMpp(model) || /^ATA19[12]$/i.test(model),
  claims: ['user-agent', 'path', 'sip-user-agent', 'dhcp-class', 'mac-prefix'],
  bootFiles: [
    asked('/{model}-3PCC.xml', 'common-config'),
    asked('/Cisco/CP-{model}-3PCC/{mac}.cfg', 'phone-config', 'http'),
  ],
  userAgent: 'Cisco-CP-{model}-3PCC/{version} ({mac})',
  config: flatProfile,
  settings: {
    ...flatProfileSettings('Admin_Password'),
    'provisioning-login': [
      setting(
        'Profile_Rule',
        '[--uid {user} --pwd {password}]{root}/Cisco/CP-{model}-3PCC/$MA.cfg',
      ),
    ],
    'provisioning-server': [setting('Profile_Rule', '{root}/Cisco/CP-{model}-3PCC/$MA.cfg')],
  },
  otherServerNames: flatProfileServers,
  otherPasswordNames: flatProfilePasswords,
  updateDecision: 'differs',
  versionScheme: 'a-b-c, MSR or MPP and its number, then the build',
  families: 'unknown',
  imageNames: ciscoMppImages,
  wake: [
    notify('resync', challenged),
    notify('check-sync', challenged),
    { by: 'http', method: 'GET', path: '/admin/resync', needs: 'the admin login, by Digest' },
  ],
  reboot: [
    notify('reboot=true', challenged),
    { by: 'http', method: 'GET', path: '/admin/reboot', needs: 'the admin login, by Digest' },
  ],
  wipe: [byHand('TR-069 FactoryReset.')],
  sources: [
    'Cisco IP Phone 8800 Series Multiplatform Phones Provisioning Guide: Profile_Rule, Upgrade_Rule, resync events',
  ],
};

const spa: LineFacts = {
  ...NOTHING_KNOWN,
  line: 'SPA',
  hasModel: isSpa,
  claims: ['user-agent', 'path', 'sip-user-agent', 'dhcp-class', 'mac-prefix'],
  bootFiles: [
    asked('/spa{number}.cfg', 'common-config', 'tftp'),
    asked('/{mac}.xml', 'phone-config', 'http', 'tftp'),
  ],
  userAgent: 'Cisco/{model}-{version} ({MAC})(CCQ00000000)',
  config: flatProfile,
  settings: flatProfileSettings('Admin_Passwd'),
  otherServerNames: flatProfileServers,
  otherPasswordNames: flatProfilePasswords,
  updateDecision: 'differs',
  versionScheme: 'a.b.c and a letter for a later issue',
  families: 'unknown',
  imageNames: spaImages(false),
  wake: [notify('resync', challenged)],
  reboot: [notify('reboot=true', challenged)],
  sources: [
    'Cisco Small Business SPA Provisioning Guide: Profile_Rule, Upgrade_Rule, $PSN and $MA',
    'wazo-provd-plugins wazo-cisco-spa templates',
  ],
};

export const ciscoLines: readonly LineFacts[] = [mpp, spa, oldSip, enterprise];
