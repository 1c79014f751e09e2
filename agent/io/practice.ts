import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import { days, hours, type Id, laterBy, type Mac } from '@ringwave/protocol/units';
import { wallClock } from '@ringwave/runtime/clock';
import { StepLoop } from '@ringwave/runtime/step-loop';
import { stepAgent } from '../core/agent.ts';
import { mayWait } from '../core/may-wait.ts';
import { ownTemplates } from '../core/provisioning/base.ts';
import { type AgentEffect, type AgentEvent, type AgentTables, emptyTables } from '../core/state.ts';
import { openStore } from './box.ts';
import { openBase } from './base/open-base.ts';
import { HttpServer } from './http-server.ts';
import { Keyring, secretMade } from './keyring.ts';
import { Provisioning } from './provisioning.ts';
import { RescueDesk } from './rescue-desk.ts';

// After a power cut all phones of a branch ask within seconds, of a box that has just started itself: code that has never
// run is several times slower than code that has. So the box first serves a branch that does not exist, from a folder and
// over a port of its own, and opens its doors after that.

/** Phones of the commonest makes: each asks for all its files. */
const kinds = [
  ['Yealink', 'T46S', '66.86.0.15', '001565'],
  ['Polycom', 'VVX411', '6.4.6.2656', '64167f'],
  ['Cisco', '8851', '12-0-7MPP0201-66', '00562b'],
  ['Cisco', 'SPA504G', '7.4.9c', '002699'],
  ['Grandstream', 'GXP2170', '1.0.11.57', '000b82'],
  ['Snom', 'D785', '10.1.198.19', '000413'],
  ['Mitel', '6867i', '6.2.0.1012', '08000f'],
  ['Panasonic', 'KX-UT123', '01.133', '0080f0'],
] as const;

const site = 'practice' as Id;
const host = '127.0.0.1';
/** A folder that nobody else makes: it is removed, whatever is in it. */
const placeName = '.ringwave-practice';
/** Phones of each kind. */
const phonesOfKind = 24;
/** Requests that are under way at once. */
const atOnce = 16;
/** What the last answers may take beyond the time that is given. */
const answerMsMax = 1000;

export interface Practised {
  readonly requests: number;
  readonly tookMs: number;
}

interface Wish {
  readonly path: string;
  readonly userAgent: string;
}

/** On a small box the time is up before all have asked: what has run by then is what matters most. */
const practiceMsMax = 1500;

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
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true, mode: 0o700 });
  try {
    const branch = await openBranch(place);
    try {
      const requests = await askAll(branch.port, { until: began + withinMs, stopped });
      return { requests, tookMs: performance.now() - began };
    } finally {
      await branch.close();
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function openBranch(place: string): Promise<{ port: number; close(): Promise<void> }> {
  // All that may fail comes first: a loop and a store that are left behind would keep the process from ending.
  const images = await ImageStore.open(join(place, 'images'));
  const rescue = await RescueDesk.open(place, () => wallClock().now());
  const base = await openBase({ folder: place, settings: ownTemplates, alarm: () => {} });
  const tables = emptyTables();
  const store = openStore(join(place, 'agent.sqlite'), tables);
  const keyring = new Keyring(randomBytes(32), randomBytes(32));
  const clock = wallClock();
  const loop = new StepLoop<AgentTables, AgentEvent, AgentEffect>({
    tables,
    store,
    clock,
    step: (event, now) => stepAgent({ site, version: '0', tables }, event, now),
    mayWait,
    act: (effect) => {
      const made = effect.kind === 'make-secret' ? secretMade(effect, keyring) : undefined;
      if (made) submit(made);
    },
    failed: (error) => {
      fault ??= error;
      loop.stop();
    },
    woke: { kind: 'woke' },
  });
  let fault: unknown;
  const submit = (event: AgentEvent) => loop.submit(event);
  submit({ kind: 'plan-came', plan: planned(clock.now()) });
  let port = 0;
  const files = new Provisioning({
    tables,
    keyring,
    submit,
    images,
    rescue,
    base,
    policy: { plain: true, routed: false },
    neighbourOf: async () => null,
    address: () => ({ host, httpPort: port, tftpPort: 69 }),
    now: () => clock.now(),
    settled: () => loop.settled(),
  });
  const limits = { connectionsMax: 64, connectionsPerSourceMax: 64, requestsPerSecond: 1e6 };
  const server = await HttpServer.listen({ host, port: 0, files, limits }).catch((error) => {
    loop.stop();
    store.close();
    throw error;
  });
  port = server.port;
  const close = async () => {
    loop.stop();
    await server.close();
    store.close();
    // A full disk, for one: nothing was practised that counts, and its reason is the one to tell.
    if (fault !== undefined) throw fault;
  };
  return { port, close };
}

function planned(now: ReturnType<ReturnType<typeof wallClock>['now']>): Plan {
  return {
    kind: 'plan',
    site,
    revision: 1,
    parent: 0,
    zone: 'UTC',
    startUntil: laterBy(now, days(7)),
    openings: [{ start: laterBy(now, hours(24)), end: laterBy(now, hours(28)) }],
    phonesUpdatingMax: 5,
    wanBytesPerSecond: 0,
    coverage: [],
    pausedRollouts: [],
    releases: [],
    phones: kinds.flatMap((_, kind) => phonesOf(kind)),
  };
}

function phonesOf(kind: number): PlanPhone[] {
  const [vendor = '', model = '', , oui = ''] = kinds[kind] ?? [];
  return Array.from({ length: phonesOfKind }, (_, nth) => ({
    mac: `${oui}${nth.toString(16).padStart(6, '0')}`.replace(/..(?!$)/g, '$&:'),
    vendor,
    model,
    emergency: false,
    credentialGeneration: 1,
  }));
}

/** Phones of all kinds by turns, as they come when the power is back. */
function* wishes(): Generator<Wish> {
  for (let nth = 0; nth < phonesOfKind; nth += 1) {
    for (const [kind, [vendor, model, version]] of kinds.entries()) {
      const profile = profileOf(vendor);
      const mac = phonesOf(kind)[nth]?.mac as Mac | undefined;
      if (!profile || !mac) continue;
      const userAgent = profile.userAgent({ mac, model, version });
      for (const { path } of profile.bootFiles({ mac, model })) yield { path, userAgent };
    }
  }
}

async function askAll(
  port: number,
  { until, stopped }: { readonly until: number; readonly stopped: AbortSignal | undefined },
): Promise<number> {
  const open = wishes();
  const signal = AbortSignal.timeout(
    Math.ceil(Math.max(until - performance.now(), 0)) + answerMsMax,
  );
  let asked = 0;
  const askOn = async (): Promise<void> => {
    for (const wish of open) {
      if (performance.now() > until || stopped?.aborted) return;
      const isAnswered = await ask(port, wish, signal).then(
        () => true,
        (error: unknown) => {
          // The last answers may come too late where many were given: that is the end of the time, no fault.
          if (!signal.aborted || asked === 0) throw error;
          return false;
        },
      );
      if (!isAnswered) return;
      asked += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, askOn));
  return asked;
}

/** A connection of its own for each file, as most phones do. */
const ask = (port: number, { path, userAgent }: Wish, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'user-agent': userAgent };
    const asked = new URL(path, `http://${host}:${port}`);
    const request = get(asked, { agent: false, headers, signal }, (answer) => {
      answer.resume().once('end', resolve).once('error', reject);
    });
    request.once('error', reject);
  });
