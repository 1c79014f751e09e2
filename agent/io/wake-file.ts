import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { readWakeFile, type WakeFile } from '../core/pbx/settings.ts';

/** Rights of others than the owner. */
const othersRights = 0o077;

/** Reads the file of `--pbx` with everything that it names. It holds passwords: others must not be able to read it. */
export function openWakeFile(path: string): WakeFile {
  const what = `cannot read ${path}`;
  const read = readWakeFile(textOf(path, what));
  if (!read.ok) {
    const all = read.problems.map((one) => `${one.path || 'the file'} ${one.reason}`).join('; ');
    throw new CliFault({ what, why: all, next: read.problems[0]?.nextStep ?? 'Correct the file' });
  }
  const { file } = read;
  const isOpen = process.platform !== 'win32' && (statSync(path).mode & othersRights) !== 0;
  const holdsPasswords = file.pbxs.length > 0 || (file.webLogins ?? []).length > 0;
  if (holdsPasswords && isOpen) {
    const why = 'it holds passwords, and others than its owner may read it';
    throw new CliFault({ what, why, next: `Run: chmod 600 ${path}` });
  }
  if (file.sipCa === undefined) return file;
  const ca = resolve(dirname(path), file.sipCa);
  return { ...file, sipCa: textOf(ca, `cannot read ${ca}`) };
}

function textOf(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const next = 'Name a file that the agent may read';
    throw new CliFault({ what, why: reasonOf(error), next }, error);
  }
}
