import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { doubledKey } from '../core/doubled-key.ts';
import { utf8Text } from './utf8-text.ts';

/** A JSON document from a file, or from standard input for `-`. */
export async function readJsonFile(file: string): Promise<unknown> {
  let bytes: Uint8Array;
  try {
    bytes = file === '-' ? await buffer(process.stdin) : await readFile(file);
  } catch (error) {
    throw new CliFault(
      {
        what: `cannot read ${file}`,
        why: reasonOf(error),
        next: 'Name a file that is there',
      },
      error,
    );
  }
  const raw = utf8Text(file === '-' ? 'standard input' : file, bytes);
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliFault({ what: `${file} is not JSON`, why, next: 'Correct the file' });
  }
  const twice = doubledKey(raw);
  if (twice === undefined) return value;
  const what = `${file}: ${twice}`;
  throw new CliFault({ what, why: 'stands there twice', next: 'Keep one of the two' });
}

/** What stands behind a flag for a number; what is none is sent as it was typed, so that the answer names it. */
export const numberSaid = (typed: string): number | string =>
  typed.trim() === '' || Number.isNaN(Number(typed)) ? typed : Number(typed);
