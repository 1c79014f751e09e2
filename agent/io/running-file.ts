import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeOwnFile } from '@ringwave/runtime/io/own-file';
import type { Listens } from './phone-servers.ts';
import type { BaseTold } from './base/base-check.ts';

/** Whether the controller answers, or why there is no line to it. */
export type Line = 'answered' | { readonly down: string };

/** Where a running agent says what it listens on, for `doctor` on the same box. */
export interface Running {
  readonly pid: number;
  readonly host: string;
  readonly http: number;
  readonly tftp: number;
  /** Where NOTIFY leaves from. */
  readonly sipHost?: string;
  /** Where it serves HTTPS; absent where it does not. */
  readonly https?: Listens;
  /** Where the site has a base. */
  readonly base?: BaseTold;
  /** To the controller; absent until it has answered, or the first attempt has ended. */
  readonly line?: Line;
}

const fileIn = (folder: string): string => join(folder, 'running.json');

export const tellRunning = (folder: string, running: Running): void =>
  writeOwnFile(fileIn(folder), `${JSON.stringify(running)}\n`);

/** Beside what it says already. */
export function tellLine(folder: string, line: Line): void {
  const running = runningIn(folder);
  if (!running) return;
  try {
    tellRunning(folder, { ...running, line });
  } catch {
    // A full disk: only what doctor says is older for it.
  }
}

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
