// What the same crowd meets at other servers: nginx, and a Node.js server that does nothing but answer. They bound what the
// machine and the light program allow; whatever the agent does beyond them, it does for evidence and for what a file says.
//
// Started by `crowd.ts`; by itself as a process (`fork`) it is that Node.js server.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Asked } from '../scenarios/crowd-run.ts';
import type { BootingPhone, Replayed, ReplayTask } from './boot-replay.ts';
import { startNginx, stop } from './serving-peers.ts';

/** About as long as a phone's own file. */
const fileBytes = 2048;
const isForked = process.argv[2] === 'plain-server';

export interface PeerAnswers {
  readonly answers: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

type Plays = (task: ReplayTask) => Promise<Replayed>;

/** Those requests of the crowd that go over HTTP, to each peer that is installed. */
export async function askPeers(
  { withinMs, phones, asked }: PeerTask,
  plays: Plays,
): Promise<Readonly<Record<string, PeerAnswers>>> {
  const overHttp = phones
    .map((phone) => ({ ...phone, asks: phone.asks.filter(({ protocol }) => protocol === 'http') }))
    .filter(({ asks }) => asks.length > 0);
  const task = { withinMs, phones: overHttp, tftpPort: 0 };
  const found = asked.filter(({ protocol, status }) => protocol === 'http' && status === 200);
  const paths = [...new Set(found.map(({ path }) => path))];
  const plain = await plainServer(paths);
  const answers: Record<string, PeerAnswers> = {};
  answers['node'] = answersOf(await plays({ ...task, httpPort: plain.port }));
  plain.child.kill();
  const nginx = await withFiles(paths, (httpPort) => plays({ ...task, httpPort }));
  if (nginx) answers['nginx'] = answersOf(nginx);
  return answers;
}

export interface PeerTask {
  readonly withinMs: number;
  readonly phones: readonly BootingPhone[];
  readonly asked: readonly Asked[];
}

function answersOf({ asked }: Replayed): PeerAnswers {
  const sorted = asked.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10;
  return { answers: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95) };
}

async function plainServer(
  paths: readonly string[],
): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(import.meta.filename, ['plain-server']);
  child.send(paths);
  const [port] = (await once(child, 'message')) as [number];
  return { child, port };
}

async function withFiles(
  paths: readonly string[],
  use: (port: number) => Promise<Replayed>,
): Promise<Replayed | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'ringwave-crowd-peer-'));
  const root = join(folder, 'files');
  for (const path of paths) {
    const file = join(root, decodeURIComponent(path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.alloc(fileBytes, 'x'));
  }
  const server = await startNginx(root, folder);
  try {
    return server?.httpPort === undefined ? undefined : await use(server.httpPort);
  } finally {
    if (server) await stop(server);
    rmSync(folder, { recursive: true });
  }
}

function serve(paths: readonly string[]): void {
  const files = new Set(paths);
  const body = Buffer.alloc(fileBytes, 'x');
  const head = { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' };
  const server = createServer(({ url = '' }, response) => {
    if (!files.has(url)) return void response.writeHead(404, { 'Content-Length': 0 }).end();
    response.writeHead(200, { ...head, 'Content-Length': body.length }).end(body);
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

if (isForked) process.once('message', (paths: readonly string[]) => serve(paths));
