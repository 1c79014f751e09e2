// A vendor whose phones can be served by what is documented about their lines alone, without code of its own.

import { requestedFile } from '../requested-path.ts';
import { filled, ownWords, type PathPhone, pathReader } from './boot-path.ts';
import { readLines, type Words, writtenFile } from './config-lines.ts';
import { filesRoot, host, httpUrl, passwordAlphabet } from './config-text.ts';
import type { BootPath, ConfigLanguage, LineFacts, SettingLine } from './line-facts.ts';
import type {
  AgentAddress,
  ConfigRead,
  FileAsked,
  PhoneFacts,
  RenderedFile,
  Rendition,
  VendorKnowledge,
  VendorProfile,
} from './profile.ts';

/** Characters of a password; more than any attack on a login reaches, and what most lines take. */
const passwordLength = 24;

/**
 * What keeps this line's phones from being served, in words; empty: they can be. How a phone decides on an image need not be
 * known, unless it asks its user: it is told of one only in its slot and while it runs another version, whatever it would do
 * with it at other times; one that leaves it ends its try with a fault that has a name, and the wave's gate holds.
 */
export function missingFacts(line: LineFacts): string[] {
  const { bootFiles, config, settings, updateDecision, userAgent, imageNames } = line;
  const { firmware } = settings;
  const ownFile =
    bootFiles !== 'unknown' && bootFiles.some(({ means }) => means === 'phone-config');
  const missing: readonly (readonly [boolean, string])[] = [
    [!ownFile, 'no file of the phone’s own is known'],
    [config === 'unknown', 'its configuration language is unknown'],
    [firmware === 'unknown', 'how a configuration names firmware is unknown'],
    [
      firmware !== 'unknown' && firmware.some(({ file }) => file === 'shared'),
      'firmware is named only in a file that phones share',
    ],
    [notifyOf(line) === undefined, 'no SIP NOTIFY is known that makes it look for firmware'],
    [updateDecision === 'asks-user', 'it asks the user before it updates'],
    [userAgent === 'unknown', 'its User-Agent is unknown'],
    [imageNames === 'unknown', 'the names of its images are unknown'],
  ];
  return missing.flatMap(([isMissing, words]) => (isMissing ? [words] : []));
}

const notifyOf = ({ wake }: LineFacts): string | undefined =>
  wake === 'unknown' ? undefined : wake.find((trigger) => trigger.by === 'sip-notify')?.event;

/** Why phones of this vendor's lines are not served, each with its line; empty for a vendor that is. */
export const whyNoLineServes = ({ lines }: VendorKnowledge): string[] =>
  lines.flatMap((line) => missingFacts(line).map((words) => `${line.line}: ${words}`));

interface ServedLine {
  readonly facts: LineFacts;
  readonly config: ConfigLanguage;
  readonly firmware: readonly SettingLine[];
  readonly login: readonly SettingLine[];
  readonly server: readonly SettingLine[];
  readonly files: readonly BootPath[];
  readonly userAgent: string;
}

type LineOf = (model: string) => ServedLine | undefined;

const knownLines = (lines: readonly SettingLine[] | 'unknown'): readonly SettingLine[] =>
  lines === 'unknown' ? [] : lines;

function servedLine(facts: LineFacts): ServedLine[] {
  const { config, bootFiles, settings, userAgent } = facts;
  if (missingFacts(facts).length > 0) return [];
  if (config === 'unknown' || bootFiles === 'unknown' || userAgent === 'unknown') return [];
  return [
    {
      facts,
      config,
      userAgent,
      files: bootFiles,
      firmware: knownLines(settings.firmware),
      login: knownLines(settings['provisioning-login']),
      server: knownLines(settings['provisioning-server']),
    },
  ];
}

/** Undefined where no line's facts suffice; `missingFacts` says which are missing. */
export function servedByFacts(vendor: VendorKnowledge): VendorProfile | undefined {
  const all = vendor.lines.flatMap(servedLine);
  const first = all[0];
  const event = first && notifyOf(first.facts);
  if (!first || event === undefined) return undefined;
  // One vendor is woken in one way and decides in one way: lines that differ wait for code of their own.
  const lines = all.filter(
    ({ facts }) => notifyOf(facts) === event && facts.updateDecision === first.facts.updateDecision,
  );
  // The first line that has a model owns it, served or not.
  const lineOf: LineOf = (model) => {
    const owner = vendor.lines.find(({ hasModel }) => hasModel(model));
    return lines.find(({ facts }) => facts === owner);
  };
  return {
    ...vendor,
    updateDecision: first.facts.updateDecision,
    bootFiles: (phone) =>
      (lineOf(phone.model)?.files ?? []).map(({ protocols, path, means }) => ({
        protocol: protocols[0] ?? 'http',
        path: filled(path, ownWords(phone)),
        means,
      })),
    fileAsked: fileReader(lines, lineOf),
    renderPhoneConfig: (rendition, path) =>
      phoneFile(lineOf(rendition.model), first, rendition, path),
    renderCommonConfig: (agent, path) => commonFile(lineAsking(lines, path) ?? first, agent),
    readConfig: (body, phone) => configRead(lines, body, phone),
    wake: { event },
    imageTransport: ['http'],
    userAgent: (phone) => {
      // A line that is not served speaks all the same, and in its own words.
      const said = vendor.lines.find(({ hasModel }) => hasModel(phone.model))?.userAgent;
      const { model, version } = phone;
      return filled(said === undefined || said === 'unknown' ? first.userAgent : said, {
        ...ownWords(phone),
        model,
        version,
      });
    },
    password: passwordOf(first.facts),
  };
}

function passwordOf({ passwords: { provisioning } }: LineFacts): VendorProfile['password'] {
  if (provisioning === 'unknown') return { alphabet: passwordAlphabet, length: passwordLength };
  const alphabet = Array.from(passwordAlphabet).filter((sign) =>
    provisioning.alphabet.includes(sign),
  );
  return { alphabet: alphabet.join(''), length: Math.min(passwordLength, provisioning.lengthMax) };
}

function fileReader(
  lines: readonly ServedLine[],
  lineOf: LineOf,
): (path: string) => FileAsked | undefined {
  const readers = lines.flatMap(({ facts, files, config }) => {
    const others = Object.keys(config.otherFiles ?? {});
    const more = others.map((path) => ({ path, means: 'phone-config' }) as const);
    return [...files, ...more].map(({ path, means }) => ({
      facts,
      means,
      reader: pathReader(path),
    }));
  });
  const images = lines.flatMap(({ facts: { imageNames } }) =>
    imageNames === 'unknown' ? [] : imageNames,
  );
  return (path) => {
    for (const { facts, means, reader } of readers) {
      const found = reader.read(path);
      if (!found || (found.model !== undefined && lineOf(found.model)?.facts !== facts)) continue;
      if (means !== 'phone-config') return { kind: means };
      if (found.mac) return { kind: 'phone-config', mac: found.mac };
    }
    const name = requestedFile(path)?.name;
    return name !== undefined && images.some(({ pattern }) => pattern.test(name))
      ? { kind: 'image', fileName: name }
      : undefined;
  };
}

const lineAsking = (lines: readonly ServedLine[], path: string): ServedLine | undefined =>
  lines.find(({ files }) => files.some((file) => pathReader(file.path).read(path)));

/** A phone of a line that is not served gets a file that sets nothing. */
function phoneFile(
  line: ServedLine | undefined,
  first: ServedLine,
  rendition: Rendition,
  path: string,
): RenderedFile {
  const { config, firmware, login, server } = line ?? first;
  const other = Object.keys(config.otherFiles ?? {}).find((file) => pathReader(file).read(path));
  const isHere = ({ file }: SettingLine): boolean => file === other;
  const settings = [
    ...(line && rendition.firmware ? firmware.filter(isHere) : []),
    ...(line && rendition.provisioning ? login.filter(isHere) : []),
  ];
  const isSaid = ({ name }: SettingLine): boolean => settings.some((one) => one.name === name);
  const led = line && rendition.isLed ? saidOver(rendition.agent, server) : [];
  settings.push(...led.filter((one) => isHere(one) && !isSaid(one)));
  const frame = other === undefined ? config.frame : (config.otherFiles?.[other] ?? '');
  return {
    contentType: config.contentType,
    body: writtenFile(config, frame, settings, wordsOf(rendition, firmware)),
    holdsLogin: settings.some((one) => login.includes(one)),
  };
}

function wordsOf(rendition: Rendition, firmware: readonly SettingLine[]): Words {
  const { agent, provisioning } = rendition;
  const own = ownWords(rendition);
  const next = firmware.find(({ file }) => file !== undefined)?.file;
  return {
    ...serverWords(agent),
    ...own,
    ...(next === undefined ? {} : { next: `${filesRoot(agent)}${filled(next, own)}` }),
    ...(rendition.firmware ? imageWords(agent, rendition.firmware) : {}),
    ...(provisioning ? { user: provisioning.user, password: provisioning.password } : {}),
  };
}

const imageWords = (
  agent: AgentAddress,
  { version, folder, fileName }: NonNullable<Rendition['firmware']>,
): Words => ({
  version,
  url: httpUrl(agent, `${folder}/${fileName}`),
  folder: httpUrl(agent, folder),
  file: fileName,
});

const serverWords = (agent: AgentAddress): Words => ({
  root: filesRoot(agent),
  host: host(agent),
  port: String(agent.httpsPort ?? agent.httpPort),
});

const saidOver = ({ httpsPort }: AgentAddress, lines: readonly SettingLine[]): SettingLine[] => {
  const scheme = httpsPort === undefined ? 'http' : 'https';
  return lines.filter(({ over = scheme }) => over === scheme);
};

const commonFile = ({ config, server }: ServedLine, agent: AgentAddress): RenderedFile => ({
  contentType: config.contentType,
  body: writtenFile(config, config.frame, saidOver(agent, server), serverWords(agent)),
  holdsLogin: false,
});

function configRead(
  lines: readonly ServedLine[],
  body: string,
  phone: PhoneFacts | undefined,
): ConfigRead {
  const read = lines.map((line) => lineRead(line, body, phone));
  return read.find((told) => Object.keys(told).length > 0) ?? {};
}

function lineRead(line: ServedLine, body: string, phone: PhoneFacts | undefined): ConfigRead {
  const { config, firmware, login, server } = line;
  const image = readLines(config, firmware, body);
  const { user, password } = readLines(config, login, body) ?? {};
  const include = [image?.['next'], ownAddress(config, server, body, phone)].filter(
    (address) => address !== undefined,
  );
  const url = image?.['url'] ?? inFolder(image?.['folder'], firmware, phone);
  return {
    ...(url === undefined ? {} : { firmware: { url } }),
    ...(user === undefined || password === undefined ? {} : { provisioning: { user, password } }),
    ...(include.length === 0 ? {} : { include }),
  };
}

/** The phone adds the fixed name of its own model to the folder it is told. */
function inFolder(
  folder: string | undefined,
  firmware: readonly SettingLine[],
  phone: PathPhone | undefined,
): string | undefined {
  if (folder === undefined) return undefined;
  const name = firmware.find(({ asks }) => asks !== undefined)?.asks;
  return `${folder}/${name === undefined || !phone ? '' : filled(name, ownWords(phone))}`;
}

/** Where the common file sends the phone, once the phone's words stand for the vendor's macros. */
function ownAddress(
  { macros, ...config }: ConfigLanguage,
  server: readonly SettingLine[],
  body: string,
  phone: PathPhone | undefined,
): string | undefined {
  const line = server[0];
  const root = line && readLines(config, [line], body)?.['root'];
  const macro = Object.keys(macros ?? {}).find((word) => line?.value.includes(word));
  if (root === undefined || !phone || !line || macro === undefined) return undefined;
  const own = filled(macros?.[macro] ?? '', ownWords(phone));
  return filled(line.value, { root }).replaceAll(macro, own);
}
