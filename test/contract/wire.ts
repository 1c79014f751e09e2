import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ControllerLink, openControllerLink } from '@ringwave/agent/io/controller-link';
import {
  controllerLogin,
  mosquittoAcl,
  mosquittoConf,
  mosquittoPasswordLine,
} from '@ringwave/controller/core/mosquitto';
import { openBroker } from '@ringwave/controller/io/broker';
import { openOutsideBroker } from '@ringwave/controller/io/outside-broker';
import type { Transport, TransportEvents, Uplink } from '@ringwave/controller/transport';
import type { Ack } from '@ringwave/protocol/messages';
import { type EpochMs, type Id, id } from '@ringwave/protocol/units';
import { type Clock, fastClock, wallClock } from '@ringwave/runtime/clock';
import mqtt, { type MqttClient } from 'mqtt';
import type { Test } from 'tap';
import { Heard } from '../heard.ts';
import { programPath } from '../peers/peer.ts';

// One way to set up each wire, for the contract, the broker's own tests and the foreign programs.

export const site = (name: string): Id => {
  const made = id(name);
  if (!made) throw new Error(`${name} is no id`);
  return made;
};

/** Every test site's password is its name with this in front. */
export const passwordOf = (name: string): string => `secret-of-${name}-for-this-test-and-no-other`;

/** A thousand times as fast as the wall: waits between attempts shrink, limits of the network do not. */
export const quickClock = (): Clock =>
  fastClock({
    speed: 1000,
    startedAt: 1_800_000_000_000 as EpochMs,
    wallStartedAt: Date.now() as EpochMs,
  });

export type GuardEvent = Parameters<TransportEvents['onGuard']>[0];

export class ControllerEars implements TransportEvents {
  readonly up = new Heard<Uplink & { text: string }>('uplink');
  readonly guard = new Heard<GuardEvent>('guard');
  readonly presence = new Heard<string>('presence');
  readonly onUp = (message: Uplink): void =>
    this.up.add({ ...message, text: Buffer.from(message.raw).toString('utf8') });
  readonly onGuard = (event: GuardEvent): void => this.guard.add(event);
  readonly onPresence = (name: Id, up: boolean): void =>
    this.presence.add(`${name} ${up ? 'up' : 'down'}`);
}

export interface Wire {
  readonly url: string;
  readonly transport: Transport;
  /** Everything ends and comes back at the same address, with no memory. */
  restart(): Promise<void>;
}

export type WireKind = 'embedded broker' | 'mosquitto';

export const openWire = (
  t: Test,
  kind: WireKind,
  ears: ControllerEars,
  sites: readonly string[],
): Promise<Wire> =>
  kind === 'mosquitto' ? mosquittoWire(t, ears, sites) : embeddedWire(t, ears, sites);

async function embeddedWire(
  t: Test,
  ears: ControllerEars,
  sites: readonly string[],
): Promise<Wire> {
  const open = (port: number) =>
    openBroker({
      host: '127.0.0.1',
      port,
      clock: quickClock(),
      logins: (name, password) => sites.includes(name) && password === passwordOf(name),
      onUp: ears.onUp,
      onGuard: ears.onGuard,
      onPresence: ears.onPresence,
    });
  let transport = await open(0);
  const { port } = transport;
  t.teardown(() => transport.close());
  return {
    url: `mqtt://127.0.0.1:${port}`,
    get transport() {
      return transport;
    },
    async restart() {
      await transport.close();
      transport = await open(port);
    },
  };
}

async function mosquittoWire(
  t: Test,
  ears: ControllerEars,
  sites: readonly string[],
): Promise<Wire> {
  const mosquitto = await startMosquitto(t, sites);
  const url = `mqtt://127.0.0.1:${mosquitto.port}`;
  const wireUp = new Heard<boolean>('controller on mosquitto');
  const transport = await openOutsideBroker({
    url,
    username: controllerLogin,
    password: passwordOf(controllerLogin),
    clock: wallClock(),
    onUp: ears.onUp,
    onGuard: ears.onGuard,
    onPresence: ears.onPresence,
    onWire: (up) => wireUp.add(up),
  });
  t.teardown(() => transport.close());
  return {
    url,
    transport,
    async restart() {
      const before = wireUp.all.filter(Boolean).length;
      await mosquitto.restart();
      await wireUp.until((all) => (all.filter(Boolean).length > before ? true : undefined));
    },
  };
}

/** Debian's mosquitto with our own configuration text, on a free port. */
export async function startMosquitto(
  t: Test,
  sites: readonly string[],
  acl = mosquittoAcl(),
): Promise<{ readonly port: number; restart(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'ringwave-mosquitto-'));
  // mosquitto started by root gives up its rights before it reads these.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const at = (name: string) => join(folder, name);
  const lines = [...sites, controllerLogin].map((login) =>
    mosquittoPasswordLine({ login, password: passwordOf(login), salt: randomBytes(12) }),
  );
  writeFileSync(at('passwords'), lines.join(''));
  writeFileSync(at('acl'), acl);
  writeFileSync(
    at('mosquitto.conf'),
    mosquittoConf({
      listen: `${port} 127.0.0.1`,
      passwordFile: at('passwords'),
      aclFile: at('acl'),
    }),
  );
  let child = await mosquittoUp(at('mosquitto.conf'));
  t.teardown(async () => {
    await ended(child, 'SIGTERM');
    rmSync(folder, { recursive: true });
  });
  return {
    port,
    async restart() {
      await ended(child, 'SIGKILL');
      child = await mosquittoUp(at('mosquitto.conf'));
    },
  };
}

async function mosquittoUp(conf: string): Promise<ChildProcess> {
  const child = spawn(programPath('mosquitto') ?? 'mosquitto', ['-c', conf], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = new Heard<string>('mosquitto');
  child.stderr.on('data', (chunk: Buffer) => said.add(chunk.toString('utf8')));
  child.on('exit', () => said.add('exited'));
  const all = await said.until((lines) => {
    const text = lines.join('');
    return /running|exited/.test(text) ? text : undefined;
  });
  if (all.includes('exited')) throw new Error(`mosquitto did not start: ${all}`);
  return child;
}

async function ended(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** An agent's own link, with all it heard. */
export class AgentEars {
  readonly up = new Heard<string>('link up');
  readonly down = new Heard<{ reason: string; nextAttemptAt: EpochMs }>('link down');
  readonly acks = new Heard<Ack>('acks');
  readonly plans = new Heard<string>('plans');
  readonly halts = new Heard<string>('halts');
  readonly unread = new Heard<string>('unread');
}

export function openAgent(
  t: Test,
  url: string,
  name: string,
  with_: Partial<Parameters<typeof openControllerLink>[0]> = {},
): { link: ControllerLink; ears: AgentEars } {
  const ears = new AgentEars();
  let conns = 0;
  const link = openControllerLink({
    url,
    site: site(name),
    password: passwordOf(name),
    clock: quickClock(),
    wallClock: wallClock(),
    connId: () => `${name}-${++conns}`,
    random: () => 0.5,
    onUp: ears.up.add,
    onDown: ears.down.add,
    onAck: ears.acks.add,
    onPlan: ears.plans.add,
    onHalt: ears.halts.add,
    onUnread: (topic, problem) => ears.unread.add(`${topic}: ${problem}`),
    ...with_,
  });
  t.teardown(() => link.close());
  return { link, ears };
}

export const ackFor = (seq: number): Ack => ({
  kind: 'ack',
  epoch: 1,
  seq,
  window: 8,
  minGapMs: 0,
  spreadSeconds: 1,
  controllerMs: 1_800_000_000_000,
});

/** Any MQTT client that logs in as a site, or tries to; what it was told and what it got. */
export function openStranger(
  t: Test,
  url: string,
  name: string,
  with_: mqtt.IClientOptions = {},
): { client: MqttClient; got: Heard<string>; ended: Heard<string> } {
  const got = new Heard<string>(`messages of ${name}`);
  const ended = new Heard<string>(`end of ${name}`);
  const client = mqtt.connect(url, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    clientId: name,
    username: name,
    password: passwordOf(name),
    ...with_,
  });
  client.on('message', (topic, payload) => got.add(`${topic} ${payload.toString('utf8')}`));
  client.on('error', (error) => ended.add(error.message));
  client.on('close', () => ended.add('closed'));
  t.teardown(() => client.end(true));
  return { client, got, ended };
}
