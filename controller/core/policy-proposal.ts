import { createHash } from 'node:crypto';
import type { Release } from '@ringwave/firmware-catalog/release';
import { priorityOf, type PriorityRule } from '@ringwave/firmware-catalog/advisory-priority';
import { compareVersions } from '@ringwave/firmware-catalog/version';
import { days, type EpochMs, hours, type Id, laterBy, minutes } from '@ringwave/protocol/units';
import { advisoryBoard } from './advisory-board.ts';
import { audit } from './audit.ts';
import type { DEADLINE_SEVERITIES, Policy } from './policy.ts';
import { policyTarget } from './policy-target.ts';
import { checkRollout } from './rollout-check.ts';
import { addRollout, approve } from './rollout-commands.ts';
import { valueText } from './selection/print.ts';
import { selectedPhones } from './selection/selected.ts';
import type {
  ControllerDraft,
  ControllerTables,
  Phone,
  Refusal,
  Rollout,
  RolloutInput,
} from './state.ts';
import { equalWaves, WAVE_PRESETS } from './waves.ts';

// A policy does not start anything: it proposes a rollout for what its release should reach, and a person lets it begin.

/** As a rollout that says nothing of its gate: see docs/rollouts.md. */
const gate = { successMin: 0.95, failuresMax: 1, minSample: 3, soak: hours(1) };
const attemptsMax = 3;

export interface Proposed {
  /** The rollouts that were made. */
  readonly rollouts: readonly Id[];
  /** Those that want the same and have not ended, or were not to be proposed again. */
  readonly before: readonly Id[];
  /** Why there is none, release by release. */
  readonly why: readonly Refusal[];
}

/** Proposes what a policy wants and no rollout of it has wanted before; `again` also after one that has ended. */
export function propose(
  draft: ControllerDraft,
  policy: Policy,
  now: EpochMs,
  { again = false }: { readonly again?: boolean } = {},
): Proposed {
  const behind = behindOf(draft, policy, now);
  const rollouts: Id[] = [];
  const before: Id[] = [];
  const why: Refusal[] = [];
  for (const [release, { phones, kinds }] of behind) {
    const { id, isTaken } = idFor(draft, policy, release.id, again);
    if (isTaken) {
      before.push(id);
      continue;
    }
    const input = inputFor(draft, policy, { id, release, phones, kinds }, now);
    const as = { isWhereStored: true, isCountedLater: true };
    const { refusals, layout } = checkRollout(draft, input, now, as);
    if (refusals.length > 0 || !layout) {
      why.push(...refusals);
      const [first] = refusals;
      const detail = `${release.id}: ${first?.thing} ${first?.reason}`.slice(0, 240);
      const said = { at: now, who: nameOf(policy), what: 'no rollout could be proposed' };
      audit(draft, { ...said, object: policy.id, detail });
      continue;
    }
    addRollout(draft, input, layout, proposedBy(policy), now);
    rollouts.push(id);
    approveAhead(draft, policy, { id, phones: layout.phones.length }, now);
  }
  return { rollouts, before, why };
}

/** Whoever wrote the policy has said what its rollouts say, and is no second person to them. */
const proposedBy = (policy: Policy): Pick<Rollout, 'createdBy' | 'editors'> => ({
  createdBy: nameOf(policy),
  ...(policy.changedBy === undefined ? {} : { editors: [policy.changedBy] }),
});

const nameOf = ({ id }: Policy): string => `policy ${id}`;

/** Phones of one vendor, model and hardware; a policy means one release for all of them. */
interface PhoneKind extends Pick<Phone, 'vendor' | 'model' | 'hardware'> {
  readonly release: Release | undefined;
}

interface Behind {
  readonly phones: Phone[];
  /** All that the policy means, whichever release is meant for them. */
  readonly kinds: ReadonlyMap<string, PhoneKind>;
}

/** Phones by the release that they should run and do not; those that nobody can compare are left to people. */
function behindOf(
  draft: ControllerDraft,
  policy: Policy,
  now: EpochMs,
): ReadonlyMap<Release, Behind> {
  const behind = new Map<Release, Behind>();
  const kinds = new Map<string, PhoneKind>();
  for (const phone of selectedPhones(draft, { where: policy.where }, now)) {
    const { vendor, model, hardware, running } = phone;
    const key = `${vendor}\n${model}\n${hardware ?? ''}`;
    const known = kinds.get(key);
    const { release } = known ?? { release: targetOf(draft, policy, phone) };
    const about = { model, ...(hardware ? { hardware } : {}) };
    if (!known) kinds.set(key, { vendor, ...about, release });
    if (!release) continue;
    const order = running && compareVersions(vendor, running.version, release.version, about);
    if (order !== undefined && order !== 'older') continue;
    const found = behind.get(release) ?? { phones: [], kinds };
    behind.set(release, found);
    found.phones.push(phone);
  }
  return behind;
}

function targetOf(draft: ControllerDraft, policy: Policy, phone: Phone): Release | undefined {
  const found = policyTarget(draft, policy, phone);
  return found.kind === 'release' ? found.release : undefined;
}

/** Of a model with releases by its hardware only what this one is meant for: another one may fit it as well. */
function ofItsHardware({ kinds }: Behind, release: Release, models: readonly string[]): string {
  const parts = models.flatMap((model) => {
    const alike = [...kinds.values()].filter(
      (one) => one.vendor === release.vendor && one.model === model,
    );
    if (alike.every((one) => one.release === release)) return [];
    const meant = alike.filter((one) => one.release === release);
    const known = meant.flatMap(({ hardware }) => (hardware ? [valueText('in', hardware)] : []));
    const tests = [
      `model != ${valueText('!=', model)}`,
      ...(known.length > 0 ? [`hardware in (${known.join(', ')})`] : []),
      ...(known.length < meant.length ? ['hardware is unknown'] : []),
    ];
    return [` and (${tests.join(' or ')})`];
  });
  return parts.join('');
}

/**
 * Named after policy and release, so that one is proposed once; taken where it was. A rollout that somebody else called so
 * is none of the policy.
 */
function idFor(
  draft: ControllerDraft,
  policy: Policy,
  release: Id,
  again: boolean,
): { readonly id: Id; readonly isTaken: boolean } {
  const full = `${policy.id}-${release}`;
  const digest = createHash('sha256').update(full).digest('hex').slice(0, 8);
  const base = full.length <= longest ? full : `${full.slice(0, longest - 9)}-${digest}`;
  for (let nth = 1; ; nth += 1) {
    const id = (nth === 1 ? base : `${base}-${nth}`) as Id;
    const known = draft.rollouts.get(id);
    if (!known) return { id, isTaken: false };
    const isOwn = known.createdBy === nameOf(policy);
    if (isOwn && (!again || known.endedAt === undefined)) return { id, isTaken: true };
  }
}

/** An id has 64 characters, of which a number of three digits takes four. */
const longest = 60;

function inputFor(
  draft: ControllerDraft,
  policy: Policy,
  { id, release, ...behind }: Behind & { id: Id; release: Release },
  now: EpochMs,
): RolloutInput {
  const { preset = 'canary-tenth-rest' } = policy;
  const { phones } = behind;
  // Of the release's models those whose phones are meant to run it: of others the policy may prefer another one.
  const models = [...new Set(phones.map(({ model }) => model))];
  const due = deadlineFor(draft, policy, { release, phones }, now);
  return {
    id,
    name: `Policy ${policy.id}: ${release.version}`,
    releases: [release.id],
    selection: {
      where: olderThan(release.version, policy) + ofItsHardware(behind, release, models),
      vendors: [release.vendor],
      models,
    },
    waves: typeof preset === 'number' ? equalWaves(preset) : WAVE_PRESETS[preset],
    gate,
    attemptsMax,
    rotateCredentials: false,
    ...(due ? { deadline: due } : {}),
  };
}

/** The phones of a policy that do not run the version, or a newer one, yet. */
export const olderThan = (version: string, { where }: Pick<Policy, 'where'>): string =>
  `(${where}) and (running < ${valueText('<', version)} or running is unknown)`;

type DeadlineSeverity = (typeof DEADLINE_SEVERITIES)[number];

const AS_SEVERE: Readonly<Record<PriorityRule, DeadlineSeverity>> = {
  exploited: 'critical',
  'remote-code-unauthenticated': 'critical',
  'attack-likely': 'critical',
  critical: 'critical',
  high: 'high',
  // Unknown is not low.
  unscored: 'high',
  medium: 'medium',
  low: 'low',
};
const RISING: readonly DeadlineSeverity[] = ['low', 'medium', 'high', 'critical'];

/** The days of the worst that the release mends on these phones, of what has days: as its vendor says, or an advisory. */
function deadlineFor(
  draft: ControllerDraft,
  { id, deadlines }: Policy,
  { release, phones }: { release: Release; phones: readonly Phone[] },
  now: EpochMs,
): RolloutInput['deadline'] {
  const own = release.severity === 'none' ? [] : [{ severity: release.severity, by: release.id }];
  const all = [...own, ...mended(draft, release, phones, now)].filter(
    ({ severity }) => deadlines[severity] !== undefined,
  );
  const worst = all.reduce<(typeof all)[number] | undefined>(
    (most, one) =>
      most && RISING.indexOf(most.severity) >= RISING.indexOf(one.severity) ? most : one,
    undefined,
  );
  const given = worst && deadlines[worst.severity];
  if (worst === undefined || given === undefined) return undefined;
  const because = `${worst.severity} by ${worst.by}, policy ${id}`.slice(0, 200);
  // No days are at once; a deadline that has passed is taken for a slip.
  return { dueAt: laterBy(now, given === 0 ? minutes(1) : days(given)), because };
}

/** Advisories that phones are exposed to now and would not be with the release. */
function mended(
  draft: ControllerDraft,
  release: Release,
  phones: readonly Phone[],
  now: EpochMs,
): { severity: DeadlineSeverity; by: string }[] {
  // Claims do not change in the steps that propose; what was made of them is found again by their tables.
  const claims = draft.claims.base as ControllerTables['claims'];
  const counters = draft.counters.base as ControllerTables['counters'];
  const { index, advisories } = advisoryBoard({ claims, counters });
  const seen = new Set<string>();
  const ids = new Set<string>();
  for (const { vendor, model, hardware, running } of phones) {
    const key = `${model}\n${hardware ?? ''}\n${running?.version ?? ''}`;
    if (!running || seen.has(key)) continue;
    seen.add(key);
    const about = { vendor, model, ...(hardware ? { hardware } : {}) };
    const after = new Set(
      index.exposures({ ...about, version: release.version }).flatMap(exposedId),
    );
    for (const one of index.exposures({ ...about, version: running.version }).flatMap(exposedId))
      if (!after.has(one)) ids.add(one);
  }
  return [...ids].flatMap((by) => {
    const known = advisories.get(by);
    if (!known) return [];
    const { rule } = priorityOf(known.placed, now, known.knownAt ?? now);
    return [{ severity: AS_SEVERE[rule], by }];
  });
}

const exposedId = ({ id, verdict }: { id: string; verdict: string }): string[] =>
  verdict === 'exposed' ? [id] : [];

/** Somebody has said yes ahead, to rollouts of this policy up to so many phones. */
function approveAhead(
  draft: ControllerDraft,
  policy: Policy,
  { id, phones }: { id: Id; phones: number },
  now: EpochMs,
): void {
  const { autoApprove, approvedAhead } = policy;
  if (!autoApprove || !approvedAhead) return;
  if (phones > autoApprove.phonesMax) {
    const detail = `would reach ${phones} phones, ahead only ${autoApprove.phonesMax} are approved`;
    audit(draft, { at: now, who: nameOf(policy), what: 'waits for approval', object: id, detail });
    return;
  }
  const remark = `ahead, by policy ${policy.id}`;
  approve(draft, { kind: 'rollout-approve', rollout: id, remark }, autoApprove.by, now);
}
