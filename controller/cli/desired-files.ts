import { readFile, stat } from 'node:fs/promises';
import { nearest } from '@ringwave/protocol/nearest';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import {
  Composer,
  type CST,
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  visit,
  type YAMLMap,
} from 'yaml';
import {
  type DesiredDocument,
  DOCUMENT_KINDS,
  documentProblems,
  nameOf,
} from '../io/rest/desired-inputs.ts';
import { utf8Text } from './utf8-text.ts';

// Files of desired state: YAML, several documents a file. Every problem has its file, line and column.

/** 1 MB: some thousand windows; a file that is longer was not written by hand. */
const fileBytesMax = 1_000_000;
/** Documents of all files together; as many as the controller takes at once. */
const filesMax = 1000;

/** Lists and maps within one another; a document has five at most. */
const depthMax = 32;

export interface FileProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, and where in the document. */
  readonly problem: string;
  readonly next: string;
}

export interface FiledDocument {
  readonly document: DesiredDocument;
  /** As the controller names it; rollouts and rollbacks have their ids together. */
  readonly name: string;
  readonly file: string;
  /** False: something is wrong with its form, and told. */
  readonly isWhole: boolean;
  /** Where a value stands: `windows[0].end`; of what is not there, where it would belong. */
  place(path: string): { readonly line: number; readonly column: number };
}

export interface DesiredFiles {
  /** All that have a kind and an id. */
  readonly documents: readonly FiledDocument[];
  readonly problems: readonly FileProblem[];
}

export async function readDesiredFiles(files: readonly string[]): Promise<DesiredFiles> {
  if (files.length > filesMax) {
    const what = `${files.length} files`;
    throw new CliFault({ what, why: `more than ${filesMax}`, next: 'Put documents together' });
  }
  const documents: FiledDocument[] = [];
  const problems: FileProblem[] = [];
  for (const file of files) {
    const read = readDesired(file, await textOf(file));
    documents.push(...read.documents);
    problems.push(...read.problems);
  }
  return { documents, problems: [...problems, ...doubled(documents)] };
}

async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > fileBytesMax) {
      const why = `is ${size} bytes long, more than ${fileBytesMax}`;
      throw new CliFault({ what: file, why, next: 'Split it into several files' });
    }
    return utf8Text(file, await readFile(file));
  } catch (error) {
    if (error instanceof CliFault) throw error;
    const what = `cannot read ${file}`;
    throw new CliFault({ what, why: reasonOf(error), next: 'Name existing files' }, error);
  }
}

/** The documents of one text; none where it is nested deeper than any document of ours, and than its reader can go. */
export function readDesired(file: string, text: string): DesiredFiles {
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const deep = tooDeep(tokens);
  if (deep) {
    const problem = `maps and lists are nested more than ${depthMax} deep here`;
    const next = 'Write it as docs/desired-state.md shows.';
    return { documents: [], problems: [{ file, ...at(deep.offset), problem, next }] };
  }
  const problems: FileProblem[] = [];
  const documents: FiledDocument[] = [];
  for (const read of composed(tokens, lines)) {
    const wrong = [...yamlProblems(read)];
    for (const { offset, problem, next } of wrong)
      problems.push({ file, ...at(offset), problem, next });
    if (wrong.length > 0 || read.contents === null) continue;
    const filed = { file, place: (path: string) => at(offsetOf(read, path)) };
    const value: unknown = read.toJS();
    const found = shapeProblems(value);
    for (const { path, problem, next } of found)
      problems.push({ file, ...filed.place(path), problem, next });
    const { kind, id } = (value ?? {}) as { kind?: unknown; id?: unknown };
    const isNamed = DOCUMENT_KINDS.some((one) => one === kind) && typeof id === 'string';
    if (found.length > 0 && !isNamed) continue;
    const document = value as DesiredDocument;
    documents.push({ ...filed, document, name: nameOf(document), isWhole: found.length === 0 });
  }
  return { documents, problems };
}

/** The first map or list that lies deeper than it may. By a list of its own: how deep it goes is not known yet. */
function tooDeep(tokens: readonly CST.Token[]): CST.Token | undefined {
  const left = tokens.map((token) => ({ token, depth: 0 })).reverse();
  for (let one = left.pop(); one; one = left.pop()) {
    const { token, depth } = one;
    if (depth > depthMax) return token;
    for (const inner of within(token).reverse())
      left.push({ token: inner, depth: 'items' in inner ? depth + 1 : depth });
  }
  return undefined;
}

function within(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value ? [token.value] : [];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) => [key ?? [], value ?? []].flat());
}

/**
 * By the core schema alone, whatever a file's `%YAML` line says: `!!omap`, `!!set` and dates are objects of JavaScript
 * without keys of their own, so that a selection of them would look like an empty one, which means every phone.
 */
function composed(tokens: readonly CST.Token[], lineCounter: LineCounter): Document.Parsed[] {
  const options = {
    schema: 'core',
    resolveKnownTags: false,
    lineCounter,
    // Each key would be compared with all before it: see `doubledKeys`.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  } as const;
  return [...new Composer(options).compose(tokens)];
}

interface YamlProblem {
  readonly offset: number;
  readonly problem: string;
  readonly next: string;
}

function yamlProblems(document: Document.Parsed): YamlProblem[] {
  const problems = [...document.errors, ...document.warnings].map(
    ({ message, pos }): YamlProblem => {
      const [, tag] = /^Unresolved tag: (?:tag:yaml\.org,2002:(?=.))?(.*)/.exec(message) ?? [];
      if (tag !== undefined) return { offset: pos[0], ...tagProblem(tag) };
      const problem = message.split('\n')[0] ?? message;
      return { offset: pos[0], problem, next: 'Correct the YAML there.' };
    },
  );
  visit(document, {
    Alias(_key, node) {
      const problem = `*${node.source} repeats another part`;
      problems.push({ offset: node.range?.[0] ?? 0, problem, next: 'Write it out.' });
      return undefined;
    },
    Map(_key, node) {
      problems.push(...doubledKeys(node));
    },
  });
  return problems.sort((a, b) => a.offset - b.offset);
}

/** As an object has them: `1` and `"1"` are one key. */
function doubledKeys({ items }: YAMLMap): YamlProblem[] {
  const seen = new Set<string>();
  return items.flatMap(({ key }) => {
    if (!isScalar<string | number | boolean | null>(key)) return [];
    const name = String(key.value ?? '');
    const offset = key.range?.[0] ?? 0;
    if (seen.has(name))
      return [{ offset, problem: 'Map keys must be unique', next: 'Keep one of the two.' }];
    seen.add(name);
    return [];
  });
}

const tagProblem = (tag: string): Omit<YamlProblem, 'offset'> => ({
  problem: `the tag ${tag.startsWith('!') ? tag : `!!${tag}`} is not read here`,
  next: 'Remove it, and write plain maps, lists and values.',
});

interface ShapeProblem {
  readonly path: string;
  readonly problem: string;
  readonly next: string;
}

function shapeProblems(value: unknown): ShapeProblem[] {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const kind = isObject ? (value as { kind?: unknown }).kind : undefined;
  const known = DOCUMENT_KINDS.find((one) => one === kind);
  if (!known) {
    const hint = typeof kind === 'string' ? nearest(kind, DOCUMENT_KINDS) : undefined;
    const problem =
      kind === undefined ? 'kind is missing' : `kind ${JSON.stringify(kind)} is unknown`;
    const next = hint ? `Did you mean ${hint}?` : `Write one of: ${DOCUMENT_KINDS.join(', ')}.`;
    return [{ path: 'kind', problem, next }];
  }
  return documentProblems(value, known).map(({ path, reason, nextStep }) => ({
    path,
    problem: `${path} ${reason}`.trim(),
    next: nextStep,
  }));
}

function doubled(documents: readonly FiledDocument[]): FileProblem[] {
  const first = new Map<string, FiledDocument>();
  return documents.flatMap((one) => {
    const { name } = one;
    const before = first.get(name);
    if (!before) {
      first.set(name, one);
      return [];
    }
    const { line } = before.place('id');
    const problem = `${name} is there twice, first in ${before.file}:${line}`;
    return [{ file: one.file, ...one.place('id'), problem, next: 'Keep one of the two.' }];
  });
}

/** The offset of what `path` names, or of the last part of it that is there. */
function offsetOf(document: Document.Parsed, path: string): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    const found = stepInto(node, step);
    if (!found) return offset;
    ({ node, offset } = found);
  }
  return offset;
}

function stepInto(node: unknown, step: string): { node: unknown; offset: number } | undefined {
  const item = isMap(node)
    ? node.items.find(({ key }) => isScalar(key) && String(key.value) === step)
    : isSeq(node)
      ? node.items[Number(step)]
      : undefined;
  const [head, inside]: unknown[] = isPair(item) ? [item.key, item.value] : [item, item];
  return isNode(head) ? { node: inside, offset: head.range?.[0] ?? 0 } : undefined;
}
