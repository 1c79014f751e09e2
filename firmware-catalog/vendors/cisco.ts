// Cisco desk phones: multiplatform (MPP), Small Business SPA, and enterprise, one maker with three lines
// (MPP provisioning guides 11.3 and 12.0; SPA provisioning guide; administration guides of the 79xx).

import assert from 'node:assert/strict';
import { type RequestedFile, requestedFile } from '../requested-path.ts';
import { isLoadFile, readEnterpriseFile } from './cisco-enterprise.ts';
import { isMpp, readCpAgent, readMppFile } from './cisco-mpp.ts';
import { isSpa, readAtaAgent, readSlashAgent, readSpaFile, SPA_PREFIXES } from './cisco-spa.ts';
import { compareCisco } from './cisco-version.ts';
import {
  filesRoot,
  httpUrl,
  isPrintable,
  passwordAlphabet,
  xmlElement,
  xmlText,
} from './config-text.ts';
import type {
  AgentAddress,
  AgentClaim,
  BootFile,
  ConfigRead,
  FileAsked,
  PathClaim,
  PhoneFacts,
  Rendition,
  VendorProfile,
} from './profile.ts';
import { recognise } from './recognition.ts';
import { ciscoLines } from './cisco-lines.ts';

const ouis = [
  ...SPA_PREFIXES,
  '001873',
  'a44c11',
  '0021a0',
  '30e4db',
  '002155',
  '68efbd',
  'd0ec35',
  '00562b',
  'dcf719',
];

const recogniser = { vendor: 'Cisco', agentInitials: 'c', readAgent, readFile, readClass } as const;

export const cisco: VendorProfile = {
  name: 'Cisco',
  ouis,
  lines: ciscoLines,
  recogniser,
  identify: (request) => recognise([recogniser], request),
  compare: compareCisco,
  updateDecision: 'differs',
  bootFiles,
  fileAsked,
  renderPhoneConfig: (rendition) => ({
    contentType: 'text/xml',
    body: phoneConfig(rendition),
    holdsLogin: rendition.provisioning !== undefined,
  }),
  renderCommonConfig: (agent, path) => ({
    contentType: 'text/xml',
    body: commonConfig(agent, path),
    holdsLogin: false,
  }),
  readConfig,
  wake: { event: 'resync' },
  imageTransport: ['http', 'tftp'],
  userAgent,
  password: { alphabet: passwordAlphabet, length: 24 },
};

function readAgent(userAgent: string): AgentClaim | undefined {
  return readCpAgent(userAgent) ?? readSlashAgent(userAgent) ?? readAtaAgent(userAgent);
}

/**
 * `Cisco Systems, Inc. IP Phone CP-7941G` from enterprise phones, ended by a NUL byte; `CP-8841-3PCC` from
 * multiplatform ones, `CISCO SPA122` and `CISCO ATA192-MPP` from the small ones.
 */
function readClass(text: string): AgentClaim | undefined {
  const found =
    /^Cisco Systems,? Inc\.(?: (?:IP|Wireless|IP Conference) Phone(?: (?:CP-)?([A-Z]{0,3}\d{3,4}[A-Z]{0,3}\d?)(?:-3PCC)?)?)?$/i.exec(
      text,
    ) ??
    /^(?:Cisco )?CP-(\d{4}[A-Z]{0,3})-3PCC$/i.exec(text) ??
    /^Cisco ((?:SPA|ATA)-?\d{3,4}[A-Z]?\d?)(?:-MPP)?$/i.exec(text);
  if (!found) return undefined;
  const model = found[1]?.replace('-', '').toUpperCase() ?? null;
  return { model, version: null, mac: null };
}

function readFile(file: RequestedFile): PathClaim | undefined {
  return readMppFile(file) ?? readEnterpriseFile(file) ?? readSpaFile(file);
}

/** The first file comes from DHCP option 66 or 150, a bare address that means TFTP; it names the rest. */
function bootFiles({ mac, model }: PhoneFacts): BootFile[] {
  const common = commonName(model);
  const own = ownPath(model, mac.replaceAll(':', ''));
  if (common === undefined || own === undefined) return [];
  return [
    { protocol: 'tftp', path: common, means: 'common-config' },
    { protocol: 'http', path: own, means: 'phone-config' },
  ];
}

function commonName(model: string): string | undefined {
  if (isMpp(model)) return `/${model}-3PCC.xml`;
  return isSpa(model) ? `/spa${model.slice(3)}.cfg` : undefined;
}

/** Enterprise phones take a signed configuration of another form from a call server: not ours to write. */
function ownPath(model: string, mac: string): string | undefined {
  if (isMpp(model)) return `/Cisco/CP-${model}-3PCC/${mac}.cfg`;
  return isSpa(model) ? `/${mac}.xml` : undefined;
}

function fileAsked(path: string): FileAsked | undefined {
  const file = requestedFile(path);
  if (!file) return undefined;
  if (isLoadFile(file.name) || /^spa[\w-]{3,40}\.bin$/i.test(file.name)) {
    return { kind: 'image', fileName: file.name };
  }
  if (/^(?:\d{4}-3PCC\.xml|spa\d{3}[a-z]?\d?\.cfg)$/i.test(file.name))
    return { kind: 'common-config' };
  const mpp =
    /^CP-\d{4}-3PCC$/i.test(file.folders.at(-1) ?? '') && /^[0-9a-f]{12}\.cfg$/i.test(file.name);
  if (file.mac && (mpp || /^(?:spa)?[0-9a-f]{12}\.xml$/i.test(file.name))) {
    return { kind: 'phone-config', mac: file.mac };
  }
  return readFile(file) ? { kind: 'other' } : undefined;
}

function phoneConfig(rendition: Rendition): string {
  const { mac, model, agent, firmware, provisioning, isLed } = rendition;
  const values: [string, string][] = [];
  if (firmware) {
    values.push(['Upgrade_Enable', 'Yes']);
    values.push(['Upgrade_Rule', httpUrl(agent, `${firmware.folder}/${firmware.fileName}`)]);
  }
  if (provisioning || isLed) {
    const own = ownPath(model, '$MA') ?? `/${mac.replaceAll(':', '')}.xml`;
    const before = provisioning ? login(provisioning) : '';
    values.push(['Profile_Rule', `${before}${filesRoot(agent)}${own}`]);
  }
  return flatProfile(values);
}

/** Names where the phone's own file is; the phone puts its MAC in the place of `$MA`. */
function commonConfig(agent: AgentAddress, path: string): string {
  const file = requestedFile(path);
  const model = (file && readFile(file)?.model) ?? '';
  const own = ownPath(model, '$MA');
  const rule = own === undefined ? undefined : `${filesRoot(agent)}${own}`;
  return flatProfile(rule === undefined ? [] : [['Profile_Rule', rule]]);
}

/** The login stands before the URL in the rule, so it can hold neither space, bracket nor macro sign. */
function login({ user, password }: { user: string; password: string }): string {
  for (const text of [user, password]) {
    assert(isPrintable(text) && /^[^\s[\]$]+$/.test(text), 'a rule cannot hold this login');
  }
  return `[--uid ${user} --pwd ${password}]`;
}

function flatProfile(values: readonly [string, string][]): string {
  const lines = values.map(([key, value]) => `  <${key} ua="na">${xmlText(value)}</${key}>\n`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<flat-profile>\n${lines.join('')}</flat-profile>\n`;
}

function readConfig(body: string, phone?: PhoneFacts): ConfigRead {
  const enabled = xmlElement(body, 'Upgrade_Enable') !== 'No';
  const image = enabled ? xmlElement(body, 'Upgrade_Rule') : undefined;
  const rule = xmlElement(body, 'Profile_Rule');
  const [, user, password] = /^\[--uid (\S+) --pwd ([^\s\]]+)\]/.exec(rule ?? '') ?? [];
  // A rule with a login names the file just read, for the next resync: there is nothing more to load.
  const next = rule === undefined || user !== undefined ? undefined : expanded(rule, phone);
  return {
    ...(image === undefined || image === '' ? {} : { firmware: firmwareAt(image) }),
    ...(user === undefined || password === undefined ? {} : { provisioning: { user, password } }),
    ...(next === undefined || next === '' ? {} : { include: [next] }),
  };
}

function expanded(rule: string, phone: PhoneFacts | undefined): string | undefined {
  if (!rule.includes('$')) return rule;
  if (!phone) return undefined;
  const bare = phone.mac.replaceAll(':', '');
  const product = isMpp(phone.model) ? `${phone.model}-3PCC` : phone.model.replace(/^SPA/, '');
  return rule
    .replaceAll('$MAU', bare.toUpperCase())
    .replaceAll('$MA', bare)
    .replaceAll('$PSN', product);
}

function firmwareAt(url: string): { url: string; version?: string } {
  const name = requestedFile(url)?.name ?? '';
  const load = /^(?:sip|sccp)\w{2,6}\.(.{3,40})\.loads$/i.exec(name)?.[1];
  const spa = /-(\d{1,2}-\d{1,2}-\d{1,2}[a-z]?)\.bin$/i.exec(name)?.[1]?.replaceAll('-', '.');
  const version = load ?? spa;
  return version === undefined ? { url } : { url, version };
}

function userAgent({ mac, model, version }: PhoneFacts & { version: string }): string {
  const bare = mac.replaceAll(':', '');
  if (isMpp(model)) return `Cisco-CP-${model}-3PCC/${version} (${bare})`;
  const serial = `CCQ${bare.slice(4).toUpperCase()}`;
  // `Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)`: its only bracket is the serial number.
  if (/^ATA19[12]$/.test(model)) return `Cisco/${model}-MPP-${version} (${serial})`;
  return `Cisco/${model}-${version} (${bare.toUpperCase()})(${serial})`;
}
