// Finds the road from one version to another on one phone, over the versions that are there to step on.

import {
  cited,
  type Consent,
  type Demand,
  edge,
  ownRulePrefix,
  type Shut,
} from './upgrade-edge.ts';
import type { UpgradeRule } from './upgrade-rule.ts';
import { orderOn, type PhoneKind } from './version-set.ts';

/** A version that a phone can be brought to, with what it demands itself. */
export interface Milestone {
  readonly version: string;
  readonly requires?: { readonly fromAtLeast?: string };
  readonly oneWay?: boolean;
}

export interface RoadQuestion<Stop extends Milestone> {
  readonly phone: PhoneKind;
  readonly from: string;
  readonly target: Stop;
  /** Versions for this phone that may be stepped on; the target need not be among them. */
  readonly milestones: readonly Stop[];
  /** Rules that concern this phone (`rulesFor`). */
  readonly rules: readonly UpgradeRule[];
  readonly consent?: Consent;
}

export interface Hop<Stop extends Milestone> {
  readonly to: Stop;
  /** Done by hand before it, in order. */
  readonly steps: readonly string[];
  readonly demands: readonly Demand[];
  readonly notes: readonly string[];
  readonly modeChange?: string;
}

export type Road<Stop extends Milestone> =
  | { readonly kind: 'road'; readonly hops: readonly Hop<Stop>[] }
  | { readonly kind: 'arrived' }
  | Refused;

interface Refused {
  readonly kind: 'closed' | 'incomparable';
  readonly reason: string;
  /** Id of the rule that closes the direct step. */
  readonly rule?: string;
}

/** Hops of one road. A phone is down for minutes at each; a longer road is planned by hand. */
export const hopsMax = 16;
/** Versions looked at as stepping stones, newest first; the longest public line of one model has 60. */
const milestonesMax = 500;

/** The shortest road, breadth first and newest stones first, so that it is always the same one. */
export function road<Stop extends Milestone>(question: RoadQuestion<Stop>): Road<Stop> {
  const { phone, from, target } = question;
  if (orderOn(phone, from, target.version) === 'same') return { kind: 'arrived' };
  const ask = asker(question);
  const direct = ask(from, target);
  if (direct.kind === 'open') return { kind: 'road', hops: [hop(target, direct)] };
  if (direct.kind === 'incomparable' && direct.rule === undefined) return refusalOf(direct);
  const hops = search(question, ask);
  if (hops) return { kind: 'road', hops };
  const isMissing = direct.rule?.kind === 'floor' || direct.rule?.kind === 'stone';
  const missing = isMissing ? `, and no release known here leads there from ${from}` : '';
  return { ...refusalOf(direct), reason: `${direct.reason}${missing}${cited(direct.rule)}` };
}

const refusalOf = ({ kind, reason, rule }: Shut): Refused => ({
  kind,
  reason,
  ...(rule === undefined ? {} : { rule: rule.id }),
});

type Ask<Stop extends Milestone> = (from: string, to: Stop) => ReturnType<typeof edge>;

function asker<Stop extends Milestone>(question: RoadQuestion<Stop>): Ask<Stop> {
  const { phone, target, milestones, consent = {} } = question;
  const rules = [...question.rules, ...[...milestones, target].flatMap(ownRules(phone))];
  return (from, to) => edge(rules, { phone, from, to: to.version, consent });
}

/** A floor or a door that the release's own manifest names. */
const ownRules =
  ({ vendor, model }: PhoneKind) =>
  ({ version, requires, oneWay }: Milestone): UpgradeRule[] => {
    const common = { vendor, models: [model], source: 'its manifest', reason: 'its manifest' };
    const floor = requires?.fromAtLeast;
    const id = `${ownRulePrefix}${version}`;
    return [
      ...(floor === undefined
        ? []
        : [
            {
              ...common,
              id,
              kind: 'floor' as const,
              to: { from: version, atMost: version },
              needs: { from: floor },
            },
          ]),
      ...(oneWay === true
        ? [{ ...common, id, kind: 'one-way' as const, into: { from: version } }]
        : []),
    ];
  };

function search<Stop extends Milestone>(
  question: RoadQuestion<Stop>,
  ask: Ask<Stop>,
): Hop<Stop>[] | undefined {
  const stones = stonesBetween(question);
  const seen = new Set<string>([question.from]);
  let roads: (readonly Hop<Stop>[])[] = [[]];
  for (let hops = 0; hops < hopsMax && roads.length > 0; hops += 1) {
    const longer: (readonly Hop<Stop>[])[] = [];
    for (const before of roads) {
      const at = before.at(-1)?.to.version ?? question.from;
      const last = ask(at, question.target);
      if (last.kind === 'open') return [...before, hop(question.target, last)];
      for (const stone of stones) {
        if (seen.has(stone.version)) continue;
        const next = ask(at, stone);
        if (next.kind !== 'open') continue;
        seen.add(stone.version);
        longer.push([...before, hop(stone, next)]);
      }
    }
    roads = longer;
  }
  return undefined;
}

const hop = <Stop extends Milestone>(
  to: Stop,
  { steps, demands, notes, modeChange }: Extract<ReturnType<typeof edge>, { kind: 'open' }>,
): Hop<Stop> => ({
  to,
  steps,
  demands,
  notes,
  ...(modeChange === undefined ? {} : { modeChange }),
});

/** Between what runs and the target, in either direction; beyond a change of edition, all there are. */
function stonesBetween<Stop extends Milestone>(question: RoadQuestion<Stop>): Stop[] {
  const { phone, from, target, milestones } = question;
  const direction = orderOn(phone, from, target.version);
  const between = milestones.filter(({ version }) => {
    if (version === target.version) return false;
    if (direction === 'incomparable') return true;
    const [here, there] = [orderOn(phone, from, version), orderOn(phone, version, target.version)];
    return here === direction && there === direction;
  });
  return between.sort((a, b) => newestFirst(phone, a, b)).slice(0, milestonesMax);
}

function newestFirst(phone: PhoneKind, a: Milestone, b: Milestone): number {
  const order = orderOn(phone, a.version, b.version);
  if (order === 'older') return 1;
  if (order === 'newer') return -1;
  return a.version < b.version ? -1 : 1;
}
