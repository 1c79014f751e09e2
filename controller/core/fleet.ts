import { receive } from '@ringwave/protocol/delivery';
import type { Ack, Hello, Report, ReportItem } from '@ringwave/protocol/messages';
import type { EpochMs, Id } from '@ringwave/protocol/units';
import { nextCount } from './audit.ts';
import { type Item, phoneAt, phoneMoved, phoneSeen } from './phone-reports.ts';
import { replan } from './plan.ts';
import { forgetHolds, noteDiscovered } from './site-tables.ts';
import type { Moved } from './wave-release.ts';
import {
  type Agent,
  type ControllerDraft,
  type ControllerEffect,
  type CredentialView,
} from './state.ts';

// What agents say. A report moves its site's cursor and applies its items in one transaction, and only then
// is it acknowledged: a doubled report finds the cursor moved, and only the acknowledgement is repeated.

/** Batches an agent may have under way. 8 x 32 KiB covers a 5 s round trip at a site's full rate. */
export const windowBatches = 8;
/** Reconnects of all agents are spread so that about 200 arrive a second; thirty seconds suit 6,000 sites. */
export const spreadSeconds = 30;
/** The last notices of a site are kept; older ones are in the log. */
export const noticesMax = 50;

function ackOf(draft: ControllerDraft, agent: Agent, now: EpochMs, conn?: string): Ack {
  const run = runsOf(draft).at(-1);
  return {
    kind: 'ack',
    epoch: agent.cursor.epoch,
    seq: agent.cursor.seq,
    window: windowBatches,
    minGapMs: 0,
    spreadSeconds,
    controllerMs: now,
    ...(run === undefined ? {} : { run }),
    ...(conn ? { conn } : {}),
  };
}

/** Answers what an agent holds with what it lacks. */
export function takeHello(
  draft: ControllerDraft,
  site: Id,
  hello: Hello,
  now: EpochMs,
  effects: ControllerEffect[],
): void {
  const agent = draft.agents.get(site);
  if (!agent) return;
  draft.presence.put(site, { conn: hello.conn, up: true, lastHeardAt: now });
  // A backup was put back, there or here, or the box is a clone: a new epoch, and all is told again.
  const isOther = isOtherPast(agent.cursor, hello) || isAckedElsewhere(draft, hello);
  const epoch = isOther ? epochAbove(draft, agent.cursor, hello) : agent.cursor.epoch;
  const seq = isOther ? 0 : agent.cursor.seq;
  const known: Agent = { ...agent, version: hello.agentVersion, cursor: { epoch, seq } };
  if (epoch !== agent.cursor.epoch || agent.version !== hello.agentVersion)
    draft.agents.put(site, known);
  effects.push({ kind: 'send-ack', site, ack: ackOf(draft, known, now, hello.conn) });
  const newest = draft.plans.get(site)?.plan.revision ?? 0;
  if (isOther && hello.epoch !== null && newest > 0)
    replan(draft, site, now, { above: Math.max(hello.planRevision, newest) });
  hasPlan(draft, site, hello, now);
  noteHeld(draft, site, hello.planRevision);
  // What was sent over an earlier connection may be lost with it: it is sent again at once.
  draft.owed.remove(site);
  if (hello.halt && noteHalts(draft, hello.halt)) effects.push(...haltToAll(draft));
  const halt = draft.halt.get('halt');
  if (halt) effects.push({ kind: 'send-halt', halt, site });
}

/** Stops of all sites between two backups are fewer; a box that claims more is not believed. */
const haltsForgottenMax = 1000;

/**
 * After an older copy was put back, a stop must count above those that agents were told of before. True when the stop
 * that is in force has a new number: the agent would have ignored it.
 */
function noteHalts(draft: ControllerDraft, theirs: NonNullable<Hello['halt']>): boolean {
  const halt = draft.halt.get('halt');
  const ours = draft.counters.get('halt') ?? 0;
  if (theirs.counter > ours + haltsForgottenMax) return false;
  if (theirs.counter > ours) draft.counters.put('halt', theirs.counter);
  const isNews = theirs.counter > ours || (theirs.counter === ours && !theirs.halted);
  if (!halt?.halted || !isNews) return false;
  draft.halt.put('halt', { ...halt, counter: nextCount(draft, 'halt') });
  return true;
}

function haltToAll(draft: ControllerDraft): ControllerEffect[] {
  const halt = draft.halt.get('halt');
  return halt ? [{ kind: 'send-halt', halt }] : [];
}

/** Fewer numbers than were committed here, more than were, or those of another series. */
const isOtherPast = ({ epoch, seq }: Agent['cursor'], hello: Hello): boolean =>
  hello.epoch !== epoch || hello.nextSeq <= seq || (hello.ackedSeq ?? 0) > seq;

/** So many runs are remembered; whoever was acknowledged before them tells all again. */
const runsMax = 1000;

const runsOf = (draft: ControllerDraft): readonly string[] => draft.runs.get('runs') ?? [];

export function beginRun(draft: ControllerDraft, run: string): void {
  draft.runs.put('runs', [...runsOf(draft), run].slice(-runsMax));
}

/**
 * Another controller, or this one in a past that an older copy took from it, took in what the agent told last: the numbers
 * may fit all the same, where the box was restored, too.
 */
const isAckedElsewhere = (draft: ControllerDraft, { ackedBy }: Hello): boolean =>
  ackedBy !== undefined && !runsOf(draft).includes(ackedBy);

/** Of a controller restored from an older copy the next number may be one that this agent has had. */
const epochAbove = (draft: ControllerDraft, cursor: Agent['cursor'], { epoch }: Hello): number =>
  Math.max(nextCount(draft, 'epoch'), cursor.epoch + 1, (epoch ?? 0) + 1);

/**
 * The plan that an agent says it has. One ahead of us, or another one of the same number, means that we were restored or
 * that somebody else planned meanwhile: a revision is never used twice.
 */
export function hasPlan(
  draft: ControllerDraft,
  site: Id,
  { planRevision: revision, planUntil }: Pick<Hello, 'planRevision' | 'planUntil'>,
  now: EpochMs,
): void {
  const made = draft.plans.get(site);
  const newest = made?.plan.revision ?? 0;
  const isOther =
    made !== undefined &&
    revision === newest &&
    (planUntil ?? made.plan.startUntil) !== made.plan.startUntil;
  if (revision > newest || isOther) replan(draft, site, now, { above: revision });
  else if (revision > (made?.heldRevision ?? 0)) noteHeld(draft, site, revision);
}

function noteHeld(draft: ControllerDraft, site: Id, revision: number): void {
  const plan = draft.plans.get(site);
  if (plan && plan.heldRevision !== revision)
    draft.plans.put(site, { ...plan, heldRevision: revision });
}

export function heard(draft: ControllerDraft, site: Id, now: EpochMs, conn?: string): void {
  const known = draft.presence.get(site);
  draft.presence.put(site, {
    ...known,
    conn: conn ?? known?.conn ?? '',
    up: true,
    lastHeardAt: now,
  });
}

export function takeReport(
  draft: ControllerDraft,
  site: Id,
  report: Report,
  now: EpochMs,
  moved: Moved,
  effects: ControllerEffect[],
): void {
  const agent = draft.agents.get(site);
  if (!agent) return;
  heard(draft, site, now);
  const receipt = receive(agent.cursor, report);
  if (receipt.kind !== 'fresh') {
    effects.push({ kind: 'send-ack', site, ack: ackOf(draft, agent, now) });
    return;
  }
  if (agent.cursor.seq === 0) forgetHolds(draft, site, receipt.items);
  for (const item of receipt.items) apply(draft, site, notAhead(item, now), now, moved);
  const after = { ...agent, cursor: receipt.cursor };
  draft.agents.put(site, after);
  effects.push({ kind: 'send-ack', site, ack: ackOf(draft, after, now) });
}

/** What an agent whose clock runs ahead saw was seen now at the latest; later evidence must still count. */
const notAhead = (item: ReportItem, now: EpochMs): ReportItem =>
  item.at <= now ? item : { ...item, at: now };

function apply(
  draft: ControllerDraft,
  site: Id,
  item: ReportItem,
  now: EpochMs,
  moved: Moved,
): void {
  switch (item.kind) {
    case 'phone-moved':
      return phoneMoved(draft, site, item, now, moved);
    case 'phone-seen':
      return phoneSeen(draft, site, item, now, moved);
    case 'credential-moved':
      return credentialMoved(draft, site, item);
    case 'image-moved':
      if (item.fault)
        notice(draft, site, {
          at: item.at as EpochMs,
          fault: item.fault,
          detail: `Image ${item.digest.slice(0, 12)}…`,
        });
      return undefined;
    case 'agent-fault':
      return notice(draft, site, {
        at: item.at as EpochMs,
        fault: item.fault,
        detail: item.detail,
      });
    case 'site-held':
      return siteHeld(draft, site, item);
    case 'phone-discovered':
      return noteDiscovered(draft, site, item);
    case 'phone-calls': {
      const { at, mac, hours } = item;
      if (phoneAt(draft, site, mac)) draft.callHours.put(mac, { at: at as EpochMs, hours });
      return undefined;
    }
    case 'plan-taken':
      return noteHeld(
        draft,
        site,
        Math.max(item.revision, draft.plans.get(site)?.heldRevision ?? 0),
      );
    default:
      return item satisfies never;
  }
}

function siteHeld(draft: ControllerDraft, site: Id, item: Item<'site-held'>): void {
  const key = `${site}/${item.hold}`;
  if (!item.isOn) return draft.siteHolds.remove(key);
  const { hold, reason } = item;
  const since = draft.siteHolds.get(key)?.since ?? (item.at as EpochMs);
  draft.siteHolds.put(key, { site, hold, since, reason, until: item.until as EpochMs | null });
}

function credentialMoved(draft: ControllerDraft, site: Id, item: Item<'credential-moved'>): void {
  const phone = phoneAt(draft, site, item.mac);
  if (!phone || item.state === 'old-dead') return;
  const at = item.at as EpochMs;
  const before = phone.credential;
  // The age counts from the proof of the secret in use, which stays the old one until the new one is proven.
  const provenAt = item.state === 'proven' ? at : before?.provenAt;
  const { generation, fingerprint } = item;
  const known = item.state === 'staged' ? before?.known : { generation, fingerprint };
  const credential: CredentialView = {
    generation: item.generation,
    state: item.state,
    at,
    ...(provenAt ? { provenAt } : {}),
    fingerprint: item.fingerprint,
    ...(known ? { known } : {}),
  };
  draft.phones.put(item.mac, { ...phone, credential });
}

function notice(
  draft: ControllerDraft,
  site: Id,
  said: { at: EpochMs; fault: Item<'agent-fault'>['fault']; detail: string },
): void {
  const place = nextCount(draft, `notices/${site}`) % noticesMax;
  draft.notices.put(`${site}/${place}`, { site, ...said });
}

/** A will that names an earlier connection says nothing about the present one. */
export function takeWill(draft: ControllerDraft, site: Id, conn: string, now: EpochMs): void {
  const known = draft.presence.get(site);
  if (known?.conn === conn) draft.presence.put(site, { ...known, up: false, lastHeardAt: now });
}
