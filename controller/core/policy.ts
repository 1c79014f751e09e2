import type { EpochMs, Id } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { invalid, notFound, refused, taken } from './refusal.ts';
import { whereRefusals } from './selection/selected.ts';
import type { CommandResult, ControllerDraft, Refusal } from './state.ts';

export const DEADLINE_SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;

/** What a selection of phones should run, and how soon after a release of which severity. */
export interface Policy {
  readonly id: Id;
  /** In the selection language; it is asked anew each time, so that phones to come are meant too. */
  readonly where: string;
  /** The newest release of this channel that fits the phone. */
  readonly channel?: string;
  /** Or this one, for all of them. */
  readonly release?: Id;
  /** Days from the release's approval, by its severity; none: no deadline. */
  readonly deadlines: Readonly<Partial<Record<(typeof DEADLINE_SEVERITIES)[number], number>>>;
}

export type PolicyCommand =
  | { readonly kind: 'policy-put'; readonly policy: Policy }
  | { readonly kind: 'policy-remove'; readonly policy: Id };

export function takePolicyCommand(
  draft: ControllerDraft,
  command: PolicyCommand,
  who: string,
  now: EpochMs,
): CommandResult {
  if (command.kind === 'policy-put') return putPolicy(draft, command.policy, who, now);
  const { policy } = command;
  if (!draft.policies.has(policy)) return refused(unknownPolicy(draft, policy));
  draft.policies.remove(policy);
  audit(draft, { at: now, who, what: 'policy removed', object: policy });
  return taken;
}

function putPolicy(
  draft: ControllerDraft,
  policy: Policy,
  who: string,
  now: EpochMs,
): CommandResult {
  const problems = policyProblems(draft, policy);
  if (problems.length > 0) return refused(...problems);
  draft.policies.put(policy.id, policy);
  audit(draft, { at: now, who, what: 'policy stored', object: policy.id });
  return taken;
}

function policyProblems(draft: ControllerDraft, policy: Policy): Refusal[] {
  const { id, where, channel, release } = policy;
  const thing = `policy ${id}`;
  // Names that nobody has are let pass here: a policy may be there before its phones are.
  const problems = whereRefusals(`${thing}: where`, where);
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
