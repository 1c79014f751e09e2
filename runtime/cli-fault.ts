import { Command, CommanderError } from 'commander';
import { terminalText } from './terminal-text.ts';

/** A fault of the one who typed or of the machine, told in one line: what, why, and what to do about it. */
export class CliFault extends Error {
  /** 2 for what was typed; others as docs/cli.md lists them. */
  readonly exitCode: number;

  constructor(
    fault: { what: string; why?: string; next: string; exitCode?: number },
    cause?: unknown,
  ) {
    super(
      `${sentence([fault.what, fault.why].filter(Boolean).join(': '))} ${sentence(fault.next)}`,
      {
        cause,
      },
    );
    this.exitCode = fault.exitCode ?? 2;
  }
}

/** With its full stop, unless it ends in one or in a question mark. */
const sentence = (text: string): string => (/[.?]$/.test(text) ? text : `${text}.`);

/** The codes an operating system gives for a port or a file that cannot be had, in words. */
const REASONS: Record<string, string> = {
  EADDRINUSE: 'another program uses it',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  ENOENT: 'there is none',
  ENOTDIR: 'it is not a folder',
  EISDIR: 'it is a folder',
  ENOSPC: 'the disk is full',
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'the host name cannot be looked up',
};

export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && REASONS[code]) || message;
}

/**
 * Parses `argv` and runs the command it names. Faults end in one line on standard error and exit status 2; a stack
 * trace comes with `--trace` only.
 */
export async function runCli(program: Command, argv: readonly string[]): Promise<void> {
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    process.stderr.write(terminalText(lineFor(program, error, argv.includes('--trace'))));
    process.exitCode = error instanceof CliFault ? error.exitCode : 2;
  }
}

function lineFor(program: Command, error: unknown, isTraced: boolean): string {
  if (isTraced && error instanceof Error) return `${error.stack}\n`;
  const { message } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof CommanderError)) return `${program.name()}: ${message}\n`;
  if (error.code === 'commander.help') return '';
  return `${program.name()}: ${message.replace(/^error: /, '').replaceAll('\n', ' ')}. See ${program.name()} --help.\n`;
}

/** A program whose faults reach `runCli` instead of ending the process. */
export const cliProgram = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .option('--trace', 'show where in the program a fault arose')
    .exitOverride()
    .configureOutput({ outputError: () => {} });
