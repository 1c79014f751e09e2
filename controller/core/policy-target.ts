import { isFor, type Release } from '@ringwave/firmware-catalog/release';
import { mayRollOut, type ReleaseLife } from '@ringwave/firmware-catalog/release-life';
import { compareVersions } from '@ringwave/firmware-catalog/version';
import { days, type EpochMs, laterBy } from '@ringwave/protocol/units';
import { instantText } from './instant-text.ts';
import type { Policy } from './policy.ts';
import { matcher } from './selection/match.ts';
import { parseSelection } from './selection/parse.ts';
import type { ControllerTables, Phone } from './state.ts';

// What policies ask of a phone: which release, by when, and whether what it showed is that.

interface Releases {
  readonly releases: { values(): Iterable<Release> };
  readonly lives: { get(id: string): ReleaseLife | undefined };
}

export type Target =
  | { readonly kind: 'release'; readonly release: Release }
  | { readonly kind: 'none'; readonly why: string };

type Kind = Pick<Phone, 'vendor' | 'model' | 'hardware'>;

/** The release that a policy means for a phone: the pinned one, else of its channel the preferred, else the newest. */
export function policyTarget(tables: Releases, policy: Policy, phone: Kind): Target {
  const fitting = [...tables.releases.values()].filter(
    (one) => isFor(one, phone) && isOut(tables, policy, one),
  );
  const named = policy.release ?? `channel ${policy.channel}`;
  const about = `${phone.vendor} ${phone.model}`;
  if (fitting.length === 0)
    return { kind: 'none', why: `no approved release of ${named} is for a ${about}` };
  const preferred = fitting.filter(({ id }) => tables.lives.get(id)?.state === 'preferred');
  const among = preferred.length > 0 ? preferred : fitting;
  const newest = among.find((one) => among.every((other) => isAtLeast(one, other, phone)));
  if (newest) return { kind: 'release', release: newest };
  const versions = among.map(({ version }) => version).join(', ');
  return { kind: 'none', why: `nobody can say which of ${versions} is newest for a ${about}` };
}

function isOut({ lives }: Releases, { channel, release }: Policy, one: Release): boolean {
  const life = lives.get(one.id);
  if (!mayRollOut(life, { handPicked: false })) return false;
  return release === undefined ? life?.channel === channel : one.id === release;
}

const aboutOf = ({ model, hardware }: Kind) => ({ model, ...(hardware ? { hardware } : {}) });

function isAtLeast(one: Release, other: Release, phone: Kind): boolean {
  if (one.id === other.id) return true;
  const order = compareVersions(phone.vendor, one.version, other.version, aboutOf(phone));
  return order === 'same' || order === 'newer';
}

/** When the release was let out last; undefined where it is not out. */
export const approvedAt = (life: ReleaseLife | undefined): EpochMs | undefined =>
  life?.steps.findLast(
    // One that is preferred no longer was out before, and is due since then.
    ({ to }, place, steps) => to === 'approved' && steps[place - 1]?.to !== 'preferred',
  )?.at;

export interface PolicyJudged {
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly evidence: string;
}

/** Policies as tests, compiled once for many phones. */
export interface PolicyBook {
  readonly policies: readonly {
    readonly policy: Policy;
    readonly means: (phone: Phone) => boolean;
    readonly targetOf: (phone: Phone) => Target;
  }[];
}

export function policyBook(tables: ControllerTables, now: EpochMs): PolicyBook {
  const policies = [...tables.policies.values()].flatMap((policy) => {
    const read = parseSelection(policy.where);
    if (!read.ok) return [];
    const known = new Map<string, Target>();
    const targetOf = (phone: Phone) => {
      const key = `${phone.vendor}\n${phone.model}\n${phone.hardware ?? ''}`;
      const found = known.get(key) ?? policyTarget(tables, policy, phone);
      known.set(key, found);
      return found;
    };
    return [{ policy, means: matcher(read.selection, tables, now), targetOf }];
  });
  return { policies };
}

/**
 * Every policy that means a phone has to be met; undefined where none does. Behind is no fault until the days that the
 * policy gives for a release of its severity are over.
 */
export function judgePolicies(
  { policies }: PolicyBook,
  tables: Pick<ControllerTables, 'lives'>,
  phone: Phone,
  running: string,
  now: EpochMs,
): PolicyJudged | undefined {
  const judged = policies
    .filter(({ means }) => means(phone))
    .map(({ policy, targetOf }) => judgeOne(policy, targetOf(phone), tables, phone, running, now));
  const worst =
    judged.find(({ verdict }) => verdict === 'fail') ??
    judged.find(({ verdict }) => verdict === 'unknown') ??
    judged[0];
  return worst;
}

function judgeOne(
  { id, release: pinned, deadlines }: Policy,
  target: Target,
  { lives }: Pick<ControllerTables, 'lives'>,
  phone: Phone,
  running: string,
  now: EpochMs,
): PolicyJudged {
  const said = `Policy ${id}: runs ${running}`;
  if (target.kind === 'none') return { verdict: 'unknown', evidence: `${said}; ${target.why}` };
  const { release } = target;
  const order = compareVersions(phone.vendor, running, release.version, aboutOf(phone));
  const evidence = `${said}, wants ${release.version}`;
  if (order === 'incomparable')
    return { verdict: 'unknown', evidence: `${evidence}: cannot be ordered` };
  // A channel sets a floor; a pinned release is that one.
  if (order === 'same' || (order === 'newer' && pinned === undefined))
    return { verdict: 'pass', evidence };
  const out = approvedAt(lives.get(release.id));
  const { severity } = release;
  const given = severity === 'none' ? undefined : deadlines[severity];
  if (given === undefined || out === undefined) return { verdict: 'fail', evidence };
  const due = laterBy(out, days(given));
  const when = `${severity}, due ${instantText(due)}`;
  return { verdict: now <= due ? 'pass' : 'fail', evidence: `${evidence} (${when})` };
}
