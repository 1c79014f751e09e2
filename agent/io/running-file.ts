import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeOwnFile } from '@ringwave/runtime/io/own-file';
import type { BaseTold } from './base/base-check.ts';

/** Where a running agent says what it listens on, for `doctor` on the same box. */
export interface Running {
  readonly pid: number;
  readonly host: string;
  readonly http: number;
  readonly tftp: number;
  /** Where the site has a base. */
  readonly base?: BaseTold;
}

const fileIn = (folder: string): string => join(folder, 'running.json');

export const tellRunning = (folder: string, running: Running): void =>
  writeOwnFile(fileIn(folder), `${JSON.stringify(running)}\n`);

export const endRunning = (folder: string): void => rmSync(fileIn(folder), { force: true });

/** Undefined where no agent runs from this folder; a file that a crash left names a process that is gone. */
export function runningIn(folder: string): Running | undefined {
  if (!existsSync(fileIn(folder))) return undefined;
  try {
    const running = JSON.parse(readFileSync(fileIn(folder), 'utf8')) as Running;
    process.kill(running.pid, 0);
    return running;
  } catch {
    return undefined;
  }
}
