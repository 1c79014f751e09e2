// Poly phones that run UC Software: SoundPoint, SoundStation, VVX, Trio, CCX, Edge E
// (UC Software administrator guides 3.3 to 6.4).

import type { Mac } from '@ringwave/protocol/units';
import { type RequestedFile, requestedFile, stationMac } from '../requested-path.ts';
import { filesRoot, httpUrl, passwordAlphabet, xmlAttribute, xmlText } from './config-text.ts';
import type {
  AgentClaim,
  ConfigRead,
  FileAsked,
  Order,
  PathClaim,
  Rendition,
  VendorProfile,
} from './profile.ts';
import { modelOfPart } from './polycom-parts.ts';
import { isForeignMac, recognise } from './recognition.ts';
import { compareFields, compareLetters, dotted, firstDecided, ordered } from './version-parts.ts';
import { polycomLines } from './polycom-lines.ts';

const ouis = ['0004f2', '64167f', '482567'];

const recogniser = {
  vendor: 'Polycom',
  agentInitials: 'fp',
  readAgent,
  readFile,
  readClass(text: string) {
    const model = /^Poly(?:com)?[ -]((?:VVX|SPIP|SSIP|Trio|CCX|Edge)[ _-]?[a-z]?\d{2,4})$/i.exec(
      text,
    )?.[1];
    if (model === undefined) return undefined;
    return { model: spelled(model.replace(/[ _-]/g, '')), version: null, mac: null };
  },
} as const;

export const polycom: VendorProfile = {
  name: 'Polycom',
  ouis,
  lines: polycomLines,
  recogniser,
  identify: (request) => recognise([recogniser], request),
  compare: (a, b) => ordered(a, b, compareUcs),
  updateDecision: 'always',
  bootFiles({ mac }) {
    return [{ protocol: 'http', path: `/${mac.replaceAll(':', '')}.cfg`, means: 'phone-config' }];
  },
  fileAsked,
  renderPhoneConfig: (rendition, path) => ({
    contentType: 'text/xml',
    body: USER_FILE.test(path) ? userFile(rendition) : masterFile(rendition),
    holdsLogin: USER_FILE.test(path) && rendition.provisioning !== undefined,
  }),
  renderCommonConfig: () => ({ contentType: 'text/xml', body: COMMON_MASTER, holdsLogin: false }),
  readConfig,
  // UCS administrators' guide, provisioning server: logs, local overrides, directory and call lists.
  uploads: [
    '{mac}-app.log',
    '{mac}-boot.log',
    '{mac}-now.log',
    '{mac}-phone.cfg',
    '{mac}-web.cfg',
    '{mac}-directory.xml',
    '{mac}-calls.xml',
  ],
  wake: { event: 'check-sync' },
  imageTransport: ['http'],
  userAgent: ({ model, version }) =>
    `FileTransport ${lineOf(model)}-UA/${version} Type/Application`,
  password: { alphabet: passwordAlphabet, length: 24 },
};

/**
 * `FileTransport PolycomVVX-VVX_411-UA/6.4.7.1181 (SN:64167f000411) Type/Application`, over SIP without
 * the first word and sometimes with `_<mac>` at the end. Early requests carry the updater's version.
 */
function readAgent(userAgent: string): AgentClaim | undefined {
  const found =
    /^(?:FileTransport\s+)?Poly[a-z]*[-/]([a-z0-9_-]{2,24}?)-UA\/(\d{1,4}(?:\.\d{1,6}){1,3}[a-z]?)(?:_([0-9a-f]{12}))?(?![0-9a-z.])/i.exec(
      userAgent,
    );
  const [all, model, version, sipMac] = found ?? [];
  if (all === undefined || model === undefined || version === undefined) return undefined;
  const serial = /\(SN:\s*([0-9a-f:]{12,17})\)/i.exec(userAgent)?.[1] ?? sipMac;
  const kind = /\bType\/(Application|Updater|BootROM)\b/i.exec(userAgent)?.[1]?.toLowerCase();
  return {
    model: spelled(model.replace(/[_-]/g, '')),
    version,
    mac: serial === undefined ? null : stationMac(serial),
    ...(kind === undefined ? {} : { versionKind: kind === 'application' ? 'application' : 'boot' }),
  };
}

/** Models as Poly spells them, whatever a proxy did to the case. */
function spelled(model: string): string {
  const letters = lettersOf(model);
  return letters in PRODUCT_LINES ? letters + model.slice(letters.length).toUpperCase() : model;
}

const PART_IMAGE = /^(\d{4}-\d{5}-\d{3})\.(?:sip|bootrom|updater)\.(?:ld|ver)$/i;
const PLAIN_IMAGE = /^(?:sip\.(?:ld|ver)|bootrom\.(?:ld|ver)|updater\.ld)$/i;
const USER_FILE = /-user\.cfg$/i;
const PHONE_FILE =
  /^[0-9a-f]{12}(?:\.cfg|[-_](?:user|phone|web|cloud|license|reg)\.cfg|-directory\.xml|-calls\.xml|-(?:app|boot|now)\.log)$/i;
/** Names no other maker's phones use, so that a prefix not yet in the list rejects nobody. */
const OWN_PHONE_FILE =
  /^[0-9a-f]{12}(?:-(?:phone|web|license)\.cfg|-directory\.xml|-calls\.xml|-(?:app|boot|now)\.log)$/i;

function readFile(file: RequestedFile): PathClaim | undefined {
  const part = PART_IMAGE.exec(file.name)?.[1];
  if (part !== undefined) return { model: modelOfPart(part), ownName: false };
  if (PLAIN_IMAGE.test(file.name)) return { model: null, ownName: false };
  if (
    /^(?:SoundPointIP|SoundStationIP|VVX)(?:Localization|Welcome)/i.test(
      file.folders[0] ?? file.name,
    )
  ) {
    return { model: null, ownName: false };
  }
  if (/^0{12}\./.test(file.name) || /^0{12}-/.test(file.name)) {
    return PHONE_FILE.test(file.bareName) ? { model: null, ownName: false } : undefined;
  }
  if (!file.mac || isForeignMac(file.mac)) return undefined;
  const ours = ouis.includes(file.prefix ?? '');
  const known = ours ? PHONE_FILE.test(file.bareName) : OWN_PHONE_FILE.test(file.bareName);
  return known ? { model: null, ownName: false } : undefined;
}

function fileAsked(path: string): FileAsked | undefined {
  const file = requestedFile(path);
  if (!file) return undefined;
  if (PART_IMAGE.test(file.name) || PLAIN_IMAGE.test(file.name)) {
    return { kind: 'image', fileName: file.name };
  }
  if (/^0{12}\.cfg$/.test(file.name)) return { kind: 'common-config' };
  if (!PHONE_FILE.test(file.bareName)) return undefined;
  return file.mac && /^[0-9a-f]{12}(?:-user)?\.cfg$/i.test(file.name)
    ? { kind: 'phone-config', mac: file.mac }
    : { kind: 'other' };
}

/**
 * a.b.c.build, the build restarting with each release; without a build any build of it is meant. A
 * letter marks a later issue (4.4.0B). Boot code counts on its own: 4.2.2.0710 is older boot code,
 * not newer software, beside the application 3.2.3.1734.
 */
function compareUcs(a: string, b: string): Order {
  const left = ucs(a);
  const right = ucs(b);
  if (!left || !right || left.isBoot !== right.isBoot) return 'incomparable';
  const lengthsDiffer = left.fields.length !== right.fields.length;
  const order = compareFields(left.fields, right.fields);
  if (order === 'same' && lengthsDiffer && left.letter !== right.letter) return 'incomparable';
  return firstDecided(order, compareLetters(left.letter, right.letter));
}

function ucs(text: string): { fields: number[]; letter: string; isBoot: boolean } | undefined {
  const letter = /[a-z]$/i.exec(text)?.[0].toUpperCase() ?? '';
  const fields = dotted(letter === '' ? text : text.slice(0, -1), 3, 4);
  return fields && { fields, letter, isBoot: isBootCode(fields) };
}

/**
 * The series overlap in their first numbers, so the ranges are listed: BootROM 4.0.0, 4.1.0 to 4.1.4
 * with builds under 1000, 4.2 to 4.9, and the UC Software updater 5.0.3 to 5.0.x. Applications went
 * from 4.1.x to 5.0.0 to 5.0.2 and on with 5.1.
 */
function isBootCode([a = 0, b = 0, c = 0, build]: readonly number[]): boolean {
  if (a === 5) return b === 0 && c >= 3;
  if (a !== 4) return false;
  if (b === 0) return c === 0 && build !== undefined && build < 1000;
  return b > 1 || (c <= 4 && build !== undefined && build < 1000);
}

/** The product line that stands before the model in a User-Agent. */
function lineOf(model: string): string {
  const letters = lettersOf(model);
  const line = PRODUCT_LINES[letters] ?? `Polycom${letters}`;
  return `${line}-${letters}_${model.slice(letters.length)}`;
}

/** The part of a model before its underscore: of `TrioC60` it is `Trio`. */
function lettersOf(model: string): string {
  const lower = model.toLowerCase();
  const known = Object.keys(PRODUCT_LINES).find((letters) =>
    lower.startsWith(letters.toLowerCase()),
  );
  return known ?? /^[A-Za-z]*/.exec(model)?.[0] ?? '';
}

const PRODUCT_LINES: Readonly<Record<string, string>> = {
  VVX: 'PolycomVVX',
  SPIP: 'PolycomSoundPointIP',
  SSIP: 'PolycomSoundStationIP',
  Trio: 'PolycomRealPresenceTrio',
  CCX: 'PolyCCX',
  Edge: 'PolyEdge',
};

const userFileName = (mac: Mac): string => `${mac.replaceAll(':', '')}-user.cfg`;

/**
 * The master can never be encrypted and is asked for before any login is known, so it holds no
 * secret; the phone then loads the user file it names.
 */
function masterFile({ mac, agent, firmware, provisioning, isLed }: Rendition): string {
  const image = firmware
    ? ` APP_FILE_PATH="${xmlText(httpUrl(agent, `${firmware.folder}/${firmware.fileName}`))}"`
    : '';
  const files = provisioning || isLed ? userFileName(mac) : '';
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<APPLICATION${image} CONFIG_FILES="${files}"/>\n`;
}

/** For phones nobody knows: no image, no file, and so nothing changes on them. */
const COMMON_MASTER =
  '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<APPLICATION CONFIG_FILES=""/>\n';

/** Every `device.*` needs its `.set` twin and the file `device.set`, or the phone ignores it. */
function userFile({ agent, provisioning, isLed }: Rendition): string {
  const values: [string, string][] = [];
  if (provisioning || isLed) {
    values.push(['device.prov.serverName', `${filesRoot(agent)}/`]);
    values.push(['device.prov.serverType', agent.httpsPort === undefined ? 'HTTP' : 'HTTPS']);
  }
  if (provisioning) {
    values.push(['device.prov.user', provisioning.user]);
    values.push(['device.prov.password', provisioning.password]);
  }
  const written = values.map(([key, value]) => `  ${key}="${xmlText(value)}"\n  ${key}.set="1"\n`);
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<ringwave device.set="1"\n${written.join('')}/>\n`;
}

function readConfig(body: string): ConfigRead {
  const image = xmlAttribute(body, 'APP_FILE_PATH');
  const files = (xmlAttribute(body, 'CONFIG_FILES') ?? '').split(',').map((name) => name.trim());
  const include = files
    .filter((name) => name !== '')
    .map((name) => (isUrl(name) ? name : `/${name}`));
  const user = deviceValue(body, 'device.prov.user');
  const password = deviceValue(body, 'device.prov.password');
  return {
    ...(image === undefined || image === '' ? {} : { firmware: { url: image } }),
    ...(user === undefined || password === undefined ? {} : { provisioning: { user, password } }),
    ...(include.length === 0 ? {} : { include }),
  };
}

const isUrl = (name: string): boolean => /^[a-z]{3,6}:\/\//i.test(name);

function deviceValue(body: string, key: string): string | undefined {
  const isSet =
    xmlAttribute(body, 'device.set') === '1' && xmlAttribute(body, `${key}.set`) === '1';
  return isSet ? xmlAttribute(body, key) : undefined;
}
