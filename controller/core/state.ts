import type { Advisory } from '@ringwave/firmware-catalog/advisory';
import type { Release } from '@ringwave/firmware-catalog/release';
import type { LifeCause, ReleaseLife } from '@ringwave/firmware-catalog/release-life';
import type { Cursor } from '@ringwave/protocol/delivery';
import type { FaultCode } from '@ringwave/protocol/faults';
import type { Ack, Beat, Halt, Hello, LastWill, Plan, Report } from '@ringwave/protocol/messages';
import type { Change, Draft } from '@ringwave/protocol/tables';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';

import type { TakenAnnouncements } from './announcement-commands.ts';
import type { TokenRecord } from './enrolment.ts';
import { type Owed, OwedTable } from './owed.ts';
import type { PlannedFreezeCommand } from './planned-freeze.ts';
import type { Policy, PolicyCommand } from './policy.ts';
import type { SiteLimits } from './site-limits.ts';
import { emptySiteTables, type SiteTables } from './site-tables.ts';
import { emptyFeedTables, type FeedCommand, type FeedTables } from './feed-tables.ts';
import type { CheckVerdict, RolloutInput, WaveCounts } from './rollout-state.ts';
import { emptyRolloutTables, type RolloutTables } from './rollout-tables.ts';

export type {
  Caution,
  Deadline,
  Gate,
  Pace,
  Progress,
  Rollout,
  RolloutInput,
  Selection,
  Stratum,
  Urgency,
  Wave,
  WaveCounts,
  WaveSpec,
} from './rollout-state.ts';

// What the controller knows. Its database is the only truth: brokers, queues and browsers hold copies.

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A recurring local-time rule with one of `end` and `minutes`. */
export interface WindowRule {
  readonly days: readonly Weekday[];
  /** Wall clock, `HH:MM`. */
  readonly start: string;
  /** Before `start` it means the next day; the same time is refused, since it may mean never or all day. */
  readonly end?: string;
  /** So long by any clock, also on nights when clocks change. */
  readonly minutes?: number;
}

export interface Site extends SiteLimits {
  readonly id: Id;
  readonly name: string;
  /** IANA time zone; without one there is no window and so no start. */
  readonly zone: string;
  readonly windows: readonly WindowRule[];
  /** Local dates on which no opening begins: `2026-12-24`, `2026-12-24/2027-01-03`, each year `12-25` or `12-24/01-01`. */
  readonly blackout: readonly string[];
  readonly coverage: readonly { readonly id: Id; readonly minUp: number }[];
  readonly phonesUpdatingMax: number;
  /** 0: no limit. */
  readonly wanBytesPerSecond: number;
  /** Credentials older than this are rotated; counted from the phone's proof. */
  readonly credentialDaysMax: number;
  readonly labels?: Labels;
}

/** What people name sites and phones by, for selections: `region: EU`. */
export type Labels = Readonly<Record<string, string>>;

export interface Running {
  readonly version: string;
  readonly at: EpochMs;
  readonly source: string;
}

export interface CredentialView {
  readonly generation: number;
  readonly state: 'staged' | 'published' | 'proven';
  readonly at: EpochMs;
  readonly provenAt?: EpochMs;
  readonly fingerprint?: string;
  /** The newest that has left the box: the phone holds it, or may. */
  readonly known?: { readonly generation: number; readonly fingerprint: string };
}

export interface Phone {
  readonly mac: Mac;
  readonly site: Id;
  readonly vendor: string;
  readonly model: string;
  readonly hardware?: string;
  readonly extension?: string;
  readonly emergency: boolean;
  readonly coverageGroup?: Id;
  readonly labels?: Labels;
  /** The switch it hangs on, as people label it. */
  readonly switch?: string;
  /** Names the pair whose members stand in for one another. */
  readonly pair?: Id;
  /** Names the bond whose members, at any sites, end on one version. */
  readonly bond?: Id;
  readonly running?: Running;
  readonly seenAt?: EpochMs;
  readonly address?: string;
  /** As people said it; what the phone shows of itself stands in `hardware`. */
  readonly hardwareSaid?: string;
  /** What the phone says it is, where that differs from the inventory. */
  readonly claimsModel?: string;
  readonly credentialGeneration: number;
  readonly credential?: CredentialView;
  /** How often it came to another site: there its work begins anew. */
  readonly moves?: number;
  /** What a rollout brought it to last. */
  readonly settled?: { readonly rollout: Id; readonly version: string };
  /** It has shown another version than that since. */
  readonly drift?: { readonly from: string; readonly to: string; readonly at: EpochMs };
}

/** The newest plan of a site, and which one its agent says it holds. */
export interface SitePlan {
  readonly plan: Plan;
  readonly issuedAt: EpochMs;
  readonly heldRevision: number;
  /** Same content, same hash: planning twice changes nothing. */
  readonly contentHash: string;
}

export interface Agent {
  readonly site: Id;
  readonly enrolledAt: EpochMs;
  /** SHA-256 of the MQTT password and of the image token: both are random and 192 bits long. */
  readonly passwordHash: string;
  readonly imageTokenHash: string;
  readonly cursor: Cursor;
  readonly version?: string;
}

/** What is known of a connection; forgotten at a restart. */
export interface Presence {
  readonly conn: string;
  readonly up: boolean;
  readonly lastHeardAt: EpochMs;
}

export interface AuditEntry {
  readonly seq: number;
  readonly at: EpochMs;
  readonly who: string;
  readonly what: string;
  readonly object: string;
  readonly detail?: string;
  /** SHA-256 over the entry before and this one: a changed line breaks every later one. */
  readonly hash: string;
}

/** The vendor mends this model no longer. */
export interface ModelEnd {
  readonly vendor: string;
  readonly model: string;
  /** Last day with fixes, `YYYY-MM-DD`. */
  readonly on: string;
  readonly source: string;
}

export interface SiteNotice {
  readonly site: Id;
  readonly at: EpochMs;
  readonly fault: FaultCode;
  readonly detail: string;
}

/** What feeds brought, what sites told and what became of rollouts lies in tables of their own files. */
type TablesElsewhere = FeedTables & SiteTables & RolloutTables;

export type ControllerTables = TablesElsewhere & {
  sites: Map<string, Site>;
  phones: Map<string, Phone>;
  /** MACs of a site, so that no step walks the whole fleet. */
  rosters: Map<string, readonly Mac[]>;
  /** MACs of a bond, in the order in which they came. */
  bonds: Map<string, readonly Mac[]>;
  releases: Map<string, Release>;
  /** How far each release has come, by its id. */
  lives: Map<string, ReleaseLife>;
  /** By `vendor/model`. */
  modelEnds: Map<string, ModelEnd>;
  /** As an earlier version stored them; translated into claims at the start. */
  advisories: Map<string, Advisory>;
  plans: Map<string, SitePlan>;
  agents: Map<string, Agent>;
  tokens: Map<string, TokenRecord>;
  notices: Map<string, SiteNotice>;
  audit: Map<string, AuditEntry>;
  counters: Map<string, number>;
  /** One row, `runs`: the names of its own runs, the present one last. */
  runs: Map<string, readonly string[]>;
  halt: Map<string, Halt>;
  presence: Map<string, Presence>;
  /** By id. */
  policies: Map<string, Policy>;
  /** Plans sent so many times and not confirmed. */
  owed: Map<string, Owed>;
};

export const volatileTables: readonly (keyof ControllerTables)[] = ['presence', 'owed'];

export type ControllerDraft = Draft<ControllerTables>;

export interface ControllerState {
  readonly tables: ControllerTables;
}

export const emptyTables = (): ControllerTables => ({
  ...emptyFeedTables(),
  ...emptySiteTables(),
  ...emptyRolloutTables(),
  sites: new Map(),
  phones: new Map(),
  rosters: new Map(),
  bonds: new Map(),
  releases: new Map(),
  lives: new Map(),
  modelEnds: new Map(),
  advisories: new Map(),
  plans: new Map(),
  agents: new Map(),
  tokens: new Map(),
  notices: new Map(),
  audit: new Map(),
  counters: new Map(),
  runs: new Map(),
  halt: new Map(),
  presence: new Map(),
  owed: new OwedTable(),
  policies: new Map(),
});

export const progressKey = (rollout: Id, mac: Mac): string => `${rollout}/${mac}`;

export type PhoneInput = Omit<
  Phone,
  | 'hardwareSaid'
  | 'running'
  | 'seenAt'
  | 'address'
  | 'claimsModel'
  | 'credential'
  | 'credentialGeneration'
  | 'moves'
  | 'settled'
  | 'drift'
>;

/** What people and programs ask for over REST; `who` is named in the audit. */
export type Command =
  | FeedCommand
  | PolicyCommand
  | PlannedFreezeCommand
  /** All of these or none. */
  | { readonly kind: 'desired-state'; readonly commands: readonly Command[] }
  | { readonly kind: 'site-put'; readonly site: Site }
  | { readonly kind: 'site-remove'; readonly site: Id }
  /** Null lifts it. */
  | {
      readonly kind: 'site-freeze';
      readonly site: Id;
      readonly freeze: { readonly reason: string; readonly until?: EpochMs } | null;
    }
  | { readonly kind: 'phones-put'; readonly phones: readonly PhoneInput[] }
  | { readonly kind: 'phone-remove'; readonly mac: Mac }
  | { readonly kind: 'release-put'; readonly release: Release; readonly why?: string }
  | {
      readonly kind: 'release-move';
      readonly release: Id;
      readonly cause: LifeCause;
      readonly why: string;
      readonly channel?: string;
    }
  | { readonly kind: 'model-end-put'; readonly end: ModelEnd }
  | { readonly kind: 'advisory-put'; readonly advisory: Advisory }
  | { readonly kind: 'rollout-create'; readonly input: RolloutInput }
  /** Before its start everything may change; who approved it approved something else. */
  | { readonly kind: 'rollout-edit'; readonly input: RolloutInput }
  /** Before its start it leaves nothing behind. */
  | { readonly kind: 'rollout-remove'; readonly rollout: Id }
  | {
      readonly kind: 'rollout-approve';
      readonly rollout: Id;
      readonly contentHash?: string;
      readonly remark?: string;
      /** Why nobody else could approve what this person proposed. */
      readonly breakGlass?: string;
    }
  | { readonly kind: 'rollout-deny'; readonly rollout: Id; readonly remark: string }
  | { readonly kind: 'rollout-pause'; readonly rollout: Id; readonly reason: string }
  | { readonly kind: 'rollout-resume'; readonly rollout: Id }
  /** A wave that has met its gate and asks a person lets the next one open. */
  | { readonly kind: 'rollout-pass'; readonly rollout: Id }
  /** No phone joins any more; it ends with the last of those it has. */
  | { readonly kind: 'rollout-close'; readonly rollout: Id }
  | {
      readonly kind: 'rollout-abort';
      readonly rollout: Id;
      readonly reason: string;
      readonly force?: boolean;
    }
  | { readonly kind: 'token-mint'; readonly record: TokenRecord }
  | {
      readonly kind: 'agent-enrol';
      /** As the enrolment leaves it: used, and by which box. */
      readonly record: TokenRecord;
      readonly agent: Omit<Agent, 'cursor'>;
    }
  | { readonly kind: 'halt'; readonly halted: boolean; readonly reason: string };

/** Why a command was refused: the thing, the reason, the next step. */
export interface Refusal {
  readonly code: 'not-found' | 'conflict' | 'invalid' | 'forbidden';
  readonly thing: string;
  readonly reason: string;
  readonly next: string;
}

export type CommandResult =
  | {
      readonly ok: true;
      /** Rollouts that the command has paused. */
      readonly pauses?: readonly Id[];
      /** What became of announcements that were sent. */
      readonly came?: TakenAnnouncements;
    }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

export type ControllerEvent =
  /** `run` names what lies between this start and the next, as no other controller does. */
  | { readonly kind: 'started'; readonly run?: string }
  | { readonly kind: 'woke' }
  | {
      readonly kind: 'command';
      readonly id: string;
      readonly who: string;
      readonly command: Command;
    }
  | { readonly kind: 'hello'; readonly site: Id; readonly hello: Hello }
  | { readonly kind: 'report'; readonly site: Id; readonly report: Report }
  | { readonly kind: 'beat'; readonly site: Id; readonly beat: Beat }
  | { readonly kind: 'last-will'; readonly site: Id; readonly will: LastWill }
  | {
      readonly kind: 'check-answered';
      readonly rollout: Id;
      readonly wave: number;
      /** As `ask-check` gave it. */
      readonly question: number;
      readonly verdict: CheckVerdict;
      readonly detail: string;
    };

export type ControllerEffect =
  | { readonly kind: 'send-ack'; readonly site: Id; readonly ack: Ack }
  | {
      readonly kind: 'send-plan';
      readonly site: Id;
      readonly plan: Plan;
      readonly issuedAt: EpochMs;
    }
  | { readonly kind: 'send-halt'; readonly halt: Halt; readonly site?: Id }
  /** The login of this site's agent is no longer valid: a connection made with it ends. */
  | { readonly kind: 'cut-site'; readonly site: Id }
  /** A wave has met its gate, and what stands outside shall say whether it may pass. */
  | {
      readonly kind: 'ask-check';
      readonly rollout: Id;
      readonly wave: number;
      readonly question: number;
      readonly url: string;
      readonly name: string;
      readonly counts: WaveCounts;
    }
  | { readonly kind: 'answer'; readonly id: string; readonly result: CommandResult };

export interface ControllerStep {
  readonly changes: readonly Change<ControllerTables>[];
  readonly effects: readonly ControllerEffect[];
  readonly wakeAt: EpochMs | undefined;
}
