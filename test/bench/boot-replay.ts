// Phones that boot, as a program of their own that does little else: each asks for the files that a virtual phone of its
// kind asked for, one after another, with its User-Agent and from its address. A program that plays whole phones needs more
// of the processor than the agent, so that what it measures is itself. It has run the same against a server of its own
// before it begins: phones do not wait for one another’s first time.
//
// Started by `crowd.ts`; told what to do by its parent, and tells what came of it.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { fractionOf } from '@ringwave/protocol/keyed-hash';
import type { Mac } from '@ringwave/protocol/units';
import { tftpGet } from '../../simulator/io/tftp-get.ts';
import type { Asked } from '../scenarios/crowd-run.ts';

export interface BootingPhone {
  readonly mac: Mac;
  readonly localAddress: string;
  readonly userAgent: string | undefined;
  readonly asks: readonly Pick<Asked, 'protocol' | 'path'>[];
}

export interface ReplayTask {
  readonly httpPort: number;
  readonly tftpPort: number;
  /** All start within this time, each at a moment of its own as virtual phones do. */
  readonly withinMs: number;
  readonly phones: readonly BootingPhone[];
}

export interface Replayed {
  readonly asked: readonly Asked[];
  /** The longest that this program kept its phones waiting. */
  readonly loopMaxMs: number;
}

type Ports = Pick<ReplayTask, 'httpPort' | 'tftpPort'>;

const host = '127.0.0.1';
/** Silence after which a phone gives up. */
const silentMsMax = 20_000;
/** A status that no server says: there was no answer, or half of one. */
const noAnswer = 0;
const practiceRequests = 3000;
const practiceAtOnce = 50;

/** The status; rejects where the answer is cut or the server cannot be reached. */
function overHttp(phone: BootingPhone, path: string, port: number): Promise<number> {
  const agent = phone.userAgent === undefined ? '' : `User-Agent: ${phone.userAgent}\r\n`;
  const asked = `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n${agent}Accept: */*\r\nConnection: close\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, localAddress: phone.localAddress });
    let head = '';
    let bytes = 0;
    socket.setTimeout(silentMsMax, () => socket.destroy(new Error('no answer')));
    socket.on('data', (piece: Buffer) => {
      if (head === '') head = piece.toString('latin1');
      bytes += piece.length;
    });
    socket.once('error', reject);
    socket.once('end', () => {
      socket.destroy();
      const at = head.indexOf('\r\n\r\n');
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (at < 0 || bytes !== at + 4 + length) reject(new Error(`${path}: the answer is cut`));
      else resolve(Number(head.slice(9, 12)));
    });
    socket.write(asked);
  });
}

async function overTftp(phone: BootingPhone, path: string, port: number): Promise<number> {
  const end = await tftpGet({
    host,
    port,
    fileName: path.slice(1),
    localAddress: phone.localAddress,
    options: { blockBytes: 1428, asksLength: true },
    signal: AbortSignal.timeout(silentMsMax),
    take: () => undefined,
  });
  if (end.kind === 'whole') return 200;
  return end.kind === 'refused' && end.code === 1 ? 404 : 503;
}

async function boot(phone: BootingPhone, ports: Ports): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const { protocol, path } of phone.asks) {
    const began = performance.now();
    const answer =
      protocol === 'http'
        ? overHttp(phone, path, ports.httpPort)
        : overTftp(phone, path, ports.tftpPort);
    const status = await answer.catch(() => noAnswer);
    const { mac } = phone;
    asked.push({ mac, protocol, path, status, tookMs: performance.now() - began });
  }
  return asked;
}

async function practise(phones: readonly BootingPhone[]): Promise<void> {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(answer));
    socket.on('error', () => {});
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const overAll = phones.values();
  let left = practiceRequests;
  const some = async () => {
    while (left > 0) {
      left -= 1;
      const phone = overAll.next().value ?? phones[left % phones.length];
      if (phone) await overHttp(phone, '/practice', port);
    }
  };
  await Promise.all(Array.from({ length: practiceAtOnce }, some));
  server.close();
}

async function replay({ phones, withinMs, ...ports }: ReplayTask): Promise<Replayed> {
  await practise(phones);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const boots = phones.map(async (phone) => {
    await setTimeout(fractionOf('start', phone.mac) * withinMs);
    return boot(phone, ports);
  });
  const asked = (await Promise.all(boots)).flat();
  return { asked, loopMaxMs: Math.round(loop.max / 1e6) };
}

process.once('message', (task: ReplayTask) => {
  void replay(task).then((replayed) => {
    process.send?.(replayed, undefined, {}, () => process.disconnect?.());
  });
});
