// Grandstream desk phones, ATAs, gateways, DECT and Wi-Fi phones (administration guides; P-value lists).

import { type RequestedFile, requestedFile, stationMac } from '../requested-path.ts';
import {
  escapedPath,
  fromXml,
  host,
  passwordAlphabet,
  xmlElement,
  xmlText,
} from './config-text.ts';
import type {
  AgentAddress,
  AgentClaim,
  ConfigRead,
  FileAsked,
  Order,
  PathClaim,
  PhoneFacts,
  Rendition,
  VendorProfile,
} from './profile.ts';
import { isForeignMac, recognise } from './recognition.ts';
import { compareFields, dotted, ordered } from './version-parts.ts';
import { grandstreamLines } from './grandstream-lines.ts';

const ouis = ['000b82', 'c074ad', 'ec74d7'];

const recogniser = {
  vendor: 'Grandstream',
  agentInitials: 'g',
  readAgent,
  readFile,
  // `Grandstream GXP2160 dslforum.org` reads as a User-Agent does; some phones send the maker's name alone.
  readClass: (text: string) =>
    readAgent(text) ??
    (/^grandstream(?: dslforum\.org)?$/i.test(text)
      ? { model: null, version: null, mac: null }
      : undefined),
} as const;

export const grandstream: VendorProfile = {
  name: 'Grandstream',
  ouis,
  lines: grandstreamLines,
  recogniser,
  identify: (request) => recognise([recogniser], request),
  compare,
  updateDecision: 'always',
  bootFiles: ({ mac }) => [
    { protocol: 'http', path: `/cfg${mac.replaceAll(':', '')}.xml`, means: 'phone-config' },
  ],
  fileAsked,
  renderPhoneConfig: (rendition) => ({
    contentType: 'text/xml',
    body: phoneConfig(rendition),
    holdsLogin: rendition.provisioning !== undefined,
  }),
  renderCommonConfig: () => ({ contentType: 'text/xml', body: provision([]), holdsLogin: false }),
  readConfig,
  wake: { event: 'check-sync;reboot=true' },
  imageTransport: ['tftp', 'http'],
  userAgent: ({ mac, model, version, hardware }) =>
    `Grandstream Model HW ${model}${hardware === undefined ? '' : ` ${hardware}`} SW ${version} DevId ${mac.replaceAll(':', '')}`,
  password: { alphabet: passwordAlphabet, length: 24 },
};

const SERIES = 'gxp|grp|gxv|gxw|gxe|ghp|gac|gds|gsc|gbx|ht|wp|dp|bt|ucm';
const MODEL = new RegExp(`^(?:${SERIES})-?\\d{2,4}[a-z]{0,3}(?:v\\d)?$`, 'i');
const HARDWARE = /^V\d{1,2}(?:\.\d{1,2}[A-Z]?)?$/i;

/**
 * Three forms: `Grandstream Model HW GXV3240 V1.6B SW 1.0.1.27 DevId 000b82632815`, the short
 * `Grandstream GXP2170 1.0.11.57`, and the old `(gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9)`, where the
 * first version is the application's.
 */
function readAgent(userAgent: string): AgentClaim | undefined {
  const words = userAgent.split(/\s+/);
  if (words[0]?.toLowerCase() !== 'grandstream') return undefined;
  const long = /^model$/i.test(words[1] ?? '') && /^hw$/i.test(words[2] ?? '');
  const model = words[long ? 3 : 1] ?? '';
  if (!MODEL.test(model)) return undefined;
  const hardware = words.find((word) => HARDWARE.test(word));
  const device = after(words, 'devid');
  return {
    model: model.toUpperCase().replace('-', ''),
    version: long ? leadingVersion(after(words, 'sw')) : shortVersion(words.slice(2)),
    mac: device === undefined ? null : stationMac(device),
    ...(hardware === undefined ? {} : { hardware: hardware.toUpperCase() }),
  };
}

function after(words: readonly string[], mark: string): string | undefined {
  const at = words.findIndex((word) => word.toLowerCase() === mark);
  return at < 0 ? undefined : words[at + 1];
}

function shortVersion(words: readonly string[]): string | null {
  for (const word of words) {
    const files = /^\([^:()]{1,40}:(\d[\d.]{2,20})(?:\/|\)|$)/.exec(word);
    const version = leadingVersion(files?.[1] ?? word);
    if (version !== null) return version;
  }
  return null;
}

const leadingVersion = (word: string | undefined): string | null =>
  /^\d{1,3}(?:\.\d{1,5}){2,3}(?![0-9.])/.exec(word ?? '')?.[0] ?? null;

const CONFIG_FILE = /^cfg([0-9a-f]{12})(?:\.xml|\.bin)?$/i;
const MODEL_CONFIG = new RegExp(
  `^cfg((?:${SERIES})\\d{2,4}[a-z]{0,3}(?:v\\d)?)\\.(?:xml|bin)$`,
  'i',
);
const IMAGE = new RegExp(`^((?:${SERIES})\\d{1,4}[a-z0-9]{0,5}?)fw\\.bin$`, 'i');

function readFile(file: RequestedFile): PathClaim | undefined {
  const image = IMAGE.exec(file.name)?.[1];
  if (image !== undefined) return imageClaim(image);
  const model = MODEL_CONFIG.exec(file.name)?.[1];
  if (model !== undefined) return { model: model.toUpperCase(), ownName: false };
  if (/^cfg\.xml$/i.test(file.name)) return { model: null, ownName: false };
  if (!CONFIG_FILE.test(file.name) || !file.mac || isForeignMac(file.mac)) return undefined;
  return { model: null, ownName: false };
}

/** Image names that are no model's own, and the models that ask for them (vendor release archives). */
const SHARED_IMAGES: Readonly<Record<string, readonly string[]>> = {
  gxp1600: ['GXP1610', 'GXP1615', 'GXP1620', 'GXP1625', 'GXP1628', 'GXP1630'],
  ht80x: ['HT801', 'HT802'],
  ht80xv2: ['HT801V2', 'HT802V2'],
};

/** The `x` of `ht80xfw.bin` stays a small letter: it is a range of models and not one. */
function imageClaim(image: string): PathClaim {
  const stem = image.toLowerCase();
  const shared = Object.hasOwn(SHARED_IMAGES, stem) ? SHARED_IMAGES[stem] : undefined;
  const isRange = /\dx/.test(stem);
  const model = stem.toUpperCase().replace(/(?<=\d)X+/, (x) => x.toLowerCase());
  return {
    model: shared && !isRange ? null : model,
    ownName: false,
    ...(shared ? { modelCandidates: shared } : {}),
  };
}

function fileAsked(path: string): FileAsked | undefined {
  const file = requestedFile(path);
  if (!file) return undefined;
  if (IMAGE.test(file.name)) return { kind: 'image', fileName: file.name };
  if (MODEL_CONFIG.test(file.name) || /^cfg\.xml$/i.test(file.name))
    return { kind: 'common-config' };
  if (!CONFIG_FILE.test(file.name) || !file.mac) return undefined;
  // The binary form is asked for first; a clean 404 sends the phone on to the XML one.
  return /\.xml$/i.test(file.name) ? { kind: 'phone-config', mac: file.mac } : { kind: 'other' };
}

/**
 * Hardware V2 of these ATAs counts afresh: its 1.0.5.10 came after the first hardware's 1.0.63.3.
 * `restartedBelow` is the third number that only the first hardware has reached.
 */
const RESTARTED = { models: /^HT80[12](V2)?$/i, restartedBelow: 17 };

function compare(a: string, b: string, about: { model?: string; hardware?: string } = {}): Order {
  return ordered(a, b, (left, right) => {
    const from = dotted(left, 3, 4);
    const to = dotted(right, 3, 4);
    if (!from || !to) return 'incomparable';
    return sameHardwareLine(from, to, about) ? compareFields(from, to) : 'incomparable';
  });
}

function sameHardwareLine(
  a: readonly number[],
  b: readonly number[],
  { model, hardware }: { model?: string; hardware?: string },
): boolean {
  const restarted = RESTARTED.models.exec(model?.trim() ?? '');
  if (!restarted) return true;
  const isLow = (fields: readonly number[]): boolean => (fields[2] ?? 0) < RESTARTED.restartedBelow;
  const second = restarted[1] !== undefined || /^v?2/i.test(hardware?.trim() ?? '');
  if (second) return isLow(a) && isLow(b);
  // Without the hardware a low number may be of either: then it is not set against a high one.
  return hardware !== undefined || isLow(a) === isLow(b);
}

function phoneConfig({ agent, firmware, provisioning, mac, isLed }: Rendition): string {
  const values: [string, string][] = [];
  if (firmware) {
    const isLong = firmware.lengthBytes !== undefined && firmware.lengthBytes >= tftpBytesMax;
    const [scheme, port] = isLong ? [HTTP, agent.httpPort] : [TFTP, agent.tftpPort];
    values.push(['P192', `${host(agent)}:${port}/${escapedPath(firmware.folder)}`]);
    values.push(['P6767', scheme], ['P238', CHECK_ALWAYS], ['P232', ''], ['P233', '']);
  }
  if (provisioning) values.push(['P1360', provisioning.user], ['P1361', provisioning.password]);
  if (isLed) values.push(...serverValues(agent));
  return provision(values, mac.replaceAll(':', ''));
}

/** P212: how the phone's own files are fetched from P237, which has no scheme. */
function serverValues(agent: AgentAddress): [string, string][] {
  const { httpPort, httpsPort } = agent;
  const scheme = httpsPort === undefined ? HTTP : HTTPS;
  return [
    ['P237', `${host(agent)}:${httpsPort ?? httpPort}`],
    ['P212', scheme],
  ];
}

/** P6767: how P192 is fetched. The path itself is written without a scheme. */
const TFTP = '0';
const HTTP = '1';
const HTTPS = '2';
/** 65535 blocks of 512 bytes, the last of them short: beyond it a phone must count on from 0 or ask for longer blocks, and some do neither. */
const tftpBytesMax = 65_535 * 512;
const SCHEMES: Readonly<Record<string, string>> = { '0': 'tftp', '1': 'http', '2': 'https' };
const CHECK_ALWAYS = '0';

function provision(values: readonly [string, string][], mac?: string): string {
  const lines = values.map(([key, value]) => `    <${key}>${xmlText(value)}</${key}>\n`);
  const owner = mac === undefined ? '' : `  <mac>${mac}</mac>\n`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<gs_provision version="1">\n${owner}  <config version="1">\n${lines.join('')}  </config>\n</gs_provision>\n`;
}

function readConfig(body: string, phone?: PhoneFacts): ConfigRead {
  const folder = xmlElement(body, 'P192');
  const scheme = SCHEMES[xmlElement(body, 'P6767') ?? '1'];
  const user = rawElement(body, 'P1360');
  const password = rawElement(body, 'P1361');
  const [prefix, postfix] = [xmlElement(body, 'P232') ?? '', xmlElement(body, 'P233') ?? ''];
  const name = phone ? `${prefix}${imageName(phone.model)}${postfix}` : '';
  return {
    ...(folder === undefined || folder === '' || scheme === undefined
      ? {}
      : { firmware: { url: `${scheme}://${folder}/${name}` } }),
    ...(user === undefined || password === undefined ? {} : { provisioning: { user, password } }),
  };
}

/** The phone keeps spaces around a value, which a login may have. */
function rawElement(body: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1];
  return text === undefined ? undefined : fromXml(text);
}

/** The fixed name a model asks for in its firmware folder. */
function imageName(model: string): string {
  // The first HT80x hardware has an image for each model besides the shared one of older releases.
  const stems = Object.keys(SHARED_IMAGES).filter((stem) => stem !== 'ht80x');
  const shared = stems.find((stem) => SHARED_IMAGES[stem]?.includes(model.toUpperCase()));
  return `${shared ?? model.toLowerCase()}fw.bin`;
}
