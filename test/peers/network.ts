import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import type { Test } from 'tap';
import { programPath } from './peer.ts';

// Two machines on one cable, made of network namespaces: real addresses, multicast and neighbours without touching those
// of this machine.

export interface Machine {
  readonly address: string;
  /** Runs a program there; it ends with the test. */
  start(program: string, args: readonly string[]): ChildProcess;
  /** Runs a program there to its end and gives what it printed; throws where it fails. */
  run(program: string, args: readonly string[]): string;
}

let made = 0;

/**
 * A box at 10.77.0.1 and a desk at 10.77.0.2. Undefined, and the test skipped, where this user may not make namespaces;
 * with RINGWAVE_REQUIRE_PEERS=1 it fails.
 */
export function boxAndDesk(t: Test): { box: Machine; desk: Machine } | undefined {
  const name = (end: string) => `rw${process.pid}${end}${made}`;
  made += 1;
  const [box, desk] = [name('b'), name('d')];
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  try {
    if (!programPath('ip')) throw new Error('needs ip');
    ip('netns', 'add', box);
    t.teardown(() => ip('netns', 'del', box));
    ip('netns', 'add', desk);
    t.teardown(() => ip('netns', 'del', desk));
    ip('-n', box, 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'lan', 'netns', desk);
  } catch (error) {
    const said = `needs network namespaces: ${String(error).split('\n')[0]}`;
    if (process.env['RINGWAVE_REQUIRE_PEERS'] === '1') t.fail(said);
    else t.pass(said, { skip: said });
    return undefined;
  }
  const machine = (space: string, address: string): Machine => {
    for (const link of ['lo', 'lan']) ip('-n', space, 'link', 'set', link, 'up');
    ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', 'lan');
    ip('-n', space, 'route', 'add', 'default', 'dev', 'lan');
    const inside = (args: readonly string[]) => ['netns', 'exec', space, ...args];
    return {
      address,
      start: (program, args) => {
        const child = spawn('ip', inside([program, ...args]), { stdio: 'pipe' });
        t.teardown(() => child.kill());
        return child;
      },
      run: (program, args) =>
        execFileSync('ip', inside([program, ...args]), { encoding: 'utf8', stdio: 'pipe' }),
    };
  };
  return { box: machine(box, '10.77.0.1'), desk: machine(desk, '10.77.0.2') };
}
