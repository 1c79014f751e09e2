import { imagesFor, releaseIn } from '../agent/core/image-needs.ts';
import { presentHop } from '../agent/core/phone-update.ts';
import { phoneIn } from '../agent/core/plan-index.ts';
import { firmwareFor } from '../agent/core/provisioning/read-request.ts';
import type { AgentEvent, AgentTables } from '../agent/core/state.ts';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

// A phone as a rehearsal plays it: what a real one shows at each moment, with times that were learned or are
// usual, and nothing else. It knows no plan; it asks its agent, as phones do.

/** How phones behave where nothing better is known. */
export interface PhoneHabits {
  /** Part of phones in a call at this instant, 0 to 1. */
  readonly busyPart: (at: EpochMs) => number;
  /** Part of updates after which the phone comes back on what it ran before. */
  readonly failedPart: number;
  readonly lanBytesPerSecond: number;
  /** Whole updates of this model as they were timed, in milliseconds; empty where too few were. */
  readonly updatesTook: (vendor: string, model: string) => readonly number[];
}

export interface PhoneParts {
  readonly mac: Mac;
  readonly vendor: string;
  readonly model: string;
  readonly address: string;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly habits: PhoneHabits;
  /** What its agent knows, to read what it would be served. */
  readonly agent: () => AgentTables;
  readonly tell: (event: AgentEvent) => void;
  /** Out of service for so long; over LAN came so many bytes. */
  readonly spent: (about: { downMs: number; lanBytes: number }) => void;
}

/** From NOTIFY to the first request: most phones restart first. */
const wakeTakes = [20_000, 120_000] as const;
/** From its last image byte to its first request where no update of its model was timed: 1 to 4 minutes. */
const flashTakes = [60_000, 240_000] as const;
/** A phone that is off answers nothing until SIP's timer B has run. */
const silenceMs = 32_000;

export class VirtualPhone {
  running: string;
  readonly isOff: boolean;
  readonly #parts: PhoneParts;
  /** Counted up with each restart: what belongs to an earlier run does nothing. */
  #run = 0;

  constructor(parts: PhoneParts, { running, isOff }: { running: string; isOff: boolean }) {
    this.#parts = parts;
    this.running = running;
    this.isOff = isOff;
  }

  woken(start: number): void {
    const { mac, timeline, random, habits, tell } = this.#parts;
    const answer = (say: 'accepted' | 'busy' | 'silent') =>
      tell({ kind: 'wake-answered', mac, start, answer: say });
    if (this.isOff) return void timeline.after(silenceMs, () => answer('silent'));
    if (random.chance(habits.busyPart(timeline.now)))
      return void timeline.after(50, () => answer('busy'));
    timeline.after(50, () => answer('accepted'));
    this.#run += 1;
    const run = this.#run;
    const wait = random.whole(...wakeTakes);
    timeline.after(wait, () => {
      if (this.#run === run) this.#asks(run, timeline.now);
    });
  }

  /** Its own file, with what it runs; takes the firmware that the file names. */
  #asks(run: number, downSince: number): void {
    const { mac, model, timeline, habits, agent, tell } = this.#parts;
    this.#shows();
    const tables = agent();
    const plan = tables.plan.get('plan')?.plan;
    const planned = phoneIn(plan, mac);
    const work = tables.work.get(mac);
    const firmware = planned && firmwareFor(tables, planned);
    const release = plan && work && firmware && releaseIn(plan, presentHop(work));
    if (!release || release.version === this.running) {
      this.#parts.spent({ downMs: timeline.now - downSince, lanBytes: 0 });
      return;
    }
    const images = imagesFor(release, model);
    const lanBytes = images.reduce((sum, image) => sum + image.lengthBytes, 0);
    const about = { mac, release: release.id as Id };
    for (const { fileName } of images) tell({ kind: 'image-began', ...about, fileName });
    timeline.after(10_000 + (lanBytes / habits.lanBytesPerSecond) * 1000, () => {
      if (this.#run !== run) return;
      for (const { fileName } of images)
        tell({ kind: 'image-left', ...about, fileName, whole: true });
      this.#flashes(release.version, { downSince, lanBytes });
    });
  }

  #flashes(version: string, spent: { downSince: number; lanBytes: number }): void {
    const { vendor, model, timeline, random, habits } = this.#parts;
    this.#run += 1;
    const run = this.#run;
    const timed = habits.updatesTook(vendor, model);
    const spentMs = timeline.now - spent.downSince;
    const flashMs =
      timed.length === 0
        ? random.whole(...flashTakes)
        : Math.max(random.oneOf(timed) - spentMs, flashTakes[0]);
    timeline.after(flashMs, () => {
      if (this.#run !== run) return;
      if (!random.chance(habits.failedPart)) this.running = version;
      this.#parts.spent({ downMs: timeline.now - spent.downSince, lanBytes: spent.lanBytes });
      this.#shows();
    });
  }

  #shows(): void {
    const { mac, vendor, model, address, agent, tell } = this.#parts;
    const held = agent().credentials.get(mac);
    const generation =
      held?.next?.state === 'published' ? held.next.generation : (held?.current?.generation ?? 0);
    const shown = { vendor, model, version: this.running, address, generation };
    tell({ kind: 'phone-asked', mac, protocol: 'http', means: 'phone-config', ...shown });
    const next = agent().credentials.get(mac)?.next;
    tell({ kind: 'config-served', mac, generation: next?.generation ?? 0 });
  }
}
