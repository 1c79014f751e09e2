import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The CPU time of a process and all it starts, from a control group of its own: tftpd-hpa forks one process per transfer
 * and never collects their times, so that nothing else sees them. Needs root; undefined where it cannot be had.
 */
export class CpuAccount {
  readonly #folder: string;
  readonly #read: () => number;

  private constructor(folder: string, read: () => number) {
    this.#folder = folder;
    this.#read = read;
  }

  static open(name: string): CpuAccount | undefined {
    for (const base of ['/sys/fs/cgroup/cpuacct', '/sys/fs/cgroup']) {
      const folder = join(base, `ringwave-bench-${process.pid}-${name}`);
      try {
        mkdirSync(folder);
      } catch {
        continue;
      }
      const usage = join(folder, 'cpuacct.usage');
      const stat = join(folder, 'cpu.stat');
      const text = (path: string) => readFileSync(path, 'utf8');
      if (existsSync(usage)) return new CpuAccount(folder, () => Number(text(usage)) / 1e6);
      const fromStat = () => Number(/usage_usec (\d+)/.exec(text(stat))?.[1]) / 1000;
      if (existsSync(stat)) return new CpuAccount(folder, fromStat);
      rmdirSync(folder);
    }
    return undefined;
  }

  /** Puts a process in, before it starts others. */
  watch(pid: number): void {
    writeFileSync(join(this.#folder, 'cgroup.procs'), `${pid}`);
  }

  get cpuMs(): number {
    return this.#read();
  }

  /** Processes that are in it now. */
  get pids(): number[] {
    const text = readFileSync(join(this.#folder, 'cgroup.procs'), 'utf8');
    return text.split('\n').filter(Boolean).map(Number);
  }

  close(): void {
    try {
      rmdirSync(this.#folder);
    } catch {
      // A process that is still ending holds it; an empty group costs nothing.
    }
  }
}
