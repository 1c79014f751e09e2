import type { EpochMs, Id } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { olderThan, propose } from './policy-proposal.ts';
import { conflict, invalid, notFound, refused, taken } from './refusal.ts';
import { isSame } from './rollout-commands.ts';
import { valueDifferences } from './rollout-difference.ts';
import { parseSelection } from './selection/parse.ts';
import { whereRefusals } from './selection/selected.ts';
import type { CommandResult, ControllerDraft, Refusal } from './state.ts';
import type { WavePreset } from './waves.ts';

export const DEADLINE_SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;

/** What a selection of phones should run, and how soon after a release of which severity. */
export interface PolicyInput {
  readonly id: Id;
  /** In the selection language; it is asked anew each time, so that phones to come are meant too. */
  readonly where: string;
  /** Of this channel the preferred release that fits the phone, else the newest. */
  readonly channel?: string;
  /** Or this one, for all of them. */
  readonly release?: Id;
  /** Days from the release's approval, by its severity; none: no deadline. */
  readonly deadlines: Readonly<Partial<Record<(typeof DEADLINE_SEVERITIES)[number], number>>>;
  /** The waves of the rollouts that it proposes; absent: canary, a tenth, the rest. */
  readonly preset?: WavePreset | number;
  /** Who lets its rollouts begin without being asked each time, and up to how many phones. */
  readonly autoApprove?: { readonly by: string; readonly phonesMax: number };
}

export interface Policy extends PolicyInput {
  /** Who said what it says now; absent in what was stored before this was kept. */
  readonly changedBy?: string;
  /** Whoever `autoApprove` names has said so, after somebody else had written it. */
  readonly approvedAhead?: EpochMs;
}

/** What people say of a policy; the rest is what became of it. */
export function policySaid(policy: Policy): PolicyInput {
  const { changedBy: _who, approvedAhead: _at, ...said } = policy;
  return said;
}

export type PolicyCommand =
  | { readonly kind: 'policy-put'; readonly policy: PolicyInput }
  | { readonly kind: 'policy-remove'; readonly policy: Id }
  /** By whoever it names: its rollouts begin without being asked each time. */
  | { readonly kind: 'policy-approve'; readonly policy: Id }
  /** What it wants now, also where an earlier rollout of it has ended. */
  | { readonly kind: 'policy-propose'; readonly policy: Id };

export function takePolicyCommand(
  draft: ControllerDraft,
  command: PolicyCommand,
  who: string,
  now: EpochMs,
): CommandResult {
  if (command.kind === 'policy-put') return putPolicy(draft, command.policy, who, now);
  const policy = draft.policies.get(command.policy);
  if (!policy) return refused(unknownPolicy(draft, command.policy));
  switch (command.kind) {
    case 'policy-remove':
      draft.policies.remove(policy.id);
      audit(draft, { at: now, who, what: 'policy removed', object: policy.id });
      return taken;
    case 'policy-approve':
      return approvePolicy(draft, policy, who, now);
    case 'policy-propose':
      return proposeNow(draft, policy, now);
    default:
      return command satisfies never;
  }
}

function putPolicy(
  draft: ControllerDraft,
  policy: PolicyInput,
  who: string,
  now: EpochMs,
): CommandResult {
  const problems = policyProblems(draft, policy);
  if (problems.length > 0) return refused(...problems);
  const before = draft.policies.get(policy.id);
  if (before && valueDifferences(policySaid(before), policy).length === 0) return taken;
  // Whoever approved it ahead has approved something else.
  const stored: Policy = { ...policy, changedBy: who };
  draft.policies.put(policy.id, stored);
  audit(draft, { at: now, who, what: 'policy stored', object: policy.id });
  propose(draft, stored, now);
  return taken;
}

function approvePolicy(
  draft: ControllerDraft,
  policy: Policy,
  who: string,
  now: EpochMs,
): CommandResult {
  const thing = `policy ${policy.id}`;
  const { autoApprove, changedBy } = policy;
  if (!autoApprove) {
    const next = 'Write autoApprove into it, with by and phonesMax.';
    return refused(conflict(thing, 'names nobody who approves ahead', next));
  }
  const isOwn = changedBy !== undefined && isSame(who, changedBy);
  if (!isSame(who, autoApprove.by) || isOwn) {
    const reason = isOwn
      ? `was written by ${who}, who cannot approve it as well`
      : `is approved by ${autoApprove.by}, and not by ${who}`;
    return refused({ code: 'forbidden', thing, reason, next: 'Let two people do it.' });
  }
  const approved = { ...policy, approvedAhead: now };
  draft.policies.put(policy.id, approved);
  const detail = `rollouts of up to ${autoApprove.phonesMax} phones`;
  audit(draft, { at: now, who, what: 'policy approved ahead', object: policy.id, detail });
  propose(draft, approved, now);
  return taken;
}

function proposeNow(draft: ControllerDraft, policy: Policy, now: EpochMs): CommandResult {
  const { rollouts, before, why } = propose(draft, policy, now, { again: true });
  if (rollouts.length > 0) return taken;
  if (why.length > 0) return refused(...why);
  const reason =
    before.length > 0
      ? `proposes nothing new before ${before.join(', ')} has ended`
      : 'proposes nothing: of no phone that it means it is known that it lacks its release';
  const next = `See what it wants: ringwave policy show ${policy.id}`;
  return refused(conflict(`policy ${policy.id}`, reason, next));
}

/** A release was let out: every policy that it concerns proposes it. */
export function proposeAll(draft: ControllerDraft, now: EpochMs): void {
  for (const policy of Array.from(draft.policies.values())) propose(draft, policy, now);
}

/** As long as a release's may be. */
const longestVersion = '0'.repeat(64);

function policyProblems(draft: ControllerDraft, policy: PolicyInput): Refusal[] {
  const { id, where, channel, release } = policy;
  const thing = `policy ${id}`;
  // Names that nobody has are let pass here: a policy may be there before its phones are.
  const shownBy = draft.phones;
  const problems = whereRefusals(`${thing}: where`, where, undefined, { shownBy });
  if (problems.length === 0 && !parseSelection(olderThan(longestVersion, policy)).ok) {
    const reason = `has ${where.length} characters and its parentheses: what its rollouts add to it no longer fits`;
    const next = 'Shorten it: labels instead of lists, and a pair of parentheses less.';
    problems.push(invalid(`${thing}: where`, reason, next));
  }
  if ((channel === undefined) === (release === undefined)) {
    const reason = channel === undefined ? 'names neither channel nor release' : 'names both';
    problems.push(invalid(`${thing}: channel`, reason, 'Give a channel, or one release.'));
  }
  if (release !== undefined && !draft.releases.has(release)) {
    const known = [...draft.releases.entries()].map(([key]) => key);
    problems.push({ ...notFound('release', release, known), thing: `${thing}: release` });
  }
  return problems;
}

const unknownPolicy = (draft: ControllerDraft, policy: Id): Refusal =>
  notFound(
    'policy',
    policy,
    [...draft.policies.entries()].map(([key]) => key),
  );
