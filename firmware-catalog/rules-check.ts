// Whether a set of upgrade rules can be kept at all: every target reachable, no rule that demands itself, no
// floor that nobody may install any more.

import type { Problem } from './problems.ts';
import { fits, rulesFor } from './upgrade-edge.ts';
import { type Milestone, road } from './upgrade-road.ts';
import type { UpgradeRule, VersionSet } from './upgrade-rule.ts';
import { membership, orderOn, type PhoneKind, setInWords } from './version-set.ts';

/** A version that the catalogue knows for a model. */
export interface KnownVersion extends Milestone {
  readonly vendor: string;
  readonly models: readonly string[];
  readonly isWithdrawn?: boolean;
}

/** Everything that is wrong with the rules among themselves and with the versions there are. */
export function rulesProblems(
  rules: readonly UpgradeRule[],
  versions: readonly KnownVersion[] = [],
): Problem[] {
  return [
    ...rules.flatMap((rule) => [...emptySets(rule), ...ownCircle(rule)]),
    ...circles(rules),
    ...rules.flatMap((rule) => withdrawnWays(rule, versions)),
    ...unreachable(rules, versions),
  ];
}

const wrong = (rule: string, reason: string, nextStep: string): Problem => ({
  path: `rule ${rule}`,
  reason,
  nextStep,
});

/** Any phone that the rule is about will do to order the versions that it names. */
const examplePhone = ({ vendor, models, hardware }: UpgradeRule): PhoneKind => {
  const revision = hardware?.from ?? hardware?.oneOf?.[0];
  const model = (models[0] ?? '').replaceAll('*', '');
  return { vendor, model, ...(revision === undefined ? {} : { hardware: revision }) };
};

const setsOf = (rule: UpgradeRule): [name: string, set: VersionSet][] =>
  Object.entries(rule).flatMap(([name, part]): [string, VersionSet][] =>
    ['from', 'to', 'needs', 'into', 'only'].includes(name) ? [[name, part as VersionSet]] : [],
  );

function emptySets(rule: UpgradeRule): Problem[] {
  const phone = examplePhone(rule);
  return setsOf(rule).flatMap(([name, set]) => {
    const low = set.from ?? set.after;
    const high = set.below ?? set.atMost;
    if (Object.keys(set).length === 0) {
      return [wrong(rule.id, `names no versions in ${name}`, 'Give it a bound.')];
    }
    const stranger = [low, high].find(
      (bound) =>
        bound !== undefined && set.alike !== undefined && !isAlike(phone, set.alike, bound),
    );
    if (stranger !== undefined) {
      const reason = `has an empty ${name}: ${stranger} is not of the edition of ${set.alike}`;
      return [wrong(rule.id, reason, 'Name versions of one edition.')];
    }
    if (low === undefined || high === undefined) return [];
    const order = orderOn(phone, low, high);
    const touches = order === 'same' && set.from !== undefined && set.atMost !== undefined;
    if (order === 'older' || touches) return [];
    const reason =
      order === 'incomparable'
        ? `has bounds in ${name} that cannot be ordered: ${low} and ${high}`
        : `has an empty ${name}: ${setInWords(set)}`;
    return [wrong(rule.id, reason, 'Correct the bounds.')];
  });
}

const isAlike = (phone: PhoneKind, a: string, b: string): boolean =>
  orderOn(phone, a, b) !== 'incomparable';

/** A rule whose way in is behind its own door. */
function ownCircle(rule: UpgradeRule): Problem[] {
  const phone = examplePhone(rule);
  const inside = (set: VersionSet, version: string) => membership(set, version, phone) === 'in';
  const reason = (version: string) => `can never be met: ${version} is itself behind this rule`;
  const step = 'Name a version outside of what the rule closes.';
  if (rule.kind === 'stone') {
    return rule.stones
      .filter((stone) => inside(rule.to, stone) || inside(rule.from, stone))
      .map((stone) => wrong(rule.id, reason(stone), step));
  }
  if (rule.kind !== 'floor') return [];
  const { from } = rule.needs;
  const isOpenAbove = rule.to.below === undefined && rule.to.atMost === undefined;
  if (from === undefined || !isOpenAbove || !inside(rule.to, from)) return [];
  return [wrong(rule.id, reason(from), step)];
}

type Demanding = Extract<UpgradeRule, { kind: 'floor' | 'stone' }>;

/** The versions that a rule demands first, one for each way. */
const demanded = (rule: Demanding): readonly string[] =>
  rule.kind === 'stone' ? rule.stones : [rule.needs.from ?? rule.needs.atMost ?? []].flat();

/** Rules that demand each other: what one needs first, another lets in only after it. */
function circles(rules: readonly UpgradeRule[]): Problem[] {
  const demanding = rules.filter((rule) => rule.kind === 'floor' || rule.kind === 'stone');
  const next = (rule: Demanding): Demanding[] =>
    demanding.filter(
      (other) =>
        other !== rule &&
        other.vendor === rule.vendor &&
        meet(rule.models, other.models) &&
        demanded(rule).every((one) => membership(other.to, one, examplePhone(rule)) === 'in'),
    );
  const found = new Map<string, Problem>();
  for (const start of demanding) {
    const circle = circleFrom(start, next);
    if (!circle) continue;
    const names = circle.map(({ id }) => id).sort();
    const reason = `goes in a circle with ${names.filter((id) => id !== names[0]).join(', ')}: each demands the other first`;
    found.set(names.join(), wrong(names[0] ?? start.id, reason, 'Take one of them out.'));
  }
  return [...found.values()];
}

const meet = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((one) =>
    b.some((other) => fits(one, other.replaceAll('*', '')) || fits(other, one.replaceAll('*', ''))),
  );

function circleFrom(
  start: Demanding,
  next: (rule: Demanding) => Demanding[],
): readonly Demanding[] | undefined {
  const seen = new Set<Demanding>();
  const ways: (readonly Demanding[])[] = [[start]];
  for (let way = ways.pop(); way; way = ways.pop()) {
    for (const rule of next(way.at(-1) ?? start)) {
      if (rule === start) return way;
      if (seen.has(rule)) continue;
      seen.add(rule);
      ways.push([...way, rule]);
    }
  }
  return undefined;
}

const concerns = (rule: UpgradeRule, { vendor, models }: KnownVersion): boolean =>
  vendor === rule.vendor && models.some((model) => rule.models.some((one) => fits(one, model)));

/** A way that leads only over versions that nobody may install any more. */
function withdrawnWays(rule: UpgradeRule, versions: readonly KnownVersion[]): Problem[] {
  if (rule.kind !== 'floor' && rule.kind !== 'stone') return [];
  const phone = examplePhone(rule);
  const ways = versions.filter(
    (one) =>
      concerns(rule, one) &&
      (rule.kind === 'stone'
        ? rule.stones.some((stone) => orderOn(phone, stone, one.version) === 'same')
        : membership(rule.needs, one.version, phone) === 'in'),
  );
  if (ways.length === 0 || ways.some(({ isWithdrawn }) => isWithdrawn !== true)) return [];
  const names = ways.map(({ version }) => version).join(', ');
  const reason = `leads only over ${names}, which is withdrawn`;
  return [wrong(rule.id, reason, 'Name another way, or release that version again.')];
}

/** Targets that no phone on the oldest version of its model can ever reach. */
function unreachable(rules: readonly UpgradeRule[], versions: readonly KnownVersion[]): Problem[] {
  const usable = versions.filter(({ isWithdrawn }) => isWithdrawn !== true);
  const found = new Map<string, Problem>();
  for (const [phone, own] of byModel(usable)) {
    const mine = rulesFor(rules, phone).filter(({ hardware }) => hardware === undefined);
    if (mine.length === 0) continue;
    const oldest = own.reduce((a, b) => (orderOn(phone, b.version, a.version) === 'older' ? b : a));
    for (const target of own) {
      const way = road({ phone, from: oldest.version, target, milestones: own, rules: mine });
      if (way.kind !== 'closed' || way.rule === undefined) continue;
      const reason = `keeps ${target.version} of the ${phone.model} out of reach from ${oldest.version}: ${way.reason}`;
      found.set(
        way.rule,
        wrong(way.rule, reason, 'Add the version that it leads over, or correct it.'),
      );
    }
  }
  return [...found.values()];
}

function byModel(versions: readonly KnownVersion[]): [PhoneKind, KnownVersion[]][] {
  const groups = new Map<string, [PhoneKind, KnownVersion[]]>();
  for (const version of versions) {
    for (const model of version.models) {
      const key = `${version.vendor}\n${model}`;
      const group = groups.get(key);
      if (group) group[1].push(version);
      else groups.set(key, [{ vendor: version.vendor, model }, [version]]);
    }
  }
  return [...groups.values()];
}
