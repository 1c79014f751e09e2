import type { DesiredAnswer, Problem } from '@ringwave/protocol/views';
import { CliFault } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';
import type { DesiredDocument } from '../io/rest/desired-inputs.ts';
import { isName } from '../core/name-text.ts';
import { ApiClient } from './api-client.ts';
import type { DesiredFiles, FiledDocument, FileProblem } from './desired-files.ts';
import type { CliOutput } from './json-lines.ts';
import { print } from './print.ts';

interface ApplyFlags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** What the program ends with: 1 when something is wrong, 2 when a dry run finds differences. */
const exit = { wrong: 1, differs: 2 };

export function registerApply(program: Command, out: CliOutput): void {
  program
    .command('apply <file...>')
    .description(
      'make sites, phones, freezes, policies and rollouts as YAML files say, all or nothing (docs/desired-state.md)',
    )
    .option('--dry-run', 'only say what would change; exit code 0: nothing, 2: something, 1: wrong')
    .option('--json', 'print JSON')
    .action(async (files: string[], flags: ApplyFlags, command: Command) =>
      apply(files, flags, ApiClient.of(command), out).catch(asWrong),
    );
}

/** Elsewhere 2 says that what was given is wrong; here that a dry run found differences, so that no fault may end so. */
function asWrong(error: unknown): never {
  if (!(error instanceof CliFault) || error.exitCode !== exit.differs) throw error;
  throw Object.assign(error, { exitCode: exit.wrong });
}

async function apply(
  files: readonly string[],
  flags: ApplyFlags,
  api: ApiClient,
  out: CliOutput,
): Promise<void> {
  const { readDesiredFiles } = await import('./desired-files.ts');
  const { documents, problems } = await readDesiredFiles(files);
  if (problems.length > 0) {
    const also = await alsoWrong({ documents, problems }, api);
    return tellProblems([...problems, ...also], flags, out);
  }
  const { ok, ...answer } = (await api.send('POST', '/desired-state', {
    dryRun: flags.dryRun ?? false,
    documents: documents.map(({ document }) => document),
  })) as DesiredAnswer;
  if (!ok)
    return tellProblems(
      answer.problems.map((one) => placed(one, documents)),
      flags,
      out,
    );
  const { differences } = answer;
  await print(out, flags.json, { applied: !flags.dryRun, differences }, () => diffLines(answer));
  if (flags.dryRun && differences.some(({ change }) => change !== 'same'))
    out.exitWith(exit.differs);
}

/** What the controller finds wrong beside the form of the files; nothing where none can be asked. */
async function alsoWrong(
  { documents, problems: ofForm }: DesiredFiles,
  api: ApiClient,
): Promise<readonly FileProblem[]> {
  if (documents.length === 0) return [];
  const body = { dryRun: true, documents: documents.map(({ document }) => document) };
  const answer = await api.send('POST', '/desired-state', body).catch(() => undefined);
  const { problems = [] } = (answer ?? {}) as Partial<DesiredAnswer>;
  const told = new Set(ofForm.map(({ file, problem }) => `${file} ${problem}`));
  const isTold = ({ thing, reason }: { thing: string; reason: string }) => {
    if (reason === 'is there twice' && documents.some(({ name }) => name === thing)) return true;
    // Of an id that is none the controller knows only which document it was.
    const place = /^documents\[(\d+)\]/.exec(thing)?.[1];
    if (place !== undefined) return documents[Number(place)]?.isWhole === false;
    return documents.some(
      ({ name, file, isWhole }) =>
        !isWhole &&
        (thing === name || thing.startsWith(`${name}: `)) &&
        told.has(`${file} ${`${thing.slice(name.length + 2)} ${reason}`.trim()}`),
    );
  };
  return problems.filter((one) => !isTold(one)).map((one) => placed(one, documents));
}

async function tellProblems(
  problems: readonly FileProblem[],
  { json }: ApplyFlags,
  out: CliOutput,
): Promise<void> {
  out.exitWith(exit.wrong);
  if (json) return print(out, true, { applied: false, problems }, () => []);
  for (const { file, line, column, problem, next } of problems)
    out.fail(`${file}:${line}:${column}: ${problem}. ${next}`);
  out.fail(
    `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}; nothing was stored or changed.`,
  );
}

/** The controller names the document, and often the value in it. */
function placed(
  { thing, reason, next }: Problem['problems'][number],
  documents: readonly FiledDocument[],
): FileProblem {
  const problem = `${thing} ${reason}`;
  const filed =
    documents.find(({ name }) => thing === name || thing.startsWith(`${name}:`)) ??
    documents.find(({ document }) => names(document, thing));
  if (!filed) return { file: documents[0]?.file ?? '', line: 1, column: 1, problem, next };
  // `site lisbon: windows[0].end`, `policy fixes: where, column 3`; a thing without a path is the document.
  const inside = thing.startsWith(filed.name) ? thing.slice(filed.name.length + 2) : '';
  const path = /^[\w.[\]]+/.exec(byPlace(inside, filed.document))?.[0] ?? 'id';
  return { file: filed.file, ...filed.place(path), problem, next };
}

/** Waves go by their names: `wave canary: gate.failuresMax` is `waves[0].gate.failuresMax`. */
function byPlace(inside: string, { waves }: DesiredDocument): string {
  if (!Array.isArray(waves)) return inside;
  for (const [place, wave] of (waves as readonly ({ name?: unknown } | null)[]).entries()) {
    const named = `wave ${String(wave?.name)}`;
    if (inside === named) return `waves[${place}]`;
    if (inside.startsWith(`${named}: `)) return `waves[${place}].${inside.slice(named.length + 2)}`;
  }
  return inside;
}

/** A release or a site that is not there: the document that names it, and not one that is called so. */
const names = ({ id: _own, ...said }: DesiredDocument, thing: string): boolean =>
  JSON.stringify(said).includes(JSON.stringify(thing.split(' ').at(-1)));

const SIGN = { add: '+', change: '~', same: '=' } as const;

/** `~ site lisbon`, then what changes in it; what stays is only counted. */
function diffLines({ differences }: Pick<DesiredAnswer, 'differences'>): string[] {
  const changed = differences.filter(({ change }) => change !== 'same');
  const lines = changed.flatMap(({ kind, id, change, values }) => [
    `${SIGN[change]} ${kind} ${id}`,
    ...values.map((one) => `  ${one.path}: ${valueText(one, 'from')} -> ${valueText(one, 'to')}`),
  ]);
  return [...lines, `${SIGN.same} ${differences.length - changed.length} unchanged`];
}

/** Longer values are cut: what changed is seen in the file. */
const valueLengthMax = 120;

function valueText(
  one: DesiredAnswer['differences'][number]['values'][number],
  side: 'from' | 'to',
): string {
  const value = one[side];
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' && isName(value) ? value : escaped(value);
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax)}…` : text;
}

/** A name from before names were looked at may hold a break, or what a terminal obeys. */
const escaped = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029]/g, (sign) => {
    const code = sign.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
