import { parseRelease } from '@ringwave/firmware-catalog/release';
import type { ControllerEvent, Command, RolloutInput } from '@ringwave/controller/core/state';
import type { Engine } from '@ringwave/controller/io/engine';
import type { PhoneMoved, ReportItem } from '@ringwave/protocol/messages';
import { type Id, id, type Mac, mac, ms } from '@ringwave/protocol/units';

// A fleet in a real engine: commands as people give them, events as agents send them.

const idOf = (text: string): Id => {
  const made = id(text);
  if (!made) throw new Error(`${text} is no id`);
  return made;
};

/** "80:5e:c0:00:00:01" for 1. */
export const macOf = (number: number): Mac => {
  const made = mac(`805ec000${number.toString(16).padStart(4, '0')}`);
  if (!made) throw new Error(`${number} is no phone`);
  return made;
};

/** One thing that an agent tells; its number and time are added. */
type Told = ReportItem extends infer Item
  ? Item extends unknown
    ? Omit<Item, 'seq' | 'at'>
    : never
  : never;

export class SeededFleet {
  readonly #engine: Engine;
  readonly #nextSeq: Map<Id, number>;

  constructor(engine: Engine, nextSeq = new Map<Id, number>()) {
    this.#engine = engine;
    this.#nextSeq = nextSeq;
  }

  /** The same agents, after their controller was started anew. */
  at(engine: Engine): SeededFleet {
    return new SeededFleet(engine, this.#nextSeq);
  }

  command(command: Command, who = command.kind === 'rollout-approve' ? 'second' : 'op'): void {
    const result = this.#engine.command(who, command);
    if (!result.ok) throw new Error(JSON.stringify(result.refusals));
  }

  /** Open all day, except for the last minute. */
  site(name: string, zone: string, called = name): void {
    const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
    this.command({
      kind: 'site-put',
      site: {
        id: idOf(name),
        name: called[0]?.toUpperCase() + called.slice(1),
        zone,
        windows: [{ days, start: '00:00', end: '23:59' }],
        blackout: [],
        coverage: [],
        phonesUpdatingMax: 5,
        wanBytesPerSecond: 0,
        credentialDaysMax: 90,
      },
    });
  }

  /** Enrolled, connected, and holding the plan that is newest now. */
  agent(name: string): void {
    const site = idOf(name);
    const now = this.#engine.clock.now();
    const record = { id: `token-${name}`, site, secret: 'x', expiresAt: now };
    const agent = { site, enrolledAt: now, passwordHash: 'x', imageTokenHash: 'x' };
    this.command({ kind: 'token-mint', record });
    this.command({ kind: 'agent-enrol', record: { ...record, usedBy: 'box' }, agent });
    this.#nextSeq.set(site, 1);
    this.hello(name);
  }

  hello(name: string): void {
    const site = idOf(name);
    const known = this.#engine.tables.agents.get(site);
    const hello = {
      kind: 'hello' as const,
      conn: `conn-${name}`,
      epoch: known?.cursor.epoch ?? null,
      nextSeq: this.#nextSeq.get(site) ?? 1,
      planRevision: this.#engine.tables.plans.get(site)?.plan.revision ?? 0,
      phones: 0,
      agentVersion: '0.1.0',
      clockMs: this.#engine.clock.now(),
    };
    this.#submit({ kind: 'hello', site, hello });
  }

  /** Vanished: the broker says its last will. */
  vanish(name: string): void {
    this.#submit({
      kind: 'last-will',
      site: idOf(name),
      will: { kind: 'lwt', conn: `conn-${name}` },
    });
  }

  /** Phones `from` to `to` at a site, each of which has shown the old version. */
  phones(name: string, { from, to }: { from: number; to: number }): void {
    const site = idOf(name);
    for (let number = from; number <= to; number += 1) {
      const phone = { mac: macOf(number), site, vendor: 'Yealink', model: 'T46S' };
      this.command({
        kind: 'phones-put',
        phones: [{ ...phone, extension: String(200 + number), emergency: false }],
      });
      this.seen(number, oldVersion);
    }
  }

  seen(number: number, version: string): void {
    this.report(number, {
      kind: 'phone-seen',
      mac: macOf(number),
      vendor: 'Yealink',
      model: 'T46S',
      version,
      source: 'http-request',
      address: `10.4.0.${number}`,
    });
  }

  moved(
    number: number,
    rollout: string,
    part: Partial<PhoneMoved> & Pick<PhoneMoved, 'phase'>,
  ): void {
    this.report(number, {
      kind: 'phone-moved',
      mac: macOf(number),
      rollout,
      revision: 1,
      attempt: 1,
      ...part,
    });
  }

  /** What an agent reports of one phone, under the next number of its journal. */
  report(number: number, item: Told): void {
    const site = this.#engine.tables.phones.get(macOf(number))?.site;
    if (!site) throw new Error(`phone ${number} stands nowhere`);
    const seq = this.#nextSeq.get(site) ?? 1;
    this.#nextSeq.set(site, seq + 1);
    const epoch = this.#engine.tables.agents.get(site)?.cursor.epoch ?? 0;
    const at = this.#engine.clock.now();
    const items = [{ ...item, seq, at }];
    this.#submit({
      kind: 'report',
      site,
      report: { kind: 'report', epoch, firstSeq: seq, lastSeq: seq, items },
    });
  }

  release(): Id {
    const parsed = parseRelease({
      schema: 'ringwave/release/1',
      vendor: 'Yealink',
      version: newVersion,
      models: ['T46S'],
      severity: 'high',
      notes: '',
      images: [{ fileName: 'T46S-66.86.0.15.rom', sha256: 'ab'.repeat(32), lengthBytes: 5 }],
    });
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
    this.command({ kind: 'release-put', release: parsed.release });
    const release = parsed.release.id;
    if (this.#engine.tables.lives.get(release)?.state === 'verified')
      this.command({ kind: 'release-move', release, cause: 'approve', why: 'tried' });
    return release;
  }

  /** Approved; its first wave opens at once. */
  rollout(name: string, waves: RolloutInput['waves'], part: Partial<RolloutInput> = {}): void {
    this.propose(name, waves, part);
    this.command({ kind: 'rollout-approve', rollout: idOf(name) });
  }

  /** Waits for approval by another person. */
  propose(
    name: string,
    waves: RolloutInput['waves'],
    part: Partial<RolloutInput> = {},
    who = 'op',
  ): void {
    this.command({ kind: 'rollout-create', input: this.#inputOf(name, waves, part) }, who);
  }

  /** Somebody gives it these waves instead. */
  edit(name: string, waves: RolloutInput['waves'], who = 'op'): void {
    this.command({ kind: 'rollout-edit', input: this.#inputOf(name, waves) }, who);
  }

  #inputOf(
    name: string,
    waves: RolloutInput['waves'],
    part: Partial<RolloutInput> = {},
  ): RolloutInput {
    return {
      id: idOf(name),
      name: `The ${name} update`,
      releases: [this.release()],
      selection: {},
      waves,
      gate: { successMin: 0.9, failuresMax: 1, minSample: 1, soak: ms(0) },
      attemptsMax: 3,
      rotateCredentials: false,
      ...part,
    };
  }

  #submit(event: ControllerEvent): void {
    this.#engine.submit(event);
  }
}

export const oldVersion = '66.85.0.5';
export const newVersion = '66.86.0.15';
