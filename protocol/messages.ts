import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { FAULT_CODES } from './faults.ts';
import { PHONE_PHASES, URGENCIES, WAITING_FOR } from './phases.ts';

// Every message that crosses MQTT: a schema, its type, and one decoder at the door.
// Unknown fields are ignored, so that v1.3 and v1.0 understand each other; unknown kinds are reported.

/** 64 KiB up, 128 KiB down: below the default limit of every broker the product runs on. */
export const upBytesMax = 64 * 1024;
export const downBytesMax = 128 * 1024;
/** 200: a report of one busy site fits one message of 64 KiB with room to spare. */
export const reportItemsMax = 200;
/** 2,000 phones on one site; larger branches are split into several sites. */
export const planPhonesMax = 2000;

/** 24 rules a day over eight days and some: a rate that changes more often than hourly is none. */
export const wanIntervalsMax = 256;
/** 600: a registrar that takes ten registrations a second is not in danger from one site. */
export const restartsPerMinuteMost = 600;
/** A country has a handful, a border town twice as many, with and without the digit for an outside line. */
export const emergencyNumbersMax = 32;
/** What is dialled for help in most countries; 933 is the test line of North American emergency services. */
export const emergencyNumbersUsually: readonly string[] = ['911', '112', '999', '000', '933'];

const words = <const T extends readonly string[]>(list: T) =>
  Type.Unsafe<T[number]>(Type.Enum([...list]));
const Id = Type.String({ pattern: '^[a-z0-9-]{1,64}$' });
const Mac = Type.String({ pattern: '^([0-9a-f]{2}:){5}[0-9a-f]{2}$' });
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Instant = Type.Integer({ minimum: 0, maximum: 7_258_118_400_000 });
const Count = Type.Integer({ minimum: 0 });
const Text = (longest: number) => Type.String({ maxLength: longest });
const Version = Type.String({ minLength: 1, maxLength: 64 });

/** First message of every connection: what the agent holds, so that the controller sends what is missing. */
export const Hello = Type.Object({
  kind: Type.Literal('hello'),
  /** Names this connection; the last will carries it, so that a stale will is ignored. */
  conn: Text(64),
  /** Null on an agent that was never given one. */
  epoch: Type.Union([Count, Type.Null()]),
  nextSeq: Count,
  planRevision: Count,
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

export const ReportItem = Type.Union([
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
  minGapMs: Count,
  /** First reconnect is spread uniformly over this many seconds. */
  spreadSeconds: Count,
  controllerMs: Instant,
  /** The hello this answers; reports wait for it after each connect. */
  conn: Type.Optional(Text(64)),
});
export type Ack = Static<typeof Ack>;

const Image = Type.Object({
  fileName: Text(255),
  sha256: Digest,
  lengthBytes: Count,
  models: Type.Optional(Type.Array(Text(64))),
});

const PlanRelease = Type.Object({
  id: Id,
  vendor: Text(32),
  version: Version,
  entry: Text(255),
  images: Type.Array(Image, { minItems: 1, maxItems: 64 }),
});
export type PlanRelease = Static<typeof PlanRelease>;

const Opening = Type.Object({ start: Instant, end: Instant });
export type PlanOpening = Static<typeof Opening>;

const PlanPhone = Type.Object({
  mac: Mac,
  vendor: Text(32),
  model: Text(64),
  hardware: Type.Optional(Text(32)),
  extension: Type.Optional(Text(32)),
  emergency: Type.Boolean(),
  coverageGroup: Type.Optional(Id),
  /** The switch it hangs on, as the inventory labels it. */
  switch: Type.Optional(Text(64)),
  /** Members of a pair stand in for one another: they are never down at once. */
  pair: Type.Optional(Id),
  /** Absent: the phone is known here but no running rollout wants it changed. */
  work: Type.Optional(
    Type.Object({
      rollout: Id,
      /** Releases to pass in order; the last is the target. */
      hops: Type.Array(Id, { minItems: 1, maxItems: 16 }),
      attemptsMax: Type.Integer({ minimum: 1, maximum: 10 }),
      /** Phones that ended without the new version are tried afresh when this number rises. */
      round: Count,
      /** Absent: `window`. */
      urgency: Type.Optional(words(URGENCIES)),
      /** The way back: its target is older than what runs, and older is where it shall get. */
      goesBack: Type.Optional(Type.Boolean()),
    }),
  ),
  /** What the controller knows of it, for an agent that is new here or was restored from a backup. */
  lastSeen: Type.Optional(
    Type.Object({
      version: Type.Union([Version, Type.Null()]),
      address: Text(64),
      at: Instant,
    }),
  ),
  /** The newest secret that the phone is known to hold, or may hold: an agent without it was restored from before it. */
  secretKnown: Type.Optional(
    Type.Object({
      generation: Count,
      /** The first digits of its fingerprint: two secrets may bear one number. */
      mark: Type.String({ pattern: '^[0-9a-f]{8}$' }),
    }),
  ),
  /** The agent rotates this phone's credential when its generation is below this one. */
  credentialGeneration: Count,
});
export type PlanPhone = Static<typeof PlanPhone>;

/** Of one site within one plan: a week has no more. */
export const freezesMax = 64;

/** The immutable document for one site: what its phones should run, when they may go down, until when it holds. */
export const Plan = Type.Object({
  kind: Type.Literal('plan'),
  site: Id,
  /** The generation: it only ever rises for a site. */
  revision: Type.Integer({ minimum: 1 }),
  /** The revision this one replaces; 0 for the first. */
  parent: Count,
  zone: Text(64),
  /** No phone is started after this instant unless a newer plan arrives. */
  startUntil: Instant,
  openings: Type.Array(Opening, { maxItems: 512 }),
  phonesUpdatingMax: Type.Integer({ minimum: 1, maximum: 100 }),
  /** 0: no limit. */
  wanBytesPerSecond: Count,
  /** At these times another rate than `wanBytesPerSecond` holds; here 0 means nothing at all. */
  wanBudget: Type.Optional(
    Type.Array(Type.Object({ start: Instant, end: Instant, bytesPerSecond: Count }), {
      maxItems: wanIntervalsMax,
    }),
  ),
  /** What all phones of the site may fetch together. Absent: what the box was started with. */
  lanBytesPerSecond: Type.Optional(Type.Integer({ minimum: 1 })),
  /** Phones that hang on one switch and update at once. */
  phonesPerSwitchMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  /** Starts in any minute: what restarts also registers again, all at about the same time. */
  restartsPerMinuteMax: Type.Optional(Type.Integer({ minimum: 1, maximum: restartsPerMinuteMost })),
  /** Numbers whose calls freeze the site; absent: `emergencyNumbersUsually`. */
  emergencyNumbers: Type.Optional(
    Type.Array(Type.String({ pattern: '^[0-9*#+]{2,16}$' }), { maxItems: emergencyNumbersMax }),
  ),
  /** How long after an emergency call no phone is started: whoever called may be called back. */
  callbackHoldMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 240 })),
  /** Done waits until the phone is seen registered again after its restart. */
  registrationProves: Type.Optional(Type.Boolean()),
  /** How long updates of a model take at worst, as they were timed. */
  takes: Type.Optional(
    Type.Array(
      Type.Object({
        vendor: Text(32),
        model: Text(64),
        worstMinutes: Type.Integer({ minimum: 5, maximum: 90 }),
      }),
      { maxItems: 256 },
    ),
  ),
  /** Headquarters wants no start at this site: until the instant, or until a newer plan no longer says so. */
  freeze: Type.Optional(Type.Object({ reason: Text(240), until: Type.Optional(Instant) })),
  /** Planned ahead: no start in any of these. `openings` leave them out already. */
  freezes: Type.Optional(
    Type.Array(Type.Object({ from: Instant, until: Instant, reason: Text(240) }), {
      maxItems: freezesMax,
    }),
  ),
  coverage: Type.Array(Type.Object({ id: Id, minUp: Count })),
  pausedRollouts: Type.Array(Type.Object({ rollout: Id, reason: Text(240) })),
  releases: Type.Array(PlanRelease, { maxItems: 256 }),
  phones: Type.Array(PlanPhone, { maxItems: planPhonesMax }),
});
export type Plan = Static<typeof Plan>;

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
      value = JSON.parse(typeof raw === 'string' ? raw : Buffer.from(raw).toString('utf8'));
    } catch {
      return refuse('is not JSON');
    }
    if (compiled.Check(value)) return { ok: true, message: value };
    const problems = compiled.Errors(value).slice(0, 10);
    return { ok: false, problems: problems.map((it) => `${it.instancePath || '/'} ${it.message}`) };
  };
}

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
