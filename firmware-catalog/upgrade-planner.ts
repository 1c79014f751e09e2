import { KNOWN_RULES } from './known-rules.ts';
import { isFor, type Release } from './release.ts';
import { rulesFor } from './upgrade-edge.ts';
import { pathAmong, type UpgradePath } from './upgrade-path.ts';
import type { UpgradeRule } from './upgrade-rule.ts';
import type { PhoneKind } from './version-set.ts';

/** What a fleet asks: thousands of phones of few kinds. */
export interface PlannerQuestion extends PhoneKind {
  readonly running: string | null;
  readonly target: Release;
  /** Going back loses fixes and settings: only when someone says so. */
  readonly allowDowngrade?: boolean;
}

/** Answers kept; a fleet of a million has some ten thousand kinds of model, revision and version. */
const answersMax = 200_000;

/**
 * Answers `upgradePath` for many phones over one set of releases: what fits a model is looked up once, and
 * phones of one kind share one answer. Releases and rules are those of its making.
 */
export class UpgradePlanner {
  readonly #byModel = new Map<string, Release[]>();
  readonly #rules: readonly UpgradeRule[];
  readonly #answers = new Map<string, UpgradePath>();

  constructor(releases: readonly Release[], rules: readonly UpgradeRule[] = KNOWN_RULES) {
    this.#rules = rules;
    for (const release of releases) {
      for (const model of release.models) {
        const key = `${release.vendor}\n${model}`;
        const own = this.#byModel.get(key);
        if (own) own.push(release);
        else this.#byModel.set(key, [release]);
      }
    }
  }

  path(question: PlannerQuestion): UpgradePath {
    const { vendor, model, hardware = '', running, target, allowDowngrade = false } = question;
    const key = `${vendor}\n${model}\n${hardware}\n${running}\n${target.id}\n${allowDowngrade}`;
    const known = this.#answers.get(key);
    if (known) return known;
    const answer = this.#find(question);
    if (this.#answers.size >= answersMax) this.#answers.clear();
    this.#answers.set(key, answer);
    return answer;
  }

  /** The next release to install; undefined when there is none to install now. */
  nextHop(question: PlannerQuestion): Release | undefined {
    const path = this.path(question);
    return path.kind === 'path' ? path.hops[0] : undefined;
  }

  #find({
    vendor,
    model,
    hardware,
    running,
    target,
    allowDowngrade,
  }: PlannerQuestion): UpgradePath {
    const phone = { vendor, model, ...(hardware === undefined ? {} : { hardware }) };
    const fitting = this.#byModel.get(`${vendor}\n${model}`) ?? [];
    const milestones = fitting.filter((release) => isFor(release, phone));
    const rules = rulesFor(this.#rules, phone);
    const consent = allowDowngrade === undefined ? {} : { allowDowngrade };
    return pathAmong(milestones, { phone, running, target, rules, ...consent });
  }
}
