// The agent's TFTP server against tftpd-hpa, in turn, with the same file and the same clients. Prints one JSON line.
// Run as root with Debian's tftpd-hpa: node_modules/.bin/node test/bench/serving.ts [--rounds 5]
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { programPath } from '../peers/peer.ts';
import { CpuAccount } from './cpu-account.ts';
import { loadTftp } from './tftp-load.ts';

interface Served {
  readonly name: 'agent' | 'tftpd-hpa';
  readonly child: ChildProcess;
  readonly port: number;
  readonly cpu: CpuAccount | undefined;
}

interface Reading {
  readonly MBps: number;
  readonly cpuMsPerMB: number | undefined;
}

const blockBytes = 1428;
const cases = [
  { clients: 1, fileMB: 20 },
  { clients: 50, fileMB: 2 },
  { clients: 200, fileMB: 0.5 },
] as const;
/** tftpd-hpa takes no port 0. */
const peerPort = 26_969;

function account(name: Served['name'], child: ChildProcess): CpuAccount | undefined {
  const cpu = CpuAccount.open(name);
  if (cpu && child.pid !== undefined) cpu.watch(child.pid);
  return cpu;
}

async function startAgent(root: string): Promise<Served> {
  const program = fileURLToPath(new URL('../../agent/bin/ringwave-agent.js', import.meta.url));
  const flags = ['serve', '--root', root, '--tftp', '127.0.0.1:0'];
  const child = spawn(process.execPath, [program, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const cpu = account('agent', child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { name: 'agent', child, port: Number(line.toString().split(':').at(-1)), cpu };
}

async function startPeer(program: string, root: string): Promise<Served> {
  const listen = ['-L', '-4', '-a', `127.0.0.1:${peerPort}`];
  const child = spawn(program, [...listen, '-s', root, '-u', 'nobody'], { stdio: 'inherit' });
  const cpu = account('tftpd-hpa', child);
  await once(child, 'spawn');
  return { name: 'tftpd-hpa', child, port: peerPort, cpu };
}

async function read(server: Served, file: { name: string; bytes: Buffer }, clients: number) {
  const before = server.cpu?.cpuMs;
  const { name: fileName, bytes: expected } = file;
  const seconds = await loadTftp({ port: server.port, fileName, expected, clients, blockBytes });
  const MB = (clients * expected.length) / 1e6;
  const spent = server.cpu && before !== undefined ? server.cpu.cpuMs - before : undefined;
  return { MBps: MB / seconds, cpuMsPerMB: spent === undefined ? undefined : spent / MB };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const rounded = (value: number): number => Math.round(value * 100) / 100;

/** Medians, and medians of the ratios taken inside each round: what else the machine did hit both alike. */
function summary(clients: number, rounds: readonly { agent: Reading; peer?: Reading }[]) {
  const of = (pick: (round: (typeof rounds)[number]) => number | undefined) => {
    const values = rounds.map(pick).filter((value) => value !== undefined);
    return values.length > 0 ? rounded(median(values)) : null;
  };
  return {
    clients,
    agentMBps: of(({ agent }) => agent.MBps),
    agentCpuMsPerMB: of(({ agent }) => agent.cpuMsPerMB),
    speedRatio: of(({ agent, peer }) => peer && agent.MBps / peer.MBps),
    cpuRatio: of(({ agent, peer }) =>
      agent.cpuMsPerMB && peer?.cpuMsPerMB ? agent.cpuMsPerMB / peer.cpuMsPerMB : undefined,
    ),
  };
}

async function stop({ child, cpu }: Served): Promise<void> {
  const ended = once(child, 'exit');
  for (const pid of cpu?.pids ?? []) process.kill(pid);
  child.kill();
  await ended;
  cpu?.close();
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
  const root = mkdtempSync(join(tmpdir(), 'ringwave-bench-'));
  chmodSync(root, 0o755);
  const peerProgram = programPath('in.tftpd');
  const servers = [await startAgent(root)];
  if (peerProgram) servers.push(await startPeer(peerProgram, root));
  try {
    const results = [];
    for (const { clients, fileMB } of cases) {
      const file = { name: `${clients}.rom`, bytes: randomBytes(fileMB * 1e6) };
      writeFileSync(join(root, file.name), file.bytes);
      const rounds = [];
      // Once unmeasured: both have the file in memory, and the agent's code is compiled.
      for (const server of servers) await read(server, file, clients);
      for (let round = 0; round < Number(values.rounds); round += 1) {
        const order = round % 2 === 0 ? servers : servers.toReversed();
        const got = new Map<string, Reading>();
        for (const server of order) got.set(server.name, await read(server, file, clients));
        const peer = got.get('tftpd-hpa');
        rounds.push({ agent: got.get('agent')!, ...(peer && { peer }) });
      }
      results.push(summary(clients, rounds));
    }
    const peer = peerProgram ? 'tftpd-hpa' : null;
    const line = { bench: 'serving', peer, blockBytes, rounds: Number(values.rounds), results };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  } finally {
    await Promise.all(servers.map(stop));
    rmSync(root, { recursive: true });
  }
}

await main();
