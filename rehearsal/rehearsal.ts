import { hoursOfWeek } from '@ringwave/protocol/call-hours';
import type { Plan } from '@ringwave/protocol/messages';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { stepController } from '../controller/core/controller.ts';
import {
  type Command,
  type CommandResult,
  type ControllerEffect,
  type ControllerEvent,
  type ControllerTables,
  emptyTables,
  type Refusal,
  type Rollout,
  volatileTables,
} from '../controller/core/state.ts';
import type { Player } from './crew.ts';
import type { Said, SiteAssumptions, SiteBrief } from './rehearsed-site.ts';
import type { Letter, Lived, SiteReport } from './site-group.ts';
import { Timeline } from './timeline.ts';
import { VirtualProgram } from './virtual-program.ts';

// A rollout in virtual time: the production steps of the controller and of every agent it touches, on a copy
// of what is known, with phones that behave by seed. Nothing of it leaves this object.
//
// Time passes by the minute. While the sites live one, each by itself, the controller takes what they said in the minute
// before, in order of time; what it answers reaches them at the next.

export interface Assumptions {
  readonly ofSites: SiteAssumptions;
  /** Part of phones in a call by site and the hour of its week. */
  readonly busyPart: (site: Id, hour: number) => number;
  /** Until a person says go on, where the rollout asks one. */
  readonly personTakesMs: number;
  readonly daysMax: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Stops by gates after which a person gives up. */
const resumesMax = 50;

/** Of the thread that plays the controller, too: the controller costs a third of what the sites do. */
const shareBesideController = 0.65;

export class Rehearsal {
  readonly controller: VirtualProgram<ControllerTables, ControllerEvent, ControllerEffect>;
  /** What is told of each site at the end. */
  readonly sites = new Map<Id, SiteReport>();
  /** Each stop by a gate, and what it said. */
  readonly stops: { at: EpochMs; reason: string }[] = [];
  readonly rollout: Id;
  readonly #timeline: Timeline;
  readonly #assume: Assumptions;
  readonly #answers = new Map<string, CommandResult>();
  /** To these rollouts a person is on the way. */
  readonly #comingTo = new Set<Id>();
  readonly #crew: readonly Player[];
  readonly #playerOf = new Map<Id, number>();
  /** For each player what the controller has to say to its sites. */
  readonly #letters: Letter[][];
  /** What the sites said in the minute that they lived last. */
  #said: readonly Said[] = [];
  readonly #planned = new Map<Id, Plan>();
  #nextAtSites: number;
  /** Until here the sites live. */
  #lived: EpochMs;

  constructor(
    tables: ControllerTables,
    about: { rollout: Id; now: EpochMs; assume: Assumptions; crew: readonly Player[] },
  ) {
    this.rollout = about.rollout;
    this.#assume = about.assume;
    this.#timeline = new Timeline(about.now);
    this.#lived = about.now;
    this.#nextAtSites = about.now;
    this.#crew = about.crew;
    this.#letters = about.crew.map(() => []);
    this.controller = new VirtualProgram<ControllerTables, ControllerEvent, ControllerEffect>({
      tables: copyOf(tables),
      timeline: this.#timeline,
      step: (known, event, now) => stepController({ tables: known }, event, now),
      act: (effect) => this.#acts(effect),
      stepped: () => {},
      woke: { kind: 'woke' },
    });
  }

  get now(): EpochMs {
    return this.#timeline.now;
  }

  /** Empty when the command was taken. */
  command(command: Command, who: string): readonly Refusal[] {
    const id = `rehearsal-${this.#answers.size}`;
    this.controller.submit({ kind: 'command', id, who, command });
    const answer = this.#answers.get(id);
    return answer?.ok === false ? answer.refusals : [];
  }

  /**
   * Runs until the rollout has ended, or as long as is looked ahead. Gives when it ended. Each virtual day is told
   * to `onDay` when it begins.
   */
  run(onDay: (now: EpochMs) => void = () => {}): EpochMs | null {
    const began = this.now;
    const until = began + this.#assume.daysMax * 24 * HOUR;
    this.#openSites();
    // By the hour: between two looks the programs run by themselves.
    for (let hour = 0; this.now < until; hour += 1) {
      if (hour % 24 === 0) onDay(this.now);
      const rollout = this.#stored();
      if (!rollout || rollout.endedAt !== undefined) break;
      for (const one of this.#inPlay()) this.#askPerson(one);
      this.#runUntil(Math.min(this.now + HOUR, until));
    }
    for (const player of this.#crew)
      for (const report of player.reports()) this.sites.set(report.tally.site, report);
    return this.#stored()?.endedAt ?? null;
  }

  #runUntil(end: number): void {
    let begun: EpochMs | undefined;
    while (this.now < end) {
      const minute = begun ?? this.#begin(this.#nextMinute(end));
      const before = this.#lived;
      this.#lived = minute;
      for (const one of this.#said) this.#timeline.at(one.at, () => this.#hears(one));
      this.#timeline.runUntil(before);
      // Whatever comes of this minute, the next one follows it and has these letters: other threads need not wait for this one.
      const isNextKnown = this.now < end && this.#hasLetters();
      begun = isNextKnown ? this.#begin((minute + MINUTE) as EpochMs) : undefined;
      const lived = this.#crew.map((player) => player.end());
      this.#said = inOrder(lived);
      this.#nextAtSites = Math.min(...lived.map(({ nextAt }) => nextAt));
    }
  }

  #begin(minute: EpochMs): EpochMs {
    for (const [place, player] of this.#crew.entries())
      player.begin(this.#letters[place]?.splice(0) ?? [], minute);
    return minute;
  }

  #hasLetters(): boolean {
    return this.#letters.some((letters) => letters.length > 0);
  }

  /** Minutes in which nothing happens are skipped. */
  #nextMinute(end: number): EpochMs {
    const isWaiting = this.#said.length > 0 || this.#hasLetters();
    const next = Math.min(this.#timeline.nextAt, this.#nextAtSites, end);
    return ((isWaiting ? this.#lived : Math.max(this.#lived, next)) + MINUTE) as EpochMs;
  }

  /** The players get as many phones each; this thread fewer, since the controller is its own, too. */
  #openSites(): void {
    const all = this.#inPlay().flatMap(({ sites }) => sites);
    const briefs = [...new Set(all)].flatMap((site) => this.#briefOf(site) ?? []);
    const shares = this.#crew.map((_, place) =>
      place === 0 && this.#crew.length > 1 ? shareBesideController : 1,
    );
    const given = this.#crew.map((): SiteBrief[] => []);
    const load = this.#crew.map(() => 0);
    for (const brief of briefs) {
      const least = Math.min(...load);
      const place = load.indexOf(least);
      given[place]?.push(brief);
      load[place] = least + (brief.phones.length + 1) / (shares[place] ?? 1);
      this.#playerOf.set(brief.site, place);
    }
    for (const [place, player] of this.#crew.entries())
      player.open(given[place] ?? [], this.#assume.ofSites, this.now);
  }

  #stored() {
    return this.controller.tables.rollouts.get(this.rollout);
  }

  /** The rollout, then all that have to be done before it begins, and before those. */
  #inPlay(): readonly Rollout[] {
    const { rollouts } = this.controller.tables;
    const found = new Set<Rollout>();
    const add = (id: Id): void => {
      const rollout = rollouts.get(id);
      if (!rollout || rollout.endedAt !== undefined || found.has(rollout)) return;
      found.add(rollout);
      for (const before of rollout.after ?? []) add(before);
    };
    add(this.rollout);
    return [...found];
  }

  #briefOf(site: Id): SiteBrief | undefined {
    const { agents, sites, rosters, phones, progress } = this.controller.tables;
    if (!agents.has(site)) return undefined;
    const roster = rosters.get(site) ?? [];
    return {
      site,
      zone: sites.get(site)?.zone ?? 'UTC',
      phones: roster.flatMap((mac) => phones.get(mac) ?? []),
      rollout: this.rollout,
      inRollout: roster.filter((mac) => progress.has(`${this.rollout}/${mac}`)).length,
      busyByHour: Array.from({ length: hoursOfWeek }, (_, hour) =>
        this.#assume.busyPart(site, hour),
      ),
    };
  }

  /** Where a rollout waits for somebody, somebody comes, some time later. */
  #askPerson({ id, state, waves, paused }: Rollout): void {
    const kind = personSays(state, waves);
    if (!kind || this.#comingTo.has(id) || this.stops.length >= resumesMax) return;
    this.#comingTo.add(id);
    const reason = paused?.reason ?? ASKED[kind];
    this.stops.push({
      at: this.now,
      reason: id === this.rollout ? reason : `Before it, ${id}: ${reason}`,
    });
    this.#timeline.after(this.#assume.personTakesMs, () => {
      this.#comingTo.delete(id);
      this.command({ kind, rollout: id }, 'a person');
    });
  }

  #hears({ site, message }: Said): void {
    // What was sent over an earlier connection may not have come.
    if (message.kind === 'hello') this.#planned.delete(site);
    if (message.kind === 'hello') this.controller.submit({ kind: 'hello', site, hello: message });
    else this.controller.submit({ kind: 'report', site, report: message });
  }

  #tell(site: Id, word: Letter['word']): void {
    const place = this.#playerOf.get(site);
    if (place !== undefined) this.#letters[place]?.push({ site, at: this.#lived, word });
  }

  #acts(effect: ControllerEffect): void {
    switch (effect.kind) {
      case 'answer':
        this.#answers.set(effect.id, effect.result);
        return;
      case 'send-ack':
        return this.#tell(effect.site, { kind: 'ack', ack: effect.ack });
      case 'send-plan':
        // One that is under way is sent again by a controller that waits for its proof: the line loses nothing.
        if (this.#planned.get(effect.site) === effect.plan) return;
        this.#planned.set(effect.site, effect.plan);
        return this.#tell(effect.site, { kind: 'plan', plan: effect.plan });
      case 'send-halt':
        for (const site of this.#playerOf.keys())
          this.#tell(site, { kind: 'halt', halt: effect.halt });
        return;
      case 'ask-check': {
        const { rollout, wave, question } = effect;
        const answer = { verdict: 'pass', detail: 'assumed in rehearsal' } as const;
        this.#timeline.after(MINUTE, () =>
          this.controller.submit({ kind: 'check-answered', rollout, wave, question, ...answer }),
        );
        return;
      }
      case 'cut-site':
        return;
      default:
        effect satisfies never;
    }
  }
}

/** Why somebody is asked who has not been told by a gate. */
const ASKED = {
  'rollout-approve': 'It waits for approval',
  'rollout-resume': 'It is paused',
  'rollout-pass': 'A wave asks a person before the next one opens',
} as const;

function personSays(
  state: Rollout['state'],
  waves: Rollout['waves'],
): keyof typeof ASKED | undefined {
  if (state === 'awaiting-approval') return 'rollout-approve';
  if (state === 'paused') return 'rollout-resume';
  return waves.some((wave) => wave.asks === 'person') ? 'rollout-pass' : undefined;
}

/** By time, then by site: the same however many threads played them. */
const inOrder = (lived: readonly Lived[]): readonly Said[] =>
  lived
    .flatMap(({ said }) => said)
    .sort((a, b) => a.at - b.at || (a.site < b.site ? -1 : Number(a.site > b.site)));

/** Rows are never mutated, so that copied maps are a copy of all that is known. Connections are not part of it. */
function copyOf(tables: ControllerTables): ControllerTables {
  const copy = emptyTables();
  for (const [name, rows] of Object.entries(tables) as [
    keyof ControllerTables,
    Map<string, unknown>,
  ][]) {
    if (volatileTables.includes(name)) continue;
    const copied: Map<string, unknown> = copy[name];
    for (const [key, value] of rows) copied.set(key, value);
  }
  return copy;
}
