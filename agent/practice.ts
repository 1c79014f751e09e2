import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EnrolmentGrant } from '@ringwave/protocol/enrolment';
import { wallClock } from '@ringwave/runtime/clock';
import { pino } from 'pino';
import { practicePlan, practiceSite, practiceWishes } from './core/practice-branch.ts';
import { openPracticeController, type PracticeController } from './io/practice-controller.ts';
import { askOverHttp, askOverTftp } from './io/practice-phones.ts';
import { runAgent } from './main.ts';

// After a power cut all phones of a branch ask within seconds, of a box that has just started itself: code that has never
// run is several times slower than code that has. So the box first serves a branch that does not exist, and opens its
// doors after that. It does so as two whole agents, from a folder and over ports of their own: what the engine has made of
// code is thrown away as soon as that meets objects of another shape, so that a part by itself would practise for nothing.

const host = '127.0.0.1';
const anyPort = { host, port: 0 };
/** A folder that nobody else makes: it is removed, whatever is in it. */
const placeName = '.ringwave-practice';
/** Requests that are under way at once. */
const atOnce = 16;
/** All of them come from one address. */
const noLimit = 1_000_000;
/** What the last answers may take beyond the time that is given. */
const answerMsMax = 1000;

export interface Practised {
  readonly requests: number;
  /** Files among the answers; some names that phones ask for have none. */
  readonly files: number;
  readonly tookMs: number;
}

/** On a small box the time is up before all have asked: what has run by then is what matters most. */
const practiceMsMax = 2500;

interface PracticeLimits {
  readonly withinMs?: number;
  /** Ends it at once where somebody stops the agent. */
  readonly stopped?: AbortSignal;
}

/**
 * Serves phones that do not exist until all have asked or the time is up, in milliseconds; leaves nothing behind. Rejects
 * where the folder cannot be written or nothing is answered.
 */
export async function practise(
  folder: string,
  { withinMs = practiceMsMax, stopped }: PracticeLimits = {},
): Promise<Practised> {
  const place = join(folder, placeName);
  const began = performance.now();
  const limits = { until: began + withinMs, stopped };
  if (stopped?.aborted) return { requests: 0, files: 0, tookMs: 0 };
  rmSync(place, { recursive: true, force: true });
  try {
    const branches = await openBranches(place, limits);
    try {
      const asked = await askAll(branches, limits);
      return { ...asked, tookMs: performance.now() - began };
    } finally {
      await closed(branches);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

interface Branch {
  readonly ports: { readonly http: number; readonly tftp: number };
  /** Rejects where the agent cannot go on. */
  readonly fault: Promise<never>;
  close(): Promise<void>;
}

/** What is made for one agent alone is thrown away at the next one. */
const branchNames = ['one', 'other'];

/** When it is to end. */
interface Until {
  readonly until: number;
  readonly stopped: AbortSignal | undefined;
}

const isOver = ({ until, stopped }: Until): boolean =>
  performance.now() > until || stopped?.aborted === true;

/** When nothing is waited for any more. */
function endOf({ until, stopped }: Until): AbortSignal {
  const late = AbortSignal.timeout(Math.ceil(Math.max(until - performance.now(), 0)) + answerMsMax);
  return stopped ? AbortSignal.any([late, stopped]) : late;
}

/** Fewer, or none, where it is over before. */
async function openBranches(place: string, limits: Until): Promise<readonly Branch[]> {
  const branches: Branch[] = [];
  try {
    for (const name of branchNames) {
      const branch = await openBranch(join(place, name), limits);
      if (branch) branches.push(branch);
      if (isOver(limits)) break;
    }
    return branches;
  } catch (error) {
    await closed(branches);
    throw error;
  }
}

const closed = async (branches: readonly Branch[]): Promise<void> =>
  void (await Promise.all(branches.map((branch) => branch.close())));

/** Undefined where it was stopped meanwhile. */
async function openBranch(place: string, limits: Until): Promise<Branch | undefined> {
  const key = generateKeyPairSync('ed25519');
  const plan = practicePlan(wallClock().now());
  const phones = createSocket('udp4').bind(0, host);
  await once(phones, 'listening');
  const controller = await openPracticeController(plan, { id: keyId, ...key }).catch((error) => {
    phones.close();
    throw error;
  });
  const alone = () => {
    controller.close();
    phones.close();
  };
  const fault = Promise.withResolvers<never>();
  fault.promise.catch(() => {});
  const agent = await runAgent({
    folder: place,
    grant: grantOf(controller, key.publicKey),
    http: anyPort,
    tftp: anyPort,
    sip: anyPort,
    phoneSipPort: phones.address().port,
    secrets: { plain: true, routed: false },
    serving: { httpPerAddressMax: noLimit, tftpPerAddressMax: noLimit },
    log: pino({ level: 'silent' }),
    // A full disk, for one: nothing is practised that counts, and its reason is the one to tell.
    failed: fault.reject,
  }).catch((error) => {
    alone();
    throw error;
  });
  const close = () => agent.close().finally(alone);
  try {
    await Promise.race([controller.planTaken, fault.promise, ended(limits)]);
    return { ports: agent.ports, fault: fault.promise, close };
  } catch (error) {
    await close();
    if (limits.stopped?.aborted) return undefined;
    throw error;
  }
}

/** Where a machine does not even reach itself nobody is served; one that is only slow is given a moment. */
const ended = async (limits: Until): Promise<never> => {
  const signal = endOf(limits);
  if (!signal.aborted) await once(signal, 'abort');
  throw new Error('the agent does not reach a controller on its own machine');
};

const keyId = 'practice';

const secret = () => randomBytes(32).toString('base64url');

function grantOf({ port }: PracticeController, publicKey: KeyObject): EnrolmentGrant {
  return {
    site: practiceSite,
    zone: 'UTC',
    mqttUrl: `mqtt://${host}:${port}`,
    mqttPassword: secret(),
    httpUrl: `http://${host}:${port}`,
    agentToken: secret(),
    fingerprintKey: secret(),
    planKeys: [{ id: keyId, publicKey: publicKey.export({ format: 'jwk' }).x ?? '' }],
  };
}

function* wishesOf(branches: readonly Branch[]) {
  for (const wish of practiceWishes()) {
    for (const { ports } of branches) yield { wish, ports };
  }
}

async function askAll(
  branches: readonly Branch[],
  limits: Until,
): Promise<Pick<Practised, 'requests' | 'files'>> {
  const open = wishesOf(branches);
  const { stopped } = limits;
  const signal = endOf(limits);
  let [requests, files] = [0, 0];
  const askOn = async (): Promise<void> => {
    for (const { wish, ports } of open) {
      if (isOver(limits)) return;
      const answered =
        wish.protocol === 'http'
          ? askOverHttp(wish, { host, port: ports.http, signal })
          : askOverTftp(wish, { host, port: ports.tftp, signal });
      const isFile = await answered.catch((error: unknown) => {
        // The last answers may come too late where many were given: that is the end of the time, no fault.
        if (!signal.aborted || (requests === 0 && !stopped?.aborted)) throw error;
        return undefined;
      });
      if (isFile === undefined) return;
      requests += 1;
      if (isFile) files += 1;
    }
  };
  const all = Promise.all(Array.from({ length: atOnce }, askOn));
  await Promise.race([all, ...branches.map(({ fault }) => fault)]);
  return { requests, files };
}
