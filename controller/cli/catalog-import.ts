import { rename, writeFile } from 'node:fs/promises';
import { type Announcement, FLAG_CODES } from '@ringwave/firmware-catalog/announcement';
import { judgeAnnouncements, type Judgement } from '@ringwave/firmware-catalog/announcements';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { type Command, Option } from 'commander';
import { readJsonFile } from './json-file.ts';
import type { CliOutput } from './json-lines.ts';

interface ImportOptions {
  readonly format: Format;
  readonly json?: boolean;
  readonly into?: string;
}

type Format = 'wazo-pkgs' | 'releases-json';

/** Refusals that a person is shown; `--json` gives all. */
const refusalsShown = 20;

/** Lines written at once, so that a long list is never one text in memory. */
const linesAtOnce = 500;

/** `ringwave catalog import`: reads other people's lists of firmware and says what they are worth. */
export function registerCatalogImport(catalog: Command, out: CliOutput): void {
  catalog
    .command('import')
    .description(
      'read a list of firmware made by others, and say what is taken, what a person should look at and what is refused',
    )
    .argument(
      '<source>',
      'wazo-pkgs: a folder with pkgs.db files; releases-json: a file, - reads standard input',
    )
    .addOption(
      new Option('--format <name>', 'how the list is written')
        .choices(['wazo-pkgs', 'releases-json'])
        .makeOptionMandatory(),
    )
    .option('--into <file>', 'write what was taken to a file, one JSON object a line')
    .option('--json', 'print a JSON object for each announcement and problem, then the summary')
    .action(async (source: string, { format, json, into }: ImportOptions) => {
      const read = await READERS[format](source);
      const judgement = judgeAnnouncements(read.announcements);
      if (into !== undefined) await writeLines(into, judgement.accepted);
      const summary = summaryOf(judgement, read);
      if (json) await printJson(out, judgement, { read, summary });
      else await out.write(plain(judgement, { read, summary }));
      if (summary.accepted > 0) return;
      const isEmpty = read.announcements.length + read.problems.length === 0;
      const why = isEmpty ? 'it names no release' : 'see the reasons above';
      out.fail(`nothing in ${source} could be taken: ${why}`);
      out.exitWith(2);
    });
}

interface Read {
  /** Files that lists were found in. */
  readonly lists: number;
  readonly announcements: readonly Announcement[];
  readonly problems: readonly Problem[];
}

// The readers are loaded by the verb that needs them, so that --help is quick.
const READERS: Readonly<Record<Format, (source: string) => Promise<Read>>> = {
  'wazo-pkgs': readFolder,
  'releases-json': readFile,
};

async function readFolder(folder: string): Promise<Read> {
  const { readWazoFolder } = await import('@ringwave/firmware-catalog/io/wazo-folder');
  let read: Read;
  try {
    read = await readWazoFolder(folder);
  } catch (error) {
    const next = 'Name the folder of a copy of the wazo-provd-plugins project';
    throw new CliFault(
      { what: `cannot read the folder ${folder}`, why: reasonOf(error), next },
      error,
    );
  }
  if (read.lists > 0) return read;
  throw new CliFault({
    what: `${folder} holds no pkgs.db, nor do the folders in it`,
    next: 'Name the folder of a copy of the wazo-provd-plugins project',
  });
}

async function readFile(path: string): Promise<Read> {
  const { readReleaseRecords, recordsMax } = await import(
    '@ringwave/firmware-catalog/release-records'
  );
  const read = readReleaseRecords(await jsonOf(path));
  if (read) return { lists: 1, ...read };
  throw new CliFault({
    what: `${path} is no list of at most ${recordsMax} releases`,
    next: 'Name a JSON file that is a list of records',
  });
}

async function jsonOf(path: string): Promise<unknown> {
  try {
    return await readJsonFile(path);
  } catch (error) {
    if (!(error instanceof CliFault) || error.cause === undefined) throw error;
    const next = 'Name a JSON file that is a list of records, or - for standard input';
    const why = reasonOf(error.cause);
    throw new CliFault({ what: `cannot read ${path}`, why, next }, error.cause);
  }
}

interface Summary {
  readonly lists: number;
  readonly read: number;
  readonly accepted: number;
  readonly flagged: number;
  readonly flags: Readonly<Record<string, number>>;
  readonly repeated: number;
  readonly refused: number;
  readonly problems: number;
}

function summaryOf(judgement: Judgement, read: Read): Summary {
  const counts = new Map<string, number>();
  for (const { flags } of judgement.flagged) {
    for (const { code } of flags) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  const flags = FLAG_CODES.flatMap((code) => {
    const count = counts.get(code);
    return count === undefined ? [] : [[code, count] as const];
  });
  return {
    lists: read.lists,
    read: read.announcements.length,
    accepted: judgement.accepted.length,
    flagged: judgement.flagged.length,
    flags: Object.fromEntries(flags),
    repeated: judgement.repeated,
    refused: judgement.refused.length,
    problems: read.problems.length,
  };
}

interface Told {
  readonly read: Read;
  readonly summary: Summary;
}

async function printJson(out: CliOutput, judgement: Judgement, { read, summary }: Told) {
  const lines = function* () {
    for (const accepted of judgement.accepted) yield { accepted };
    for (const refused of judgement.refused) yield { refused };
    for (const problem of read.problems) yield { problem };
    yield { summary };
  };
  for (const text of blocksOf(lines())) await out.write(text);
}

function* blocksOf(values: Iterable<unknown>): Generator<string> {
  let lines: string[] = [];
  for (const value of values) {
    lines.push(`${JSON.stringify(value)}\n`);
    if (lines.length < linesAtOnce) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}

function plain(judgement: Judgement, { read, summary }: Told): string {
  const refusals = [
    ...judgement.refused.map(({ announcement: { source, vendor, version }, problems }) => {
      const why = problems.map(({ path, reason }) => `${path} ${reason}`).join('; ');
      return `  ${[vendor, version].filter(Boolean).join(' ')} (${source}): ${why}`;
    }),
    ...read.problems.map(({ path, reason }) => `  ${`${path} ${reason}`.trim()}`),
  ];
  const hidden = refusals.length - refusalsShown;
  return [
    `read      ${summary.read} announcements in ${summary.lists} list(s)`,
    `accepted  ${summary.accepted}`,
    `flagged   ${summary.flagged}`,
    ...Object.entries(summary.flags).map(([code, count]) => `  ${code}: ${count}`),
    `repeated  ${summary.repeated}`,
    `refused   ${summary.refused}, and ${summary.problems} part(s) that could not be read`,
    ...refusals.slice(0, refusalsShown),
    ...(hidden > 0 ? [`  and ${hidden} more: --json gives all`] : []),
    '',
  ].join('\n');
}

/** Written aside and renamed, so that a reader never finds half a list. */
async function writeLines(path: string, accepted: readonly Announcement[]): Promise<void> {
  try {
    await writeFile(`${path}.part`, blocksOf(accepted));
    await rename(`${path}.part`, path);
  } catch (error) {
    const next = 'Name a file in a folder that this user may write to';
    throw new CliFault({ what: `cannot write ${path}`, why: reasonOf(error), next }, error);
  }
}
