// One step from a version to another: may a phone take it, and which rule says no.

import type { UpgradeRule, VersionSet } from './upgrade-rule.ts';
import { type Membership, membership, orderOn, type PhoneKind, setInWords } from './version-set.ts';

/** What a person has agreed to for this road. */
export interface Consent {
  /** Going back loses fixes and settings. */
  readonly downgrade?: boolean;
  /** Ids of the mode changes agreed to. */
  readonly modeChanges?: readonly string[];
}

export type Edge =
  | {
      readonly kind: 'open';
      /** What must be done by hand before it, in order. */
      readonly steps: readonly string[];
      readonly demands: readonly Demand[];
      readonly notes: readonly string[];
      readonly modeChange?: string;
    }
  /** `rule` is absent where the vendor's order of versions alone says no. */
  | {
      readonly kind: 'closed' | 'incomparable';
      readonly reason: string;
      readonly rule?: UpgradeRule;
    };

export type Shut = Exclude<Edge, { kind: 'open' }>;

/** What another device must run first (handset and base, expansion module and host). */
export interface Demand {
  readonly rule: string;
  readonly models: readonly string[];
  readonly needs: string;
}

export interface Step {
  readonly phone: PhoneKind;
  readonly from: string;
  readonly to: string;
  readonly consent: Consent;
}

/** The rules that concern a phone. One that depends on a hardware revision nobody has seen concerns it. */
export const rulesFor = (rules: readonly UpgradeRule[], phone: PhoneKind): UpgradeRule[] =>
  rules.filter(
    (rule) =>
      rule.vendor === phone.vendor &&
      rule.models.some((pattern) => fits(pattern, phone.model)) &&
      !(rule.exceptModels?.some((pattern) => fits(pattern, phone.model)) ?? false) &&
      hardwareFits(rule.hardware, phone.hardware),
  );

/** `VVX*` and the like: the signs between the stars, in order. Linear, for patterns come from files. */
export function fits(pattern: string, model: string): boolean {
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  const name = model.toLowerCase();
  if (rest.length === 0) return name === first;
  if (!name.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

function hardwareFits(wanted: UpgradeRule['hardware'], hardware: string | undefined): boolean {
  if (!wanted || hardware === undefined) return true;
  const named = wanted.oneOf?.some((one) => one.toLowerCase() === hardware.toLowerCase()) ?? false;
  return named || (wanted.from !== undefined && notBelow(hardware, wanted.from));
}

/** Revisions are letters and a number (`V15`, `1.3A`); other letters are another count. */
function notBelow(hardware: string, floor: string): boolean {
  const [have, need] = [hardware, floor].map((text) => /^(\D{0,8})(\d{1,6})/.exec(text.trim()));
  if (!have || !need) return true;
  return have[1]?.toLowerCase() !== need[1]?.toLowerCase() || Number(have[2]) >= Number(need[2]);
}

/** Judges one step by rules that already concern the phone. The first rule that closes it is named. */
export function edge(rules: readonly UpgradeRule[], step: Step): Edge {
  const change = rules.find((rule) => rule.kind === 'mode-change' && crosses(rule, step) === 'in');
  const agreed = change !== undefined && step.consent.modeChanges?.includes(change.id);
  if (change?.kind === 'mode-change' && !agreed) {
    return closed(
      change,
      `${step.to} is another edition; going there costs ${change.costs.join(', ')} and needs consent`,
    );
  }
  const steps: string[] = [];
  const demands: Demand[] = [];
  const notes: string[] = [];
  let doubt: Shut | undefined;
  for (const rule of rules) {
    if (isDisproved(rule, step)) continue;
    const verdict = judge(rule, step);
    if (verdict?.kind === 'closed') return withRevision(verdict, rule, step);
    doubt ??= verdict;
    if (rule.kind === 'steps' && crosses(rule, step) === 'in') steps.push(...rule.steps);
    if (rule.kind === 'note' && crosses(rule, step) === 'in')
      notes.push(`${rule.reason} (rule ${rule.id}, ${rule.source})`);
    if (rule.kind === 'pair' && within(rule.to, step.to, step) === 'in') {
      const needs = setInWords(rule.companionNeeds);
      demands.push({ rule: rule.id, models: rule.companionModels, needs });
    }
  }
  // A rule that says no tells more than the order of versions, and that tells more than a rule in doubt.
  const shut = (change ? undefined : inOrder(step)) ?? doubt;
  if (shut) return shut;
  return { kind: 'open', steps, demands, notes, ...(change ? { modeChange: change.id } : {}) };
}

/** A phone that runs what a revision cannot run is not of that revision. */
function isDisproved(rule: UpgradeRule, step: Step): boolean {
  if (rule.hardware === undefined || step.phone.hardware !== undefined) return false;
  if (rule.kind === 'only') return within(rule.only, step.from, step) === 'out';
  return rule.kind === 'forbidden' && rule.from === undefined
    ? within(rule.to, step.from, step) === 'in'
    : false;
}

/** A rule for some revisions holds while the phone's is unknown; the reason says so, for a look at it may open the road. */
function withRevision(edge: Shut, rule: UpgradeRule, { phone }: Step): Edge {
  if (rule.hardware === undefined || phone.hardware !== undefined) return edge;
  return { ...edge, reason: `${edge.reason} (its hardware revision is not known)` };
}

const within = (set: VersionSet, version: string, { phone }: Step): Membership =>
  membership(set, version, phone);

/** Whether a step leads from one set into the other. */
function crosses(rule: { from?: VersionSet; to: VersionSet }, step: Step): Membership {
  const start = rule.from === undefined ? 'in' : within(rule.from, step.from, step);
  const both = [start, within(rule.to, step.to, step)];
  if (both.includes('out')) return 'out';
  return both.includes('unsure') ? 'unsure' : 'in';
}

function inOrder({ phone, from, to, consent }: Step): Shut | undefined {
  const order = orderOn(phone, from, to);
  if (order === 'incomparable') {
    const reason = `${from} cannot be ordered against ${to} on a ${phone.vendor} ${phone.model}`;
    return { kind: 'incomparable', reason };
  }
  if (order !== 'newer' || consent.downgrade === true) return undefined;
  const reason = `${from} is newer than ${to}, and going back is not allowed here`;
  return { kind: 'closed', reason };
}

function judge(rule: UpgradeRule, step: Step): Shut | undefined {
  switch (rule.kind) {
    case 'floor':
      return judgeFloor(rule, step);
    case 'stone':
      return judgeCrossing(
        rule,
        step,
        `the road to ${step.to} leads over ${rule.stones.join(' or ')}`,
      );
    case 'forbidden':
      return judgeCrossing(rule, step, `no phone goes from ${step.from} to ${step.to}`);
    case 'steps':
      return crosses(rule, step) === 'unsure' ? unsure(rule, step) : undefined;
    case 'one-way': {
      if (within(rule.into, step.from, step) !== 'in') return undefined;
      const after = within(rule.into, step.to, step);
      if (after === 'unsure') return unsure(rule, step);
      const reason = `There is no way back from ${step.from} to ${step.to}`;
      return after === 'out' ? closed(rule, reason) : undefined;
    }
    case 'only': {
      const there = within(rule.only, step.to, step);
      if (there === 'unsure') return unsure(rule, step);
      return there === 'out'
        ? closed(
            rule,
            `${step.to} is not for it, which runs only versions ${setInWords(rule.only)}`,
          )
        : undefined;
    }
    case 'pair':
    case 'note':
    case 'mode-change':
      return undefined;
    default:
      return rule satisfies never;
  }
}

function judgeFloor(rule: Extract<UpgradeRule, { kind: 'floor' }>, step: Step): Shut | undefined {
  const there = within(rule.to, step.to, step);
  if (there === 'out' || within(rule.to, step.from, step) === 'in') return undefined;
  const met = within(rule.needs, step.from, step);
  if (there === 'in' && met === 'in') return undefined;
  if (there === 'unsure' || met === 'unsure') return unsure(rule, step);
  return closed(rule, `${step.to} needs ${setInWords(rule.needs)} first`);
}

function judgeCrossing(
  rule: Extract<UpgradeRule, { kind: 'stone' | 'forbidden' }>,
  step: Step,
  reason: string,
): Shut | undefined {
  const verdict = crosses(rule, step);
  if (verdict === 'unsure') return unsure(rule, step);
  return verdict === 'in' ? closed(rule, reason) : undefined;
}

/** What a rule of a document adds to a reason; a rule that a release itself carries says it all already. */
export const cited = (rule: UpgradeRule | undefined): string =>
  rule === undefined || rule.id.startsWith(ownRulePrefix)
    ? ''
    : `: ${rule.reason} (rule ${rule.id}, ${rule.source})`;

/** No rule of a file can begin so. */
export const ownRulePrefix = 'release:';

const closed = (rule: UpgradeRule, reason: string): Shut => ({ kind: 'closed', rule, reason });

const unsure = (rule: UpgradeRule, { from, to, phone }: Step): Shut => ({
  kind: 'incomparable',
  rule,
  reason: `${from} to ${to} on a ${phone.vendor} ${phone.model} cannot be placed`,
});
