// Five hundred phones of twelve makers that start at once, against one agent in a process of its own, while twenty more take
// an image: how long an answer takes, and how much memory the agent does. First with virtual phones, which are whole phones
// and keep a core busy themselves; then what these asked for is asked again by a light program, of the agent and, in the same
// run, of nginx and of a bare Node.js server. One JSON line.
//
//   node_modules/.bin/node test/bench/crowd.ts [--image-mb 8] [--rounds 3]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kindOf } from '../../simulator/core/phone-kinds.ts';
import {
  type Asked,
  type Boot,
  type CrowdEnd,
  type CrowdPhone,
  runCrowd,
} from '../scenarios/crowd-run.ts';
import type { BootingPhone, Replayed, ReplayTask } from './boot-replay.ts';
import { askPeers } from './crowd-peers.ts';

/** What a phone may wait for an answer without giving up its boot to it, in milliseconds. */
const p95MsGoal = 100;

/** All start within these times, in milliseconds. */
const spreads = [5000, 2000, 500, 50] as const;

/** Virtual phones start within fifty seconds of their clock. */
const speedOf = (withinMs: number): number => 50_000 / withinMs;

const { values } = parseArgs({
  options: {
    'image-mb': { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
  },
});

async function crowd(speed: number, boot?: Boot): Promise<CrowdEnd> {
  const folder = mkdtempSync(join(tmpdir(), 'ringwave-crowd-'));
  const imageBytes = Number(values['image-mb']) * 1e6;
  try {
    return await runCrowd({ folder, imageBytes, speed, isTimed: true, ...(boot && { boot }) });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const bootingPhone = (phone: CrowdPhone, asked: readonly Asked[]): BootingPhone => ({
  mac: phone.mac,
  localAddress: phone.localAddress,
  userAgent: kindOf(phone.vendor, phone.model)?.userAgent(phone, 'application'),
  asks: asked.filter(({ mac }) => mac === phone.mac),
});

/** In a process of its own. */
async function play(task: ReplayTask): Promise<Replayed> {
  const child = fork(new URL('boot-replay.ts', import.meta.url));
  child.send(task);
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`the program that plays light phones ended with ${code}`);
  });
  died.catch(() => {});
  const [replayed] = (await Promise.race([once(child, 'message'), died])) as [Replayed];
  return replayed;
}

async function replay(withinMs: number, asked: readonly Asked[]) {
  let loopMaxMs = 0;
  let booting: readonly BootingPhone[] = [];
  const end = await crowd(speedOf(2000), async (phones, ports) => {
    booting = phones.map((phone) => bootingPhone(phone, asked));
    const replayed = await play({ ...ports, withinMs, phones: booting });
    ({ loopMaxMs } = replayed);
    return replayed.asked;
  });
  const peers = await askPeers({ withinMs, phones: booting, asked }, play);
  return { ...summary(withinMs, end), phonesBusyMaxMs: loopMaxMs, peers };
}

const summary = (startsWithinMs: number, end: CrowdEnd) => ({
  startsWithinMs,
  phones: end.phones,
  vendors: end.vendors,
  provisioned: end.provisioned,
  answers: end.answers,
  p50Ms: end.p50Ms,
  p95Ms: end.p95Ms,
  maxMs: end.maxMs,
  isWithinGoal: end.p95Ms < p95MsGoal,
  imagesTaken: `${end.updated}/${end.updaters}`,
  // Held by the agent’s HTTP server, from the request read to the answer handed over; images are still under way.
  agentHeldP50Ms: end.server?.served.p50Ms ?? null,
  agentHeldP95Ms: end.server?.served.p95Ms ?? null,
  // Of the processor, over TFTP and for images too: the wall's time says nothing on a machine that others use.
  agentCpuMsPerRequest: end.server ? rounded(end.server.cpuMs / end.server.served.requests) : null,
  // The longest that each process was busy with something else; the controller and virtual phones share one.
  agentBusyMaxMs: end.server?.loopMaxMs ?? null,
  phonesBusyMaxMs: end.ownLoopMaxMs,
  agentPeakMB: end.peakMB ?? null,
  wrong: end.wrong.length,
  withoutAnswer: end.withoutAnswer,
});

const rounded = (ms: number): number => Math.round(ms * 100) / 100;

type Summary = ReturnType<typeof summary>;

/** The run whose p95 is the middle one: with its own figures, which belong together. */
const middle = <S extends Summary>(runs: readonly S[]): S | undefined =>
  [...runs].sort((a, b) => a.p95Ms - b.p95Ms)[Math.floor(runs.length / 2)];

const rounds = Array.from({ length: Number(values.rounds) });
const whole: Summary[][] = [];
const light: Awaited<ReturnType<typeof replay>>[][] = [];
for (const _ of rounds) {
  for (const [place, withinMs] of spreads.entries()) {
    const end = await crowd(speedOf(withinMs));
    (whole[place] ??= []).push(summary(withinMs, end));
    (light[place] ??= []).push(await replay(withinMs, end.asked));
  }
}
const said = {
  bench: 'crowd',
  p95MsGoal,
  rounds: rounds.length,
  virtualPhones: whole.map(middle),
  askedByLightProgram: light.map(middle),
};
process.stdout.write(`${JSON.stringify(said)}\n`);
const runs = [...whole, ...light].flat();
if (runs.some(({ wrong, withoutAnswer }) => wrong + withoutAnswer > 0)) process.exitCode = 1;
