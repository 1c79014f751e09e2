import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { seconds } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import { writeOwnFile } from '@ringwave/runtime/io/own-file';
import type { AgentEvent } from '../core/state.ts';

// A technician at the site stops all starts by a file in the agent's folder: it needs no line and no controller.

const fileIn = (folder: string): string => join(folder, 'freeze');

/** Characters of a reason; it is shown beside each phone. */
export const reasonCharactersMax = 200;
/** How soon the file is noticed. */
export const noticedWithin = seconds(2);

/** Null where nobody froze the site. A file that cannot be read freezes it: somebody put it there. */
export function freezeReasonIn(folder: string): string | null {
  try {
    const text = readFileSync(fileIn(folder), 'utf8').slice(0, 4 * reasonCharactersMax);
    const line = text.replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').trim();
    return line.slice(0, reasonCharactersMax) || 'no reason given';
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isAbsent ? null : 'the freeze file cannot be read';
  }
}

export const freeze = (folder: string, reason: string): void =>
  writeOwnFile(fileIn(folder), `${reason}\n`);

export const lift = (folder: string): void => rmSync(fileIn(folder), { force: true });

/** Tells of the file at once and whenever it came, changed or went. */
export function watchFreezeFile(
  folder: string,
  { clock, submit }: { readonly clock: Clock; readonly submit: (event: AgentEvent) => void },
): { close(): void } {
  let told: string | null | undefined;
  let cancel = () => {};
  const look = () => {
    const reason = freezeReasonIn(folder);
    if (reason !== told) submit({ kind: 'freeze-read', reason });
    told = reason;
    cancel = clock.after(noticedWithin, look);
  };
  look();
  return { close: () => cancel() };
}
