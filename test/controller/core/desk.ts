import { type Advisory, parseAdvisory } from '@ringwave/firmware-catalog/advisory';
import { parseRelease, type Release } from '@ringwave/firmware-catalog/release';
import type { Report, ReportItem } from '@ringwave/protocol/messages';
import { fold } from '@ringwave/protocol/tables';
import { type EpochMs, type Id, type Mac, minutes } from '@ringwave/protocol/units';
import { stepController } from '../../../controller/core/controller.ts';
import type { Brought } from '../../../controller/core/feed-tables.ts';
import {
  type Command,
  type CommandResult,
  type ControllerEffect,
  type ControllerEvent,
  type ControllerTables,
  emptyTables,
  type PhoneInput,
  type Refusal,
  type RolloutInput,
  type Site,
} from '../../../controller/core/state.ts';

// One controller in memory: the production step, its changes folded in at once, and nothing sent.

/** 2026-03-02 01:00 UTC, a Monday. */
const one = Date.UTC(2026, 2, 2, 1) as EpochMs;
export const after = (minutesLater: number): EpochMs => (one + minutes(minutesLater)) as EpochMs;

export const macOf = (number: number): Mac =>
  `80:5e:c0:00:00:${number.toString(16).padStart(2, '0')}` as Mac;
export const idOf = (text: string): Id => text as Id;

/** Four eyes: ada proposes, grace approves. */
const usualPerson = ({ kind }: Command): string => (kind === 'rollout-approve' ? 'grace' : 'ada');

export class Desk {
  readonly tables: ControllerTables = emptyTables();
  now: EpochMs = one;
  wakeAt: EpochMs | undefined;
  effects: readonly ControllerEffect[] = [];
  readonly #seqs = new Map<string, number>();

  take(event: ControllerEvent, at: EpochMs = this.now): this {
    this.now = at;
    const step = stepController({ tables: this.tables }, event, at);
    fold(this.tables, step.changes);
    this.effects = step.effects;
    this.wakeAt = step.wakeAt;
    return this;
  }

  wait(minutesLonger: number): this {
    return this.take({ kind: 'woke' }, (this.now + minutes(minutesLonger)) as EpochMs);
  }

  /** The answer to a command, and what it refused. */
  ask(command: Command, who = usualPerson(command)): CommandResult {
    this.take({ kind: 'command', id: 'c', who, command });
    const answer = this.effects.find((effect) => effect.kind === 'answer');
    if (answer?.kind !== 'answer') throw new Error('no answer');
    return answer.result;
  }

  /** For commands that must be taken. */
  do(...commands: readonly Command[]): this {
    for (const command of commands) {
      const result = this.ask(command);
      if (!result.ok) throw new Error(JSON.stringify(result.refusals));
    }
    return this;
  }

  refusals(command: Command): readonly Refusal[] {
    const result = this.ask(command);
    return result.ok ? [] : result.refusals;
  }

  /** An agent that is enrolled and has said hello. */
  joined(site: Id): this {
    const record = { id: `t-${site}`, site, secret: 's', expiresAt: after(60) };
    const hashes = { passwordHash: 'p', imageTokenHash: 'i' };
    this.do({ kind: 'token-mint', record });
    this.do({
      kind: 'agent-enrol',
      record: { ...record, usedBy: 'box' },
      agent: { site, enrolledAt: this.now, ...hashes },
    });
    const hello = {
      kind: 'hello' as const,
      conn: 'c1',
      epoch: this.tables.agents.get(site)?.cursor.epoch ?? null,
      nextSeq: 1,
      planRevision: 0,
      phones: 0,
      agentVersion: '0.1.0',
      clockMs: this.now,
    };
    return this.take({ kind: 'hello', site, hello });
  }

  /** One report of the site's agent, numbered as the agent would. */
  hears(site: Id, ...items: readonly Unnumbered[]): this {
    const first = (this.#seqs.get(site) ?? 0) + 1;
    const numbered = items.map((item, place) => ({ ...item, seq: first + place }));
    const lastSeq = first + items.length - 1;
    this.#seqs.set(site, lastSeq);
    const epoch = this.tables.agents.get(site)?.cursor.epoch ?? 0;
    const report: Report = { kind: 'report', epoch, firstSeq: first, lastSeq, items: numbered };
    return this.take({ kind: 'report', site, report });
  }

  seen(site: Id, number: number, version: string | null, model = 'T46S'): this {
    const about = { vendor: 'Yealink', model, version, address: '10.0.0.7' };
    const source = 'http-request' as const;
    return this.hears(site, {
      kind: 'phone-seen',
      at: this.now,
      mac: macOf(number),
      source,
      ...about,
    });
  }

  ended(site: Id, number: number, phase: 'done' | 'failed', rollout = 'autumn'): this {
    const about = { at: this.now, mac: macOf(number), rollout, revision: 1, attempt: 1 };
    return this.hears(site, { kind: 'phone-moved', phase, ...about });
  }
}

type WithoutSeq<T> = T extends { seq: number } ? Omit<T, 'seq'> : never;
export type Unnumbered = WithoutSeq<ReportItem>;

export const siteOf = (name: string, own: Partial<Site> = {}): Site => ({
  id: idOf(name),
  name,
  zone: 'Europe/Lisbon',
  windows: [
    { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], start: '01:00', end: '03:00' },
  ],
  blackout: [],
  coverage: [],
  phonesUpdatingMax: 5,
  wanBytesPerSecond: 0,
  credentialDaysMax: 90,
  ...own,
});

export const phoneOf = (number: number, own: Partial<PhoneInput> = {}): PhoneInput => ({
  mac: macOf(number),
  site: idOf('lisbon'),
  vendor: 'Yealink',
  model: 'T46S',
  emergency: false,
  ...own,
});

export function releaseOf(own: object = {}): Release {
  const { release, problems } = parseRelease({
    schema: 'ringwave/release/1',
    vendor: 'Yealink',
    version: '66.86.0.15',
    models: ['T46S'],
    images: [{ fileName: 'T46S.rom', sha256: 'a'.repeat(64), lengthBytes: 5 }],
    severity: 'high',
    notes: '',
    ...own,
  });
  if (!release) throw new Error(JSON.stringify(problems));
  return release;
}

export const rolloutOf = (own: Partial<RolloutInput> = {}): RolloutInput => ({
  id: idOf('autumn'),
  name: 'Autumn',
  releases: [releaseOf().id],
  selection: {},
  waves: [{ name: 'all' }],
  gate: { successMin: 0.9, failuresMax: 1, minSample: 2, soak: minutes(60) },
  attemptsMax: 3,
  rotateCredentials: false,
  ...own,
});

/** Lisbon with so many phones that run an old version, its agent connected, and the release. */
export function smallFleet(phones: number): Desk {
  const desk = new Desk().do({ kind: 'site-put', site: siteOf('lisbon') });
  const numbers = Array.from({ length: phones }, (_, nth) => nth + 1);
  desk.do(
    { kind: 'release-put', release: releaseOf() },
    { kind: 'release-move', release: releaseOf().id, cause: 'approve', why: 'tried in the lab' },
    { kind: 'phones-put', phones: numbers.map((number) => phoneOf(number)) },
  );
  desk.joined(idOf('lisbon'));
  for (const number of numbers) desk.seen(idOf('lisbon'), number, '66.85.0.5');
  return desk;
}

/** One good run of a feed that brought this. */
export const feedRun = ({
  name = 'vendor',
  url = 'https://vendor.example/list',
  brought,
}: {
  name?: string;
  url?: string;
  brought: Brought;
}): Command => ({
  kind: 'feed-run',
  kept: { name, kind: 'releases', url, state: { pages: {}, linked: {}, failures: 0 } },
  run: {
    feed: name,
    at: one,
    kind: 'releases',
    outcome: 'read',
    refused: 0,
    aside: 0,
    durationMs: 1,
    bytes: 1,
    problems: [],
  },
  brought,
});

/** One that the usual release mends. */
export function advisoryOf(): Advisory {
  const { advisory } = parseAdvisory({
    id: 'CVE-2026-0001',
    vendor: 'Yealink',
    models: ['T46S'],
    affected: { below: '66.86.0.10' },
    severity: 'critical',
    cvss: 9.8,
    source: 'https://example.test/1',
    title: 'An example',
  });
  if (!advisory) throw new Error('no advisory');
  return advisory;
}
