// How soon a vulnerability must be acted on: a table of rules, read from above; the first that holds decides, and
// its name goes with the date. No formula, so that everyone can say why.

import { days, type DurationMs, type EpochMs, hours, laterBy } from '@ringwave/protocol/units';
import type { Score } from './advisory-claim.ts';
import type { PlacedAdvisory } from './advisory-placing.ts';

export type PriorityRule =
  | 'exploited'
  | 'remote-code-unauthenticated'
  | 'attack-likely'
  | 'critical'
  | 'high'
  | 'medium'
  | 'low'
  | 'unscored';

export interface Priority {
  readonly rule: PriorityRule;
  readonly words: string;
  readonly dueAt: EpochMs;
  readonly isOverdue: boolean;
  /** What a phone gets: its next window within the time, or, without a fix, another way out. */
  readonly action: 'update' | 'compensate-and-replace' | 'ask-issuer' | 'review' | 'not-a-phone';
  readonly actionWords: string;
  /** The date that CISA sets US agencies, as it writes it; shown, never counted with. */
  readonly kevDueOn?: string;
}

/** Chance of attacks within 30 days from which a vulnerability is treated as likely: one in ten. */
export const likelyChanceMin = 0.1;

interface Rule {
  readonly rule: PriorityRule;
  readonly within: DurationMs;
  /** Why it holds, or undefined. */
  readonly holds: (advisory: PlacedAdvisory) => string | undefined;
}

/** Severity classes are those of CVSS 3 and 4: 9, 7 and 4. Unscored is as high: unknown is not low. */
const RULES: readonly Rule[] = [
  {
    rule: 'exploited',
    within: hours(72),
    holds: ({ exploited }) => exploited && `attacks are known (${exploited.issuer})`,
  },
  { rule: 'remote-code-unauthenticated', within: days(7), holds: remoteCode },
  {
    rule: 'attack-likely',
    within: days(14),
    holds: ({ likelihood }) =>
      likelihood && likelihood.chance >= likelyChanceMin
        ? `the chance of attacks is ${likelihood.chance} (EPSS of ${likelihood.on})`
        : undefined,
  },
  { rule: 'critical', within: days(14), holds: scored(9) },
  { rule: 'high', within: days(30), holds: scored(7) },
  { rule: 'medium', within: days(90), holds: scored(4) },
  { rule: 'low', within: days(180), holds: scored(0) },
  { rule: 'unscored', within: days(30), holds: () => 'no issuer has scored it' },
];

/** `knownSince`: when we first knew; the time runs from there, or from now. */
export function priorityOf(
  advisory: PlacedAdvisory,
  now: EpochMs,
  knownSince: EpochMs = now,
): Priority {
  for (const { rule, within, holds } of RULES) {
    const words = holds(advisory);
    if (words === undefined) continue;
    const dueAt = laterBy(knownSince, within);
    const { exploited } = advisory;
    return {
      rule,
      words,
      dueAt,
      isOverdue: now > dueAt,
      ...wayOut(advisory),
      ...(exploited?.dueOn === undefined ? {} : { kevDueOn: exploited.dueOn }),
    };
  }
  throw new Error('the last rule holds always');
}

function wayOut(advisory: PlacedAdvisory): Pick<Priority, 'action' | 'actionWords'> {
  const { placements, notPhones } = advisory;
  if (placements.length === 0) {
    const [other] = notPhones;
    return other
      ? {
          action: 'not-a-phone',
          actionWords: `update or replace ${other.wording} by its own means`,
        }
      : { action: 'review', actionWords: 'a person says which phones it means' };
  }
  const affected = placements.filter(({ status }) => status === 'affected');
  const isFixed = placements.some(({ fixedIn }) => fixedIn.length > 0);
  if (isFixed)
    return { action: 'update', actionWords: 'update in the next window within the time' };
  const hints = [...new Set(affected.flatMap(({ fixWords }) => fixWords))];
  if (hints.length > 0) {
    const actionWords = `find the fixed version and enter it as a release; the issuer writes: ${hints[0]}`;
    return { action: 'ask-issuer', actionWords };
  }
  const conditions = [
    ...new Set(affected.flatMap((one) => one.conditions.map(({ words }) => words))),
  ];
  const means =
    conditions.length > 0 ? `turn off what it needs (${conditions[0]})` : 'cut off the way to it';
  return {
    action: 'compensate-and-replace',
    actionWords: `no fix is known: ${means}, and replace the phone`,
  };
}

/** The highest score of any issuer decides; issuers differ by whole classes, and low is no reason to wait. */
function scored(atLeast: number): Rule['holds'] {
  return ({ scores }) => {
    const [highest] = [...scores].sort((a, b) => b.score - a.score);
    return highest && highest.score >= atLeast
      ? `${highest.issuer} scores it ${highest.score} (${highest.system})`
      : undefined;
  };
}

function remoteCode({ scores, title = '' }: PlacedAdvisory): string | undefined {
  const score = scores.find(isRemoteCode);
  if (score)
    return `${score.issuer}: over the network, without login, full control (${score.vector})`;
  const isToldSo =
    /\b(?:unauthenticated|without (?:authentication|login)|pre-auth\w*)\b/i.test(title) &&
    /\b(?:code execution|rce|command (?:injection|execution)|(?:stack|buffer|heap)[ -](?:based )?(?:buffer )?overflow|root)\b/i.test(
      title,
    );
  return isToldSo ? `its issuer writes: ${title.slice(0, 120)}` : undefined;
}

/** No vector says "code execution": network, no login, nobody helps, and all three kinds of harm in full. */
const VECTORS: Readonly<Record<Score['system'], readonly string[]>> = {
  'cvss-2.0': ['AV:N', 'Au:N', 'C:C', 'I:C', 'A:C'],
  'cvss-3.0': ['AV:N', 'PR:N', 'UI:N', 'C:H', 'I:H', 'A:H'],
  'cvss-3.1': ['AV:N', 'PR:N', 'UI:N', 'C:H', 'I:H', 'A:H'],
  'cvss-4.0': ['AV:N', 'PR:N', 'UI:N', 'VC:H', 'VI:H', 'VA:H'],
};

function isRemoteCode({ system, vector }: Score): boolean {
  if (vector === undefined) return false;
  const parts = new Set(vector.slice(0, 200).replace(/[()]/g, '').split('/'));
  return VECTORS[system].every((part) => parts.has(part));
}
