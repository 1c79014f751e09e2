import { FAULTS } from '@ringwave/protocol/faults';
import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import { holdsSlot, isFinal } from '@ringwave/protocol/phases';
import { type EpochMs, earliest, laterBy } from '@ringwave/protocol/units';
import { isOnSite, releaseIn } from './image-needs.ts';
import { presentHop } from './phone-update.ts';
import { phoneIn, planIndex } from './plan-index.ts';
import {
  type Candidate,
  type Floor,
  floorOf,
  fullBlock,
  lostBy,
  neverSpared,
  outsideOpening,
  phoneBlock,
  startsCountedOver,
  startsPaced,
  waitsForLost,
  waitsForOther,
} from './queue.ts';
import { wanNow } from './rates.ts';
import { besideRoad, stoodBack } from './road.ts';
import { awaitsProof } from './registration-proof.ts';
import { type Found, isNear, sameWhy, type Scene, type Told, whyChangesAfter } from './settled.ts';
import type { AgentDraft, AgentEffect, Place, Why, Work } from './state.ts';
import { worksDown, worksLost } from './work-table.ts';
import { move, put } from './work-report.ts';

// Whose turn it is: the phones in line are asked in their order, each is started or told why not. Most wait for one
// reason, that the site is full; when a slot is free those are asked from the front until it is full again.

export interface Line {
  readonly draft: AgentDraft;
  readonly scene: Scene;
  readonly now: EpochMs;
  readonly effects: AgentEffect[];
}

/** One look along the line. */
interface Look extends Line {
  floor: Floor | undefined;
  starts: number;
  again: EpochMs | undefined;
  full: PlanPhone[];
  fullTold: Told | undefined;
  aside: PlanPhone[];
  asideTold: Told | undefined;
}

const lookOf = (line: Line, again?: EpochMs): Look => ({
  ...line,
  floor: undefined,
  starts: 0,
  again,
  full: [],
  fullTold: undefined,
  aside: [],
  asideTold: undefined,
});

/** Asks every phone in line. */
export function askAll(line: Line): Found {
  const look = lookOf(line);
  for (const phone of planIndex(line.scene.plan).inOrder) ask(look, phone);
  return foundBy(look);
}

/**
 * Asks only those whose answer may differ since `before`: the phones that changed, those held aside, and of those who
 * wait for a slot as many as there are slots. Undefined where what the others were told no longer holds.
 */
export function askSome(
  line: Line,
  before: Found,
  changed: readonly PlanPhone[],
): Found | undefined {
  const { plan } = line.scene;
  const { place } = planIndex(plan);
  const turnOf = ({ mac }: PlanPhone): number => place.get(mac) ?? 0;
  const look = lookOf(line, before.again);
  const also = changed
    .filter((one) => place.has(one.mac))
    .flatMap((one) => withPartners(plan, one));
  const due = [...new Set([...before.aside, ...also])];
  let next = 0;
  const askFull = (until: number): void => {
    for (; next < before.full.length && !isFull(look); next += 1) {
      const phone = before.full[next];
      if (!phone || turnOf(phone) >= until) return;
      ask(look, phone);
    }
  };
  for (const phone of inTurn(plan, due)) {
    askFull(turnOf(phone));
    ask(look, phone);
  }
  askFull(Infinity);
  const rest = before.full.slice(next);
  if (rest.length > 0 && !isTold(floorNow(look), before.fullTold)) return undefined;
  const found = foundBy(look);
  const full = found.full.length === 0 ? rest : inTurn(plan, new Set([...found.full, ...rest]));
  return { ...found, full, fullTold: bothTold(found.fullTold, before.fullTold) };
}

function inTurn(plan: Plan, phones: Iterable<PlanPhone>): PlanPhone[] {
  const { place } = planIndex(plan);
  return [...phones].sort((a, b) => (place.get(a.mac) ?? 0) - (place.get(b.mac) ?? 0));
}

const withPartners = (plan: Plan, phone: PlanPhone): readonly PlanPhone[] =>
  phone.pair === undefined ? [phone] : [phone, ...(planIndex(plan).pairs.get(phone.pair) ?? [])];

const isFull = (look: Look): boolean => fullBlock(floorNow(look)) !== undefined;

/** Those in line were told the same reason, and about the same time. */
function isTold(floor: Floor, told: Told | undefined): boolean {
  const why = fullBlock(floor);
  return (
    why !== undefined &&
    told !== undefined &&
    why.reason === told.reason &&
    isNear(told, why.nextAttemptAt)
  );
}

/** Who was held aside before the last phone was started was judged by a floor that is no more. */
function foundBy(look: Look): Found {
  if (look.starts > 0) {
    const { aside } = look;
    look.aside = [];
    look.asideTold = undefined;
    for (const phone of aside) ask(look, phone);
    look.full = inTurn(look.scene.plan, look.full);
  }
  const { again, full, fullTold, aside, asideTold } = look;
  return { again, full, fullTold, aside, asideTold };
}

function ask(look: Look, phone: PlanPhone): void {
  const { draft, scene, now, effects } = look;
  const known = draft.work.get(phone.mac);
  if (!known || isFinal(known.phase) || holdsSlot(known.phase)) return;
  if (awaitsProof(known, scene.plan)) return;
  const closed = scene.stop ?? outsideOpening(scene.plan, { phone }, now);
  const present = stoodBack(draft, scene.plan, { work: known, phone }, now);
  const work = staged(draft, scene, { work: present, phone }, closed, now);
  if (work.phase === 'scheduled') return;
  const candidate = { work, phone };
  const block = closed ?? blockOf(look, candidate);
  if (block) {
    const { why } = lineUp(draft, work, block, now);
    if (!closed) note(look, candidate, block, why);
    return;
  }
  const { starts } = floorNow(look);
  const started = move(draft, { ...work, place: placeOf(phone) }, 'slot', now);
  if (!started) return;
  look.starts += 1;
  look.floor = undefined;
  noteStart(draft, scene.plan, starts, now);
  effects.push(...wakeOf(draft, started));
}

/** First what no free slot would change. */
const blockOf = (look: Look, candidate: Candidate): Why | undefined =>
  partedPair(look.draft, look.scene.plan, candidate) ??
  unseen(look.draft, candidate.work) ??
  besideRoad(look.draft, look.scene.plan, candidate) ??
  phoneBlock(floorNow(look), candidate, look.now);

function note(look: Look, { work, phone }: Candidate, block: Why, told: Why): void {
  look.again = earliest(look.again, dueAgain(work, block, look.now));
  if (block.reason === fullBlock(floorNow(look))?.reason) {
    look.full.push(phone);
    look.fullTold = alsoTold(look.fullTold, told);
  } else if (block.waitingFor === 'slot' || block.waitingFor === 'coverage') {
    look.aside.push(phone);
    look.asideTold = alsoTold(look.asideTold, told);
  }
}

function alsoTold(told: Told | undefined, { reason, nextAttemptAt }: Why): Told {
  const at = nextAttemptAt ?? 0;
  return bothTold(told, { reason, first: at, last: at }) as Told;
}

function bothTold(a: Told | undefined, b: Told | undefined): Told | undefined {
  if (!a || !b) return a ?? b;
  return { ...b, first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

const placeOf = ({ emergency, coverageGroup, switch: at, pair }: PlanPhone): Place => ({
  emergency,
  ...(coverageGroup ? { coverageGroup } : {}),
  ...(at ? { switch: at } : {}),
  ...(pair ? { pair } : {}),
});

/** When a phone that is not closed out must be looked at again though nothing happens. */
function dueAgain(work: Work, block: Why, now: EpochMs): EpochMs | undefined {
  if (work.retryAt && work.retryAt > now) return work.retryAt;
  // A minute's starts pass by themselves; a slot is freed by an event.
  const isPaced = block.waitingFor === 'slot' && block.reason.startsWith(startsPaced);
  return isPaced ? (block.nextAttemptAt ?? undefined) : undefined;
}

/** Only what a limit on starts asks about is kept. */
function noteStart(draft: AgentDraft, plan: Plan, before: readonly EpochMs[], now: EpochMs): void {
  if (plan.restartsPerMinuteMax === undefined) return;
  const recent = before.filter((at) => now < laterBy(at, startsCountedOver));
  draft.starts.put('starts', [...recent, now]);
}

/** A box that died a moment ago still knows by its works what it started. */
const knownStarts = (draft: AgentDraft): readonly EpochMs[] =>
  draft.starts.get('starts') ??
  [...draft.work.values()].flatMap(({ startedAt }) => startedAt ?? []).sort((a, b) => a - b);

/** Made when it is first asked for after a start. */
const floorNow = (look: Look): Floor => (look.floor ??= floorAt(look));

function floorAt({ draft, scene: { plan } }: Look): Floor {
  const { phones } = planIndex(plan);
  const down = worksDown(draft).map((work) => {
    const place = phones.get(work.mac) ?? work.place ?? { emergency: false };
    return { work, place };
  });
  const lost = lostIn(draft, plan);
  const starts = plan.restartsPerMinuteMax === undefined ? [] : knownStarts(draft);
  return floorOf({ plan, down, lost, waiting: () => mayCome(draft, plan, lost), starts });
}

/** Lost in an update, and not down by their work. */
function lostIn(draft: AgentDraft, plan: Plan): readonly PlanPhone[] {
  const { phones } = planIndex(plan);
  const lost: PlanPhone[] = [];
  const macs = [...draft.missing.values(), ...worksLost(draft)].map((one) => one.mac);
  for (const mac of new Set(macs)) {
    const work = draft.work.get(mac);
    const phone = phones.get(mac);
    if (phone && !(work && holdsSlot(work.phase))) lost.push(phone);
  }
  return lost;
}

/** Phones in line that the site itself brings on. */
function* mayCome(
  draft: AgentDraft,
  plan: Plan,
  lost: readonly PlanPhone[],
): IterableIterator<Candidate> {
  const lostOf = lostBy(lost, 'coverageGroup');
  const lostOfPair = lostBy(lost, 'pair');
  const waits = (phone: PlanPhone) =>
    waitsForLost(plan, lostOf, phone) ?? waitsForOther(lostOfPair, phone);
  for (const phone of planIndex(plan).inOrder) {
    const work = draft.work.get(phone.mac);
    if (!work || isFinal(work.phase) || holdsSlot(work.phase)) continue;
    if (needsPerson(draft, plan, work, phone) || waits(phone)) continue;
    yield { work, phone };
  }
}

/** Nothing that the site does brings it on: emergency phones would wait for it until they are forgotten. */
function needsPerson(draft: AgentDraft, plan: Plan, work: Work, phone: PlanPhone): boolean {
  if (!draft.sightings.has(phone.mac) || neverSpared(plan, phone)) return true;
  const images = releaseIn(plan, presentHop(work))?.images ?? [];
  return images.some((image) => draft.images.get(image.sha256)?.state === 'failed');
}

/** Brings `scheduled` and `staged` in line with whether the image of the present hop is on site. */
function staged(
  draft: AgentDraft,
  { plan, isLineShut }: Scene,
  { work, phone }: Candidate,
  closed: Why | undefined,
  now: EpochMs,
): Work {
  const release = releaseIn(plan, presentHop(work));
  if (!release) return work;
  if (isOnSite(draft, release, phone.model)) {
    return work.phase === 'scheduled' ? (move(draft, work, 'image-held', now) ?? work) : work;
  }
  const away = work.phase === 'scheduled' ? work : (move(draft, work, 'image-lost', now) ?? work);
  const failed = release.images
    .map((image) => draft.images.get(image.sha256))
    .find((row) => row?.fault);
  if (isLineShut && failed?.state !== 'failed') return waitsForLine(draft, plan, away, now);
  const reason = failed?.fault
    ? FAULTS[failed.fault].advice
    : 'The image is on its way to the site';
  const nextAttemptAt = failed?.retryAt ?? closed?.nextAttemptAt ?? null;
  const waitingFor = failed?.state === 'failed' ? 'person' : 'image';
  const why: Why = { reason, waitingFor, nextAttemptAt };
  return sameWhy(away.why, why) ? away : put(draft, { ...away, why }, now);
}

/** The site's line is not to be used at this time of day. */
function waitsForLine(draft: AgentDraft, plan: Plan, away: Work, now: EpochMs): Work {
  const nextAttemptAt = wanNow(plan, now).until ?? null;
  const reason = 'The image waits for the hours in which the site’s line may be used';
  const why: Why = { reason, waitingFor: 'budget', nextAttemptAt };
  return sameWhy(away.why, why) ? away : put(draft, { ...away, why }, now);
}

/** Both of a pair stay on one version: the other one ended without it, and the controller may not know yet. */
function partedPair(draft: AgentDraft, plan: Plan, { phone, work }: Candidate): Why | undefined {
  if (phone.pair === undefined) return undefined;
  const others = planIndex(plan).pairs.get(phone.pair) ?? [];
  const lost = others.find(({ mac }) => {
    const theirs = mac === phone.mac ? undefined : draft.work.get(mac);
    return theirs?.rollout === work.rollout && isFinal(theirs.phase) && theirs.phase !== 'done';
  });
  if (!lost) return undefined;
  const reason = `The other phone of pair ${phone.pair} ended without the version`;
  return { reason, waitingFor: 'person', nextAttemptAt: null };
}

const unseen = (draft: AgentDraft, work: Work): Why | undefined =>
  draft.sightings.has(work.mac)
    ? undefined
    : { reason: 'Never seen on this site', waitingFor: 'phone', nextAttemptAt: null };

const HOLDS: readonly Why['waitingFor'][] = [
  'coverage',
  'call',
  'person',
  'clock',
  'retry',
  'phone',
];
function lineUp(draft: AgentDraft, work: Work, why: Why, now: EpochMs): Work {
  const phase = HOLDS.includes(why.waitingFor) ? 'held' : 'staged';
  const closeBy =
    Math.abs((why.nextAttemptAt ?? 0) - (work.why.nextAttemptAt ?? 0)) < whyChangesAfter;
  if (work.phase === phase && work.why.reason === why.reason && closeBy) return work;
  return put(draft, { ...work, phase, since: work.phase === phase ? work.since : now, why }, now);
}

export function wakeOf(draft: AgentDraft, work: Work): AgentEffect[] {
  const sighting = draft.sightings.get(work.mac);
  const phone = phoneIn(draft.plan.get('plan')?.plan, work.mac);
  if (!sighting || !phone) return [];
  const { mac, starts } = work;
  const { vendor } = phone;
  const { address } = sighting;
  const isUsual = (phone.work?.urgency ?? 'window') === 'window';
  const mustBeIdle = isUsual ? {} : { mustBeIdle: true as const };
  return [{ kind: 'wake-phone', mac, start: starts, vendor, address, ...mustBeIdle }];
}
