import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encodeRequest } from '../../agent/core/tftp/packet.ts';
import { boundIn, portIn } from '../../simulator/demo/ports.ts';
import { readFile } from '../agent/io/tftp-peer.ts';
import { Random } from '../sim/random.ts';

// Nonsense for as long as one likes, made from what phones send, against the file servers in a process of their own. Now
// and then a phone asks for its file and must get it.

export interface FuzzEnd {
  readonly seconds: number;
  readonly datagrams: number;
  readonly requests: number;
  /** Files asked for in good faith, all of which arrived whole. */
  readonly servedMeanwhile: number;
  readonly isAlive: boolean;
  /** Medians of the first and of the last quarter after the first tenth; undefined where the system does not tell. */
  readonly earlyMB: number | undefined;
  readonly lateMB: number | undefined;
}

export interface FuzzOptions {
  /** A folder with the file `a.cfg`. */
  readonly root: string;
  readonly seed: number;
  readonly seconds: number;
}

const program = fileURLToPath(new URL('../../agent/bin/ringwave-agent.js', import.meta.url));
/** Between two bursts, so that the other programs of this machine get their turn. */
const breathMs = 5;
const datagramsOfBurst = 40;
const requestsOfBurst = 4;
/** A connection of nonsense that the server keeps open is let go by then. */
const connectionMs = 2000;

export async function fuzzServing({ root, seed, seconds }: FuzzOptions): Promise<FuzzEnd> {
  const any = '127.0.0.1:0';
  const flags = ['--root', root, '--tftp', any, '--http', any];
  const child = spawn(process.execPath, [program, 'serve', ...flags], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const sockets = Array.from({ length: 8 }, () => createSocket('udp4').on('error', () => {}));
  try {
    const [ready] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const ports = { tftp: portIn(boundIn(ready)['tftp']), http: portIn(boundIn(ready)['http']) };
    return await bursts({ child, sockets, ports, random: new Random(seed), seconds });
  } finally {
    for (const socket of sockets) socket.close();
    child.kill();
  }
}

interface Fuzz {
  readonly child: ChildProcess;
  readonly sockets: readonly UdpSocket[];
  readonly ports: { readonly tftp: number; readonly http: number };
  readonly random: Random;
  readonly seconds: number;
}

async function bursts({ child, sockets, ports, random, seconds }: Fuzz): Promise<FuzzEnd> {
  const began = performance.now();
  const memory: { readonly at: number; readonly mB: number }[] = [];
  const sent = { datagrams: 0, requests: 0, served: 0 };
  const openPorts: number[] = [ports.tftp];
  for (const socket of sockets) {
    // What answers is a transfer's own port: nonsense goes there too.
    socket.on('message', (_bytes, from) => void (openPorts[1 + (from.port % 16)] = from.port));
  }
  const elapsed = () => (performance.now() - began) / 1000;
  while (elapsed() < seconds && child.exitCode === null) {
    for (let count = 0; count < datagramsOfBurst; count += 1) {
      const known = openPorts.filter((port) => port !== undefined);
      random.oneOf(sockets).send(datagram(random), random.oneOf(known), '127.0.0.1');
      sent.datagrams += 1;
    }
    const asked = Array.from({ length: requestsOfBurst }, () => say(ports.http, httpText(random)));
    sent.requests += asked.length;
    await Promise.all(asked);
    if (random.chance(0.1)) {
      await servesStill(ports);
      sent.served += 2;
      const mB = residentMB(child);
      if (mB !== undefined) memory.push({ at: elapsed() / seconds, mB });
    }
    await pause(breathMs);
  }
  const isAlive = child.exitCode === null;
  if (isAlive) await servesStill(ports);
  const median = (from: number, to: number) => {
    const part = memory.filter(({ at }) => at >= from && at < to).map(({ mB }) => mB);
    return part.sort((a, b) => a - b)[Math.floor(part.length / 2)];
  };
  return {
    seconds: Math.round(elapsed()),
    datagrams: sent.datagrams,
    requests: sent.requests,
    servedMeanwhile: sent.served,
    isAlive,
    earlyMB: median(0.1, 0.325),
    lateMB: median(0.775, 2),
  };
}

async function servesStill({ tftp, http }: Fuzz['ports']): Promise<void> {
  const file = await readFile(tftp, 'a.cfg');
  const page = await fetch(`http://127.0.0.1:${http}/a.cfg`);
  const text = await page.text();
  if (file.kind !== 'file' || file.bytes.toString() !== text || page.status !== 200) {
    throw new Error(`a phone was not served: TFTP ${file.kind}, HTTP ${page.status}`);
  }
}

const NAMES = ['a.cfg', '../a', '', 'x'.repeat(600), 'fw.rom', '%00', 'é☎', '001565aabbcc.cfg'];
const VALUES = ['0', '1', '8', '512', '1468', '65464', '65535', '-1', 'abc', '', '9'.repeat(30)];

/** A read request, an acknowledgement, an error, a written block, or bytes; often with a few of them changed. */
function datagram(random: Random): Buffer {
  const kind = random.whole(0, 5);
  const number = [random.whole(0, 255), random.whole(0, 255)];
  if (kind === 0) return noise(random, random.whole(0, 1500));
  if (kind === 1) return Buffer.from([0, 4, ...number]);
  if (kind === 2) return Buffer.from([0, 5, ...number, ...noise(random, 9)]);
  if (kind === 3) return Buffer.from([0, 3, ...number, ...noise(random, random.whole(0, 520))]);
  const options = ['blksize', 'tsize', 'windowsize', 'timeout', 'multicast'].filter(() =>
    random.chance(0.4),
  );
  const request = encodeRequest({
    kind: random.chance(0.8) ? 'read' : 'write',
    fileName: random.oneOf(NAMES),
    mode: random.oneOf(['octet', 'netascii', 'mail', '']),
    options: new Map(options.map((name) => [name, random.oneOf(VALUES)])),
  });
  return random.chance(0.5) ? request : changed(random, request);
}

const noise = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => random.whole(0, 255)));

function changed(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let count = random.whole(1, 4); count > 0; count -= 1) {
    copy[random.whole(0, copy.length - 1)] = random.whole(0, 255);
  }
  return random.chance(0.3) ? copy.subarray(0, random.whole(0, copy.length)) : copy;
}

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'get', 'CONNECT'];
const HEADERS = [
  'Host: a',
  'Range: bytes=0-3',
  'Range: bytes=9999999999999999999-',
  'Range: bytes=-0,1-2,x',
  'If-Range: "x"',
  'If-None-Match: *',
  'If-Modified-Since: never',
  'Authorization: Digest username="a", nonce="", nc=zz',
  'Authorization: Basic !!!',
  'Content-Length: 5',
  'Content-Length: -1',
  'Transfer-Encoding: chunked',
  'Expect: 100-continue',
  'Connection: close',
  `X-Long: ${'y'.repeat(9000)}`,
];

function httpText(random: Random): Buffer {
  const headers = HEADERS.filter(() => random.chance(0.25));
  const target = `/${random.oneOf(NAMES)}`;
  const version = random.oneOf(['HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', '']);
  const text = `${random.oneOf(METHODS)} ${target} ${version}\r\n${headers.join('\r\n')}\r\n\r\nbody`;
  const bytes = Buffer.from(text);
  return random.chance(0.5) ? bytes : changed(random, bytes);
}

/** Sends it all, reads whatever comes, and breaks off. */
async function say(port: number, bytes: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.end(bytes);
  const timer = setTimeout(() => socket.destroy(), connectionMs);
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  clearTimeout(timer);
}

function residentMB({ pid }: ChildProcess): number | undefined {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return undefined;
  const kB = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'))?.[1];
  return kB === undefined ? undefined : Math.round(Number(kB) / 1024);
}
