// The agent and the servers it is measured against, each with its CPU in an account of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { programPath } from '../peers/peer.ts';
import { CpuAccount } from './cpu-account.ts';

export interface Server {
  readonly name: string;
  readonly child: ChildProcess;
  readonly tftpPort?: number;
  readonly httpPort?: number;
  readonly cpu: CpuAccount | undefined;
}

/** None of these takes port 0, and dnsmasq only its own: where 69 is taken it ends and the bench with it. */
const ports = { 'tftpd-hpa': 26_969, dnsmasq: 69, nginx: 26_980 } as const;

function started(name: string, command: readonly string[], stdout: 'pipe' | 'ignore') {
  const [program = '', ...flags] = command;
  const child = spawn(program, flags, { stdio: ['ignore', stdout, 'inherit'] });
  const cpu = CpuAccount.open(name);
  if (cpu && child.pid !== undefined) cpu.watch(child.pid);
  return { name, child, cpu };
}

export async function startAgent(root: string): Promise<Server> {
  const program = fileURLToPath(new URL('../../agent/bin/ringwave-agent.js', import.meta.url));
  const listen = ['--tftp', '127.0.0.1:0', '--http', '127.0.0.1:0'];
  const command = [process.execPath, program, 'serve', '--root', root, ...listen];
  const agent = started('agent', command, 'pipe');
  const [line] = (await once(agent.child.stdout!, 'data')) as [Buffer];
  const [, tftp, http] = /^ready tftp \S+:(\d+) http \S+:(\d+)/.exec(line.toString()) ?? [];
  return { ...agent, tftpPort: Number(tftp), httpPort: Number(http) };
}

/** Those of the peers that are installed. */
export async function startPeers(root: string, scratch: string): Promise<Server[]> {
  const servers: Server[] = [];
  const hpa = programPath('in.tftpd');
  if (hpa) {
    const tftpPort = ports['tftpd-hpa'];
    const flags = ['-L', '-4', '-a', `127.0.0.1:${tftpPort}`, '-s', root, '-u', 'nobody'];
    servers.push({ ...started('tftpd-hpa', [hpa, ...flags], 'ignore'), tftpPort });
  }
  const dnsmasq = programPath('dnsmasq');
  if (dnsmasq) {
    const tftpPort = ports.dnsmasq;
    const flags = [
      '--keep-in-foreground',
      '--port=0',
      '--conf-file=/dev/null',
      '--user=root',
      '--no-hosts',
    ];
    const tftp = ['--enable-tftp', `--tftp-root=${root}`, '--tftp-max=2000', '--tftp-mtu=1500'];
    const where = [
      '--interface=lo',
      '--bind-interfaces',
      '--quiet-tftp',
      '--log-facility=/dev/null',
    ];
    servers.push({
      ...started('dnsmasq', [dnsmasq, ...flags, ...tftp, ...where], 'ignore'),
      tftpPort,
    });
  }
  const nginx = await startNginx(root, scratch);
  if (nginx) servers.push(nginx);
  await wait(300);
  return servers;
}

/** Undefined where it is not installed. */
export async function startNginx(root: string, scratch: string): Promise<Server | undefined> {
  const program = programPath('nginx');
  if (!program) return undefined;
  const config = join(scratch, 'nginx.conf');
  writeFileSync(config, nginxConfig(root, scratch));
  const flags = ['-c', config, '-e', join(scratch, 'nginx.log')];
  const server = started('nginx', [program, ...flags], 'ignore');
  await untilListening(ports.nginx);
  // Its worker may have been forked before its master was in the account.
  for (const worker of childrenOf(server.child.pid!)) server.cpu?.watch(worker);
  return { ...server, httpPort: ports.nginx };
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

const nginxConfig = (root: string, scratch: string): string => `
daemon off; worker_processes 1; pid ${scratch}/nginx.pid; user root;
events { worker_connections 2048; }
http {
  access_log off; sendfile on; tcp_nopush on;
  client_body_temp_path ${scratch}/body; proxy_temp_path ${scratch}/proxy;
  fastcgi_temp_path ${scratch}/fastcgi; uwsgi_temp_path ${scratch}/uwsgi; scgi_temp_path ${scratch}/scgi;
  server { listen 127.0.0.1:${ports.nginx} backlog=1024; root ${root}; }
}
`;

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await wait(50);
  }
  throw new Error(`nothing listens on ${port}`);
}

export async function stop({ child, cpu }: Server): Promise<void> {
  const ended = once(child, 'exit');
  child.kill();
  for (const pid of cpu?.pids ?? []) {
    if (pid !== child.pid) endChild(pid);
  }
  await ended;
  cpu?.close();
}

function endChild(pid: number): void {
  try {
    process.kill(pid);
  } catch {
    // Its parent was quicker.
  }
}
