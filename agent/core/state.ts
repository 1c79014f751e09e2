import type { CallHours, CallsCounted } from './call-hours.ts';
import type { Sighting } from './sighting.ts';
import type { Credential, Fetches, SecretEvent } from './secret-state.ts';
import type { Discovered, DiscoveredVia, Stranger } from './strange-state.ts';
import type { Delivery, Flight } from '@ringwave/protocol/delivery';
import type { FaultClass, FaultCode } from '@ringwave/protocol/faults';
import type {
  Ack,
  Beat,
  Halt,
  Hello,
  Plan,
  PlanPhone,
  Report,
  ReportItem,
} from '@ringwave/protocol/messages';
import type { PhonePhase, WaitingFor } from '@ringwave/protocol/phases';
import { type Change, CountedMap, type Draft } from '@ringwave/protocol/tables';
import type { DurationMs, EpochMs, Id, Mac, Sha256 } from '@ringwave/protocol/units';
import { WorkTable } from './work-table.ts';

export type { Credential, Fetches, SealedSecret } from './secret-state.ts';
export type { Registered, Sighting } from './sighting.ts';
export type { Discovered, DiscoveredVia, Stranger } from './strange-state.ts';

// What an agent knows. Tables are durable, except `link`, which dies with the connection.

/** Where one phone stands in the work that the plan gives it. */
export interface Work {
  readonly mac: Mac;
  readonly rollout: Id;
  readonly round: number;
  readonly revision: number;
  readonly hops: readonly Id[];
  /** Index of the hop being made. */
  readonly hop: number;
  readonly phase: PhonePhase;
  readonly since: EpochMs;
  /** How often this phone was started; each start has its own number, for ever. */
  readonly starts: number;
  /** Starts that failed in a way that counts. */
  readonly failures: number;
  readonly attemptsMax: number;
  /** Tries by class of fault that cost no attempt. */
  readonly free?: Partial<Record<FaultClass, number>>;
  /** The phone broke its image off and has not begun it again. */
  readonly brokeOff?: BrokenOff;
  /** When the present phase has taken too long. */
  readonly deadlineAt?: EpochMs;
  /** Not started again before this instant. */
  readonly retryAt?: EpochMs;
  /** The phone has answered the wake of this start. */
  readonly woken?: boolean;
  /** It was asked in this start and nobody answered. */
  readonly unanswered?: true;
  /** Nothing woke it in this start: it has been told nothing, and is left to come by itself. */
  readonly polls?: true;
  /** How often in a row it was found in a call; ends with the opening. */
  readonly calls?: number;
  /** Image files it has taken whole in this start. */
  readonly taken: readonly string[];
  readonly fault?: FaultCode;
  /**
   * When a phone that was given up as lost showed itself, or as not registered did register, on a version that ends nothing;
   * also when one showed itself on its way, since it was woken or began its image last.
   */
  readonly backSince?: EpochMs;
  readonly why: Why;
  /** When it was started last. */
  readonly startedAt?: EpochMs;
  /** What the plan said of the phone when it was started: a later plan may no longer name it. */
  readonly place?: Place;
}

/** How far the attempts of a phone for one rollout are used up. */
export type Tried = Pick<Work, 'rollout' | 'round' | 'failures' | 'free' | 'retryAt'>;

/** What decides who else may be down beside a phone. */
export type Place = Pick<PlanPhone, 'emergency' | 'coverageGroup' | 'switch' | 'pair'>;

/** Something at the site that keeps all its phones from being started. */
export type Hold =
  /** A technician’s file lies in the agent’s folder. */
  | { readonly hold: 'freeze'; readonly since: EpochMs; readonly reason: string }
  | {
      readonly hold: 'emergency-call';
      readonly since: EpochMs;
      /** Who says that the call is on; nobody any more while the callback is waited for. */
      readonly sources: readonly string[];
      /** When it was last known to be on. */
      readonly seenAt: EpochMs;
    };

export interface BrokenOff {
  /** It said so by an error of its own; otherwise it went away after the beginning of the file. */
  readonly isSaid: boolean;
  /** It has shown since that it runs what it ran before. */
  readonly isBackOld: boolean;
}

/** Why a phone is where it is, in a person's words, and when that can change. */
export interface Why {
  readonly reason: string;
  readonly waitingFor: WaitingFor;
  readonly nextAttemptAt: EpochMs | null;
}

export interface ImageRow {
  readonly digest: Sha256;
  readonly lengthBytes: number;
  readonly state: 'wanted' | 'held' | 'failed';
  readonly failures: number;
  readonly retryAt?: EpochMs;
  readonly fault?: FaultCode;
}

export interface HeldPlan {
  readonly plan: Plan;
  readonly heldSince: EpochMs;
}

export interface Link {
  readonly conn: string;
  /** Reports wait until the controller has answered this connection's hello. */
  readonly answered: boolean;
  readonly flight: Flight;
  readonly lastSentAt: EpochMs;
  readonly minGapMs: number;
  /** When the hello of this connection first left. */
  readonly helloAt: EpochMs;
  /** A beat leaves when nothing else has for so long. */
  readonly beatEvery: DurationMs;
}

export interface ClockState {
  /** Highest controller time ever seen: local time is never believed to be earlier. */
  readonly floor: EpochMs;
  /** Controller time minus local time when last told. */
  readonly offsetMs: number;
  readonly faultSince?: EpochMs;
}

export type AgentTables = {
  plan: Map<string, HeldPlan>;
  halt: Map<string, Halt>;
  clock: Map<string, ClockState>;
  delivery: Map<string, Delivery>;
  outbox: Map<string, ReportItem>;
  work: Map<string, Work>;
  /** Starts of phones whose work was taken away: numbers go on when it comes back. */
  lastStarts: Map<string, number>;
  /** What phones had tried for work that was taken away. */
  tries: Map<string, readonly Tried[]>;
  sightings: Map<string, Sighting>;
  images: Map<string, ImageRow>;
  credentials: Map<string, Credential>;
  /** How often a phone's file with its secret was taken in its present lease. */
  fetches: Map<string, Fetches>;
  strangers: Map<string, Stranger>;
  /** By MAC. */
  discovered: Map<string, Discovered>;
  /** When an alarm was last told, by fault and address. */
  alarms: Map<string, EpochMs>;
  link: Map<string, Link>;
  /** When this process began: it asks the controller before it starts phones again. */
  resumed: Map<string, EpochMs>;
  /** By what they are. */
  holds: Map<string, Hold>;
  /** Phones that were lost in an update and have not shown themselves since, whatever became of their work. */
  missing: Map<string, { readonly mac: Mac; readonly since: EpochMs }>;
  /** When phones were started, and unknown ones told, in the last minute, oldest first. */
  starts: Map<string, readonly EpochMs[]>;
  /** The number that its disk said at the first start since the controller answered that had acknowledged the last one. */
  firstSeq: Map<string, number>;
  callHours: Map<string, CallHours>;
  /** Minutes of each hour of the week in which calls were watched. */
  callsWatched: Map<string, readonly number[]>;
  /** The rates that the shell was told last. */
  rates: Map<string, Rate>;
  /** Number of the newest waiting progress report of a phone. */
  progress: Map<string, { readonly seq: number }>;
};

/** Tables that the store does not keep. */
export const volatileTables: readonly (keyof AgentTables)[] = [
  'link',
  'progress',
  'resumed',
  'strangers',
  'alarms',
  'starts',
  'rates',
];

export type AgentDraft = Draft<AgentTables>;

export interface AgentState {
  readonly site: Id;
  readonly version: string;
  readonly tables: AgentTables;
}

export const emptyTables = (): AgentTables => ({
  plan: new Map(),
  halt: new Map(),
  clock: new Map(),
  delivery: new Map(),
  outbox: new Map(),
  work: new WorkTable(),
  lastStarts: new Map(),
  tries: new Map(),
  sightings: new Map(),
  images: new CountedMap(),
  credentials: new CountedMap(),
  fetches: new Map(),
  strangers: new Map(),
  discovered: new Map(),
  alarms: new Map(),
  link: new Map(),
  resumed: new Map(),
  holds: new Map(),
  missing: new CountedMap(),
  starts: new Map(),
  firstSeq: new Map(),
  callHours: new Map(),
  callsWatched: new Map(),
  rates: new Map(),
  progress: new Map(),
});

/** Bytes a second; `free`: as fast as it goes. */
export type Rate = number | 'free' | 'none';

/**
 * `unproven`: nobody could say that the phone is idle, and this start was for an idle phone only. `away`: it takes nothing for
 * now, and says nothing of a call.
 */
export type WakeAnswer =
  | 'accepted'
  | 'busy'
  | 'unproven'
  | 'away'
  | 'refused'
  | 'login-refused'
  | 'silent';

export type AgentEvent =
  /** `frozen` is what the freeze file says, as in `freeze-read`: it may have come while the box was off. */
  | { readonly kind: 'started'; readonly frozen?: string | null }
  | { readonly kind: 'woke' }
  | { readonly kind: 'link-up'; readonly conn: string }
  | { readonly kind: 'link-down'; readonly conn: string }
  | { readonly kind: 'acked'; readonly ack: Ack }
  | { readonly kind: 'plan-came'; readonly plan: Plan }
  | { readonly kind: 'plan-refused'; readonly fault: FaultCode; readonly detail: string }
  | { readonly kind: 'halt-came'; readonly halt: Halt }
  | { readonly kind: 'image-held'; readonly digest: Sha256; readonly fetchedBytes: number }
  | { readonly kind: 'image-lost'; readonly digest: Sha256 }
  | { readonly kind: 'image-failed'; readonly digest: Sha256; readonly fault: FaultCode }
  | {
      readonly kind: 'phone-asked';
      readonly mac: Mac;
      readonly vendor: string | null;
      readonly model: string | null;
      readonly version: string | null;
      readonly hardware?: string;
      readonly protocol: 'http' | 'tftp';
      readonly address: string;
      /** What it asked for; `phone-config` is the file that ends a boot. */
      readonly means: 'common-config' | 'phone-config' | 'image' | 'other';
      /** The credential generation it logged in with; 0 for none. */
      readonly generation: number;
    }
  | {
      readonly kind: 'image-began' | 'image-progressed';
      readonly mac: Mac;
      readonly release: Id;
      readonly fileName: string;
    }
  | {
      readonly kind: 'image-left';
      readonly mac: Mac;
      readonly release: Id;
      readonly fileName: string;
      readonly whole: boolean;
      /** The phone ended it: by an error that it sent, or by going away after the beginning of the file. */
      readonly brokenOff?: 'by-error' | 'early';
    }
  | {
      readonly kind: 'wake-answered';
      readonly mac: Mac;
      readonly start: number;
      readonly answer: WakeAnswer;
      /** Who told of the call, where that was not the phone by its answer. */
      readonly source?: string;
      /** It is silent because nothing could be sent to it. */
      readonly unsent?: true;
      /** The phone itself said no, or took its file since it was asked: it is up. What a PBX says in its stead shows nothing. */
      readonly isThere?: true;
      /** How long a phone that nothing woke is left to come by itself. */
      readonly pollTakesMax?: DurationMs;
    }
  | {
      readonly kind: 'registration-seen';
      readonly mac: Mac;
      readonly source: string;
      readonly address: string;
    }
  | {
      readonly kind: 'stranger-asked';
      readonly address: string;
      readonly mac: Mac;
      readonly protocol: 'http' | 'tftp';
    }
  | {
      readonly kind: 'phone-claimed';
      readonly mac: Mac;
      readonly vendor: string | null;
      readonly model: string | null;
      readonly version: string | null;
      readonly address: string;
      readonly via: DiscoveredVia;
    }
  | {
      readonly kind: 'alarm-raised';
      readonly fault: FaultCode;
      readonly address: string;
      readonly detail: string;
    }
  | {
      readonly kind: 'emergency-call';
      readonly source: string;
      readonly state: 'began' | 'ended';
    }
  | CallsCounted
  /** What the freeze file says; null where there is none. */
  | { readonly kind: 'freeze-read'; readonly reason: string | null }
  /** The clock was set while the agent ran: what was dated before is off by so much. */
  | { readonly kind: 'clock-jumped'; readonly by: DurationMs }
  | SecretEvent
  | {
      readonly kind: 'config-served';
      readonly mac: Mac;
      readonly generation: number;
      /** It left with what a base holds for a phone that cannot be told a login. */
      readonly ofBase?: true;
    }
  | {
      readonly kind: 'secret-made';
      readonly mac: Mac;
      readonly generation: number;
      readonly sealed: string;
      readonly fingerprint: string;
    };

export type AgentEffect =
  | {
      readonly kind: 'send';
      readonly as: 'hello' | 'd' | 'beat';
      readonly message: Hello | Report | Beat;
    }
  | {
      readonly kind: 'fetch-image';
      readonly digest: Sha256;
      readonly lengthBytes: number;
      readonly bytesPerSecond: number;
    }
  /** The clock was set: what a technician opened for so many minutes ends as many minutes after. */
  | { readonly kind: 'move-rescues'; readonly by: DurationMs }
  /** The rate of the site’s line, or of all its phones together, from now on. */
  | { readonly kind: 'set-rate'; readonly of: 'wan' | 'lan'; readonly rate: Rate }
  | {
      readonly kind: 'wake-phone';
      readonly mac: Mac;
      readonly start: number;
      readonly vendor: string;
      readonly address: string;
      /** Only where somebody says that it is idle. */
      readonly mustBeIdle?: true;
    }
  | {
      readonly kind: 'make-secret';
      readonly mac: Mac;
      readonly generation: number;
      readonly vendor: string;
    };

export interface AgentStep {
  readonly changes: readonly Change<AgentTables>[];
  readonly effects: readonly AgentEffect[];
  /** When time alone next changes something; undefined when only an event can. */
  readonly wakeAt: EpochMs | undefined;
}
