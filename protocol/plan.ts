import { type Static, Type } from 'typebox';
import { URGENCIES } from './phases.ts';
import { Count, Digest, Id, Instant, Mac, Text, Version, words } from './schema-words.ts';

// The plan: what one site's phones should run, and when they may go down. It crosses the wire as one of the messages.

/** 2,000 phones on one site; larger branches are split into several sites. */
export const planPhonesMax = 2000;

/** 24 rules a day over eight days and some: a rate that changes more often than hourly is none. */
export const wanIntervalsMax = 256;
/** 600: a registrar that takes ten registrations a second is not in danger from one site. */
export const restartsPerMinuteMost = 600;
/** A country has a handful, a border town twice as many, with and without the digit for an outside line. */
export const emergencyNumbersMax = 32;

/** As many as a release names. */
const releaseModelsMax = 256;

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
  /** The models and revisions that it is for; an older controller does not say. */
  models: Type.Optional(Type.Array(Text(64), { maxItems: releaseModelsMax })),
  hardware: Type.Optional(Type.Array(Text(32), { maxItems: releaseModelsMax })),
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
      /** The version that they lead on from: one that runs another waits for a new plan. Absent: any older one. */
      from: Type.Optional(Version),
      attemptsMax: Type.Integer({ minimum: 1, maximum: 10 }),
      /** Phones that ended without the new version are tried afresh when this number rises. */
      round: Count,
      /** Absent: `window`. */
      urgency: Type.Optional(words(URGENCIES)),
      /** Started only in the openings of this name in `within`; absent: in any of the site. */
      within: Type.Optional(Text(80)),
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
/** Of one plan: every other day of it, and more. */
const blackoutMax = 8;
/** Of one plan: fifty rules that open daily for a week, and more. */
const openingsMax = 512;
/** Waves with windows of their own that phones of one site are in: each phone in another one at most. */
const withinMax = planPhonesMax;

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
  openings: Type.Array(Opening, { maxItems: openingsMax }),
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
  /** Openings of waves that narrow those of the site, each lying within `openings`. */
  within: Type.Optional(
    Type.Array(
      Type.Object({ id: Text(80), openings: Type.Array(Opening, { maxItems: openingsMax }) }),
      { maxItems: withinMax },
    ),
  ),
  /** Planned ahead: no start in any of these. `openings` leave them out already. */
  freezes: Type.Optional(
    Type.Array(Type.Object({ from: Instant, until: Instant, reason: Text(240) }), {
      maxItems: freezesMax,
    }),
  ),
  /** Days of blackout: what may go outside of openings stays within those that began before such a day. */
  blackout: Type.Optional(
    Type.Array(Type.Object({ from: Instant, until: Instant }), { maxItems: blackoutMax }),
  ),
  coverage: Type.Array(Type.Object({ id: Id, minUp: Count })),
  pausedRollouts: Type.Array(Type.Object({ rollout: Id, reason: Text(240) })),
  releases: Type.Array(PlanRelease, { maxItems: 256 }),
  phones: Type.Array(PlanPhone, { maxItems: planPhonesMax }),
});
export type Plan = Static<typeof Plan>;
