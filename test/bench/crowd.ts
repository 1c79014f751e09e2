// Five hundred phones that start at once, against one agent in a process of its own: how long an answer takes, and how
// much memory the agent does. Prints one JSON line. node_modules/.bin/node test/bench/crowd.ts [--image-mb 8]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CrowdEnd, runCrowd } from '../scenarios/crowd-run.ts';

/** What a phone may wait for an answer without giving up its boot to it, in milliseconds. */
const p95MsGoal = 100;

/** Phones’ clocks: with all starts within five seconds, two, half a second and a twentieth. */
const speeds = [10, 25, 100, 1000] as const;

async function burst(speed: number, imageMB: number) {
  const folder = mkdtempSync(join(tmpdir(), 'ringwave-crowd-'));
  try {
    return summary(
      speed,
      await runCrowd({ folder, imageBytes: imageMB * 1e6, speed, isTimed: true }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const summary = (speed: number, end: CrowdEnd) => ({
  startsWithinMs: 50_000 / speed,
  phones: end.phones,
  vendors: end.vendors,
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
  // The longest that each process was busy with something else; the controller and the phones share one.
  agentBusyMaxMs: end.server?.loopMaxMs ?? null,
  phonesBusyMaxMs: end.ownLoopMaxMs,
  agentPeakMB: end.peakMB ?? null,
  wrong: end.wrong.length,
});

const rounded = (ms: number): number => Math.round(ms * 100) / 100;

const { values } = parseArgs({ options: { 'image-mb': { type: 'string', default: '8' } } });
const results = [];
for (const speed of speeds) results.push(await burst(speed, Number(values['image-mb'])));
process.stdout.write(`${JSON.stringify({ bench: 'crowd', p95MsGoal, results })}\n`);
