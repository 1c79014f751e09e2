import { compareVersions } from '@ringwave/firmware-catalog/version';
import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import { holdsSlot } from '@ringwave/protocol/phases';
import type { DraftTable } from '@ringwave/protocol/tables';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { retellCalls } from './call-hours.ts';
import { releaseIn } from './image-needs.ts';
import { tellDiscovered } from './discovered.ts';
import { awaitsProof, awaitsRegistration } from './registration-proof.ts';
import { tellHold } from './holds.ts';
import { ended, usualWhy } from './phone-update.ts';
import { phoneIn, planIndex } from './plan-index.ts';
import { report } from './reporting.ts';
import { forgetOutlived } from './rotation.ts';
import type { AgentDraft, Sighting, Why, Work } from './state.ts';
import { keepTries, triesSoFar } from './tries.ts';
import { move, put, tell } from './work-report.ts';

/** Takes a verified plan in when it is newer than the one held; an older one is reported and changes nothing. */
export function takePlan(draft: AgentDraft, plan: Plan, now: EpochMs): void {
  const held = draft.plan.get('plan')?.plan.revision ?? 0;
  // The same plan again is the usual answer to a hello that crossed it.
  if (plan.revision === held) return;
  if (plan.revision < held) {
    const detail = `Revision ${plan.revision} came after ${held}`;
    report(draft, { kind: 'agent-fault', at: now, fault: 'plan-generation-old', detail });
    return;
  }
  draft.plan.put('plan', { plan, heldSince: now });
  report(draft, { kind: 'plan-taken', at: now, revision: plan.revision });
  const outlived: string[] = [];
  for (const phone of plan.phones) {
    believeNewer(draft, phone);
    if (forgetOutlived(draft, phone)) outlived.push(phone.mac);
    const work = reconcile(draft, plan, phone, now);
    if (work?.phase === 'done') continue;
    const running = draft.sightings.get(phone.mac)?.version;
    const target = work?.hops.at(-1);
    // An agent restored from a backup must not start a phone that has arrived since.
    const isProven = work && !(awaitsRegistration(work, plan) || work.fault === notRegistered);
    if (work && isProven && target && running && runs(plan, phone, target, running)) {
      move(draft, { ...work, hop: work.hops.length - 1 }, 'settled', now);
    }
  }
  if (outlived.length > 0) {
    const detail = `${outlived.length} phones hold secrets that this box has never known: ${outlived.join(' ')}`;
    const fault = 'secret-outlived';
    report(draft, { kind: 'agent-fault', at: now, fault, detail: detail.slice(0, 240) });
  }
  const named = planIndex(plan).phones;
  for (const work of Array.from(draft.work.values())) {
    if (!named.has(work.mac) && !holdsSlot(work.phase)) forgetWork(draft, work);
  }
  // A phone that is no longer of this site takes its secrets with it; put back, it begins anew.
  const { credentials, fetches, sightings, tries } = draft;
  const ofPhones: readonly DraftTable<unknown>[] = [credentials, fetches, sightings, tries];
  for (const table of ofPhones) {
    for (const [mac] of Array.from(table.entries())) if (!named.has(mac)) table.remove(mac);
  }
  forgetLost(draft, named);
}

/** Phones outside of the plan that are remembered as lost; of more the one lost for longest is forgotten. */
const lostOutsideMax = 200;

/** One that was lost and is put back is no less lost for it. */
function forgetLost(draft: AgentDraft, named: ReadonlyMap<string, PlanPhone>): void {
  const outside = Array.from(draft.missing.values()).filter(({ mac }) => !named.has(mac));
  const oldest = outside.sort((a, b) => b.since - a.since).slice(lostOutsideMax);
  for (const { mac } of oldest) draft.missing.remove(mac);
}

const notRegistered = 'phone-not-registered';

/** Takes over what the controller saw of a phone after this box did. */
function believeNewer(draft: AgentDraft, { mac, vendor, model, lastSeen }: PlanPhone): void {
  const own = draft.sightings.get(mac);
  if (!lastSeen || (own && own.at >= lastSeen.at)) return;
  const { version, address } = lastSeen;
  const at = lastSeen.at as EpochMs;
  const seen = { mac: mac as Mac, vendor, model, version, address, at, versionAt: at };
  draft.sightings.put(mac, { ...seen, isHearsay: true });
}

/** Its number of starts outlives it: work that comes back goes on from there. */
function forgetWork(draft: AgentDraft, work: Work): void {
  const { mac, starts } = work;
  draft.work.remove(mac);
  keepTries(draft, work);
  if (starts > 0) draft.lastStarts.put(mac, starts);
}

/** Brings one phone's work in line with the plan. A phone that is down is left to finish first. */
export function reconcile(
  draft: AgentDraft,
  plan: Plan,
  phone: PlanPhone,
  now: EpochMs,
): Work | undefined {
  const known = draft.work.get(phone.mac);
  if (known && holdsSlot(known.phase)) return known;
  if (!phone.work) {
    if (known) forgetWork(draft, known);
    return undefined;
  }
  const wanted = phone.work;
  const same = known?.rollout === wanted.rollout && known.round === wanted.round;
  const isPutRight =
    known?.fault === 'model-differs' && draft.sightings.get(phone.mac)?.model === phone.model;
  if (known && same && !isPutRight && sameHops(known.hops, wanted.hops)) return known;
  if (known && !same) keepTries(draft, known);
  return put(draft, fresh(draft, plan, phone, wanted, known, now), now);
}

const sameHops = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((hop, place) => hop === b[place]);

function fresh(
  draft: AgentDraft,
  plan: Plan,
  phone: PlanPhone,
  wanted: NonNullable<PlanPhone['work']>,
  before: Work | undefined,
  now: EpochMs,
): Work {
  const seen = draft.sightings.get(phone.mac);
  const base: Work = {
    mac: phone.mac as Mac,
    rollout: wanted.rollout as Id,
    round: wanted.round,
    revision: plan.revision,
    hops: wanted.hops as Id[],
    hop: 0,
    phase: 'scheduled',
    since: now,
    // Start numbers go on over rollouts: a late answer to an old start must not fit a new one.
    starts: before?.starts ?? draft.lastStarts.get(phone.mac) ?? 0,
    ...triesSoFar(draft, phone.mac, wanted, before),
    attemptsMax: wanted.attemptsMax,
    taken: [],
    why: usualWhy('scheduled'),
  };
  if (seen?.model && seen.model !== phone.model) {
    const why = otherModel(seen.model, phone);
    return { ...base, phase: 'skipped', fault: 'model-differs', why };
  }
  const made = hopsMade(plan, phone, wanted.hops, seen);
  // To be tried again registers nobody: the hop that it stands on is not proven, so that none follows it.
  if (made > 0 && before && awaitsProof(before, plan)) {
    const unproven = { ...base, hop: made - 1, failures: before.failures };
    const why = ended(notRegistered, unproven);
    return { ...unproven, phase: 'failed', fault: notRegistered, why };
  }
  if (made < wanted.hops.length) return { ...base, hop: made };
  const atLast = { ...base, hop: wanted.hops.length - 1 };
  return { ...atLast, phase: 'done', why: usualWhy('done') };
}

export const otherModel = (said: string, { model }: PlanPhone): Why => ({
  reason: `The phone says it is a ${said}, the inventory a ${model}`,
  waitingFor: 'person',
  nextAttemptAt: null,
});

/** How many of the hops lie behind the phone already, by its own evidence. */
function hopsMade(
  plan: Plan,
  phone: PlanPhone,
  hops: readonly string[],
  seen: Sighting | undefined,
): number {
  const running = seen?.version;
  if (!running) return 0;
  const made = hops.findLastIndex((hop) => runs(plan, phone, hop, running));
  return made + 1;
}

export const runs = (plan: Plan, phone: PlanPhone, release: string, version: string): boolean =>
  orderOf(plan, phone, release, version) === 'same';

/** Going back loses fixes and settings, so a phone beyond its hop is never offered it. */
export const isNewer = (plan: Plan, phone: PlanPhone, release: string, version: string): boolean =>
  orderOf(plan, phone, release, version) === 'newer';

export const isOlder = (plan: Plan, phone: PlanPhone, release: string, version: string): boolean =>
  orderOf(plan, phone, release, version) === 'older';

/** How the shown version stands to a release; undefined for a release that the plan does not name. */
function orderOf(plan: Plan, phone: PlanPhone, release: string, version: string) {
  const target = releaseIn(plan, release as Id)?.version;
  const about = { model: phone.model, ...(phone.hardware ? { hardware: phone.hardware } : {}) };
  return target === undefined ? undefined : compareVersions(phone.vendor, version, target, about);
}

/** The controller has lost count: everything it may not know is told again, in a new epoch. */
export function retell(draft: AgentDraft, now: EpochMs): void {
  for (const hold of draft.holds.values()) tellHold(draft, hold, now);
  for (const sighting of draft.sightings.values()) {
    const { versionAt: _versionAt, isHearsay: _isHearsay, hardware, ...seen } = sighting;
    const about = hardware ? { hardware } : {};
    report(draft, { kind: 'phone-seen', source: 'http-request', ...seen, ...about });
  }
  for (const { mac, current, next } of draft.credentials.values()) {
    if (current) {
      const { generation, fingerprint } = current;
      const at = current.provenAt ?? now;
      report(draft, {
        kind: 'credential-moved',
        at,
        mac,
        generation,
        state: 'proven',
        fingerprint,
      });
    }
    if (next) {
      const { generation, fingerprint, state } = next;
      report(draft, { kind: 'credential-moved', at: now, mac, generation, state, fingerprint });
    }
  }
  for (const work of draft.work.values()) tell(draft, work, now);
  retellCalls(draft, now);
  for (const found of draft.discovered.values()) {
    if (!phoneIn(draft.plan.get('plan')?.plan, found.mac)) tellDiscovered(draft, found);
  }
}
