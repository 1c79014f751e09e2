import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** One program of the demonstration in a process of its own, started again whenever it dies. */
export class Child {
  readonly role: string;
  readonly #script: string;
  readonly #argumentsFor: (lastReady: string | undefined) => readonly string[];
  readonly #options: {
    input?: string;
    onLine?: (line: string) => void;
    onStart?: (child: Child) => void;
    /** Where its standard error is kept. */
    logFile?: string;
  };
  #process: ChildProcess | undefined;
  #ready: string | undefined;
  #stopping = false;
  #restarts = 0;
  #lastWords: string[] = [];

  constructor(
    role: string,
    script: string,
    argumentsFor: (lastReady: string | undefined) => readonly string[],
    options: {
      input?: string;
      onLine?: (line: string) => void;
      onStart?: (child: Child) => void;
      /** Where its standard error is kept. */
      logFile?: string;
    } = {},
  ) {
    this.role = role;
    this.#script = script;
    this.#argumentsFor = argumentsFor;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Resolves with the line that begins with `ready`; rejects when the program ends before it. */
  start(): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [this.#script, ...this.#argumentsFor(this.#ready)], {
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      this.#process = child;
      child.stdin.on('error', () => {});
      if (this.#options.input !== undefined) child.stdin.write(`${this.#options.input}\n`);
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('ready')) {
          this.#ready = line;
          resolve(line);
        } else this.#options.onLine?.(line);
      });
      createInterface({ input: child.stderr }).on('line', (line) => {
        this.#lastWords = [...this.#lastWords, line].slice(-5);
        if (this.#options.logFile) appendFileSync(this.#options.logFile, `${line}\n`);
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        reject(
          new Error(
            `${this.role} ended (${signal ?? code}) before it was ready: ${this.#lastWords.join(' | ')}`,
          ),
        );
        this.#again();
      });
      this.#options.onStart?.(this);
    });
  }

  /** A program that was ready once and died is started again on the same ports; it goes on where it was. */
  #again(): void {
    if (this.#stopping || this.#ready === undefined) return;
    this.#restarts += 1;
    setTimeout(() => {
      if (!this.#stopping) this.start().catch(() => {});
    }, 200);
  }

  /** Asks it to end, and ends it after five seconds. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(late);
  }
}
