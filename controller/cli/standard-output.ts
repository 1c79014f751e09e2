import { once } from 'node:events';
import { terminalText } from '@ringwave/runtime/terminal-text';
import type { CliOutput } from './json-lines.ts';

/** The program's own streams. A reader that goes away (`| head`) ends the program quietly. */
export function standardOutput(): CliOutput {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    input: process.stdin,
    async write(text) {
      if (!process.stdout.write(terminalText(text))) await once(process.stdout, 'drain');
    },
    fail(message) {
      process.stderr.write(`${terminalText(message)}\n`);
    },
    exitWith(code) {
      process.exitCode = Math.max(Number(process.exitCode ?? 0), code);
    },
  };
}
