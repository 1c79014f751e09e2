// The agent's file servers against tftpd-hpa, dnsmasq and nginx, in turn, with the same files and the same clients. Prints
// one JSON line; every ratio is the median of ratios taken inside one round, agent to peer. Run as root with Debian's
// programs: node_modules/.bin/node test/bench/serving.ts [--rounds 5] [--only tftp|loss|start|http]
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadHttp } from './http-load.ts';
import { type Server, startAgent, startPeers, stop } from './serving-peers.ts';
import { type Load, loadTftp } from './tftp-load.ts';

/** What one server did in one round of one case. */
type Reading = Readonly<Record<string, number>>;

interface Case {
  readonly group: 'tftp' | 'loss' | 'start' | 'http';
  readonly name: string;
  readonly clients: number;
  readonly fileKB: number;
  readonly load?: Partial<Load>;
}

const blockBytes = 1428;
const tftp = (clients: number, fileKB: number, windowBlocks?: number): Case => ({
  group: 'tftp',
  name: `${clients} phones, window ${windowBlocks ?? 1}`,
  clients,
  fileKB,
  ...(windowBlocks !== undefined && { load: { windowBlocks } }),
});
/** The phone's own timer is long there, so that the server's decides. */
const far = { roundTripMs: 20, repeatMs: 5000 };
const lossy = { ...far, loss: 0.01 };
const cases: readonly Case[] = [
  tftp(1, 20_000),
  tftp(50, 1000),
  tftp(200, 300),
  tftp(1000, 60),
  tftp(1, 20_000, 8),
  tftp(50, 1000, 8),
  tftp(200, 300, 8),
  tftp(1000, 60, 8),
  { group: 'loss', name: '20 ms', clients: 20, fileKB: 300, load: far },
  { group: 'loss', name: '20 ms, 1 % lost', clients: 20, fileKB: 300, load: lossy },
  {
    group: 'loss',
    name: '20 ms, window 8',
    clients: 20,
    fileKB: 300,
    load: { ...far, windowBlocks: 8 },
  },
  {
    group: 'loss',
    name: '20 ms, window 8, 1 % lost',
    clients: 20,
    fileKB: 300,
    load: { ...lossy, windowBlocks: 8 },
  },
  { group: 'start', name: '1000 requests at once', clients: 1000, fileKB: 1 },
  { group: 'http', name: '1 phone', clients: 1, fileKB: 60_000 },
  { group: 'http', name: '50 phones', clients: 50, fileKB: 4000 },
  { group: 'http', name: '200 phones', clients: 200, fileKB: 1000 },
];

const quantile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[
    Math.min(values.length - 1, Math.floor(values.length * part))
  ] ?? 0;
const median = (values: readonly number[]): number => quantile(values, 0.5);
const rounded = (value: number): number => Number(value.toPrecision(3));

async function read(
  server: Server,
  one: Case,
  file: { name: string; bytes: Buffer },
): Promise<Reading> {
  const before = server.cpu?.cpuMs;
  const MB = (one.clients * file.bytes.length) / 1e6;
  const common = { fileName: file.name, expected: file.bytes, clients: one.clients };
  let reading: Reading;
  if (one.group === 'http') {
    const seconds = await loadHttp({ ...common, port: server.httpPort! });
    reading = { MBps: MB / seconds };
  } else {
    const got = await loadTftp({ ...common, port: server.tftpPort!, blockBytes, ...one.load });
    reading = {
      MBps: MB / got.seconds,
      p50Ms: median(got.transferMs),
      p99Ms: quantile(got.transferMs, 0.99),
      firstReplyP99Ms: quantile(got.firstReplyMs, 0.99),
      repeatedRequests: got.repeatedRequests,
    };
  }
  const spent = server.cpu && before !== undefined ? server.cpu.cpuMs - before : undefined;
  return spent === undefined ? reading : { ...reading, cpuMsPerMB: spent / MB };
}

async function runCase(one: Case, servers: readonly Server[], root: string, rounds: number) {
  const file = { name: `${one.clients}-${one.fileKB}.rom`, bytes: randomBytes(one.fileKB * 1000) };
  writeFileSync(join(root, file.name), file.bytes);
  const readings = new Map<string, Reading[]>(servers.map(({ name }) => [name, []]));
  // Once unmeasured: all have the file in memory, and the agent's code is compiled.
  for (const server of servers) await read(server, one, file);
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? servers : servers.toReversed();
    for (const server of order) readings.get(server.name)!.push(await read(server, one, file));
  }
  return { case: `${one.group}: ${one.name}`, ...summary(readings) };
}

/** What is a small number of events, or known beforehand, has no ratio. */
const withoutRatio = ['repeatedRequests'];

function summary(readings: ReadonlyMap<string, readonly Reading[]>) {
  const own = readings.get('agent') ?? [];
  const measures = Object.keys(own[0] ?? {});
  const medians = (of: readonly Reading[]) =>
    Object.fromEntries(
      measures.map((one) => [one, rounded(median(of.map((reading) => reading[one] ?? 0)))]),
    );
  const ratios = [...readings].flatMap(([peer, theirs]) => {
    if (peer === 'agent') return [];
    const pairs = measures
      .filter((one) => !withoutRatio.includes(one))
      .map((one) => [
        one,
        rounded(
          median(own.map((reading, round) => (reading[one] ?? 0) / (theirs[round]?.[one] ?? 1))),
        ),
      ]);
    const repeats = median(theirs.map((reading) => reading['repeatedRequests'] ?? 0));
    return [[peer, { ...Object.fromEntries(pairs), peerRepeatedRequests: repeats }] as const];
  });
  return { agent: medians(own), ratioTo: Object.fromEntries(ratios) };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '5' }, only: { type: 'string' } },
  });
  const rounds = Number(values.rounds);
  const root = mkdtempSync(join(tmpdir(), 'ringwave-bench-'));
  const scratch = mkdtempSync(join(tmpdir(), 'ringwave-bench-scratch-'));
  for (const folder of [root, scratch]) chmodSync(folder, 0o755);
  const servers = [await startAgent(root), ...(await startPeers(root, scratch))];
  try {
    const results = [];
    for (const one of cases) {
      if (values.only !== undefined && values.only !== one.group) continue;
      const fitting = servers.filter((server) =>
        one.group === 'http' ? server.httpPort !== undefined : server.tftpPort !== undefined,
      );
      results.push(await runCase(one, fitting, root, rounds));
      process.stderr.write(`${JSON.stringify(results.at(-1))}\n`);
    }
    const peers = servers.slice(1).map(({ name }) => name);
    process.stdout.write(
      `${JSON.stringify({ bench: 'serving', peers, blockBytes, rounds, results })}\n`,
    );
  } finally {
    await Promise.all(servers.map(stop));
    for (const folder of [root, scratch]) rmSync(folder, { recursive: true });
  }
}

await main();
