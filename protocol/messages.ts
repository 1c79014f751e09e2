import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { callHoursPattern } from './call-hours.ts';
import { FAULT_CODES } from './faults.ts';
import { PHONE_PHASES, WAITING_FOR } from './phases.ts';
import { Plan } from './plan.ts';
import { Count, Digest, Id, Instant, Mac, Text, Version, words } from './schema-words.ts';

export {
  emergencyNumbersMax,
  freezesMax,
  Plan,
  type PlanOpening,
  type PlanPhone,
  planPhonesMax,
  type PlanRelease,
  restartsPerMinuteMost,
  wanIntervalsMax,
} from './plan.ts';

// Every message that crosses MQTT: a schema, its type, and one decoder at the door.
// Unknown fields are ignored, so that v1.3 and v1.0 understand each other; unknown kinds are reported.

/** 64 KiB up, 128 KiB down: below the default limit of every broker the product runs on. */
export const upBytesMax = 64 * 1024;
export const downBytesMax = 128 * 1024;
/** 200: a report of one busy site fits one message of 64 KiB with room to spare. */
export const reportItemsMax = 200;
/** What is dialled for help in most countries; 933 is the test line of North American emergency services. */
export const emergencyNumbersUsually: readonly string[] = ['911', '112', '999', '000', '933'];

/** First message of every connection: what the agent holds, so that the controller sends what is missing. */
export const Hello = Type.Object({
  kind: Type.Literal('hello'),
  /** Names this connection; the last will carries it, so that a stale will is ignored. */
  conn: Text(64),
  /** Null on an agent that was never given one. */
  epoch: Type.Union([Count, Type.Null()]),
  nextSeq: Count,
  /** How far the controller has committed, as this agent was told: one restored from an older copy knows less. */
  ackedSeq: Type.Optional(Count),
  /** The run of a controller that acknowledged that number: its `run` in the acknowledgement. */
  ackedBy: Type.Optional(Text(64)),
  /** The last stop of all sites, or its end, that it was told of. */
  halt: Type.Optional(Type.Object({ counter: Count, halted: Type.Boolean() })),
  planRevision: Count,
  /** The `startUntil` of that plan: by it plans of one number, made by two controllers, are told apart. */
  planUntil: Type.Optional(Instant),
  phones: Count,
  agentVersion: Text(32),
  clockMs: Instant,
});
export type Hello = Static<typeof Hello>;

const WaitingSchema = Type.Object({
  reason: Text(240),
  waitingFor: words(WAITING_FOR),
  nextAttemptAt: Type.Union([Instant, Type.Null()]),
  attempt: Count,
  attemptsMax: Count,
});

/** Where a phone stands in a rollout. */
export const PhoneMoved = Type.Object({
  kind: Type.Literal('phone-moved'),
  seq: Count,
  at: Instant,
  mac: Mac,
  rollout: Id,
  revision: Count,
  phase: words(PHONE_PHASES),
  attempt: Count,
  fault: Type.Optional(words(FAULT_CODES)),
  waiting: Type.Optional(WaitingSchema),
  detail: Type.Optional(Text(240)),
  /** With `done`: milliseconds from the start to the proof. */
  tookMs: Type.Optional(Count),
});
export type PhoneMoved = Static<typeof PhoneMoved>;

/** What a phone itself showed: evidence with source and time. */
export const PhoneSeen = Type.Object({
  kind: Type.Literal('phone-seen'),
  seq: Count,
  at: Instant,
  mac: Mac,
  vendor: Type.Union([Text(32), Type.Null()]),
  model: Type.Union([Text(64), Type.Null()]),
  version: Type.Union([Version, Type.Null()]),
  hardware: Type.Optional(Text(32)),
  source: words(['http-request', 'tftp-request', 'sip-answer'] as const),
  address: Text(64),
});
export type PhoneSeen = Static<typeof PhoneSeen>;

/** How a phone's credential stands. Never the secret: only a keyed fingerprint, to show uniqueness. */
export const CredentialMoved = Type.Object({
  kind: Type.Literal('credential-moved'),
  seq: Count,
  at: Instant,
  mac: Mac,
  generation: Count,
  state: words(['staged', 'published', 'proven', 'old-dead'] as const),
  fingerprint: Type.String({ pattern: '^[0-9a-f]{32}$' }),
});
export type CredentialMoved = Static<typeof CredentialMoved>;

/** An image arrived on site, or could not. */
export const ImageMoved = Type.Object({
  kind: Type.Literal('image-moved'),
  seq: Count,
  at: Instant,
  digest: Digest,
  state: words(['held', 'failed'] as const),
  fault: Type.Optional(words(FAULT_CODES)),
  fetchedBytes: Count,
});
export type ImageMoved = Static<typeof ImageMoved>;

/** Something arrived that the agent refused to act on, or could not do. */
export const AgentFault = Type.Object({
  kind: Type.Literal('agent-fault'),
  seq: Count,
  at: Instant,
  fault: words(FAULT_CODES),
  detail: Text(240),
});
export type AgentFault = Static<typeof AgentFault>;

/** The agent has stored this plan and acts on it. */
export const PlanTaken = Type.Object({
  kind: Type.Literal('plan-taken'),
  seq: Count,
  at: Instant,
  revision: Count,
});
export type PlanTaken = Static<typeof PlanTaken>;

/** Something at the site keeps every phone from being started, or does so no longer. */
export const SiteHeld = Type.Object({
  kind: Type.Literal('site-held'),
  seq: Count,
  at: Instant,
  hold: words(['freeze', 'emergency-call'] as const),
  isOn: Type.Boolean(),
  reason: Text(240),
  /** When it ends by itself; null where a person ends it. */
  until: Type.Union([Instant, Type.Null()]),
});
export type SiteHeld = Static<typeof SiteHeld>;

/** A phone in no plan showed itself on the site. All of it is its own claim, save where it was seen from. */
export const PhoneDiscovered = Type.Object({
  kind: Type.Literal('phone-discovered'),
  seq: Count,
  at: Instant,
  mac: Mac,
  vendor: Type.Union([Text(64), Type.Null()]),
  model: Type.Union([Text(64), Type.Null()]),
  version: Type.Union([Text(64), Type.Null()]),
  address: Text(64),
  via: Type.Array(words(['request', 'pnp', 'neighbour'] as const), { maxItems: 3 }),
  firstAt: Instant,
});
export type PhoneDiscovered = Static<typeof PhoneDiscovered>;

/** In which hours of the week a phone is in calls: minutes, and never with whom. At most once a day of each phone. */
const PhoneCalls = Type.Object({
  kind: Type.Literal('phone-calls'),
  seq: Count,
  at: Instant,
  mac: Mac,
  /** A sign an hour, as `call-hours.ts` reads it. */
  hours: Type.String({ pattern: callHoursPattern }),
});

export const ReportItem = Type.Union([
  PhoneCalls,
  PhoneMoved,
  PhoneSeen,
  CredentialMoved,
  ImageMoved,
  AgentFault,
  PlanTaken,
  SiteHeld,
  PhoneDiscovered,
]);
export type ReportItem = Static<typeof ReportItem>;

/** A numbered batch. `firstSeq..lastSeq` says which numbers it covers; coalesced ones have no item. */
export const Report = Type.Object({
  kind: Type.Literal('report'),
  epoch: Count,
  firstSeq: Count,
  lastSeq: Count,
  items: Type.Array(ReportItem, { maxItems: reportItemsMax }),
});
export type Report = Static<typeof Report>;

/** Sent when nothing else was for five minutes. */
export const Beat = Type.Object({
  kind: Type.Literal('beat'),
  conn: Text(64),
  clockMs: Instant,
  planRevision: Count,
  planUntil: Type.Optional(Instant),
  outboxDepth: Count,
});
export type Beat = Static<typeof Beat>;

/** The broker says it for an agent that vanished. */
export const LastWill = Type.Object({ kind: Type.Literal('lwt'), conn: Text(64) });
export type LastWill = Static<typeof LastWill>;

/** Controller to agent: all numbers up to `seq` of `epoch` are committed; how much may be under way. */
export const Ack = Type.Object({
  kind: Type.Literal('ack'),
  epoch: Count,
  /** Highest committed number; `nextSeq` continues after it. */
  seq: Count,
  /** Batches that may be unacknowledged at once. 0 means: wait. */
  window: Type.Integer({ minimum: 0, maximum: 64 }),
  /** Names this run of the controller, from one start to the next: two that were copied from one another differ by it. */
  run: Type.Optional(Text(64)),
  minGapMs: Count,
  /** First reconnect is spread uniformly over this many seconds. */
  spreadSeconds: Count,
  controllerMs: Instant,
  /** The hello this answers; reports wait for it after each connect. */
  conn: Type.Optional(Text(64)),
});
export type Ack = Static<typeof Ack>;

/** Emergency stop for all sites; honoured even when slightly expired, since stopping is safe. */
export const Halt = Type.Object({
  kind: Type.Literal('halt'),
  counter: Type.Integer({ minimum: 1 }),
  /** False lifts the stop of the same or a lower counter. */
  halted: Type.Boolean(),
  reason: Text(240),
});
export type Halt = Static<typeof Halt>;

export type Decoded<T> =
  | { readonly ok: true; readonly message: T }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Bytes to message. Length first, then JSON, then schema; the problems are sentences naming the field.
 * Unknown fields pass and are dropped by nobody: readers take what they know.
 */
function decoder<S extends TSchema>(schema: S, lengthMax: number) {
  const compiled = Compile(schema);
  return (raw: Uint8Array | string): Decoded<Static<S>> => {
    const length = typeof raw === 'string' ? Buffer.byteLength(raw) : raw.byteLength;
    if (length > lengthMax) return refuse(`is ${length} bytes long, at most ${lengthMax} are read`);
    let value: unknown;
    try {
      value = JSON.parse(typeof raw === 'string' ? raw : textOf(raw));
    } catch {
      return refuse('is not JSON');
    }
    if (compiled.Check(value)) return { ok: true, message: value };
    const problems = compiled.Errors(value).slice(0, 10);
    return { ok: false, problems: problems.map((it) => `${it.instancePath || '/'} ${it.message}`) };
  };
}

/** Without a copy of the bytes. */
const textOf = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('utf8');

const refuse = (problem: string): { ok: false; problems: string[] } => ({
  ok: false,
  problems: [problem],
});

export const decodeHello = decoder(Hello, upBytesMax);
export const decodeReport = decoder(Report, upBytesMax);
export const decodeBeat = decoder(Beat, upBytesMax);
export const decodeLastWill = decoder(LastWill, upBytesMax);
export const decodeAck = decoder(Ack, downBytesMax);
/** Plans are checked after their envelope, whose own limit bounds them. */
export const decodePlan = decoder(Plan, 1024 * 1024);
export const decodeHalt = decoder(Halt, downBytesMax);

export type UpMessage = Hello | Report | Beat | LastWill;

export const encode = (message: UpMessage | Ack | Plan | Halt): Buffer =>
  Buffer.from(JSON.stringify(message));
