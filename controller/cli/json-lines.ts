import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

/** Where a verb reads from and writes to; the program's own streams, or a test's. */
export interface CliOutput {
  /** Standard output. A promise is awaited before more is read, so that a slow reader slows us. */
  write(text: string): void | Promise<void>;
  /** Standard error: one message for the person at the terminal. */
  fail(message: string): void;
  /** The exit code the program ends with; the highest one asked for stands. */
  exitWith(code: number): void;
  readonly input: AsyncIterable<Uint8Array>;
}

/** Characters of one line; a request or a pair of versions needs some hundreds. */
export const lineLengthMax = 65_536;

export type Answer = { readonly ok: unknown } | { readonly error: string };

/**
 * Answers every line of a JSON Lines file (`-`: standard input) with one line, in order. A line that
 * cannot be read gets `{"error": …}` naming its number; the others are not lost, and the exit code is 2.
 * Memory stays that of one block however long the file is.
 */
export async function answerLines(
  from: string,
  out: CliOutput,
  answer: (value: Readonly<Record<string, unknown>>) => Answer,
): Promise<void> {
  const source: AsyncIterable<Uint8Array> = from === '-' ? out.input : createReadStream(from);
  let number = 0;
  let failed = false;
  for await (const lines of blocksOfLines(source)) {
    let text = '';
    for (const line of lines) {
      number += 1;
      const given = answerLine(line, answer);
      if ('ok' in given) text += `${JSON.stringify(given.ok)}\n`;
      else {
        failed = true;
        text += `${JSON.stringify({ error: `line ${number} ${given.error}`, line: number })}\n`;
      }
    }
    if (text !== '') await out.write(text);
  }
  if (failed) out.exitWith(2);
}

function answerLine(
  line: string | undefined,
  answer: (value: Readonly<Record<string, unknown>>) => Answer,
): Answer {
  if (line === undefined) return { error: `is longer than ${lineLengthMax} characters` };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { error: line.trim() === '' ? 'is empty' : 'is not JSON' };
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? answer(value as Record<string, unknown>) : { error: 'is not a JSON object' };
}

/** Lines as they arrive, many at once; undefined stands for a line that was too long to keep. */
async function* blocksOfLines(
  source: AsyncIterable<Uint8Array>,
): AsyncIterable<(string | undefined)[]> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let isTooLong = false;
  for await (const block of source) {
    const pieces = (rest + decoder.write(Buffer.from(block))).split('\n');
    rest = pieces.pop() ?? '';
    const lines = pieces.map((piece) => (piece.length > lineLengthMax ? undefined : piece));
    if (isTooLong && lines.length > 0) {
      lines[0] = undefined;
      isTooLong = false;
    }
    if (rest.length > lineLengthMax) {
      isTooLong = true;
      rest = '';
    }
    yield lines;
  }
  rest += decoder.end();
  if (isTooLong) yield [undefined];
  else if (rest !== '') yield [rest.length > lineLengthMax ? undefined : rest];
}
