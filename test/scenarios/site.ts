import { mkdirSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { fastClock } from '@ringwave/runtime/clock';
import { pino } from 'pino';
import { enrol } from '../../agent/io/enrol.ts';
import { openBox, readGrant, storeGrant } from '../../agent/io/box.ts';
import { type RunningAgent, runAgent } from '../../agent/main.ts';
import {
  type ControllerOptions,
  type RunningController,
  runController,
} from '../../controller/main.ts';

// A controller and an agent in this process, over real sockets, with their real stores in a test folder.

/** Twenty times as fast as the wall: an agent waits up to half a minute before it connects again. */
export function fastTime(speed = 20): NonNullable<ControllerOptions['clock']> {
  const now = Date.now() as EpochMs;
  const grant = { speed, startedAt: now, wallStartedAt: now };
  return { clock: fastClock(grant), grant };
}

const anyPort = { host: '127.0.0.1', port: 0 };

const stopsTest = (error: unknown): never => {
  throw error;
};

export async function startController(
  folder: string,
  options: Partial<ControllerOptions> = {},
): Promise<RunningController> {
  return runController({
    clock: fastTime(),
    folder,
    http: anyPort,
    mqtt: anyPort,
    note: () => {},
    failed: stopsTest,
    ...options,
  });
}

export class Api {
  readonly #url: string;
  readonly #token: string;

  constructor(controller: RunningController) {
    this.#url = controller.url;
    this.#token = controller.access.mintApiToken('operator');
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    const isRaw = body instanceof Uint8Array;
    const type = isRaw ? 'application/octet-stream' : 'application/json';
    const response = await fetch(new URL(`/api/v1${path}`, this.#url), {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': type }),
      },
      ...(body === undefined ? {} : { body: isRaw ? Buffer.from(body) : JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  /** Fails the test when the controller refuses. */
  async must(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await this.send(method, path, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as Record<string, unknown>;
  }

  /** These stories have one person, who says so, and approves what is stored. */
  async approve(rollout: string): Promise<void> {
    const { contentHash } = await this.must('GET', `/rollouts/${rollout}`);
    const breakGlass = 'a story with one person';
    await this.must('POST', `/rollouts/${rollout}/approve`, { contentHash, breakGlass });
  }
}

export const alwaysOpen = {
  zone: 'Europe/Lisbon',
  windows: [
    { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], start: '00:00', end: '12:00' },
    { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], start: '12:00', end: '00:00' },
  ],
};

export async function enrolAgent(
  api: Api,
  controller: RunningController,
  site: string,
  folder: string,
): Promise<void> {
  const { token } = (await api.must('POST', `/sites/${site}/token`, {})) as { token: string };
  const result = await enrol(token, controller.url);
  if (!result.ok) throw new Error(result.problem);
  mkdirSync(folder, { recursive: true });
  storeGrant(openBox(folder), result.grant);
}

export async function startAgent(
  folder: string,
  options: Partial<Parameters<typeof runAgent>[0]> = {},
): Promise<RunningAgent> {
  const grant = readGrant(openBox(folder));
  if (!grant) throw new Error('not enrolled');
  return runAgent({
    // The phones of these stories speak no TLS.
    secrets: { plain: true, routed: false },
    folder,
    grant,
    http: anyPort,
    tftp: anyPort,
    sip: anyPort,
    phoneSipPort: 5060,
    log: pino({ level: 'silent' }),
    failed: stopsTest,
    ...options,
  });
}

/** Twenty seconds for what takes a tenth of one: the machine may be busy. */
const patienceMs = 20_000;

/** Waits until something is so; throws with its words when it does not come about. */
export async function until(
  what: string,
  isSo: () => unknown,
  withinMs = patienceMs,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`never came about: ${what}`);
    await pause(10);
  }
}

/** One Yealink release of a small image, stored over REST. */
export async function storeRelease(
  api: Api,
  version: string,
  image: Buffer,
): Promise<{ id: Id; sha256: string }> {
  const sha256 = createHash('sha256').update(image).digest('hex');
  await api.must('PUT', `/images/${sha256}`, image);
  const release = await api.must('POST', '/releases', {
    schema: 'ringwave/release/1',
    vendor: 'Yealink',
    version,
    models: ['T46S'],
    images: [
      { fileName: `T46S(T48S,T42S,T41S)-${version}.rom`, sha256, lengthBytes: image.length },
    ],
    severity: 'high',
    notes: '',
  });
  await api.must('POST', `/releases/${String(release['id'])}/life`, {
    cause: 'approve',
    why: 'tried by hand',
  });
  return { id: release['id'] as Id, sha256 };
}

/** A Yealink T46S as far as HTTP shows it: its User-Agent carries what it runs. */
export class HandPhone {
  readonly mac: string;
  version: string;
  readonly #agent: RunningAgent;
  #login: string | undefined;

  constructor(agent: RunningAgent, mac: string, version: string) {
    this.#agent = agent;
    this.mac = mac;
    this.version = version;
  }

  async ask(path: string): Promise<Response> {
    const pairs = this.mac.replace(/(..)(?=.)/g, '$1:');
    return fetch(`http://127.0.0.1:${this.#agent.ports.http}${path}`, {
      headers: {
        'user-agent': `Yealink SIP-T46S ${this.version} ${pairs}`,
        ...(this.#login
          ? { authorization: `Basic ${Buffer.from(this.#login).toString('base64')}` }
          : {}),
      },
    });
  }

  /** One boot: its own file, and the image that file names, which it then runs. */
  async boot(): Promise<string | undefined> {
    const config = await (await this.ask(`/${this.mac}.cfg`)).text();
    const password = /server\.password = (\S+)/.exec(config)?.[1];
    if (password) this.#login = `${this.mac}:${password}`;
    const url = /firmware\.url = (\S+)/.exec(config)?.[1];
    if (!url) return undefined;
    const image = await this.ask(new URL(url).pathname);
    await image.arrayBuffer();
    return image.ok ? url : undefined;
  }
}
