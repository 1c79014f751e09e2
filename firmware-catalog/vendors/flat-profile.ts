// The configuration language that Sipura's, Linksys' and Cisco's small and multiplatform phones share
// (SPA provisioning guide; MPP provisioning guides).

import type { ConfigLanguage, LineFacts } from './line-facts.ts';
import { NO_SETTINGS, setting } from './line-parts.ts';

export const flatProfile: ConfigLanguage = {
  form: 'flat-profile XML',
  contentType: 'text/xml',
  frame: '<?xml version="1.0" encoding="UTF-8"?>\n<flat-profile>\n{lines}</flat-profile>\n',
  line: '<{name} ua="na">{value}</{name}>',
  escape: 'xml',
  lineEnd: '\n',
  macros: { $MA: '{mac}' },
};

/** Further profiles, which the phone reads after its own: an `Upgrade_Rule` in one of them would count. */
export const flatProfileServers = ['Profile_Rule_B', 'Profile_Rule_C', 'Profile_Rule_D'];

/** Of who uses the phone. */
export const flatProfilePasswords = ['User_Password'];

/** What all of them say alike; only the name of the administrator's password changed with the maker. */
export const flatProfileSettings = (
  adminPassword: 'Admin_Passwd' | 'Admin_Password',
): LineFacts['settings'] => ({
  ...NO_SETTINGS,
  firmware: [setting('Upgrade_Enable', 'Yes'), setting('Upgrade_Rule', '{url}')],
  'sip-login': [
    setting('User_ID_1_', '{user}'),
    setting('Auth_ID_1_', '{user}'),
    setting('Password_1_', '{password}'),
  ],
  'admin-password': [setting(adminPassword, '{password}')],
  'provisioning-server': [setting('Profile_Rule', '{root}/$MA.xml')],
  'sip-tls': [setting('SIP_Transport_1_', 'TLS')],
  srtp: [setting('Secure_Call_Setting', 'Yes')],
  syslog: [setting('Syslog_Server', '{host}')],
  'web-off': [setting('Enable_Web_Server', 'No')],
});
