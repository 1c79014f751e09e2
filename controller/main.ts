import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostManners } from '@ringwave/firmware-catalog/io/host-manners';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { EnrolmentGrant } from '@ringwave/protocol/enrolment';
import type { Id } from '@ringwave/protocol/units';
import { type Clock, wallClock } from '@ringwave/runtime/clock';
import { holdFolder } from '@ringwave/runtime/io/folder-hold';
import { writeOwnFile } from '@ringwave/runtime/io/own-file';
import type { FastifyInstance } from 'fastify';
import { secretMatches } from './core/enrolment.ts';
import type { FeedChoice } from './core/feed-choice.ts';
import type { Command } from './core/state.ts';
import { Access } from './io/access.ts';
import { openBroker } from './io/broker.ts';
import { Engine } from './io/engine.ts';
import { Feeds } from './io/feeds.ts';
import { type AskCheck, askCheck } from './io/gate-check.ts';
import { Live } from './io/live.ts';
import { openOutsideBroker } from './io/outside-broker.ts';
import { openPlanKey } from './io/plan-key.ts';
import { consoleFolder, restServer } from './io/rest/server.ts';
import { eventOf, sendEffect } from './io/site-line.ts';
import type { Transport, TransportEvents } from './transport.ts';

// Wires the controller: one step loop and its store, a transport, the HTTP door.

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface Tls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface ControllerOptions {
  readonly folder: string;
  readonly http: Listen;
  /** The broker inside the controller listens here; ignored with `outsideBroker`. */
  readonly mqtt: Listen;
  readonly outsideBroker?: {
    readonly url: string;
    readonly username: string;
    readonly password: string;
    readonly ca?: string;
  };
  readonly tls?: Tls;
  /** The host that agents are told; the one listened on where it is not a wildcard. */
  readonly advertise?: string;
  /** A demonstration runs on a clock of its own, which its agents are told. */
  readonly clock?: { readonly clock: Clock; readonly grant: NonNullable<EnrolmentGrant['clock']> };
  /** Lists to follow; the schedule is read in UTC. */
  readonly feeds?: {
    readonly choices: readonly FeedChoice[];
    readonly schedule: string;
    /** Of its own where none is given. */
    readonly manners?: HostManners;
  };
  /** Who may be asked whether a wave may pass: hosts, with their port where they say one. Nobody, by default. */
  readonly gateCheckHosts?: readonly string[];
  /** A line for the log: guards that acted, messages that could not be read. */
  note(about: Record<string, unknown>, text: string): void;
  failed(error: unknown): void;
}

export interface RunningController {
  readonly engine: Engine;
  readonly access: Access;
  readonly images: ImageStore;
  readonly transport: Transport;
  readonly feeds: Feeds | undefined;
  /** Where browsers and programs reach it. */
  readonly url: string;
  readonly ports: { readonly http: number; readonly mqtt: number };
  close(): Promise<void>;
}

export async function runController(options: ControllerOptions): Promise<RunningController> {
  refuseOpenDoor(options);
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  // Each of two would write over what the other one has decided, and neither would know.
  const letGo = holdFolder(options.folder);
  const running = await runIn(options).catch((error: unknown) => {
    letGo();
    throw error;
  });
  const close = async () => {
    await running.close();
    letGo();
  };
  return { ...running, close };
}

async function runIn(options: ControllerOptions): Promise<RunningController> {
  const file = (name: string) => join(options.folder, name);
  const key = openPlanKey(file('plan.key'));
  const fingerprintKey = ownSecret(file('fingerprint.key'));
  const images = await ImageStore.open(file('images'));
  const wall = wallClock();
  const clock = options.clock?.clock ?? wall;
  const access = new Access(file('access.sqlite'), () => wall.now());
  const parts: { transport?: Transport; feeds?: Feeds | undefined } = {};
  const check = async (ask: AskCheck): Promise<void> => {
    const { rollout, wave, question } = ask;
    const answer = await askCheck(ask, options.gateCheckHosts ?? []);
    engine.submit({ kind: 'check-answered', rollout, wave, question, ...answer });
  };
  const engine = new Engine({
    database: file('controller.sqlite'),
    clock,
    act: (effect) => {
      if (effect.kind === 'ask-check') void check(effect);
      else if (parts.transport)
        sendEffect(effect, { transport: parts.transport, key, now: clock.now() });
    },
    failed: (error) => options.failed(error),
  });
  const live = new Live(engine, { demo: options.clock !== undefined });
  const broker = await openTransport(options, engine, clock);
  parts.transport = broker.transport;
  const urls: { http: string } = { http: '' };
  const grantBase = () =>
    grantBaseOf(options, { key, fingerprintKey, mqttUrl: broker.url, httpUrl: urls.http });
  const app = await restServer(
    {
      engine,
      access,
      live,
      images,
      grantBase,
      feeds: () => parts.feeds,
      url: () => urls.http,
      console: consoleFolder,
      secure: options.tls !== undefined,
    },
    options.tls,
  );
  const close = async (): Promise<void> => {
    await parts.feeds?.close();
    live.close();
    await app.close();
    await broker.transport.close();
    engine.close();
    access.close();
  };
  // What is open already would keep a program going that serves nobody.
  const port = await listen(app, options.http).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  urls.http = `${options.tls ? 'https' : 'http'}://${shown(options.advertise ?? options.http.host)}:${port}`;
  engine.start();
  parts.feeds = followFeeds(options, { engine, images, clock: wall });
  return {
    engine,
    access,
    images,
    transport: broker.transport,
    feeds: parts.feeds,
    url: urls.http,
    ports: { http: port, mqtt: broker.port },
    close,
  };
}

/** What every agent is told of this controller. */
const grantBaseOf = (
  { tls, clock }: ControllerOptions,
  {
    key,
    fingerprintKey,
    mqttUrl,
    httpUrl,
  }: {
    readonly key: ReturnType<typeof openPlanKey>;
    readonly fingerprintKey: string;
    readonly mqttUrl: string;
    readonly httpUrl: string;
  },
) => ({
  planKey: key.privateKey,
  grant: {
    mqttUrl,
    httpUrl,
    fingerprintKey,
    planKeys: [{ id: key.id, publicKey: key.publicKey }],
    ...(tls ? { ca: String(tls.cert) } : {}),
    ...(clock ? { clock: clock.grant } : {}),
  },
});

/** Asked once at the start, then on schedule. */
function followFeeds(
  options: ControllerOptions,
  { engine, images, clock }: { engine: Engine; images: ImageStore; clock: Clock },
): Feeds | undefined {
  if (!options.feeds) return undefined;
  const submit = (command: Command) => engine.command('feed', command);
  const note: ControllerOptions['note'] = (about, text) => options.note(about, text);
  const { tables } = engine;
  const feeds = new Feeds({ ...options.feeds, tables, images, clock, submit, note });
  void feeds.runOnce();
  return feeds;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');

/** Sessions and tokens never cross a network in the clear. */
function refuseOpenDoor({ http, tls }: ControllerOptions): void {
  if (tls || isLoopback(http.host)) return;
  throw new Error(
    `HTTP on ${http.host} without TLS would show sessions and tokens to the network. Give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy.`,
  );
}

/** A wildcard is no address to go to. */
const shown = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;

async function listen(app: FastifyInstance, { host, port }: Listen): Promise<number> {
  await app.listen({ host, port });
  const address = app.server.address();
  return typeof address === 'object' && address ? address.port : port;
}

/** 256 random bits, made on first use. */
function ownSecret(file: string): string {
  if (!existsSync(file)) writeOwnFile(file, randomBytes(32).toString('base64url'));
  return readFileSync(file, 'utf8').trim();
}

async function openTransport(
  options: ControllerOptions,
  engine: Engine,
  clock: Clock,
): Promise<{ transport: Transport; url: string; port: number }> {
  const events: TransportEvents = {
    onUp: (uplink) => {
      const event = eventOf(uplink);
      if ('kind' in event) engine.submit(event);
      else
        options.note(
          { site: uplink.site, kind: uplink.kind, problems: event.problems },
          'unread message',
        );
    },
    onGuard: (guard) => options.note({ ...guard }, 'broker guard'),
  };
  const { outsideBroker } = options;
  if (outsideBroker) {
    const transport = await openOutsideBroker({ ...outsideBroker, clock, ...events });
    return { transport, url: outsideBroker.url, port: Number(new URL(outsideBroker.url).port) };
  }
  const broker = await openBroker({
    ...options.mqtt,
    ...(options.tls ? { tls: options.tls } : {}),
    logins: (site: Id, password) =>
      secretMatches(engine.tables.agents.get(site)?.passwordHash, password),
    clock,
    ...events,
  });
  const host = shown(options.advertise ?? options.mqtt.host);
  return {
    transport: broker,
    url: `${options.tls ? 'mqtts' : 'mqtt'}://${host}:${broker.port}`,
    port: broker.port,
  };
}
