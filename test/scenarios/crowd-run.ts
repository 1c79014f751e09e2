import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import { epochMs, type Mac, mac, minutes } from '@ringwave/protocol/units';
import { fastClock } from '@ringwave/runtime/clock';
import { type DemoImage, demoImage } from '../../simulator/core/demo-image.ts';
import { kindOf } from '../../simulator/core/phone-kinds.ts';
import { boundIn, freeUdpPort, portIn } from '../../simulator/demo/ports.ts';
import type { PhoneEvent } from '../../simulator/io/phone-self.ts';
import { VirtualPhone } from '../../simulator/io/virtual-phone.ts';
import { alwaysOpen, Api, enrolAgent, startController, storeRelease, until } from './site.ts';

// A branch that has its power back: hundreds of phones of many makers start at once, while some take an image. The
// agent is a process of its own, so that its memory is its own.

interface Row {
  readonly vendor: string;
  readonly model: string;
  readonly version: string;
  readonly oui: string;
  /** Of five hundred. */
  readonly count: number;
  readonly prefers?: 'tftp';
  readonly loginStyle?: 'digest';
}

const row = (phone: string, version: string, oui: string, count: number, more = {}): Row => {
  const [vendor = '', ...model] = phone.split(' ');
  return { vendor, model: model.join(' '), version, oui, count, ...more };
};

/** Phones that take an image meanwhile. */
const updater = row('Yealink T46S', '66.85.0.5', '805ec0', 20);

const CROWD: readonly Row[] = [
  row('Yealink T46S', '66.86.0.15', '001565', 50, { loginStyle: 'digest' }),
  row('Yealink T54W', '96.86.0.70', '805e0c', 30, { prefers: 'tftp' }),
  row('Polycom VVX411', '6.4.6.2656', '64167f', 60),
  row('Polycom VVX250', '6.4.6.2656', '482567', 10),
  row('Cisco 8851', '12-0-7MPP0201-66', '00562b', 40),
  row('Cisco 7841', '12-0-7MPP0201-66', '00562b', 10),
  row('Cisco SPA504G', '7.4.9c', '002699', 20),
  row('Linksys SPA942', '6.1.5(a)', '000e08', 20),
  row('Sipura SPA841', '3.1.4', '001217', 10),
  row('Grandstream GXP2170', '1.0.11.57', '000b82', 40, { loginStyle: 'digest' }),
  row('Grandstream GXP1630', '1.0.7.81', 'c074ad', 10),
  row('Snom D785', '10.1.198.19', '000413', 40),
  row('Snom D735', '10.1.198.19', '000413', 10),
  row('Mitel 6867i', '6.2.0.1012', '08000f', 30),
  row('Mitel 6930', '6.4.0.140', '1400e9', 10),
  row('Aastra 6731i', '3.3.1.4365', '00085d', 10, { prefers: 'tftp' }),
  row('Gigaset N870 IP PRO', '83.V2.11.0', '7c2f80', 10),
  row('Panasonic KX-UT123', '01.133', '0080f0', 20),
  row('Panasonic KX-HDV230', '07.161', 'bcc342', 20),
  row('Htek UC926', '2.0.4.2', '001fc1', 20),
  row('Htek UC912G', '2.0.4.6.41', '001fc1', 10, { loginStyle: 'digest' }),
];

export interface CrowdPhone extends Row {
  readonly mac: Mac;
  readonly localAddress: string;
}

const newVersion = '66.86.0.15';

export interface CrowdEnd {
  readonly phones: number;
  readonly vendors: number;
  /** Own files given to phones that can be served, and clean refusals to those that cannot. */
  readonly provisioned: number;
  readonly turnedAway: number;
  /** What is neither: phone, path and status. */
  readonly wrong: readonly string[];
  readonly answers: number;
  readonly asked: readonly Asked[];
  /** Asked for in vain: nobody listened, or the answer was cut. */
  readonly withoutAnswer: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  readonly updated: number;
  readonly updaters: number;
  /** Undefined where the system does not tell. */
  readonly peakMB: number | undefined;
  /** Phones whose version the controller lists, and those that tell it in a User-Agent. */
  readonly seen: number;
  readonly showsItself: number;
  readonly agentSaid: readonly string[];
  /** Of the agent’s own HTTP server, and how long each event loop kept everything waiting; where asked for. */
  readonly server?: ServerTimes;
  readonly ownLoopMaxMs: number;
}

/** What `test/bench/server-times.ts` prints. */
interface ServerTimes {
  readonly served: { readonly requests: number; readonly p50Ms: number; readonly p95Ms: number };
  readonly loopMaxMs: number;
  /** Of the processor, in user and system, also for what was sent over TFTP and for reports. */
  readonly cpuMs: number;
}

type Told = PhoneEvent & { readonly mac: Mac };

/** One answer to one phone. */
export type Asked = Pick<
  Extract<Told, { kind: 'asked' }>,
  'mac' | 'protocol' | 'path' | 'status' | 'tookMs'
>;

/** Starts the crowd in another way than with virtual phones; resolves when every phone has what it wanted. */
export type Boot = (
  crowd: readonly CrowdPhone[],
  agent: { readonly httpPort: number; readonly tftpPort: number },
) => Promise<readonly Asked[]>;

function phonesOf(rows: readonly Row[], network: number): CrowdPhone[] {
  const phones = rows.flatMap((one) => Array.from({ length: one.count }, () => one));
  return phones.map((one, place) => ({
    ...one,
    mac: mac(`${one.oui}${(network * 4096 + place).toString(16).padStart(6, '0')}`)!,
    localAddress: `127.${network}.${1 + Math.floor(place / 200)}.${1 + (place % 200)}`,
  }));
}

/** The last of twenty slow downloads and two and a half minutes of flashing, at a tenth of their time. */
const flashedWithinMs = 60_000;

export interface CrowdOptions {
  readonly folder: string;
  readonly imageBytes: number;
  /** How fast the phones' clock goes: they start within fifty seconds of it. */
  readonly speed: number;
  /** Whether the agent tells how long it held each request. */
  readonly isTimed?: boolean;
  readonly boot?: Boot;
}

export async function runCrowd({
  folder,
  imageBytes,
  speed,
  isTimed,
  boot,
}: CrowdOptions): Promise<CrowdEnd> {
  const controller = await startController(join(folder, 'controller'));
  const running: (() => Promise<unknown>)[] = [() => controller.close()];
  try {
    const api = new Api(controller);
    const updaters = phonesOf([updater], 71);
    const crowd = phonesOf(CROWD, 72);
    const all = [...updaters, ...crowd];
    const sipPort = await freeUdpPort();
    await laySite(api, all);
    await enrolAgent(api, controller, 'lisbon', join(folder, 'agent'));
    const agent = await startAgentProcess(join(folder, 'agent'), sipPort, isTimed);
    running.unshift(() => agent.stop());
    const clock = fastClock({
      speed,
      startedAt: epochMs(1_800_000_000_000)!,
      wallStartedAt: epochMs(Date.now())!,
    });
    const told: Told[] = [];
    const start = async (phone: CrowdPhone, slow: boolean) => {
      const on = await VirtualPhone.start({
        ...phone,
        agent: { host: '127.0.0.1', ...agent.ports },
        sipPort,
        clock,
        seed: 5,
        // Nobody looks again by itself while this is measured.
        checksEvery: minutes(60 * 24 * 7),
        // 512 KiB a second of the wall.
        ...(slow ? { habit: { kind: 'slow', bytesPerSecond: 524_288 / speed } as const } : {}),
        onEvent: (event) => void told.push(event),
      });
      running.unshift(() => on.stop());
      return on;
    };
    const { phones: known, plans } = controller.engine.tables;
    // A phone that asks before its site has a plan is a stranger, and does not ask again here.
    await until('the site has its plan', () =>
      [...plans.values()].some(({ heldRevision }) => heldRevision > 0),
    );
    const updating = await Promise.all(updaters.map((phone) => start(phone, true)));
    await until('the updaters were seen', () =>
      updaters.every((one) => known.get(one.mac)?.running),
    );
    await layRollout(api, imageBytes);
    const count = (kind: Told['kind']) =>
      new Set(told.filter((event) => event.kind === kind).map((event) => event.mac)).size;
    await until('all take the image', () => count('image-began') === updaters.length);
    const before = told.length;
    // What came before, as its start, is not of the crowd.
    if (isTimed) await agent.times();
    const ownLoop = monitorEventLoopDelay({ resolution: 1 });
    ownLoop.enable();
    const virtualPhones = async (): Promise<readonly Asked[]> => {
      await Promise.all(crowd.map((phone) => start(phone, false)));
      const asked = () => told.slice(before).filter((event) => event.kind === 'asked');
      await untilAsked(crowd, asked);
      return asked();
    };
    const asked = await (boot ? boot(crowd, agent.ports) : virtualPhones());
    ownLoop.disable();
    const server = isTimed ? await agent.times() : undefined;
    const took = asked.map((event) => event.tookMs);
    await until(
      'the images are taken',
      () => updating.every((phone) => phone.state().version === newVersion),
      flashedWithinMs,
    );
    const seen = () => all.filter(({ mac }) => known.get(mac)?.running);
    await until('the controller lists them', () => seen().length >= all.filter(showsItself).length);
    const verdicts = crowd.map((phone) => verdictOf(phone, asked));
    return {
      phones: all.length,
      vendors: new Set(all.map(({ vendor }) => vendor)).size,
      provisioned: verdicts.filter((one) => one === 'provisioned').length,
      turnedAway: verdicts.filter((one) => one === 'turned away').length,
      wrong: verdicts.filter((one) => one !== 'provisioned' && one !== 'turned away'),
      answers: took.length,
      asked,
      withoutAnswer:
        asked.filter(({ status }) => status === 0).length +
        told.slice(before).filter(({ kind }) => kind === 'no-server').length,
      ...spread(took),
      updated: updating.filter((phone) => phone.state().version === newVersion).length,
      updaters: updaters.length,
      peakMB: agent.peakMB(),
      seen: seen().length,
      showsItself: all.filter(showsItself).length,
      agentSaid: agent.said,
      ownLoopMaxMs: Math.round(ownLoop.max / 1e6),
      ...(server && { server }),
    };
  } finally {
    for (const stop of running) await stop();
  }
}

/** Until each phone has asked for the file that comes last on its line. */
async function untilAsked(
  crowd: readonly CrowdPhone[],
  asked: () => readonly Asked[],
): Promise<void> {
  const last = new Map(crowd.map((phone) => [`${phone.mac} ${lastFile(phone)}`, phone]));
  const missing = () => {
    for (const event of asked()) last.delete(`${event.mac} ${event.path}`);
    return last.size === 0;
  };
  await until('every phone has asked for its last file', missing).catch((error: unknown) => {
    const some = [...last.entries()].slice(0, 5).map(([file, { model }]) => `${model} ${file}`);
    throw new Error(`${last.size} phones, such as ${some.join(', ')}`, { cause: error });
  });
}

async function laySite(api: Api, phones: readonly CrowdPhone[]): Promise<void> {
  await api.must('PUT', '/sites/lisbon', { ...alwaysOpen, phonesUpdatingMax: updater.count });
  const rows = phones.map(({ mac, vendor, model }) => ({ mac, site: 'lisbon', vendor, model }));
  await api.must('POST', '/phones', rows);
}

async function layRollout(api: Api, lengthBytes: number): Promise<void> {
  const fileName = `T46S(T48S,T42S,T41S)-${newVersion}.rom`;
  const image: DemoImage = { vendor: 'Yealink', version: newVersion, fileName, lengthBytes };
  const bytes = Buffer.concat(await Array.fromAsync(demoImage(image)));
  const { id } = await storeRelease(api, newVersion, bytes);
  await api.must('POST', '/rollouts', {
    id: 'autumn',
    releases: [id],
    waves: [{ name: 'all' }],
    gate: { soakMinutes: 0, minSample: 1 },
  });
  await api.approve('autumn');
}

/** Its User-Agent comes with some file; TFTP has none. */
function showsItself(phone: CrowdPhone): boolean {
  const kind = kindOf(phone.vendor, phone.model);
  const hasHttp = kind?.files(phone, phone.prefers).some(({ protocol }) => protocol === 'http');
  return hasHttp === true && kind?.userAgent(phone, 'application') !== undefined;
}

/** What stands in for nothing else comes last of all, whatever was found before. */
const lastFile = (phone: CrowdPhone): string | undefined =>
  kindOf(phone.vendor, phone.model)
    ?.files(phone, phone.prefers)
    .findLast(({ ifAbsent }) => ifAbsent.every((one) => one.endsWith('.boot')))?.path;

/** Paths of this phone's own file. */
const ownFiles = (phone: CrowdPhone): string[] =>
  (kindOf(phone.vendor, phone.model)?.files(phone, phone.prefers) ?? [])
    .filter(({ means }) => means === 'phone-config')
    .map(({ path }) => path);

function verdictOf(phone: CrowdPhone, asked: readonly Asked[]): string {
  const mine = asked.filter((event) => event.mac === phone.mac);
  const own = ownFiles(phone);
  const isServed = (profileOf(phone.vendor)?.bootFiles(phone) ?? []).length > 0;
  const odd = mine.find(({ status }) => status !== 200 && status !== 404);
  if (odd) return `${phone.vendor} ${phone.model} ${odd.path} ${odd.status}`;
  const given = mine.filter(({ path, status }) => own.includes(path) && status === 200);
  if (isServed) {
    return given.length > 0 ? 'provisioned' : `${phone.vendor} ${phone.model} got no file`;
  }
  const [wrongly] = mine.filter(({ status }) => status !== 404);
  return wrongly ? `${phone.vendor} ${phone.model} was given ${wrongly.path}` : 'turned away';
}

function spread(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) /
    10;
  return { p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}

const program = fileURLToPath(new URL('../../agent/bin/ringwave-agent.js', import.meta.url));

const serverTimes = fileURLToPath(new URL('../bench/server-times.ts', import.meta.url));

async function startAgentProcess(folder: string, sipPort: number, isTimed = false) {
  const any = '127.0.0.1:0';
  const flags = ['--data', folder, '--http', any, '--tftp', any, '--sip', any, '--plain-secrets'];
  const command = [program, 'run', ...flags, '--phone-sip-port', String(sipPort)];
  const child = spawn(
    process.execPath,
    [...(isTimed ? ['--import', serverTimes] : []), ...command, '--log-level', 'warn'],
    { stdio: ['ignore', 'pipe', 'pipe', ...(isTimed ? (['ipc'] as const) : [])] },
  );
  const said: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => void said.push(line));
  const died = once(child, 'exit').then(() => {
    throw new Error(`the agent ended: ${said.join('\n')}`);
  });
  died.catch(() => {});
  const line = once(createInterface({ input: child.stdout! }), 'line');
  const [ready] = (await Promise.race([line, died])) as [string];
  const bound = boundIn(ready);
  const ports = { httpPort: portIn(bound['http']), tftpPort: portIn(bound['tftp']) };
  const times = async () => {
    child.send('times');
    const [told] = (await once(child, 'message')) as [ServerTimes];
    return told;
  };
  return { ports, said, times, peakMB: () => peakOf(child), stop: () => stopped(child) };
}

function peakOf({ pid }: ChildProcess): number | undefined {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return undefined;
  const kB = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'))?.[1];
  return kB === undefined ? undefined : Math.round(Number(kB) / 1024);
}

async function stopped(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
