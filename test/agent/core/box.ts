import type { Plan, PlanPhone, ReportItem } from '@ringwave/protocol/messages';
import { type Draft, draftOf, changesOf, fold } from '@ringwave/protocol/tables';
import { type EpochMs, type Id, type Mac, minutes, type Sha256 } from '@ringwave/protocol/units';
import { stepAgent } from '../../../agent/core/agent.ts';
import {
  type AgentEffect,
  type AgentEvent,
  type AgentTables,
  emptyTables,
  type Why,
  type Work,
} from '../../../agent/core/state.ts';

// One agent in memory: the production step, its changes folded in at once, and nothing performed.

/** 2026-03-02 01:00 UTC, a Monday. */
export const one = Date.UTC(2026, 2, 2, 1) as EpochMs;
export const after = (minutesLater: number): EpochMs => (one + minutes(minutesLater)) as EpochMs;

export const macOf = (number: number): Mac =>
  `80:5e:c0:00:00:${number.toString(16).padStart(2, '0')}` as Mac;
export const imageDigest = 'a'.repeat(64) as Sha256;
export const stoneDigest = 'b'.repeat(64) as Sha256;

export class Box {
  readonly tables: AgentTables;
  now: EpochMs;
  wakeAt: EpochMs | undefined;
  /** Of the last step. */
  effects: readonly AgentEffect[] = [];

  constructor(now: EpochMs = one, tables: AgentTables = emptyTables()) {
    this.tables = tables;
    this.now = now;
  }

  take(event: AgentEvent, at: EpochMs = this.now): this {
    this.now = at;
    const state = { site: 'lisbon' as Id, version: '0.1.0', tables: this.tables };
    const step = stepAgent(state, event, at);
    fold(this.tables, step.changes);
    this.effects = step.effects;
    this.wakeAt = step.wakeAt;
    return this;
  }

  wait(minutesLonger: number): this {
    return this.take({ kind: 'woke' }, (this.now + minutes(minutesLonger)) as EpochMs);
  }

  /** Runs part of core on a draft of these tables and keeps what it wrote. */
  with<R>(act: (draft: Draft<AgentTables>) => R): R {
    const draft = draftOf(this.tables);
    const result = act(draft);
    fold(this.tables, changesOf(draft));
    return result;
  }

  hold(...digests: readonly Sha256[]): this {
    for (const digest of digests) this.take({ kind: 'image-held', digest, fetchedBytes: 5 });
    return this;
  }

  /** A request that shows this version over HTTP. */
  asks(mac: Mac, version: string | null, generation = 0): this {
    return this.take({
      kind: 'phone-asked',
      mac,
      vendor: 'Yealink',
      model: 'T46S',
      version,
      protocol: 'http',
      address: '10.0.0.7',
      means: 'other',
      generation,
    });
  }

  phase(mac: Mac): string | undefined {
    return this.tables.work.get(mac)?.phase;
  }

  /** Every report that waits, oldest first. */
  outbox(): readonly ReportItem[] {
    return [...this.tables.outbox.values()].sort((a, b) => a.seq - b.seq);
  }
}

export const planPhone = (number: number, own: Partial<PlanPhone> = {}): PlanPhone => ({
  mac: macOf(number),
  vendor: 'Yealink',
  model: 'T46S',
  emergency: false,
  credentialGeneration: 0,
  work: { rollout: 'autumn', hops: ['target'], attemptsMax: 3, round: 1 },
  ...own,
});

/** Two hours of opening from `one` on; one release that is one image. */
export const planOf = (phones: readonly PlanPhone[], own: Partial<Plan> = {}): Plan => ({
  kind: 'plan',
  site: 'lisbon',
  revision: 1,
  parent: 0,
  zone: 'Europe/Lisbon',
  startUntil: after(7 * 24 * 60),
  openings: [
    { start: one, end: after(120) },
    { start: after(24 * 60), end: after(26 * 60) },
  ],
  phonesUpdatingMax: 5,
  wanBytesPerSecond: 0,
  coverage: [],
  pausedRollouts: [],
  releases: [
    {
      id: 'target',
      vendor: 'Yealink',
      version: '66.86.0.15',
      entry: 'T46S.rom',
      images: [{ fileName: 'T46S.rom', sha256: imageDigest, lengthBytes: 5 }],
    },
    {
      id: 'stone',
      vendor: 'Yealink',
      version: '66.85.0.40',
      entry: 'T46S-stone.rom',
      images: [{ fileName: 'T46S-stone.rom', sha256: stoneDigest, lengthBytes: 5 }],
    },
  ],
  phones: [...phones],
  ...own,
});

const usual: Why = { reason: 'because', waitingFor: 'slot', nextAttemptAt: null };

export const workOf = (number: number, own: Partial<Work> = {}): Work => ({
  mac: macOf(number),
  rollout: 'autumn' as Id,
  round: 1,
  revision: 1,
  hops: ['target' as Id],
  hop: 0,
  phase: 'staged',
  since: one,
  starts: 0,
  failures: 0,
  attemptsMax: 3,
  taken: [],
  why: usual,
  ...own,
});
