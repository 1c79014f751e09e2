import type { ExposureOf } from '@ringwave/firmware-catalog/advisory-index';
import { compareVersions } from '@ringwave/firmware-catalog/version';
import { days, type DurationMs, type EpochMs, hours, laterBy } from '@ringwave/protocol/units';
import { advisoryBoard } from './advisory-board.ts';
import { instantText } from './instant-text.ts';
import { judgePolicies, type PolicyBook, policyBook } from './policy-target.ts';
import { modelKey } from './release-commands.ts';
import type { ControllerTables, Phone } from './state.ts';

// Pass, fail or unknown for each rule and phone, from what phones showed. Unknown never counts as compliant;
// what we sent is never evidence.

export const RULES = [
  'firmware-at-target',
  'firmware-not-vulnerable',
  'credential-unique-and-fresh',
  'seen-within-24-h',
  'model-supported',
  'policy-met',
] as const;
export type Rule = (typeof RULES)[number];

export interface Verdict {
  readonly mac: string;
  readonly site: string;
  readonly rule: Rule;
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly evidence: string;
  /** When the evidence was shown; null where there is none. */
  readonly at: EpochMs | null;
  /** Age of the evidence, milliseconds; null where there is none. */
  readonly ageMs: number | null;
}

/** Version evidence older than this proves nothing about today. */
export const evidenceHolds: DurationMs = days(30);
export const seenWithin: DurationMs = hours(24);

interface Judged {
  readonly verdict: Verdict['verdict'];
  readonly evidence: string;
  readonly at?: EpochMs | undefined;
}

export interface ComplianceView {
  readonly tables: ControllerTables;
  /** How many phones show this credential fingerprint. */
  readonly fingerprints: ReadonlyMap<string, number>;
  readonly policies: PolicyBook;
  readonly now: EpochMs;
  /** When phones are asked whether they were heard of lately: never ahead of the present. */
  readonly heardBy: EpochMs;
}

/** As it stands at `now`. Of a time ahead it is not known who will have been heard of; `heardBy` is the present. */
export function complianceView(
  tables: ControllerTables,
  now: EpochMs,
  heardBy: EpochMs = now,
): ComplianceView {
  const fingerprints = new Map<string, number>();
  for (const { credential } of tables.phones.values()) {
    if (!credential?.fingerprint) continue;
    fingerprints.set(credential.fingerprint, (fingerprints.get(credential.fingerprint) ?? 0) + 1);
  }
  const policies = policyBook(tables, now);
  return { tables, fingerprints, policies, now, heardBy: now < heardBy ? now : heardBy };
}

export function verdictsOf(view: ComplianceView, phone: Phone): readonly Verdict[] {
  const judged: Record<Rule, Judged> = {
    'firmware-at-target': atTarget(view, phone),
    'firmware-not-vulnerable': notVulnerable(view, phone),
    'credential-unique-and-fresh': credential(view, phone),
    'seen-within-24-h': seen(view, phone),
    'model-supported': supported(view, phone),
    'policy-met': policyMet(view, phone),
  };
  return RULES.map((rule) => {
    const { verdict, evidence, at } = judged[rule];
    const asOf = rule === 'seen-within-24-h' ? view.heardBy : view.now;
    const age = at === undefined ? null : asOf - at;
    return {
      mac: phone.mac,
      site: phone.site,
      rule,
      verdict,
      evidence,
      at: at ?? null,
      ageMs: age,
    };
  });
}

const unknown = (evidence: string, at?: EpochMs): Judged => ({ verdict: 'unknown', evidence, at });

/** The version that a phone showed, while that still proves something. */
function shown(
  view: ComplianceView,
  { running }: Phone,
): { version: string; at: EpochMs } | Judged {
  if (!running) return unknown('The phone has never shown a version');
  if (view.now > laterBy(running.at, evidenceHolds))
    return unknown(`Showed ${running.version} too long ago`, running.at);
  return running;
}

function atTarget(view: ComplianceView, phone: Phone): Judged {
  const running = shown(view, phone);
  if ('verdict' in running) return running;
  const target = targetOf(view.tables, phone);
  if (!target) return unknown('No rollout has set a target for this phone', running.at);
  const order = compareVersions(phone.vendor, running.version, target, aboutOf(phone));
  const evidence = `Runs ${running.version}, target ${target}`;
  if (order === 'incomparable') return unknown(`${evidence}: cannot be ordered`, running.at);
  return { verdict: order === 'same' ? 'pass' : 'fail', evidence, at: running.at };
}

const aboutOf = ({ model, hardware }: Phone) => ({ model, ...(hardware ? { hardware } : {}) });

/** The target of the newest approved rollout that named this phone. */
function targetOf(tables: ControllerTables, phone: Phone): string | undefined {
  let newest: { at: number; target: string } | undefined;
  for (const rollout of tables.rollouts.values()) {
    if (!rollout.approvedBy || rollout.state === 'aborted') continue;
    const progress = tables.progress.get(`${rollout.id}/${phone.mac}`);
    if (progress && (!newest || rollout.createdAt > newest.at)) {
      newest = { at: rollout.createdAt, target: progress.target };
    }
  }
  return newest?.target;
}

/** What a phone showed, against every policy that means it. */
export function policyMet(view: ComplianceView, phone: Phone): Judged {
  if (view.policies.policies.length === 0) return unknown('There is no policy');
  const running = shown(view, phone);
  if ('verdict' in running) return running;
  const { policies, tables, now } = view;
  const judged = judgePolicies(policies, tables, phone, running.version, now);
  return judged ? { ...judged, at: running.at } : unknown('No policy means this phone', running.at);
}

/** Advisories named in one line of evidence; the others are counted. */
const advisoriesNamedMax = 5;

function notVulnerable(view: ComplianceView, phone: Phone): Judged {
  const running = shown(view, phone);
  if ('verdict' in running) return running;
  const board = advisoryBoard(view.tables);
  const { vendor } = phone;
  // Configurations are not read back yet: a condition on a setting stays open, which never passes.
  const found = board.index.exposures({ vendor, version: running.version, ...aboutOf(phone) });
  const count = board.countFor(vendor);
  const runs = `Runs ${running.version}`;
  const open = found.filter(({ verdict }) => verdict === 'exposed');
  if (open.length > 0)
    return { verdict: 'fail', evidence: `${runs}: ${worded(open)}`, at: running.at };
  const doubtful = found.filter(
    ({ verdict }) => verdict === 'exposed-unless' || verdict === 'needs-review',
  );
  if (doubtful.length > 0) return unknown(`${runs}: ${worded(doubtful)}`, running.at);
  // Without any advisory nobody has looked, and absence never passes a check.
  if (count === 0) return unknown(`No advisory for ${vendor} is known here`, running.at);
  const evidence = `${runs}: none of ${count} advisories for ${vendor} applies`;
  return { verdict: 'pass', evidence, at: running.at };
}

function worded(found: readonly ExposureOf[]): string {
  const named = found
    .slice(0, advisoriesNamedMax)
    .map(({ id, verdict, words }) => `${id} ${verdict} (${words})`);
  const left = found.length - named.length;
  return named.join('; ') + (left > 0 ? `; and ${left} more` : '');
}

/** Uniqueness by keyed fingerprint; age from the instant the phone proved the secret. */
/** Judged by what was recorded of the model; where nothing was, nobody knows. */
function supported({ tables, now }: ComplianceView, { vendor, model }: Phone): Judged {
  const end = tables.modelEnds.get(modelKey({ vendor, model }));
  if (!end) return unknown(`No end of life is recorded for ${vendor} ${model}`);
  const evidence = `${vendor} mends the ${model} until ${end.on} (${end.source})`;
  return { verdict: now < endOfDay(end.on) ? 'pass' : 'fail', evidence, at: now };
}

/** A vendor's last day counts until it is over everywhere on earth (UTC-12). */
const endOfDay = (day: string): number => Date.parse(`${day}T00:00:00Z`) + hours(36);

function credential(view: ComplianceView, phone: Phone): Judged {
  const held = phone.credential;
  if (!held?.fingerprint || held.provenAt === undefined)
    return unknown('The phone has not proven a credential of its own', held?.at);
  const sharing = (view.fingerprints.get(held.fingerprint) ?? 1) - 1;
  if (sharing > 0)
    return {
      verdict: 'fail',
      evidence: `The same secret on ${sharing} other phones`,
      at: held.provenAt,
    };
  const daysMax = view.tables.sites.get(phone.site)?.credentialDaysMax ?? 90;
  const isFresh = view.now <= laterBy(held.provenAt, days(daysMax));
  const evidence = `Generation ${held.generation}, proven ${instantText(held.provenAt)}, at most ${daysMax} days`;
  return { verdict: isFresh ? 'pass' : 'fail', evidence, at: held.provenAt };
}

function seen(view: ComplianceView, phone: Phone): Judged {
  if (phone.seenAt === undefined) return unknown('Never seen');
  const isRecent = view.heardBy <= laterBy(phone.seenAt, seenWithin);
  const evidence = `Last request ${instantText(phone.seenAt)} from ${phone.address}`;
  return { verdict: isRecent ? 'pass' : 'fail', evidence, at: phone.seenAt };
}

export interface SiteTotals {
  readonly site: string;
  readonly phones: number;
  readonly rules: Readonly<
    Record<Rule, { readonly pass: number; readonly fail: number; readonly unknown: number }>
  >;
}

export function totalsBySite(verdicts: Iterable<Verdict>): readonly SiteTotals[] {
  const sites = new Map<
    string,
    { macs: Set<string>; rules: Record<Rule, { pass: number; fail: number; unknown: number }> }
  >();
  for (const { site, mac, rule, verdict } of verdicts) {
    const totals = sites.get(site) ?? { macs: new Set<string>(), rules: noVerdicts() };
    totals.macs.add(mac);
    totals.rules[rule][verdict] += 1;
    sites.set(site, totals);
  }
  return [...sites.entries()].map(([site, { macs, rules }]) => ({
    site,
    phones: macs.size,
    rules,
  }));
}

const noVerdicts = () =>
  Object.fromEntries(RULES.map((rule) => [rule, { pass: 0, fail: 0, unknown: 0 }])) as Record<
    Rule,
    { pass: number; fail: number; unknown: number }
  >;

const COLUMNS = ['mac', 'site', 'rule', 'verdict', 'evidence', 'at', 'ageMs'] as const;

/** RFC 4180. A cell that a spreadsheet would take for a formula is quoted with an apostrophe (OWASP ASVS 1.2.10). */
export function csvOf(verdicts: Iterable<Verdict>): string {
  const lines = [COLUMNS.join(',')];
  for (const verdict of verdicts) {
    lines.push(
      COLUMNS.map((column) =>
        cell(
          column === 'at' && verdict.at !== null
            ? new Date(verdict.at).toISOString()
            : verdict[column],
        ),
      ).join(','),
    );
  }
  return `${lines.join('\r\n')}\r\n`;
}

function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
