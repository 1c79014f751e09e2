// Yealink SIP desk phones, DECT bases and conference phones (auto provisioning guides V71 to V87).

import assert from 'node:assert/strict';
import type { Mac } from '@ringwave/protocol/units';
import { type RequestedFile, requestedFile, stationMac } from '../requested-path.ts';
import { filesRoot, httpUrl, isPrintable, passwordAlphabet } from './config-text.ts';
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
import {
  editionOf,
  familiesOf,
  fileNumberOf,
  lineage,
  modelsOfFamily,
  modelsOfFileNumber,
} from './yealink-models.ts';
import { yealinkLines } from './yealink-lines.ts';

const ouis = [
  '001565',
  '805ec0',
  '805e0c',
  '249ad8',
  '44dbd2',
  'c4fc22',
  'e434d7',
  '3497d7',
  '644f56',
  'b061a9',
  'ec1da9',
  'f01653',
];

const recogniser = {
  vendor: 'Yealink',
  agentInitials: 'ytwvcas',
  readAgent,
  readFile,
  readClass: (text: string) =>
    /^yealink$/i.test(text) ? { model: null, version: null, mac: null } : undefined,
} as const;

export const yealink: VendorProfile = {
  name: 'Yealink',
  ouis,
  lines: yealinkLines,
  recogniser,
  identify: (request) => recognise([recogniser], request),
  compare,
  updateDecision: 'differs',
  bootFiles({ mac, model }) {
    const bare = mac.replaceAll(':', '');
    const number = fileNumberOf(model);
    return [
      { protocol: 'http', path: `/${bare}.boot`, means: 'other' },
      { protocol: 'http', path: '/y000000000000.boot', means: 'other' },
      ...(number === undefined
        ? []
        : [{ protocol: 'http', path: `/${modelFile(number)}`, means: 'common-config' } as const]),
      { protocol: 'http', path: `/${bare}.cfg`, means: 'phone-config' },
    ];
  },
  fileAsked,
  renderPhoneConfig: (rendition) => ({
    contentType: 'text/plain',
    body: phoneConfig(rendition),
    holdsLogin: rendition.provisioning !== undefined,
  }),
  renderCommonConfig: (agent) => ({
    contentType: 'text/plain',
    body: commonConfig(agent),
    holdsLogin: false,
  }),
  readConfig,
  // Auto provisioning guide: the user's own changes, where static.auto_provision.custom.sync asks for them.
  uploads: ['{mac}-local.cfg'],
  wake: { event: 'check-sync;reboot=true' },
  imageTransport: ['http', 'tftp'],
  userAgent: ({ mac, model, version }) =>
    `Yealink ${isDesk(model) ? 'SIP-' : ''}${model} ${version} ${mac}`,
  password: { alphabet: passwordAlphabet, length: 24 },
};

const MODEL = /^[a-z]{1,4}\d{1,3}[a-z]{0,2}(?:_E\d)?$/i;
const FOUR_PARTS = /^\d{1,3}(?:\.\d{1,5}){3}$/;
const HARDWARE = /^\d{1,4}(?:\.\d{1,4}){6}$/;

/**
 * `Yealink SIP-T46S 66.86.0.15 80:5e:c0:12:34:56`. The vendor word may be missing where the model
 * alone names the maker (VP530), then version and model must fit; the MAC may be missing or bare.
 */
function readAgent(userAgent: string): AgentClaim | undefined {
  const words = userAgent.split(/\s+/);
  const named = /^yealink(?:-|$)/i.exec(words[0] ?? '');
  if (named) words[0] = (words[0] ?? '').slice(named[0].length);
  if (words[0] === '') words.shift();
  const model = takeModel(words);
  if (model === undefined) return undefined;
  const version = words.find((word) => FOUR_PARTS.test(word)) ?? null;
  if (!named && !fits(model, version)) return undefined;
  const hardware = words.find((word) => HARDWARE.test(word));
  return {
    model,
    version,
    mac: firstMac(words),
    ...(hardware === undefined ? {} : { hardware }),
  };
}

/** Takes `SIP-T21P_E2`, `SIP VP-T49G`, `VP-T49G`, `T21P E2`, `W70B` from the front of the words. */
function takeModel(words: string[]): string | undefined {
  if (/^sip$/i.test(words[0] ?? '')) words.shift();
  const first = (words.shift() ?? '').replace(/^sip-/i, '').replace(/^vp-/i, '');
  const second = /^e\d$/i.test(words[0] ?? '') ? `_${words.shift()}` : '';
  const model = `${first}${second}`;
  return MODEL.test(model) ? model.toUpperCase() : undefined;
}

function fits(model: string, version: string | null): boolean {
  const families = familiesOf(model);
  return (
    version !== null && families !== undefined && families.includes(Number.parseInt(version, 10))
  );
}

function firstMac(words: readonly string[]): Mac | null {
  for (const word of words) {
    if (FOUR_PARTS.test(word) || HARDWARE.test(word)) continue;
    const mac = stationMac(word.replace(/^\(/, '').replace(/\)$/, ''));
    if (mac) return mac;
  }
  return null;
}

/** Which models an image is for is told by its family; several models mean that the name does not tell. */
function readFile(file: RequestedFile): PathClaim | undefined {
  const numbered = /^y(\d{12})\.(cfg|boot|enc)$/i.exec(file.name);
  if (numbered) return modelFileClaim(Number(numbered[1]), numbered[2]?.toLowerCase() === 'boot');
  const family = imageFamily(file.name);
  if (family !== undefined) {
    const models = modelsOfFamily(family);
    return { model: models.length === 1 ? (models[0] ?? null) : null, ownName: false };
  }
  if (!file.mac) return CUT_MAC.test(file.name) ? { model: null, ownName: false } : undefined;
  if (isForeignMac(file.mac)) return undefined;
  const ours = ouis.includes(file.prefix ?? '');
  const known = ours ? PHONE_FILE.test(file.bareName) : OWN_PHONE_FILE.test(file.bareName);
  return known ? { model: null, ownName: false } : undefined;
}

/** The digits of these names are a model number, never a MAC; number 0 with `.boot` is everyone's. */
function modelFileClaim(number: number, isBoot: boolean): PathClaim {
  const models = isBoot && number === 0 ? undefined : modelsOfFileNumber(number);
  if (models?.[0] === undefined) return { model: null, ownName: false };
  return {
    model: models[0],
    ownName: false,
    ...(models.length > 1 ? { modelCandidates: models } : {}),
  };
}

const PHONE_FILE =
  /^[0-9a-f]{12}(?:\.(?:boot|cfg|enc)|-(?:local|all|static|non-static)\.cfg|-(?:contact|calllog)\.xml|_security\.enc)$/i;
/** Names no other maker's phones use, so that a prefix not yet in the list rejects nobody. */
const OWN_PHONE_FILE =
  /^[0-9a-f]{12}(?:\.boot|-local\.cfg|-(?:contact|calllog)\.xml|_security\.enc)$/i;

/** A MAC of ours that was cut or mistyped names the maker, though no phone. */
const CUT_MAC = new RegExp(`^(?:${ouis.join('|')})[0-9a-z]{1,8}$`, 'i');

/** The first number of the version in `T46S(T48S,T42S,T41S)-66.86.0.15.rom`. */
function imageFamily(name: string): number | undefined {
  return imageVersion(name) === undefined
    ? undefined
    : Number.parseInt(imageVersion(name) ?? '', 10);
}

function imageVersion(name: string): string | undefined {
  return /-(\d{1,3}(?:\.\d{1,5}){3})(?:\(\d{8}\))? ?\.rom ?$/i.exec(name)?.[1];
}

function fileAsked(path: string): FileAsked | undefined {
  const file = requestedFile(path);
  if (!file) return undefined;
  if (/\.rom ?$/i.test(file.name)) return { kind: 'image', fileName: file.name };
  if (/^y\d{12}\.cfg$/.test(file.name)) return { kind: 'common-config' };
  if (/^y\d{12}\.boot$/.test(file.name)) return { kind: 'other' };
  if (!file.mac || !PHONE_FILE.test(file.bareName)) return undefined;
  return /^[0-9a-f]{12}\.cfg$/i.test(file.name)
    ? { kind: 'phone-config', mac: file.mac }
    : { kind: 'other' };
}

/**
 * family.line.branch.build. The family is the image's, so that numbers of different families do not
 * compare: a T41S goes *up* from 68.81.0.110 to 66.82.0.20. Branch and build are customer builds
 * where the branch is not 0, and still numbers.
 */
function compare(a: string, b: string, about: { model?: string } = {}): Order {
  return ordered(a, b, (left, right) => {
    const from = dotted(left, 4, 4);
    const to = dotted(right, 4, 4);
    if (!from || !to || !sameLine(from, to, about.model)) return 'incomparable';
    return compareFields(from.slice(1), to.slice(1));
  });
}

function sameLine(a: readonly number[], b: readonly number[], model: string | undefined): boolean {
  const [aFamily = 0, aLine = 0] = a;
  const [bFamily = 0, bLine = 0] = b;
  if (editionOf(aFamily, aLine) !== editionOf(bFamily, bLine)) return false;
  if (aFamily === bFamily) return true;
  const families = model === undefined ? undefined : familiesOf(bareModel(model));
  if (families) return families.includes(aFamily) && families.includes(bFamily);
  const aLineage = lineage(aFamily, aLine);
  const bLineage = lineage(bFamily, bLine);
  return aLineage.family === bLineage.family && !(aLineage.beforeMerger && bLineage.beforeMerger);
}

const bareModel = (model: string): string =>
  model.trim().toUpperCase().replace(/^SIP-/, '').replace(/^VP-/, '');

/** Desk phones carry `SIP-` before the model, DECT bases and conference phones do not. */
const isDesk = (model: string): boolean => /^T\d/.test(model);

const modelFile = (number: number): string => `y${String(number).padStart(12, '0')}.cfg`;

const FIRST_LINE = '#!version:1.0.0.1';

function phoneConfig({ agent, firmware, provisioning, isLed }: Rendition): string {
  const lines = [FIRST_LINE];
  if (firmware) {
    const url = httpUrl(agent, `${firmware.folder}/${firmware.fileName}`);
    lines.push(...bothNames('firmware.url', url));
  }
  if (provisioning) {
    lines.push(...bothNames('auto_provision.server.username', provisioning.user));
    lines.push(...bothNames('auto_provision.server.password', provisioning.password));
  }
  if (isLed) lines.push(...serverLines(agent));
  return `${lines.join('\n')}\n`;
}

const commonConfig = (agent: AgentAddress): string =>
  `${[FIRST_LINE, ...serverLines(agent)].join('\n')}\n`;

const serverLines = (agent: AgentAddress): string[] =>
  bothNames('auto_provision.server.url', `${filesRoot(agent)}/`);

/**
 * `static.` stands before these names since V81 alone. Which version reads the file is known only afterwards: a phone passes
 * over the name that it does not know, and both say the same.
 */
const bothNames = (name: string, value: string): string[] => [
  line(`static.${name}`, value),
  line(name, value),
];

/** The phone drops spaces around a value and reads `%NULL%` as empty, so neither can be a value. */
function line(key: string, value: string): string {
  assert(isPrintable(value) && value.trim() === value && value !== '', `no value for ${key}`);
  assert(!/^%(?:NULL|EMPTY)%$/.test(value), `a macro is no value for ${key}`);
  return `${key} = ${value}`;
}

function readConfig(body: string, phone?: PhoneFacts): ConfigRead {
  const lines = body.split(/\r?\n/);
  if (!lines[0]?.startsWith('#!version:')) return {};
  const values = new Map(lines.slice(1).flatMap(keyAndValue));
  const leads = leadsRead(phone?.version);
  const valueOf = (name: string) =>
    leads.map((lead) => values.get(`${lead}${name}`)).find((value) => value !== undefined);
  const url = valueOf('firmware.url');
  const user = valueOf('auto_provision.server.username');
  const password = valueOf('auto_provision.server.password');
  return {
    ...(url === undefined ? {} : { firmware: firmwareAt(url) }),
    ...(user === undefined || password === undefined ? {} : { provisioning: { user, password } }),
  };
}

/** What stands before names in the files that a version reads: nothing before V81; either where nobody can tell. */
function leadsRead(version = ''): readonly string[] {
  const [family, line] = dotted(version, 4, 4) ?? [];
  if (family === undefined || line === undefined || editionOf(family, line) !== 'sip')
    return ['static.', ''];
  return line < 81 ? [''] : ['static.'];
}

function keyAndValue(text: string): [string, string][] {
  const sign = text.indexOf('=');
  const key = text.slice(0, Math.max(sign, 0)).trim();
  const value = text.slice(sign + 1).trim();
  return key === '' || key.startsWith('#') || value === '' ? [] : [[key, value]];
}

function firmwareAt(url: string): { url: string; version?: string } {
  const version = imageVersion(requestedFile(url)?.name ?? '');
  return version === undefined ? { url } : { url, version };
}
