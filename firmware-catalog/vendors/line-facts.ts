// What is documented about how the phones of one line are provisioned, updated, woken and wiped. Data, so that
// every vendor answers every question: what nobody found written down is 'unknown', never a guess.

import type { ImageKind } from '../announcement.ts';

export type Known<Fact> = Fact | 'unknown';

/** Where a fact was read, for people: a vendor's document and section, or a capture kept in the tests. */
export type Source = string;

export interface LineFacts {
  /** The line's name as people use it: `SIP-T4x`, `VVX`, `MPP`. */
  readonly line: string;
  /** Whether a model, spelled as `identify` spells it, belongs to this line. Lines are asked in order. */
  readonly hasModel: (model: string) => boolean;
  /** Brands under which other companies sell phones of this line. */
  readonly soldAs?: readonly SoldAs[];
  readonly claims: Known<readonly ClaimKind[]>;
  /** Paths asked for at boot, in order; `{mac}`, `{MAC}`, `{model}`, `{number}` stand for the phone's own. */
  readonly bootFiles: Known<readonly BootPath[]>;
  /**
   * The User-Agent over HTTP, in which `{model}`, `{version}`, `{mac}`, `{MAC}`, `{mac:}` and `{MAC-}` stand
   * for the phone's own: bare in small or capital letters, with colons, in capitals with dashes.
   */
  readonly userAgent: Known<string>;
  readonly config: Known<ConfigLanguage>;
  /** How a configuration says each thing; the setting's own names in the vendor's language. */
  readonly settings: Readonly<Record<SettingName, Known<readonly SettingLine[]>>>;
  /** Further names under which files of others tell firmware, with `*` for any word: taken out of a PBX's file. */
  readonly otherFirmwareNames?: readonly string[];
  /** Further names under which files of others send the phone to a server or have it read files there: taken out of a PBX's file. */
  readonly otherServerNames?: readonly string[];
  /** Names under which files of others hold further passwords, with `#` for a number and `*` for any word: kept as the phone's own are. */
  readonly otherPasswordNames?: readonly string[];
  /** A form that some firmware of the line reads as well: passwords in it are kept back, and what is managed is never set in it. */
  readonly olderForm?: {
    readonly language: ConfigLanguage;
    readonly passwordNames: readonly string[];
  };
  /** The setting that lists, between commas, the files to load next. */
  readonly furtherFiles?: string;
  /** Whether a value that a configuration leaves out keeps what the phone has. */
  readonly absentValue: Known<'keeps' | 'resets'>;
  readonly updateDecision: Known<'differs' | 'newer' | 'always' | 'asks-user'>;
  /** How version strings of this line are formed, for people: `family.line.branch.build`. */
  readonly versionScheme: Known<string>;
  /** Image families within the line that never mix, by the models that share one. */
  readonly families: Known<Readonly<Record<string, readonly string[]>>>;
  /** Names under which images are published. */
  readonly imageNames: Known<readonly ImageName[]>;
  readonly wake: Known<readonly Trigger[]>;
  readonly reboot: Known<readonly Trigger[]>;
  readonly wipe: Known<readonly Trigger[]>;
  readonly passwords: Readonly<Record<PasswordUse, Known<PasswordRule>>>;
  readonly sources: readonly Source[];
}

/** The same hardware under another company's name. */
export interface SoldAs {
  /** The brand as `identify` spells it, or as its User-Agent begins where nobody else reads that. */
  readonly brand: string;
  /** Whether a model of that brand is of this line; absent: all are. */
  readonly hasModel?: (model: string) => boolean;
  /** The maker's model by the brand's, where it is documented. */
  readonly models?: Readonly<Record<string, string>>;
  readonly source: Source;
}

/** What a phone can be known by; first is believed first where two disagree. */
export type ClaimKind = 'path' | 'user-agent' | 'sip-user-agent' | 'dhcp-class' | 'mac-prefix';

export interface BootPath {
  readonly protocols: readonly ('http' | 'tftp')[];
  readonly path: string;
  readonly means: 'common-config' | 'phone-config' | 'other';
}

/** A configuration language, whole enough to write a small file in it. */
export interface ConfigLanguage {
  /** For people: `key = value lines`, `flat-profile XML`. */
  readonly form: string;
  readonly contentType: string;
  /** The smallest whole file; `{lines}` stands for the settings. */
  readonly frame: string;
  /** One setting; `{name}` and `{value}` stand for a `SettingLine`. */
  readonly line: string;
  readonly escape: 'xml' | 'plain';
  readonly lineEnd: '\n' | '\r\n';
  /** One of them may stand before a name: `locks` keeps the phone from changing the value, `resets` takes back what was changed there. */
  readonly signs?: { readonly locks: string; readonly resets: string };
  /** Signs of which one may stand behind a name, and says who may change the value. */
  readonly namesEnd?: string;
  /** Further files of one phone that its configuration names, and their frames, by path as in `BootPath`. */
  readonly otherFiles?: Readonly<Record<string, string>>;
  /** Bytes of a file that the phone takes at most; absent where no document tells them. */
  readonly bytesMax?: number;
  /** What shows that the file is in a form of the language whose names of settings no document tells, and why it is refused. */
  readonly unreadable?: { readonly pattern: RegExp; readonly reason: string };
  /** Words in a value that the phone replaces by its own, as in `BootPath`: `$MA` is `{mac}`. */
  readonly macros?: Readonly<Record<string, string>>;
}

export const SETTINGS = [
  'firmware',
  'sip-login',
  'admin-password',
  'provisioning-login',
  'provisioning-server',
  'sip-tls',
  'srtp',
  'syslog',
  'vpn',
  'web-off',
] as const;
export type SettingName = (typeof SETTINGS)[number];

/**
 * One line of a configuration: the vendor's own key, and its value, in which stand for what is set:
 * `{url}` the image, `{folder}` and `{file}` its two parts, `{version}`, `{user}`, `{password}`, `{host}`,
 * `{port}`, `{root}` the agent's address, `{next}` the address of a further file.
 */
export interface SettingLine {
  readonly name: string;
  readonly value: string;
  /** How this one is written, where `ConfigLanguage.line` does not say it. */
  readonly written?: string;
  /** The place in the frame; absent: `lines`. */
  readonly place?: string;
  /** How `{version}` is written here, where it differs from the version as it is known. */
  readonly version?: (known: string) => string;
  /** The further file in which it stands, or `shared` where only the file for all phones can say it. */
  readonly file?: string;
  /** What the phone asks for in the folder that it is told, as in `BootPath`. */
  readonly asks?: string;
  /** Said only where the agent's files are fetched by it; absent: by either. */
  readonly over?: 'http' | 'https';
}

export interface ImageName {
  /** Matches a whole file name; named groups `version`, `models`, `family`, `hardware` where the name tells. */
  readonly pattern: RegExp;
  /** What the image is for; absent: firmware. */
  readonly kind?: ImageKind;
  /** Other makers name files so as well: the name is read only where the vendor is known from elsewhere. */
  readonly isShared?: boolean;
  /** The version as this vendor writes versions, where the name writes it otherwise (`2_2_1_8`). */
  readonly version?: (written: string) => string;
  /** The models that the text names, spelled as `identify` spells them; absent: what stands between brackets and commas. */
  readonly models?: (written: string) => readonly string[];
  /** First bytes of a genuine image, hexadecimal; absent where no document tells them. */
  readonly beginsWith?: string;
  readonly example: string;
}

export type Trigger =
  | {
      readonly by: 'sip-notify';
      readonly event: string;
      readonly body?: string;
      readonly mayChallenge?: boolean;
    }
  | {
      readonly by: 'http';
      readonly method: 'GET' | 'POST';
      /** `{password}` stands for the administrator's where the phone wants it in the request. */
      readonly path: string;
      readonly needs: string;
      /** Not done by one request with a login: a session of the web interface must be begun first. */
      readonly inSession?: true;
    }
  | { readonly by: 'config'; readonly setting: string }
  | { readonly by: 'hand'; readonly how: string };

export const PASSWORD_USES = ['admin', 'sip', 'provisioning'] as const;
export type PasswordUse = (typeof PASSWORD_USES)[number];

export interface PasswordRule {
  /** Characters that are safe on every phone of the line. */
  readonly alphabet: string;
  readonly lengthMin: number;
  readonly lengthMax: number;
}
