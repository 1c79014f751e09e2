import type { Problem } from '@ringwave/firmware-catalog/problems';
import { advisoryExposure, type ExposedPhone } from '@ringwave/firmware-catalog/advisory-exposure';
import {
  type PlacedAdvisory,
  type Placement,
  placeAdvisories,
} from '@ringwave/firmware-catalog/advisory-placing';
import { type Priority, priorityOf } from '@ringwave/firmware-catalog/advisory-priority';
import { readAdvisoryRecords } from '@ringwave/firmware-catalog/advisory-record';
import { KNOWN_VENDORS, knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import { namesOf } from '@ringwave/firmware-catalog/product-alias';
import { SETTING_NAMES, type VersionRange } from '@ringwave/firmware-catalog/version-wording';
import { CliFault } from '@ringwave/runtime/cli-fault';
import { epochMs } from '@ringwave/protocol/units';
import type { Command } from 'commander';
import { readJsonFile } from './json-file.ts';
import type { CliOutput } from './json-lines.ts';

interface Flags {
  readonly from: string;
  readonly phone?: readonly string[];
  readonly setting?: readonly string[];
  readonly json?: boolean;
}

/** `ringwave catalog advisories`: what a list of advisories means for which phones, without a controller. */
export function registerAdvisories(catalog: Command, out: CliOutput): void {
  catalog
    .command('advisories')
    .description(
      'place a list of advisories on models and version ranges, or say why a person must look',
    )
    .requiredOption(
      '--from <file>',
      'a JSON list of {cve, vendor, models, affected, fixedIn, cvss, …}; - reads standard input',
    )
    .option(
      '--phone <vendor/model/version>',
      'a phone whose exposure is told; may be given again',
      together,
    )
    .option(
      '--setting <name=on|off>',
      'what the phones’ configuration shows, such as ice=off; may be given again',
      together,
    )
    .option('--json', 'print one JSON line for each advisory')
    .action(async ({ from, phone = [], setting = [], json = false }: Flags) => {
      const phones = phone.map(phoneOf);
      const evidence = evidenceOf(setting.map(settingOf));
      const { claims, problems } = readAdvisoryRecords(await readJsonFile(from));
      for (const problem of problems) out.fail(`${from}: ${plainProblem(problem).trim()}`);
      if (problems.length > 0) out.exitWith(2);
      if (claims.length + problems.length === 0) {
        throw new CliFault({
          what: `${from} names no advisory`,
          next: 'Name a list that has some',
        });
      }
      const now = epochMs(Date.now());
      for (const advisory of placeAdvisories(claims)) {
        const priority = now && priorityOf(advisory, now, advisory.exploited?.since ?? now);
        const exposures = phones.map((one) => ({
          phone: one,
          ...advisoryExposure(advisory, one, evidence),
        }));
        const whole = { ...advisory, priority, exposures };
        await out.write(json ? `${JSON.stringify(whole)}\n` : plain(whole));
      }
    });
}

const together = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** `Yealink/T46S/66.86.0.15`; the version may be left out, as it is of a phone never seen. */
function phoneOf(text: string): ExposedPhone {
  const [vendor = '', model = '', ...rest] = text.split('/');
  if (vendor === '' || model === '') {
    throw new CliFault({
      what: `--phone ${text} names no phone`,
      why: 'it is vendor/model/version',
      next: 'Write it like Yealink/T46S/66.86.0.15',
    });
  }
  const version = rest.join('/');
  const named = knowledgeOf(vendor)?.name ?? namesOf(vendor)?.vendor;
  if (named === undefined) {
    throw new CliFault({
      what: `--phone ${text} is of a vendor that is not known here`,
      next: `Known are: ${KNOWN_VENDORS.map(({ name }) => name).join(', ')}`,
    });
  }
  return {
    vendor: named,
    model,
    version: version === '' ? null : version,
  };
}

function evidenceOf(settings: readonly [string, 'on' | 'off'][]): Record<string, 'on' | 'off'> {
  const evidence: Record<string, 'on' | 'off'> = {};
  for (const [name, state] of settings) {
    if (!SETTING_NAMES.includes(name)) {
      throw new CliFault({
        what: `--setting ${name} is none that an advisory asks for`,
        next: `Settings are: ${SETTING_NAMES.join(', ')}`,
      });
    }
    if (evidence[name] !== undefined && evidence[name] !== state) {
      throw new CliFault({ what: `--setting ${name} is both on and off`, next: 'Give it once' });
    }
    evidence[name] = state;
  }
  return evidence;
}

function settingOf(text: string): [string, 'on' | 'off'] {
  const [, name, state] = /^([a-z0-9-]{1,40})=(on|off)$/.exec(text) ?? [];
  if (name === undefined || (state !== 'on' && state !== 'off')) {
    throw new CliFault({
      what: `--setting ${text} says nothing`,
      why: 'it is name=on or name=off',
      next: 'Write it like ice=off',
    });
  }
  return [name, state];
}

interface Whole extends PlacedAdvisory {
  readonly priority: Priority | undefined;
  readonly exposures: readonly { phone: ExposedPhone; verdict: string; words: string }[];
}

function plain(whole: Whole): string {
  const { id, placements, reviews, notPhones, scores, priority, exposures } = whole;
  const scored = scores.map(({ score, issuer }) => `${score} (${issuer})`).join(', ');
  const lines = [
    `${id}: ${headOf(whole)}; ${scored === '' ? 'not scored' : `scored ${scored}`}`,
    ...placements.map((one) => `  placed: ${plainPlacement(one)}`),
    ...notPhones.map(
      ({ wording, name, class: kind, versions }) =>
        `  not a phone: ${wording} (${kind}: ${name}), versions ${versions}`,
    ),
    ...reviews.map(
      ({ wording, reason }) => `  needs review: ${JSON.stringify(wording)}: ${reason}`,
    ),
    ...(priority ? [`  due: ${plainPriority(priority)}`] : []),
    ...exposures.map(
      ({ phone, verdict, words }) =>
        `  ${phone.vendor} ${phone.model} ${phone.version ?? '(version unseen)'}: ${verdict}, ${words}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function headOf({ placements, notPhones, reviews }: PlacedAdvisory): string {
  const vendors = [...new Set(placements.map(({ vendor }) => vendor))];
  const models = new Set(placements.flatMap(modelsOf));
  if (vendors.length > 0) return `placed on ${models.size} model(s) of ${vendors.join(', ')}`;
  if (notPhones.length > 0) return 'not a phone';
  return `needs review, ${reviews.length} reason(s)`;
}

function modelsOf({ products, except }: Placement): string[] {
  const left = new Set(except.flatMap(({ models }) => models));
  return products.flatMap(({ models }) => models).filter((model) => !left.has(model));
}

function plainPlacement(placement: Placement): string {
  const {
    vendor,
    products,
    except,
    firmware,
    status,
    range,
    isPartial,
    fixedIn,
    fixWords,
    conditions,
  } = placement;
  const fixes = [...fixedIn.map(({ version }) => version), ...fixWords];
  return [
    `${vendor} ${products.map(({ name }) => name).join(', ')}`,
    except.length === 0 ? '' : ` but not ${except.map(({ name }) => name).join(', ')}`,
    firmware === undefined ? '' : ` with ${firmware} firmware`,
    status === 'affected' ? '' : ` (${status})`,
    `: ${range ? plainRange(range) : 'no range'}`,
    isPartial ? ' (other lines differ)' : '',
    fixes.length === 0 ? '; no fix known' : `; fixed in ${fixes.join(', ')}`,
    ...conditions.map(({ words }) => `; condition: ${words}`),
  ].join('');
}

function plainRange({ from, after, below, atMost, exactly, all }: VersionRange): string {
  if (all) return 'every version';
  if (exactly) return exactly.map(({ version }) => version).join(', ');
  const sides = [
    from && `>= ${from.version}`,
    after && `> ${after.version}`,
    below && `< ${below.version}`,
    atMost && `<= ${atMost.version}`,
  ];
  return sides.filter((side) => side !== undefined).join(' and ');
}

const plainPriority = ({
  rule,
  words,
  dueAt,
  isOverdue,
  actionWords,
  kevDueOn,
}: Priority): string =>
  [
    `${new Date(dueAt).toISOString().slice(0, 10)}${isOverdue ? ' (overdue)' : ''} by rule ${rule}, ${words}; ${actionWords}`,
    kevDueOn === undefined ? '' : `; CISA’s date for US agencies: ${kevDueOn}`,
  ].join('');

const plainProblem = ({ path, reason, nextStep }: Problem): string =>
  `${path === '' ? 'the list' : path} ${reason}. ${nextStep}\n`;
