import { readFileSync, statSync } from 'node:fs';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { type BaseSettings, readBaseSettings } from '../../core/provisioning/base.ts';

/** Rights of others than the owner. */
const othersRights = 0o077;

/** Reads the file of `--provisioning`. One with a login in it must be its owner's alone. */
export function openBaseSettings(path: string): BaseSettings {
  const what = `cannot read ${path}`;
  const read = readBaseSettings(textOf(path, what));
  if ('problems' in read) {
    const why = read.problems.map((one) => `${one.path || 'the file'} ${one.reason}`).join('; ');
    throw new CliFault({ what, why, next: read.problems[0]?.nextStep ?? 'Correct the file' });
  }
  const { source } = read.settings;
  const hasLogin = source.kind === 'upstream' && source.login !== undefined;
  if (hasLogin && process.platform !== 'win32' && (statSync(path).mode & othersRights) !== 0) {
    const why = 'it holds a password, and others than its owner may read it';
    throw new CliFault({ what, why, next: `Run: chmod 600 ${path}` });
  }
  return read.settings;
}

function textOf(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const next = 'Name a file that the agent may read';
    throw new CliFault({ what, why: reasonOf(error), next }, error);
  }
}
