// What the vendors' files of line facts are made of.

import type {
  BootPath,
  LineFacts,
  PasswordRule,
  PasswordUse,
  SettingLine,
  SettingName,
  Trigger,
} from './line-facts.ts';

/** For settings that no document at hand tells; a line names over it what it knows. */
export const NO_SETTINGS: LineFacts['settings'] = {
  firmware: 'unknown',
  'sip-login': 'unknown',
  'admin-password': 'unknown',
  'provisioning-login': 'unknown',
  'provisioning-server': 'unknown',
  'sip-tls': 'unknown',
  srtp: 'unknown',
  syslog: 'unknown',
  vpn: 'unknown',
  'web-off': 'unknown',
} satisfies Record<SettingName, 'unknown'>;

/** For limits of passwords that no document at hand tells. */
export const NO_PASSWORD_RULES: LineFacts['passwords'] = {
  admin: 'unknown',
  sip: 'unknown',
  provisioning: 'unknown',
} satisfies Record<PasswordUse, 'unknown'>;

/** Every question still open: for lines of which only names are known. */
export const NOTHING_KNOWN = {
  claims: 'unknown',
  bootFiles: 'unknown',
  userAgent: 'unknown',
  config: 'unknown',
  settings: NO_SETTINGS,
  absentValue: 'unknown',
  updateDecision: 'unknown',
  versionScheme: 'unknown',
  families: 'unknown',
  imageNames: 'unknown',
  wake: 'unknown',
  reboot: 'unknown',
  wipe: 'unknown',
  passwords: NO_PASSWORD_RULES,
} as const satisfies Omit<LineFacts, 'line' | 'hasModel' | 'sources'>;

/** `2_2_1_8` and `9-4-2` as they are written everywhere else. */
export const withDots = (written: string): string => written.replace(/[_-]/g, '.');

/** Names of models that stand side by side in a file name, in capitals. */
export const listed = (written: string): string[] =>
  written
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter((word) => word !== '');

/** A setting whose name is all there is to say. */
export const setting = (name: string, value: string): SettingLine => ({ name, value });

export const asked = (
  path: string,
  means: BootPath['means'],
  ...protocols: BootPath['protocols'][number][]
): BootPath => ({
  path,
  means,
  protocols: protocols.length === 0 ? ['http', 'tftp'] : protocols,
});

export const notify = (
  event: string,
  more: { mayChallenge?: boolean; body?: string } = {},
): Trigger => ({
  by: 'sip-notify',
  event,
  ...more,
});

export const byHand = (how: string): Trigger => ({ by: 'hand', how });

/** P values are told by number; beside them there are files of named items, of which no document at hand has the names. */
export const numberedOnly = {
  pattern:
    /<config\s(?:[^<>]{0,200}\s)?version\s{0,8}=\s{0,8}["'](?!1["'])|<item\s[^<>]{0,200}?\bname\s{0,8}=/i,
  reason:
    'has named items (config version 2), and no document tells which of them name firmware or hold passwords',
} as const;

/** Letters and digits, for lines of which only the length is told. */
export const lettersAndDigits = (lengthMin: number, lengthMax: number): PasswordRule => ({
  alphabet: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  lengthMin,
  lengthMax,
});
