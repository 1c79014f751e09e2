import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LiveMessage, RolloutView } from '@ringwave/protocol/views';
import { demoFleet, type DemoFleet, type DemoScenario } from '../core/demo-fleet.ts';
import type { PhoneEvent } from '../io/phone-self.ts';
import { type ChangeLine, ChangeLines, PlainLines } from './change-lines.ts';
import { Child } from './child.ts';
import { LiveFollower } from './live-follower.ts';
import { boundIn, freeUdpPort, portIn, portsOf } from './ports.ts';
import { TerminalView } from './progress-view.ts';
import { openVendorSite, type VendorSite } from './vendor-site.ts';

// The demonstration: every program in a process of its own, on loopback, over the real protocols. A vendor
// publishes; the controller follows, plans and pushes; agents fetch, serve and wake; phones update and prove it.

export interface DemoOptions {
  readonly seed: number;
  readonly sites: number;
  readonly phones: number;
  /** How much faster than the wall the demo's clock runs. */
  readonly speed: number;
  readonly scenario: DemoScenario;
  /** End when the rollout has ended. */
  readonly exit: boolean;
  readonly json: boolean;
  /** Where the console listens; 0 takes any port. */
  readonly port: number;
  /** Keeps the data here instead of a folder that is removed. */
  readonly keep?: string;
  readonly signal: AbortSignal;
  readonly out: NodeJS.WriteStream;
  /** Sees every change; tests hang here. */
  readonly onChange?: (line: ChangeLine | ProcessLine | PhoneLine) => void;
}

export interface ProcessLine {
  readonly kind: 'process';
  readonly role: string;
  readonly pid: number;
}

/** What a virtual phone did. */
export interface PhoneLine {
  readonly kind: 'phone-event';
  readonly event: PhoneEvent & { readonly mac: string };
}

export interface DemoEnd {
  readonly kind: 'end';
  readonly ok: boolean;
  readonly state: string;
  readonly phones: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  /** Phones that should run a new version and have shown it themselves. */
  readonly proven: number;
  readonly wallSeconds: number;
}

const bin = (folder: string, name: string): string =>
  join(import.meta.dirname, '..', '..', folder, 'bin', name);
const controllerBin = bin('controller', 'ringwave.js');
const agentBin = bin('agent', 'ringwave-agent.js');
const phonesScript = join(import.meta.dirname, '..', 'phones.ts');

/** Setting up takes some seconds; with everything in place within a minute something is wrong. */
/** A rollout is approved by somebody else than who proposed it. */
const approver = 'duty-engineer';
const setUpMsMax = 120_000;

export async function runDemo(options: DemoOptions): Promise<DemoEnd> {
  const demo = new Demo(options);
  try {
    await demo.setUp();
    return await demo.watch();
  } finally {
    await demo.close();
  }
}

class Demo {
  readonly #options: DemoOptions;
  readonly #fleet: DemoFleet;
  readonly #folder: string;
  readonly #began = Date.now();
  readonly #children: Child[] = [];
  readonly #changes = new ChangeLines();
  readonly #plain = new PlainLines();
  readonly #view: TerminalView | undefined;
  #vendor: VendorSite | undefined;
  #live: LiveFollower | undefined;
  #access = { url: '', token: '' };
  #link = '';
  readonly #clock: { speed: number; startedAt: number; wallStartedAt: number };

  constructor(options: DemoOptions) {
    this.#options = options;
    const { seed, sites, phones, scenario } = options;
    this.#fleet = demoFleet({ seed, sites, phones, scenario });
    this.#folder = options.keep ?? mkdtempSync(join(tmpdir(), 'ringwave-demo-'));
    this.#clock = {
      speed: options.speed,
      startedAt: this.#fleet.startsAt,
      wallStartedAt: this.#began,
    };
    const canRedraw = options.out.isTTY && !options.json && process.env['NO_COLOR'] === undefined;
    this.#view = canRedraw ? new TerminalView(options.out) : undefined;
  }

  #say(text: string): void {
    if (!this.#options.json) this.#options.out.write(`${text}\n`);
  }

  #tell(line: ChangeLine | ProcessLine | PhoneLine | DemoEnd): void {
    if (line.kind !== 'end') this.#options.onChange?.(line);
    if (this.#options.json) this.#options.out.write(`${JSON.stringify(line)}\n`);
  }

  async setUp(): Promise<void> {
    const { sites, phones } = this.#fleet;
    this.#say(
      `Ringwave demo: ${sites.length} sites, ${phones.length} phones, clock x${this.#options.speed}. Loopback only; nothing leaves this machine.`,
    );
    this.#vendor = await openVendorSite(this.#fleet);
    await this.#startController();
    this.#say(`Open the console (the link works once): ${this.#link}`);
    await this.#storeFleet();
    const sipPort = await freeUdpPort();
    const agents = await Promise.all(sites.map((site) => this.#startAgent(site.id, sipPort)));
    this.#live = new LiveFollower(this.#access, (message) => this.#changed(message));
    await this.#startPhones(sipPort, new Map(agents));
    await this.#until(
      'every phone that is on has shown itself',
      () => this.#seen() >= this.#switchedOn(),
    );
    await this.#until(
      'the images of all releases are here and measured',
      async () => (await this.#verified()).length >= this.#fleet.releases.length,
    );
    for (const id of await this.#verified()) {
      const approval = { cause: 'approve', why: 'the demonstration rolls it out' };
      await this.#api('POST', `/releases/${id}/life`, approval);
    }
    const rollout = { ...this.#fleet.rollout, confirmPhones: phones.length };
    const made = (await this.#api('POST', '/rollouts', rollout)) as { contentHash: string };
    const read = { contentHash: made.contentHash };
    await this.#api('POST', `/rollouts/${this.#fleet.rollout.id}/approve`, read, approver);
    this.#say(
      `Rollout ${this.#fleet.rollout.id} approved: ${this.#fleet.rollout.waves.map((wave) => wave.name).join(' → ')}`,
    );
  }

  async #startController(): Promise<void> {
    const folder = join(this.#folder, 'controller');
    const vendor = this.#vendor;
    if (!vendor) throw new Error('the vendor site is not open');
    const first = ['--http', `127.0.0.1:${this.#options.port}`, '--mqtt', '127.0.0.1:0'];
    const child = this.#child('controller', controllerBin, (ready) => [
      'controller',
      'run',
      '--data',
      folder,
      ...(ready ? portsOf(ready) : first),
      '--release-feed',
      vendor.releases,
      '--advisory-feed',
      vendor.advisories,
      '--demo-clock',
      JSON.stringify(this.#clock),
    ]);
    const ready = await child.start();
    this.#link = /^ready (\S+)/.exec(ready)?.[1] ?? '';
    this.#access = JSON.parse(readFileSync(join(folder, 'cli.json'), 'utf8')) as {
      url: string;
      token: string;
    };
  }

  #child(
    role: string,
    script: string,
    args: (ready: string | undefined) => readonly string[],
    more: ConstructorParameters<typeof Child>[3] = {},
  ): Child {
    const onStart = (child: Child) => this.#tell({ kind: 'process', role, pid: child.pid ?? 0 });
    const logFile = join(this.#folder, `${role.replace(' ', '-')}.log`);
    const child = new Child(role, script, args, { ...more, onStart, logFile });
    this.#children.push(child);
    return child;
  }

  async #storeFleet(): Promise<void> {
    for (const site of this.#fleet.sites) await this.#api('PUT', `/sites/${site.id}`, site.body);
    const bodies = this.#fleet.phones.map((phone) => phone.body);
    for (let from = 0; from < bodies.length; from += 1000) {
      await this.#api('POST', '/phones', bodies.slice(from, from + 1000));
    }
  }

  async #startAgent(
    site: string,
    sipPort: number,
  ): Promise<[string, { httpPort: number; tftpPort: number }]> {
    const folder = join(this.#folder, site);
    const { token } = (await this.#api('POST', `/sites/${site}/token`, {})) as { token: string };
    await this.#enrol(token, folder);
    const any = '127.0.0.1:0';
    const child = this.#child(`agent ${site}`, agentBin, (ready) => {
      const at = ready ? boundIn(ready) : undefined;
      return [
        'run',
        '--data',
        folder,
        '--http',
        at?.['http'] ?? any,
        '--tftp',
        at?.['tftp'] ?? any,
        '--sip',
        at?.['sip'] ?? any,
        '--phone-sip-port',
        String(sipPort),
        // The demonstration's phones speak no TLS.
        '--plain-secrets',
      ];
    });
    const bound = boundIn(await child.start());
    return [site, { httpPort: portIn(bound['http']), tftpPort: portIn(bound['tftp']) }];
  }

  /** The technician's command, in a process of its own as well. */
  async #enrol(token: string, folder: string): Promise<void> {
    const { execFile } = await import('node:child_process');
    const { promisify } = await import('node:util');
    await promisify(execFile)(process.execPath, [
      agentBin,
      'enroll',
      token,
      '--controller',
      this.#access.url,
      '--data',
      folder,
    ]);
  }

  async #startPhones(
    sipPort: number,
    agents: ReadonlyMap<string, { httpPort: number; tftpPort: number }>,
  ): Promise<void> {
    const config: unknown = {
      seed: this.#fleet.seed,
      clock: this.#clock,
      sipPort,
      sites: this.#fleet.sites.map(({ id }) => ({
        agent: { host: '127.0.0.1', ...agents.get(id) },
        phones: this.#fleet.phones
          .filter((phone) => phone.body.site === id)
          .map(({ body, version, localAddress, habit, loginStyle }) => ({
            mac: body.mac,
            vendor: body.vendor,
            model: body.model,
            version,
            localAddress,
            habit,
            loginStyle,
          })),
      })),
    };
    const onLine = (line: string) => {
      if (line.startsWith('{'))
        this.#options.onChange?.({
          kind: 'phone-event',
          event: JSON.parse(line) as PhoneLine['event'],
        });
    };
    const child = this.#child('phones', phonesScript, () => [], {
      input: JSON.stringify(config),
      onLine,
    });
    await child.start();
  }

  #seen(): number {
    return [...(this.#live?.fleet.phones.values() ?? [])].filter((phone) => phone.running).length;
  }

  #switchedOn(): number {
    return this.#fleet.phones.filter((phone) => phone.habit.kind !== 'off').length;
  }

  async #verified(): Promise<string[]> {
    const releases = (await this.#api('GET', '/releases')) as { id: string; state: string }[];
    return releases.flatMap(({ id, state }) => (state === 'verified' ? [id] : []));
  }

  async #until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const end = Date.now() + setUpMsMax;
    while (!(await isSo())) {
      this.#options.signal.throwIfAborted();
      if (Date.now() > end) throw new Error(`the demo waited two minutes in vain until ${what}`);
      await pause(50);
    }
  }

  /** Asks again while the controller is away: it may just be starting again. */
  async #api(method: string, path: string, body?: unknown, as?: string): Promise<unknown> {
    for (let tries = 0; ; tries += 1) {
      this.#options.signal.throwIfAborted();
      try {
        const response = await fetch(new URL(`/api/v1${path}`, this.#access.url), {
          method,
          headers: {
            authorization: `Bearer ${this.#access.token}`,
            ...(as === undefined ? {} : { 'ringwave-as': as }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const answer: unknown = await response.json();
        if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
        return answer;
      } catch (error) {
        if (!(error instanceof TypeError) || tries >= 50) throw error;
        await pause(200);
      }
    }
  }

  #changed(message: LiveMessage): void {
    const lines = this.#changes.of(message);
    for (const line of lines) {
      this.#tell(line);
      const plain = this.#view ? undefined : this.#plain.of(line);
      if (plain) this.#say(plain);
    }
    if (this.#live) this.#view?.draw(this.#live.fleet);
  }

  /** Until the rollout has ended (`exit`), or someone says stop. */
  async watch(): Promise<DemoEnd> {
    await this.#ended();
    const end = this.#totals();
    this.#say(endLine(end));
    this.#tell(end);
    if (this.#options.exit) return end;
    this.#say('The fleet goes on; Ctrl-C ends the demo and removes it.');
    if (!this.#options.signal.aborted) await once(this.#options.signal, 'abort');
    return end;
  }

  #rollout(): RolloutView | undefined {
    return this.#live?.fleet.rollouts.get(this.#fleet.rollout.id);
  }

  async #ended(): Promise<void> {
    const isOver = (state: string | undefined) =>
      state === 'done' || state === 'done-with-failures' || state === 'aborted';
    while (!isOver(this.#rollout()?.state) && !this.#options.signal.aborted) {
      // With nobody there to decide, a rollout that waits for a person would wait for ever.
      if (this.#options.exit && this.#rollout()?.state === 'paused') return;
      await pause(100);
    }
  }

  #totals(): DemoEnd {
    const rollout = this.#rollout();
    const waves = rollout?.waves ?? [];
    const sum = (name: 'done' | 'failed' | 'skipped' | 'total') =>
      waves.reduce((total, wave) => total + wave[name], 0);
    const phones = [...(this.#live?.fleet.phones.values() ?? [])];
    const proven = phones.filter(
      (phone) => phone.work && phone.running?.version === phone.work.target,
    ).length;
    const total = sum('total');
    return {
      kind: 'end',
      ok: rollout?.state === 'done' && proven === total && sum('done') === total,
      state: rollout?.state ?? 'not started',
      phones: total,
      done: sum('done'),
      failed: sum('failed'),
      skipped: sum('skipped'),
      proven,
      wallSeconds: Math.round((Date.now() - this.#began) / 1000),
    };
  }

  async close(): Promise<void> {
    this.#live?.close();
    this.#vendor?.close();
    await Promise.all(this.#children.map((child) => child.stop()));
    if (!this.#options.keep) rmSync(this.#folder, { recursive: true, force: true });
  }
}

const endLine = (end: DemoEnd): string =>
  `Rollout ${end.state}: ${end.done} of ${end.phones} phones done, ${end.proven} prove their new version, ${end.failed} failed, ${end.skipped} skipped, in ${end.wallSeconds} s.`;
