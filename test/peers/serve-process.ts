import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

const program = fileURLToPath(new URL('../../agent/bin/ringwave-agent.js', import.meta.url));

export interface Serving {
  readonly child: ChildProcess;
  readonly tftpPort: number;
  readonly httpPort: number;
}

/** `ringwave-agent serve` as a process of its own on free ports, stopped when the test ends. */
export async function serving(
  t: Test,
  root: string,
  flags: readonly string[] = [],
): Promise<Serving> {
  const listen = ['--tftp', '127.0.0.1:0', '--http', '127.0.0.1:0'];
  const child = spawn(process.execPath, [program, 'serve', '--root', root, ...listen, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill());
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const ready = /^ready tftp 127\.0\.0\.1:(\d+) http 127\.0\.0\.1:(\d+)\n$/.exec(line.toString());
  if (!ready) throw new Error(`not a ready line: ${line.toString()}`);
  return { child, tftpPort: Number(ready[1]), httpPort: Number(ready[2]) };
}
