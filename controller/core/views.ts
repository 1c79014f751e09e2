import { FAULTS } from '@ringwave/protocol/faults';
import { type EpochMs, laterBy } from '@ringwave/protocol/units';
import type {
  GateView,
  LiveSnapshot,
  PhoneView,
  PhoneWorkView,
  RolloutView,
  SiteView,
  WaveView,
} from '@ringwave/protocol/views';
import { fits } from './agent-fit.ts';
import { openingAfter } from './coming-opening.ts';
import { agentSilentAfter, explain } from './explain.ts';
import { gateOf } from './gate.ts';
import { nextLook, rateAfter } from './pace.ts';
import { activeWork } from './active-work.ts';
import { priorityOf } from './rollout-state.ts';
import { freezeSpans } from './planned-freeze.ts';
import { freezeOf } from './site-freeze.ts';
import { windowWords } from './wave-windows.ts';
import { HOLDS } from './site-tables.ts';
import type { ControllerTables, Gate, Phone, Rollout, Site, Wave } from './state.ts';

// What is known, in the shapes that people and programs read.

/** Why all sites are stopped; null while they are not. */
export function haltView({ halt }: ControllerTables): LiveSnapshot['halt'] {
  const known = halt.get('halt');
  return known?.halted ? { reason: known.reason } : null;
}

export function phoneView(tables: ControllerTables, phone: Phone, now: EpochMs): PhoneView {
  const { mac, site, vendor, model, hardware, extension, emergency, coverageGroup, credential } =
    phone;
  const { labels, pair, bond } = phone;
  return {
    mac,
    site,
    vendor,
    model,
    ...(hardware ? { hardware } : {}),
    ...(extension ? { extension } : {}),
    emergency,
    ...(coverageGroup ? { coverageGroup } : {}),
    ...(phone.switch ? { switch: phone.switch } : {}),
    ...(labels ? { labels } : {}),
    ...(pair ? { pair } : {}),
    ...(bond ? { bond } : {}),
    running: phone.running ?? null,
    seenAt: phone.seenAt ?? null,
    address: phone.address ?? null,
    ...(phone.claimsModel ? { claimsModel: phone.claimsModel } : {}),
    credential: credential
      ? {
          generation: credential.generation,
          state: credential.state,
          provenAt: credential.provenAt ?? null,
        }
      : null,
    ...(phone.drift ? { drift: phone.drift } : {}),
    work: workView(tables, phone, now),
  };
}

function workView(tables: ControllerTables, phone: Phone, now: EpochMs): PhoneWorkView | null {
  const rollout = newestRollout(tables, phone);
  const progress = rollout && tables.progress.get(`${rollout.id}/${phone.mac}`);
  if (!rollout || !progress) return null;
  // The whole chain of reasons is asked for phone by phone; the live view carries the last link.
  const said = explain(tables, rollout, progress, now);
  const { mac: _mac, running: _running, because: _because, ...work } = said;
  return work;
}

/** One that still claims the phone, else the newest that named it. */
function newestRollout(tables: ControllerTables, phone: Phone): Rollout | undefined {
  const claimed = activeWork(tables, phone)?.rollout.id ?? tables.assignments.get(phone.mac)?.[0];
  if (claimed) return tables.rollouts.get(claimed);
  let newest: Rollout | undefined;
  for (const rollout of tables.rollouts.values()) {
    if (newest && rollout.createdAt <= newest.createdAt) continue;
    if (tables.progress.has(`${rollout.id}/${phone.mac}`)) newest = rollout;
  }
  return newest;
}

const gateView = ({ soak, ...gate }: Gate): GateView => ({ ...gate, soakMs: soak });

function waveView(rollout: Rollout, wave: Wave): WaveView {
  return {
    name: wave.spec.name,
    state: wave.state,
    ...wave.counts,
    aside: wave.counts.aside ?? 0,
    asks: wave.asks ?? null,
    paced: pacedView(rollout, wave),
    openedAt: wave.openedAt ?? null,
    soakUntil: wave.soakUntil ?? null,
    why: wave.why ?? null,
    gate: gateView(gateOf(rollout, wave)),
    dynamic: wave.spec.dynamic ?? false,
    ...(wave.spec.windows ? { windows: wave.spec.windows.map(windowWords) } : {}),
    check:
      wave.asks === 'url'
        ? { unanswered: wave.unanswered ?? 0, nextAt: wave.askAgainAt ?? null }
        : null,
  };
}

function pacedView({ pace, state, waves }: Rollout, { paced }: Wave): WaveView['paced'] {
  if (!pace || !paced) return null;
  const { released, waiting } = paced;
  const done = waves.reduce((sum, wave) => sum + wave.counts.done, 0);
  const isMoving = state === 'running' && waiting > 0;
  return {
    released,
    waiting,
    perMinute: rateAfter(pace, done),
    nextAt: isMoving ? nextLook(pace, paced, done) : null,
  };
}

export function rolloutView(tables: ControllerTables, rollout: Rollout): RolloutView {
  const { id, name, state, sites, gate, createdBy, contentHash, createdAt } = rollout;
  return {
    id,
    name,
    state,
    releases: rollout.releases.map((release) => {
      const known = tables.releases.get(release);
      return { id: release, vendor: known?.vendor ?? '', version: known?.version ?? '' };
    }),
    sites,
    gate: gateView(gate),
    waves: rollout.waves.map((wave) => waveView(rollout, wave)),
    kind: rollout.kind ?? 'update',
    priority: priorityOf(rollout),
    after: rollout.after ?? [],
    startAt: rollout.startAt ?? null,
    pace: rollout.pace ?? null,
    deadline: rollout.deadline ? { ...rollout.deadline, urgency: rollout.urgency ?? null } : null,
    createdBy,
    editedBy: rollout.editedBy ?? null,
    editors: rollout.editors ?? [],
    denied: rollout.denied ?? null,
    brokeGlass: rollout.brokeGlass ?? null,
    approvedBy: rollout.approvedBy ?? null,
    approvalRemark: rollout.approvalRemark ?? null,
    contentHash,
    createdAt,
    startedAt: rollout.startedAt ?? null,
    endedAt: rollout.endedAt ?? null,
    paused: rollout.paused ?? null,
    leftOut: rollout.leftOut ?? null,
    ...(rollout.cautions ? { cautions: rollout.cautions } : {}),
  };
}

/** Planned freezes of one site that are listed with it: those of some months. */
const freezesShown = 10;
/** Ten: what a person reads at once; the rest is in the log. */
const noticesShown = 10;

export function siteView(tables: ControllerTables, site: Site, now: EpochMs): SiteView {
  const agent = tables.agents.get(site.id);
  const presence = tables.presence.get(site.id);
  const plan = tables.plans.get(site.id);
  const isUp = presence?.up === true && now <= laterBy(presence.lastHeardAt, agentSilentAfter);
  const opening =
    plan?.plan.openings.find((one) => one.end > now) ??
    openingAfter(tables, site.id, undefined, now);
  const notices = noticesOf(tables, site);
  const holds: NonNullable<SiteView['holds']>[number][] = HOLDS.flatMap((hold) => {
    const found = tables.siteHolds.get(`${site.id}/${hold}`);
    return found ? [{ hold, reason: found.reason, since: found.since, until: found.until }] : [];
  });
  const frozen = freezeOf(tables, site.id, now);
  if (frozen) {
    const { who, reason, since, until = null } = frozen;
    holds.unshift({
      hold: 'headquarters-freeze',
      reason: `Frozen from headquarters by ${who}: ${reason}`,
      since,
      until,
    });
  }
  const ahead = freezeSpans(tables, site.id, now);
  return {
    id: site.id,
    name: site.name,
    zone: site.zone,
    ...(site.labels ? { labels: site.labels } : {}),
    phones: tables.rosters.get(site.id)?.length ?? 0,
    agent: {
      state: agent ? (isUp ? 'connected' : 'away') : 'not-enrolled',
      lastHeardAt: presence?.lastHeardAt ?? null,
      version: agent?.version ?? null,
      fits: fits(agent?.version),
      planRevision: plan?.plan.revision ?? 0,
      heldRevision: plan?.heldRevision ?? 0,
    },
    opening: opening ? { start: opening.start, end: opening.end } : null,
    ...(holds.length > 0 ? { holds } : {}),
    ...(ahead.length > 0 ? { freezes: ahead.slice(0, freezesShown) } : {}),
    notices,
  };
}

function noticesOf(tables: ControllerTables, site: Site): SiteView['notices'] {
  const said = [];
  for (let place = 0; place < 50; place += 1) {
    const notice = tables.notices.get(`${site.id}/${place}`);
    if (notice)
      said.push({
        at: notice.at,
        fault: notice.fault,
        detail: notice.detail,
        advice: FAULTS[notice.fault].advice,
      });
  }
  return said.sort((a, b) => b.at - a.at).slice(0, noticesShown);
}
