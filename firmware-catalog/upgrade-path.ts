import { isFor, type Release } from './release.ts';
import { compareVersions } from './version.ts';

export interface UpgradeQuestion {
  readonly vendor: string;
  readonly model: string;
  readonly hardware?: string;
  /** Null: nobody has seen what the phone runs. */
  readonly running: string | null;
  readonly target: Release;
  /** All that could serve as stepping stones; those that do not fit the phone are passed over. */
  readonly releases: readonly Release[];
  /** Going back loses fixes and settings: only when someone says so. */
  readonly allowDowngrade?: boolean;
}

export type UpgradePath =
  | { readonly kind: 'path'; readonly hops: readonly Release[] }
  | { readonly kind: 'arrived' }
  | { readonly kind: 'incomparable' | 'no-path'; readonly reason: string };

/** Hops of one path. A phone is down for minutes at each; a longer road is planned by hand. */
export const hopsMax = 16;

/**
 * The shortest road from what runs to the target, over stepping stones where a release demands a floor
 * (`requires.fromAtLeast`). Only newer releases are stepped on. 'incomparable' holds the phone.
 */
export function upgradePath(question: UpgradeQuestion): UpgradePath {
  const { vendor, model, running, target } = question;
  if (running === null) {
    return { kind: 'incomparable', reason: 'Nobody has seen yet which version this phone runs' };
  }
  if (!isFor(target, question)) {
    const hardware = question.hardware === undefined ? '' : ` with hardware ${question.hardware}`;
    return noPath(`${target.version} is not for a ${vendor} ${model}${hardware}`);
  }
  const order = orderIn(question)(running, target.version);
  if (order === 'same') return { kind: 'arrived' };
  if (order === 'incomparable') {
    const reason = `${running} cannot be ordered against ${target.version} on a ${vendor} ${model}`;
    return { kind: 'incomparable', reason };
  }
  return order === 'newer' ? wayBack(question, running) : wayForward(question, running);
}

/** The next release to install; undefined when there is none to install now. */
export function nextHop(question: UpgradeQuestion): Release | undefined {
  const path = upgradePath(question);
  return path.kind === 'path' ? path.hops[0] : undefined;
}

const orderIn =
  ({ vendor, model, hardware }: UpgradeQuestion) =>
  (a: string, b: string) =>
    compareVersions(vendor, a, b, hardware === undefined ? { model } : { model, hardware });

const noPath = (reason: string): UpgradePath => ({ kind: 'no-path', reason });

function wayBack(question: UpgradeQuestion, running: string): UpgradePath {
  const { target, releases, allowDowngrade = false } = question;
  if (!allowDowngrade) {
    return noPath(`${running} is newer than ${target.version}, and going back is not allowed here`);
  }
  const order = orderIn(question);
  const door = releases.find(
    (release) =>
      release.oneWay &&
      isFor(release, question) &&
      order(target.version, release.version) === 'older' &&
      order(release.version, running) !== 'newer',
  );
  return door
    ? noPath(`There is no way back from ${door.version} to ${target.version}`)
    : { kind: 'path', hops: [target] };
}

/** Breadth first, newest stones first, so that the shortest road is found and always the same one. */
function wayForward(question: UpgradeQuestion, running: string): UpgradePath {
  const stones = stonesBefore(question, running);
  const order = orderIn(question);
  const seen = new Set<Release>();
  let roads: (readonly Release[])[] = [[]];
  for (let hops = 0; hops < hopsMax && roads.length > 0; hops += 1) {
    const longer: (readonly Release[])[] = [];
    for (const road of roads) {
      const from = road.at(-1)?.version ?? running;
      if (opens(question.target, from, order))
        return { kind: 'path', hops: [...road, question.target] };
      for (const stone of stones) {
        if (seen.has(stone) || order(from, stone.version) !== 'older' || !opens(stone, from, order))
          continue;
        seen.add(stone);
        longer.push([...road, stone]);
      }
    }
    roads = longer;
  }
  const { target } = question;
  const floor = target.requires?.fromAtLeast ?? target.version;
  return noPath(
    `${target.version} needs ${floor} or later first, and no release known here leads there from ${running}`,
  );
}

type Compare = ReturnType<typeof orderIn>;

/** Whether a phone on `from` may install it; a floor that cannot be compared keeps it shut. */
function opens(release: Release, from: string, order: Compare): boolean {
  const floor = release.requires?.fromAtLeast;
  if (floor === undefined) return true;
  const met = order(from, floor);
  return met === 'same' || met === 'newer';
}

function stonesBefore(question: UpgradeQuestion, running: string): Release[] {
  const order = orderIn(question);
  const { target } = question;
  return question.releases
    .filter(
      (release) =>
        release.id !== target.id &&
        isFor(release, question) &&
        order(running, release.version) === 'older' &&
        order(release.version, target.version) === 'older',
    )
    .sort((a, b) => newestFirst(order(a.version, b.version)) || (a.id < b.id ? -1 : 1));
}

const newestFirst = (order: ReturnType<Compare>): number =>
  order === 'older' ? 1 : order === 'newer' ? -1 : 0;
