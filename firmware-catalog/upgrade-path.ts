import { isFor, type Release } from './release.ts';
import { KNOWN_RULES } from './known-rules.ts';
import { rulesFor } from './upgrade-edge.ts';
import { type Hop, type Road, road } from './upgrade-road.ts';
import type { UpgradeRule } from './upgrade-rule.ts';
import type { PhoneKind } from './version-set.ts';

export interface UpgradeQuestion extends PhoneKind {
  /** Null: nobody has seen what the phone runs. */
  readonly running: string | null;
  readonly target: Release;
  /** All that could serve as stepping stones; those that do not fit the phone are passed over. */
  readonly releases: readonly Release[];
  /** Absent: what is known of all vendors. */
  readonly rules?: readonly UpgradeRule[];
  /** Going back loses fixes and settings: only when someone says so. */
  readonly allowDowngrade?: boolean;
}

export type UpgradePath =
  | { readonly kind: 'path'; readonly hops: readonly Release[] }
  | { readonly kind: 'arrived' }
  | { readonly kind: 'incomparable' | 'no-path'; readonly reason: string };

/**
 * The shortest road from what runs to the target that needs no hand on the phone, over stepping stones
 * where a rule or a release demands them. 'incomparable' holds the phone.
 */
export function upgradePath(question: UpgradeQuestion): UpgradePath {
  const { vendor, model, hardware, releases, rules = KNOWN_RULES } = question;
  const phone: PhoneKind = { vendor, model, ...(hardware === undefined ? {} : { hardware }) };
  return pathAmong(
    releases.filter((release) => isFor(release, phone)),
    {
      ...question,
      phone,
      rules: rulesFor(rules, phone),
    },
  );
}

/** As `upgradePath`, over releases and rules that are known to be for this phone. */
export function pathAmong(
  milestones: readonly Release[],
  question: Pick<UpgradeQuestion, 'running' | 'target' | 'allowDowngrade'> & {
    readonly phone: PhoneKind;
    readonly rules: readonly UpgradeRule[];
  },
): UpgradePath {
  const { phone, running, target, rules, allowDowngrade = false } = question;
  const { vendor, model, hardware } = phone;
  if (running === null) {
    return { kind: 'incomparable', reason: 'Nobody has seen yet which version this phone runs' };
  }
  if (!isFor(target, phone)) {
    const revision = hardware === undefined ? '' : ` with hardware ${hardware}`;
    return noPath(`${target.version} is not for a ${vendor} ${model}${revision}`);
  }
  const consent = { downgrade: allowDowngrade };
  return pathOf(road({ phone, from: running, target, milestones, rules, consent }));
}

/** The next release to install; undefined when there is none to install now. */
export function nextHop(question: UpgradeQuestion): Release | undefined {
  const path = upgradePath(question);
  return path.kind === 'path' ? path.hops[0] : undefined;
}

function pathOf(found: Road<Release>): UpgradePath {
  if (found.kind === 'arrived') return found;
  if (found.kind === 'incomparable') return { kind: 'incomparable', reason: found.reason };
  if (found.kind !== 'road') return noPath(found.reason);
  const byHand = found.hops.find(needsAHand);
  if (byHand) return noPath(handWork(byHand));
  return { kind: 'path', hops: found.hops.map(({ to }) => to) };
}

const needsAHand = ({ steps, demands }: Hop<Release>): boolean =>
  steps.length > 0 || demands.length > 0;

function handWork({ to, steps, demands }: Hop<Release>): string {
  const first = steps.length === 0 ? [] : [`by hand first: ${steps.join(', then ')}`];
  const other = demands.map(({ models, needs }) => `${models.join(', ')} must run ${needs}`);
  return `${to.version} cannot be installed unattended: ${[...first, ...other].join('; ')}`;
}

const noPath = (reason: string): UpgradePath => ({ kind: 'no-path', reason });
