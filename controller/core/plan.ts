import { createHash } from 'node:crypto';
import type { Release } from '@ringwave/firmware-catalog/release';
import type { Plan, PlanPhone, PlanRelease } from '@ringwave/protocol/messages';
import { isFinal } from '@ringwave/protocol/phases';
import {
  type DurationMs,
  days,
  type EpochMs,
  type Id,
  laterBy,
  type Mac,
} from '@ringwave/protocol/units';
import { type ActiveWork, activeWork } from './active-work.ts';
import { takesOf } from './durations.ts';
import { phonesWritten } from './phones-written.ts';
import { freezesMeant, planFreezes } from './planned-freeze.ts';
import { planBlackout } from './plan-blackout.ts';
import { planFreeze } from './site-freeze.ts';
import { limitsOf, wanIntervals } from './site-limits.ts';
import {
  type ControllerDraft,
  type Phone,
  type Rollout,
  type Site,
  type SitePlan,
} from './state.ts';
import { planWithin, withinId } from './wave-windows.ts';
import { siteOpenings } from './window.ts';

// One immutable plan per site follows from all its rollouts. The same content is the same plan: planning
// twice changes nothing; only a change, or an ageing lease, makes a new revision.

/** How long an agent that lost the controller may go on starting phones. */
export const startsFor: DurationMs = days(7);
/** A plan is renewed when this old, so that a connected agent never comes near its end. */
export const renewAfter: DurationMs = days(1);
/** A day beyond the last start: what is in flight then is still within a valid plan. */
export const expiresAfter: DurationMs = days(8);

/** Writes a new revision when the content has changed, the lease has aged, or `force` says so. True when it did. */
export function replan(
  draft: ControllerDraft,
  siteId: Id,
  now: EpochMs,
  force?: { readonly above: number },
): boolean {
  return plannedFrom(draft, siteId, now, { force, isLookedAt: () => true });
}

/** As `replan` for a plan that stood when this step began, and of no phone that the step left alone. */
export function replanWritten(draft: ControllerDraft, siteId: Id, now: EpochMs): boolean {
  const most = draft.rosters.get(siteId)?.length ?? 0;
  const written = phonesWritten(draft, most);
  const isLookedAt = (mac: Mac): boolean => written === undefined || written.has(mac);
  return plannedFrom(draft, siteId, now, { isLookedAt });
}

interface Replanning {
  readonly force?: { readonly above: number } | undefined;
  /** Of others what the plan before said of them still holds. */
  readonly isLookedAt: (mac: Mac) => boolean;
}

function plannedFrom(
  draft: ControllerDraft,
  siteId: Id,
  now: EpochMs,
  { force, isLookedAt }: Replanning,
): boolean {
  const site = draft.sites.get(siteId);
  if (!site) return false;
  const before = draft.plans.get(siteId);
  const content = contentOf(draft, site, now, { before: before?.plan.phones ?? [], isLookedAt });
  const freezes = draft.plannedFreezes.size() > 0 ? freezesMeant(draft, site) : [];
  const contentHash = hashOf(site, content, freezes);
  const isSame = before?.contentHash === contentHash && arePlannedAlike(before, content);
  if (!force && isSame && !isAged(draft, siteId, now)) return false;
  const parent = before?.plan.revision ?? 0;
  const revision = Math.max(parent, force?.above ?? 0) + 1;
  const startUntil = laterBy(now, startsFor);
  const phones = content.phones.map((phone) => asSeenNow(draft, phone));
  const rules = openingsOf(draft, site, now, startUntil);
  const opens = planFreezes(draft, siteId, rules, { now, until: startUntil });
  const head = { kind: 'plan' as const, site: siteId, revision, parent, zone: site.zone };
  const takes = takesOf(draft.durations, phones);
  const timed = { ...wanIntervals(site, now, startUntil), ...(takes.length > 0 ? { takes } : {}) };
  const { openings } = opens;
  const within = planWithin(draft, site, { phones, openings }, { now, until: startUntil });
  const rest = planBlackout(site, { now, until: startUntil });
  const times = { startUntil, ...opens, ...within, ...rest, ...timed };
  const plan: Plan = { ...head, ...times, ...content, phones };
  const heldRevision = before?.heldRevision ?? 0;
  draft.plans.put(siteId, { plan, issuedAt: now, heldRevision, contentHash });
  return true;
}

/** Many sites keep the same windows in the same zone, and a wave that opens plans all of them in one step. */
const calendars = new WeakMap<ControllerDraft, Map<string, Plan['openings']>>();

function openingsOf(draft: ControllerDraft, site: Site, now: EpochMs, until: EpochMs) {
  const { id: _id, name: _name, labels: _labels, coverage: _coverage, ...calendar } = site;
  const key = JSON.stringify([now, calendar]);
  const ofStep = calendars.get(draft) ?? new Map<string, Plan['openings']>();
  calendars.set(draft, ofStep);
  const openings = ofStep.get(key) ?? [...siteOpenings(site, now, until)];
  ofStep.set(key, openings);
  return openings;
}

/** Time alone asks for a new plan: there is none yet, or its lease has grown old. */
export function isAged(draft: ControllerDraft, site: Id, now: EpochMs): boolean {
  const before = draft.plans.get(site);
  return before === undefined || now >= laterBy(before.issuedAt, renewAfter);
}

type Content = Pick<
  Plan,
  'phonesUpdatingMax' | 'wanBytesPerSecond' | 'coverage' | 'pausedRollouts' | 'releases' | 'phones'
> &
  Partial<Plan>;

/** What the plan before said of a phone is taken over where it still holds, the latest sighting in it included. */
function contentOf(
  draft: ControllerDraft,
  site: Site,
  now: EpochMs,
  { before, isLookedAt }: Pick<Replanning, 'isLookedAt'> & { before: readonly PlanPhone[] },
): Content {
  const roster = draft.rosters.get(site.id) ?? [];
  const phones: PlanPhone[] = [];
  const isNamed = namedIn(before);
  const releases = new Map<string, PlanRelease>();
  const rollouts = new Map<string, Rollout>();
  for (const mac of roster) {
    const was = before[phones.length];
    const planned = was?.mac === mac && !isLookedAt(mac) ? was : planAnew(draft, mac, was, isNamed);
    if (!planned) continue;
    phones.push(planned);
    const { work } = planned;
    if (!work) continue;
    const rollout = rollouts.has(work.rollout) ? undefined : draft.rollouts.get(work.rollout);
    if (rollout) rollouts.set(rollout.id, rollout);
    for (const hop of work.hops) {
      const release = releases.has(hop) ? undefined : draft.releases.get(hop);
      if (release) releases.set(hop, planRelease(release));
    }
  }
  return {
    phonesUpdatingMax: site.phonesUpdatingMax,
    wanBytesPerSecond: site.wanBytesPerSecond,
    ...limitsOf(site),
    ...planFreeze(draft, site.id, now),
    coverage: site.coverage.map(({ id, minUp }) => ({ id, minUp })),
    pausedRollouts: [...rollouts.values()].flatMap(({ id, paused }) =>
      paused ? [{ rollout: id, reason: paused.reason.slice(0, 240) }] : [],
    ),
    releases: [...releases.values()],
    phones,
  };
}

function planAnew(
  draft: ControllerDraft,
  mac: Mac,
  was: PlanPhone | undefined,
  isNamed: (work: ActiveWork) => boolean,
): PlanPhone | undefined {
  const phone = draft.phones.get(mac);
  if (!phone) return undefined;
  const found = activeWork(draft, phone);
  const active = found && isFinal(found.progress.phase) && !isNamed(found) ? undefined : found;
  return was && isSaidOf(was, phone, active) ? was : planPhone(phone, active);
}

/** Work that has ended stays named; named again after other work, the site would begin it anew. */
function namedIn(before: readonly PlanPhone[]): (work: ActiveWork) => boolean {
  let named: ReadonlyMap<string, string | undefined> | undefined;
  return ({ rollout, progress }) => {
    named ??= new Map(before.map(({ mac, work }) => [mac, work?.rollout]));
    return named.get(progress.mac) === rollout.id;
  };
}

/** Of all but the phones: those are compared as they are, since they are many and change one by one. */
const hashOf = (
  { zone, windows, blackout, wanBudget }: Site,
  content: Content,
  freezes: readonly unknown[],
): string =>
  createHash('sha256')
    .update(
      JSON.stringify([zone, windows, blackout, { ...content, phones: [] }, wanBudget, ...freezes]),
    )
    .digest('hex');

const arePlannedAlike = ({ plan }: SitePlan, { phones }: Content): boolean =>
  plan.phones.length === phones.length &&
  phones.every((phone, place) => isPlannedAlike(plan.phones[place], phone));

const isPlannedAlike = (a: PlanPhone | undefined, b: PlanPhone): boolean =>
  a === b || (a?.mac === b.mac && isToldAlike(a, b) && isWorkAlike(a.work, b.work));

type Told = Omit<PlanPhone, 'mac' | 'work' | 'lastSeen' | 'secretKnown'>;

/** What a phone showed, and how its credential fares, is no reason for a new plan. */
export const isToldAlike = (a: Told, b: Told): boolean =>
  a.vendor === b.vendor &&
  a.model === b.model &&
  a.hardware === b.hardware &&
  a.extension === b.extension &&
  a.emergency === b.emergency &&
  a.coverageGroup === b.coverageGroup &&
  a.switch === b.switch &&
  a.pair === b.pair &&
  a.credentialGeneration === b.credentialGeneration;

const isWorkAlike = (a: PlanPhone['work'], b: PlanPhone['work']): boolean =>
  a?.rollout === b?.rollout &&
  a?.attemptsMax === b?.attemptsMax &&
  a?.round === b?.round &&
  a?.goesBack === b?.goesBack &&
  a?.urgency === b?.urgency &&
  a?.within === b?.within &&
  a?.from === b?.from &&
  a?.hops.length === b?.hops.length &&
  (a === undefined || a.hops.every((hop, place) => hop === b?.hops[place]));

function planPhone(phone: Phone, active: ActiveWork | undefined): PlanPhone {
  const { mac, vendor, model, hardware, extension, emergency, coverageGroup, pair } = phone;
  return {
    mac,
    vendor,
    model,
    ...(hardware ? { hardware } : {}),
    ...(extension ? { extension } : {}),
    emergency,
    ...(coverageGroup ? { coverageGroup } : {}),
    ...(phone.switch ? { switch: phone.switch } : {}),
    ...(pair ? { pair } : {}),
    credentialGeneration: phone.credentialGeneration,
    ...(active ? { work: workOf(active, phone) } : {}),
    ...shownBy(phone),
  };
}

/** What it showed last, and how its secret is known: no reason for a new plan, and told with the next one. */
function shownBy(phone: Phone): Pick<PlanPhone, 'secretKnown' | 'lastSeen'> {
  const known = phone.credential?.known;
  const seen = seenOf(phone);
  return {
    ...(known && {
      secretKnown: { generation: known.generation, mark: known.fingerprint.slice(0, 8) },
    }),
    ...(seen && { lastSeen: seen }),
  };
}

/** Whether planning the phone anew would say this of it. */
const isSaidOf = (said: PlanPhone, phone: Phone, active: ActiveWork | undefined): boolean =>
  said.mac === phone.mac &&
  isToldAlike(said, phone) &&
  (active && said.work
    ? isWorkAlike(said.work, workOf(active, phone))
    : active === undefined && said.work === undefined);

const workOf = (
  { rollout, progress }: ActiveWork,
  { moves = 0 }: Phone,
): NonNullable<PlanPhone['work']> => ({
  rollout: rollout.id,
  hops: [...progress.hops],
  ...(progress.from === undefined ? {} : { from: progress.from }),
  attemptsMax: rollout.attemptsMax,
  // A site that had the phone before has its own memory of the same work.
  round: rollout.round + moves,
  ...(rollout.kind === 'rollback' ? { goesBack: true } : {}),
  ...urgencyOf(rollout),
  ...(rollout.waves[progress.wave]?.spec.windows
    ? { within: withinId(rollout.id, progress.wave) }
    : {}),
});

/** Past its deadline a person is asked, and the agents go on as insistently as they may. */
function urgencyOf({ urgency }: Rollout): Pick<NonNullable<PlanPhone['work']>, 'urgency'> {
  if (urgency === undefined) return {};
  return { urgency: urgency === 'ask-person' ? 'any-idle-minute' : urgency };
}

/** With what the phone showed last; as it is where that is in it already. */
function asSeenNow(draft: ControllerDraft, planned: PlanPhone): PlanPhone {
  const phone = draft.phones.get(planned.mac);
  const { secretKnown, lastSeen }: ReturnType<typeof shownBy> = phone ? shownBy(phone) : {};
  const isSame =
    planned.lastSeen?.at === lastSeen?.at &&
    planned.lastSeen?.address === lastSeen?.address &&
    planned.lastSeen?.version === lastSeen?.version &&
    planned.secretKnown?.generation === secretKnown?.generation &&
    planned.secretKnown?.mark === secretKnown?.mark;
  if (isSame) return planned;
  const { lastSeen: _was, secretKnown: _knew, ...told } = planned;
  return { ...told, ...(secretKnown && { secretKnown }), ...(lastSeen && { lastSeen }) };
}

function seenOf({ seenAt: at, address, running }: Phone): PlanPhone['lastSeen'] {
  return at && address ? { version: running?.version ?? null, address, at } : undefined;
}

const planRelease = (release: Release): PlanRelease => ({
  id: release.id,
  vendor: release.vendor,
  version: release.version,
  models: [...release.models],
  ...(release.hardware ? { hardware: [...release.hardware] } : {}),
  entry: release.entry,
  images: release.images.map(({ fileName, sha256, lengthBytes, models }) => ({
    fileName,
    sha256,
    lengthBytes,
    ...(models ? { models: [...models] } : {}),
  })),
});
