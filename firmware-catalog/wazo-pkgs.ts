// The package lists of the public wazo-provd-plugins project (`pkgs.db`): sections [pkg_NAME] with version
// and file names, [file_NAME] with address, size and SHA-1, and [install_NAME], which is for its installer.

import { type AnnouncedFile, type Announcement, notesLengthMax } from './announcement.ts';
import { plainText } from './inert-text.ts';
import { readPackageWords, vendorIn } from './package-words.ts';
import type { Problem } from './problems.ts';
import { readImageName } from './vendors/image-name.ts';

/** Bytes of one list; the longest published one has 40 KiB. */
export const wazoPkgsBytesMax = 2 * 1024 ** 2;

/** Sections and lines of one list; the longest published one has some 100 and 700. */
const sectionsMax = 20_000;
const linesMax = 100_000;
const lineLengthMax = 4096;
/** Files that one package may name. */
const filesPerPackage = 64;

export interface WazoPkgsRead {
  readonly announcements: readonly Announcement[];
  /** What could not be read; the rest still counts. */
  readonly problems: readonly Problem[];
}

/** What is known about a list from where it lies, for what the list does not say itself. */
export interface ListPlace {
  /** Address or path, for people; the plugin's folder in it tells the vendor (`wazo-yealink/v86/…`). */
  readonly source: string;
  /** Models and vendor of the plugin around it (its `plugin-info`), when it was read. */
  readonly plugin?: { readonly vendor?: string; readonly models: readonly string[] };
}

type Section = ReadonlyMap<string, string>;

/** Reads one list; undefined when the text is none: no section of a package in it. */
export function readWazoPkgs(text: string, place: ListPlace): WazoPkgsRead | undefined {
  if (Buffer.byteLength(text) > wazoPkgsBytesMax) return undefined;
  const { sections, problems } = readSections(text);
  const announcements: Announcement[] = [];
  for (const [name, section] of sections) {
    if (!name.startsWith('pkg_')) continue;
    announcements.push(
      readPackage(name.slice('pkg_'.length), { section, sections, place, problems }),
    );
  }
  return announcements.length === 0 ? undefined : { announcements, problems };
}

interface PackageParts {
  readonly section: Section;
  readonly sections: ReadonlyMap<string, Section>;
  readonly place: ListPlace;
  readonly problems: Problem[];
}

function readPackage(name: string, parts: PackageParts): Announcement {
  const { section, place } = parts;
  const description = section.get('description') ?? '';
  const words = readPackageWords(description, name);
  const vendor = words.vendor ?? place.plugin?.vendor ?? vendorOfPlace(place.source) ?? '';
  const files = readFiles(name, parts);
  const said = words.models.length > 0 ? words.models : modelsInNames(vendor, files);
  const isFirmware = words.kind === 'firmware' || words.kind === 'bootloader';
  const guessed = said.length === 0 && isFirmware ? (place.plugin?.models ?? []) : [];
  return {
    vendor,
    models: said.length > 0 ? said : guessed,
    version: plainText(section.get('version') ?? '', 200),
    kind: words.kind,
    files,
    flags: guessed.length > 0 ? [{ code: 'models-guessed' }] : [],
    notes: plainText(description, notesLengthMax),
    source: `${place.source} [pkg_${plainText(name, 80)}]`,
  };
}

function readFiles(name: string, { section, sections, problems }: PackageParts): AnnouncedFile[] {
  const names = (section.get('files') ?? '').split(/\s+/).filter((one) => one !== '');
  const files: AnnouncedFile[] = [];
  for (const one of names.slice(0, filesPerPackage)) {
    const file = sections.get(`file_${one}`);
    if (file) files.push(readFile(file));
    else {
      const reason = `names the file ${plainText(one, 80)}, which has no section of its own`;
      problems.push(problem(`[pkg_${name}].files`, reason, `Add a section [file_${one}].`));
    }
  }
  return files;
}

/** What does not look like a length or digest is kept as it stands, for the judge to refuse by name. */
function readFile(file: Section): AnnouncedFile {
  const url = file.get('url') ?? '';
  const size = file.get('size') ?? '';
  const sha1 = (file.get('sha1sum') ?? '').toLowerCase();
  const named = file.get('filename') ?? '';
  return {
    fileName: named === '' ? lastOf(url) : named,
    ...(size === '' ? {} : { lengthBytes: /^\d{1,15}$/.test(size) ? Number(size) : Number.NaN }),
    ...(sha1 === '' ? {} : { sha1 }),
    ...(/^https?:\/\//i.test(url) ? { url } : {}),
  };
}

/** The last segment of an address without its query, percent escapes read, as wazo names its copies. */
function lastOf(url: string): string {
  const last = (url.split(/[?#]/, 1)[0] ?? '').split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Models from the names of images, where the vendor's names tell them: `T31(T30,T30P)-124.86.0.20.rom`. */
function modelsInNames(vendor: string, files: readonly AnnouncedFile[]): readonly string[] {
  return [
    ...new Set(files.flatMap(({ fileName }) => readImageName(vendor, fileName)?.models ?? [])),
  ];
}

/** `plugins/wazo-cisco-sip/11.3.1/pkgs/pkgs.db` is Cisco's; an unknown maker keeps its name. */
function vendorOfPlace(source: string): string | undefined {
  const family = /(?:^|[/\\])(?:wazo|xivo)[-_]([a-z]+)/i.exec(source)?.[1];
  if (family === undefined) return vendorIn(source);
  return vendorIn(family) ?? `${family[0]?.toUpperCase()}${family.slice(1).toLowerCase()}`;
}

const problem = (path: string, reason: string, nextStep: string): Problem => ({
  path,
  reason,
  nextStep,
});

interface Sections {
  readonly sections: ReadonlyMap<string, Section>;
  readonly problems: Problem[];
}

/** Sections with `key: value` or `key = value` lines; an indented line goes on from the one before. */
function readSections(text: string): Sections {
  const sections = new Map<string, Map<string, string>>();
  const problems: Problem[] = [];
  let current: Map<string, string> | undefined;
  let lastKey: string | undefined;
  const lines = text.split(/\r\n|\n|\r/, linesMax + 1);
  if (lines.length > linesMax) {
    problems.push(problem('', `has more than ${linesMax} lines`, 'Split the list.'));
  }
  for (const [place, line] of lines.slice(0, linesMax).entries()) {
    const wrong = (reason: string, nextStep: string): void => {
      if (problems.length < sectionsMax)
        problems.push(problem(`line ${place + 1}`, reason, nextStep));
    };
    const bare = line.trim();
    if (bare === '' || /^[#;]/.test(bare)) continue;
    if (line.length > lineLengthMax) {
      wrong(`is longer than ${lineLengthMax} characters`, 'Write a package in a few lines.');
      continue;
    }
    const heading = /^\[([^\]]{1,200})\]$/.exec(bare)?.[1];
    if (heading !== undefined) {
      current = undefined;
      lastKey = undefined;
      if (sections.has(heading)) wrong(`repeats [${heading}]`, 'Give each section its own name.');
      else if (sections.size < sectionsMax) sections.set(heading, (current = new Map()));
      continue;
    }
    const found = /^([A-Za-z0-9_-]{1,64})\s*[:=]\s*(.*)$/.exec(line.trimEnd());
    if (found?.[1] !== undefined) {
      lastKey = found[1];
      current?.set(lastKey, (found[2] ?? '').trim());
    } else if (/^\s/.test(line) && lastKey !== undefined) {
      current?.set(lastKey, `${current.get(lastKey) ?? ''} ${bare}`.slice(0, lineLengthMax));
    } else if (bare.startsWith('[') || sections.size > 0) {
      wrong('is neither a section nor a setting', 'Write [pkg_name], or key: value.');
    }
  }
  return { sections, problems };
}
