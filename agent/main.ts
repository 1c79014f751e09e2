import { createPublicKey, randomBytes, randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { EnrolmentGrant } from '@ringwave/protocol/enrolment';
import { type EnvelopeKind, open } from '@ringwave/protocol/envelope';
import { decodeHalt, decodePlan, encode } from '@ringwave/protocol/messages';
import type { Id, Mac } from '@ringwave/protocol/units';
import { type Clock, fastClock, wallClock } from '@ringwave/runtime/clock';
import type { BallastedStore } from '@ringwave/runtime/io/ballast';
import { type LoopParts, StepLoop } from '@ringwave/runtime/step-loop';
import type { Logger } from 'pino';
import { usualWakeFile, type WakeFile } from './core/pbx/settings.ts';
import { stepAgent } from './core/agent.ts';
import { unneededImages } from './core/image-needs.ts';
import { mayWait } from './core/may-wait.ts';
import { type AgentEffect, type AgentEvent, type AgentTables, emptyTables } from './core/state.ts';
import { openBallastedStore, openBox } from './io/box.ts';
import { type ControllerLink, openControllerLink } from './io/controller-link.ts';
import { ImageCache } from './io/image-cache.ts';
import { freezeReasonIn, watchFreezeFile } from './io/freeze-file.ts';
import { DecoyDesk } from './io/decoy-desk.ts';
import { Keyring, secretMade } from './io/keyring.ts';
import { Provisioning } from './io/provisioning.ts';
import { RescueDesk } from './io/rescue-desk.ts';
import type { BaseFiles } from './io/base/base-files.ts';
import { openBase } from './io/base/open-base.ts';
import { type BaseSettings, ownTemplates } from './core/provisioning/base.ts';
import { SipSocket } from './io/sip-socket.ts';
import { openWaker, type Waker } from './io/waker.ts';
import { webLoginOf } from './io/web-logins.ts';
import { endRunning, type Running, tellLine, tellRunning } from './io/running-file.ts';
import { localView } from './core/local-view.ts';
import { openLocalPage } from './io/local-page.ts';
import { Discovery } from './io/discovery.ts';
import { Neighbours } from './io/neighbours.ts';
import type { SecretPolicy } from './core/provisioning/secret-guard.ts';
import {
  openPhoneServers,
  type PhoneServers,
  type PhoneServersOf,
  type ServingSettings,
} from './io/phone-servers.ts';
import { masked } from './core/mask.ts';
import { acceptedSecrets } from './core/rotation.ts';
import { phoneUpload } from './core/provisioning/phone-uploads.ts';

// Wires the agent: one step loop, its store, the servers for phones, the line to the controller.

export const agentVersion = '0.1.0';

export interface AgentOptions {
  readonly folder: string;
  readonly grant: EnrolmentGrant;
  readonly http: Listen;
  readonly tftp: Listen;
  readonly sip: Listen;
  /** Where phones listen for SIP; 5060 everywhere but in laboratories. */
  readonly phoneSipPort: number;
  /** Where to listen for SIP plug and play; absent: not at all. */
  readonly pnp?: Listen;
  /** How phones are woken and found idle, where the site says it; SIP over UDP alone where it does not. */
  readonly wake?: WakeFile;
  /** The address that phones are told; the one listened on where it is not a wildcard. */
  readonly advertise?: string;
  /** What the site allows beside HTTPS to phones that are neighbours; nothing where absent. */
  readonly secrets?: SecretPolicy;
  /** What phones' files are made over; the agent's own templates where absent. */
  readonly base?: BaseSettings;
  /** The file that says so, for `doctor`. */
  readonly baseFile?: string;
  /** TLS, limits and TFTP's peculiarities; plain HTTP and TFTP without any. */
  readonly serving?: ServingSettings;
  /** A page for whoever stands at the box; none where absent. */
  readonly page?: Listen;
  /** Room that is held back on the disk for the agent's own commits; none where absent. */
  readonly ballastBytes?: number;
  readonly log: Logger;
  /** A bug or a broken disk: nothing is known for certain any more. */
  failed(error: unknown): void;
}

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface RunningAgent {
  readonly ports: PhoneServers['ports'] & { readonly sip: number; readonly page?: number };
  readonly tables: AgentTables;
  close(): Promise<void>;
}

const clockOf = (grant: EnrolmentGrant): Clock =>
  grant.clock ? fastClock(grant.clock as Parameters<typeof fastClock>[0]) : wallClock();

/** What time itself tells, and a clock that was set. */
const ofTime: Pick<LoopParts<AgentTables, AgentEvent, AgentEffect>, 'woke' | 'jumped'> = {
  woke: { kind: 'woke' },
  jumped: (by) => ({ kind: 'clock-jumped', by }),
};

export async function runAgent(options: AgentOptions): Promise<RunningAgent> {
  const { grant, log } = options;
  const site = grant.site as Id;
  const clock = clockOf(grant);
  const box = openBox(options.folder);
  const tables = emptyTables();
  const store = openBallastedStore(box, tables, options.ballastBytes ?? 0);
  const keyring = Keyring.open(box.keyFile, Buffer.from(grant.fingerprintKey, 'base64url'));
  const images = await ImageStore.open(box.images);
  const parts: Parts = {};
  const loop = new StepLoop<AgentTables, AgentEvent, AgentEffect>({
    tables,
    store,
    clock,
    step: (event, now) => stepAgent({ site, version: agentVersion, tables }, event, now),
    mayWait,
    act: (effect) => perform(effect, { parts, cache, keyring, submit }),
    failed: (error) => options.failed(error),
    ...ofTime,
  });
  const submit = (event: AgentEvent) => loop.submit(event);
  const cache = cacheOf({ images, grant, log, submit }, tables);
  let ports: RunningAgent['ports'] | undefined;
  const host = options.advertise ?? options.http.host;
  const neighbours = new Neighbours();
  const address = () => addressOf(host, ports);
  const decoys = new DecoyDesk(tables, keyring);
  const files = new Provisioning({
    tables,
    images,
    keyring,
    decoys,
    address,
    submit: (event) => shown(event, submit, parts.waker),
    policy: options.secrets ?? { plain: false, routed: false },
    ...(await openSources(options, submit, parts)),
    neighbourOf: (address, expected) => neighbours.of(address, expected),
    now: () => clock.now(),
    settled: () => loop.settled(),
  });
  const servers = await openPhoneServers({
    ...servingOf(options, host),
    files,
    ...uploadsOf(tables, keyring, submit),
  });
  parts.servers = servers;
  const sip = await sipOf(options, decoys, submit);
  parts.waker = wakerOf(options, { sip, neighbours, tables, keyring, submit });
  const page = await pageOf(options, () => localView(site, tables, clock.now()));
  ports = { ...servers.ports, sip: sip.port, ...(page ? { page: page.port } : {}) };
  tellRunning(options.folder, runningOf(options, host, ports));
  const discovery = await Discovery.open({ ...options, neighbours, tables, submit, address });
  begin(options.folder, store, submit);
  parts.waker.resume();
  const freezeFile = watchFreezeFile(options.folder, { clock: wallClock(), submit });
  parts.link = openLink(options, clock, submit);
  return {
    ports,
    tables,
    close: async () => {
      endRunning(options.folder);
      freezeFile.close();
      loop.stop();
      parts.waker?.close();
      await parts.link?.close();
      await Promise.all([discovery, servers, sip, cache, page].map(async (one) => one?.close()));
      store.close();
    },
  };
}

/** A disk that is full, also at the start, is told to the controller. */
function begin(folder: string, store: BallastedStore, submit: (event: AgentEvent) => void): void {
  submit({ kind: 'started', frozen: freezeReasonIn(folder) });
  const detail = `the disk of ${folder} is full; the agent ends when the room that it held back is used up, too`;
  store.follow({
    clock: wallClock(),
    released: () =>
      submit({ kind: 'alarm-raised', fault: 'storage-full', address: folder, detail }),
  });
}

const cacheOf = (parts: ConstructorParameters<typeof ImageCache>[0], tables: AgentTables) =>
  new ImageCache({ ...parts, unneeded: () => unneededImages(tables) });

const runningOf = (
  { baseFile, serving, sip }: AgentOptions,
  host: string,
  { http, tftp, https }: RunningAgent['ports'],
): Running => ({
  pid: process.pid,
  host,
  http,
  tftp,
  sipHost: sip.host,
  ...(serving?.https && https !== undefined
    ? { https: { host: serving.https.host, port: https } }
    : {}),
  ...(baseFile === undefined
    ? {}
    : { base: { file: resolve(baseFile), startedIn: process.cwd() } }),
});

const servingOf = (options: AgentOptions, host: string) => ({
  ...options,
  ...options.serving,
  plainSecrets: options.secrets?.plain ?? false,
  hosts: [host],
  now: wallClock().now(),
});

const sipOf = ({ sip }: AgentOptions, decoys: DecoyDesk, submit: (event: AgentEvent) => void) =>
  SipSocket.open({
    ...sip,
    unasked: (users, from) => decoys.namedOverSip(users, from).forEach(submit),
  });

const pageOf = async ({ page }: AgentOptions, view: () => ReturnType<typeof localView>) =>
  page && openLocalPage({ ...page, view });

const addressOf = (host: string, ports: RunningAgent['ports'] | undefined) => ({
  host,
  httpPort: ports?.http ?? 0,
  tftpPort: ports?.tftp ?? 0,
  ...(ports?.https === undefined ? {} : { httpsPort: ports.https }),
});

const wakerOf = (
  { folder, wake = usualWakeFile, phoneSipPort: port, secrets }: AgentOptions,
  parts: Omit<Parameters<typeof openWaker>[0], 'settings' | 'port' | 'isRouted' | 'keyring'> & {
    readonly keyring: Keyring;
  },
): Waker =>
  openWaker({
    ...parts,
    settings: wake,
    port,
    isRouted: secrets?.routed ?? false,
    webLogin: (vendor) => webLoginOf(folder, vendor, parts.keyring),
  });

/** What phones show is for core; one that took its configuration is also asked about soon after. */
function shown(event: AgentEvent, submit: (event: AgentEvent) => void, waker?: Waker): void {
  submit(event);
  if (event.kind === 'config-served') waker?.phoneIsBack(event.mac);
}

/** What effects act through, once it is there. */
interface Parts {
  link?: ControllerLink;
  waker?: Waker;
  servers?: PhoneServers;
  rescue?: RescueDesk;
}

function perform(
  effect: AgentEffect,
  by: {
    readonly parts: Parts;
    readonly cache: ImageCache;
    readonly keyring: Keyring;
    submit(event: AgentEvent): void;
  },
): void {
  const { parts, cache, keyring } = by;
  switch (effect.kind) {
    case 'send':
      parts.link?.send(effect.as, encode(effect.message));
      return undefined;
    case 'fetch-image':
      return cache.fetch(effect);
    case 'set-rate':
      if (effect.of === 'wan') cache.setRate(effect.rate);
      else parts.servers?.setLanRate(effect.rate);
      return undefined;
    case 'wake-phone':
      return void parts.waker?.wake(effect);
    case 'move-rescues':
      return parts.rescue?.moveBy(effect.by);
    case 'make-secret': {
      const made = secretMade(effect, keyring);
      return made && by.submit(made);
    }
    default:
      return effect satisfies never;
  }
}

/** What phones may write, and what becomes of it. */
const uploadsOf = (
  tables: AgentTables,
  keyring: Keyring,
  submit: (event: AgentEvent) => void,
): Pick<PhoneServersOf, 'mayWrite' | 'masked' | 'uploadsFull'> => ({
  mayWrite: (path) => phoneUpload(tables, path),
  masked: (body, owner) => masked(body, loginsOf(owner, tables, keyring)),
  uploadsFull: ({ address, path }, what) => {
    const cause = what === 'quota' ? ': the folder of uploads is full; move some away' : '';
    const detail = `${path} of ${address} was not kept${cause}`;
    submit({ kind: 'alarm-raised', fault: 'storage-full', address, detail });
  },
});

/** Every login that this phone may hold, to be taken out of what it writes. */
const loginsOf = (owner: Mac, tables: AgentTables, keyring: Keyring) =>
  acceptedSecrets(tables.credentials.get(owner)).map(({ sealed, generation }) => ({
    user: owner.replaceAll(':', ''),
    secret: keyring.unseal(sealed, owner, generation),
  }));

/** What phones' files come from beside the plan: the site's base, and what a technician opened. */
async function openSources(
  { folder, base }: AgentOptions,
  submit: (event: AgentEvent) => void,
  parts: Parts,
): Promise<{ rescue: RescueDesk; base: BaseFiles }> {
  const rescue = await RescueDesk.open(folder, () => wallClock().now());
  parts.rescue = rescue;
  const opened = await openBase({
    folder,
    settings: base ?? ownTemplates,
    alarm: (fault, address, detail) => submit({ kind: 'alarm-raised', fault, address, detail }),
  });
  return { rescue, base: opened };
}

function openLink(
  options: AgentOptions,
  clock: Clock,
  submit: (event: AgentEvent) => void,
): ControllerLink {
  const { grant, log } = options;
  const site = grant.site as Id;
  let conn: string | undefined;
  let isAnswered = false;
  const keys = new Map(grant.planKeys.map(({ id, publicKey }) => [id, ed25519(publicKey)]));
  const opened = (kind: EnvelopeKind, token: string) =>
    open(token, {
      kind,
      audiences: kind === 'halt' ? ['all' as Id] : [site],
      keys,
      now: clock.now(),
    });
  return openControllerLink({
    url: grant.mqttUrl,
    site,
    password: grant.mqttPassword,
    ...(grant.ca ? { ca: grant.ca } : {}),
    clock,
    wallClock: wallClock(),
    connId: randomUUID,
    random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
    onUp: (name) => {
      conn = name;
      submit({ kind: 'link-up', conn: name });
    },
    onDown: ({ reason }) => {
      log.warn({ reason }, 'no line to the controller; going on alone');
      isAnswered = false;
      tellLine(options.folder, { down: reason });
      if (conn) submit({ kind: 'link-down', conn });
      conn = undefined;
    },
    onAck: (ack) => {
      if (!isAnswered) tellLine(options.folder, 'answered');
      isAnswered = true;
      submit({ kind: 'acked', ack });
    },
    onPlan: (token) => submit(planEvent(opened('plan', token), site)),
    onHalt: (token) => {
      const envelope = opened('halt', token);
      const decoded = envelope.ok ? decodeHalt(JSON.stringify(envelope.sealed.body)) : undefined;
      if (decoded?.ok) submit({ kind: 'halt-came', halt: decoded.message });
      else log.warn({ envelope: envelope.ok ? decoded : envelope.fault }, 'refused a halt');
    },
    onUnread: (topic, problem) => log.warn({ topic, problem }, 'unread message'),
  });
}

const ed25519 = (raw: string) =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw }, format: 'jwk' });

/** A plan that is not whole, not signed or not ours changes nothing and is reported. */
export function planEvent(envelope: ReturnType<typeof open>, site: Id): AgentEvent {
  if (!envelope.ok) return { kind: 'plan-refused', fault: envelope.fault, detail: envelope.detail };
  const decoded = decodePlan(JSON.stringify(envelope.sealed.body));
  if (!decoded.ok) {
    const detail = decoded.problems.join('; ').slice(0, 240);
    return { kind: 'plan-refused', fault: 'plan-malformed', detail };
  }
  if (decoded.message.site !== site) {
    return { kind: 'plan-refused', fault: 'plan-audience-wrong', detail: decoded.message.site };
  }
  return { kind: 'plan-came', plan: decoded.message };
}
