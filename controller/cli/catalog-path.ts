import { startOfFile } from '@ringwave/firmware-catalog/io/file-start';
import { KNOWN_RULES } from '@ringwave/firmware-catalog/known-rules';
import { vendorsOfModel } from '@ringwave/firmware-catalog/model-vendor';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import { rulesProblems } from '@ringwave/firmware-catalog/rules-check';
import { type Hop, type Milestone, type Road, road } from '@ringwave/firmware-catalog/upgrade-road';
import { fits, rulesFor } from '@ringwave/firmware-catalog/upgrade-edge';
import {
  parseRules,
  ruleFileBytesMax,
  type UpgradeRule,
} from '@ringwave/firmware-catalog/upgrade-rule';
import type { VendorKnowledge } from '@ringwave/firmware-catalog/vendors/profile';
import type { PhoneKind } from '@ringwave/firmware-catalog/version-set';
import { KNOWN_VENDORS, knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';
import type { CliOutput } from './json-lines.ts';

// `ringwave catalog path` and `catalog rules`: the road between two versions, and what rules it follows from.

interface PathOptions {
  readonly model: string;
  readonly from: string;
  readonly to: string;
  readonly vendor?: string;
  readonly hardware?: string;
  readonly constraints?: string;
  readonly allowDowngrade?: boolean;
  readonly consent?: readonly string[];
  readonly over?: readonly string[];
  readonly json?: boolean;
}

const WORDS = { model: 'model', from: 'present version', to: 'wanted version' } as const;

const vendorNames = KNOWN_VENDORS.map(({ name }) => name);

export function registerPath(catalog: Command, out: CliOutput): void {
  catalog
    .command('path')
    .description('print the hops from one version to another on a phone, or why there is no road')
    .requiredOption('--model <name>', 'the phone, as it names itself')
    .requiredOption('--from <version>', 'what it runs')
    .requiredOption('--to <version>', 'what it should run')
    .option(
      '--hardware <revision>',
      'its hardware revision; rules for a revision hold while it is unknown',
    )
    .option('--vendor <name>', 'who makes it; needed where several vendors have such a model')
    .option('--over <version...>', 'further versions that may be stepped on')
    .option('--constraints <file>', 'follow the rules of this file as well')
    .option('--allow-downgrade', 'going back is agreed to')
    .option('--consent <rule...>', 'the changes of edition that are agreed to, by rule')
    .option('--json', 'print JSON')
    .action(async (options: PathOptions) => {
      for (const name of ['model', 'from', 'to'] as const) {
        if (options[name].trim() !== '') continue;
        throw new CliFault({ what: `--${name} is empty`, next: `Give the phone’s ${WORDS[name]}` });
      }
      const phone = phoneOf(options);
      const rules = rulesFor(await rulesWith(options.constraints), phone);
      const found = roadOf(phone, rules, options);
      if (found.kind === 'closed' || found.kind === 'incomparable') out.exitWith(1);
      await out.write(
        options.json === true
          ? `${JSON.stringify({ ...phone, ...found })}\n`
          : inWords(found, phone, options),
      );
    });
  catalog
    .command('rules')
    .description('list the rules of upgrade paths, or check a file of them')
    .argument('[file]', 'a constraint file to check')
    .option('--model <name>', 'only the rules about this model')
    .option('--json', 'print JSON')
    .action(async (file: string | undefined, options: { model?: string; json?: boolean }) => {
      const { model } = options;
      const all = file === undefined ? KNOWN_RULES : await rulesOf(file);
      const rules = all.filter(({ models }) => !model || models.some((one) => fits(one, model)));
      if (rules.length === 0 && model !== undefined) out.fail(`no rule is about ${model}`);
      await out.write(
        options.json === true
          ? rules.map((rule) => `${JSON.stringify(rule)}\n`).join('')
          : rules.map(ruleInWords).join(''),
      );
    });
}

const ruleInWords = ({ id, kind, vendor, models, reason, source }: UpgradeRule): string =>
  `${id} (${kind}) ${vendor} ${models.join(', ')}\n  ${reason}\n  source: ${source}\n`;

function phoneOf({ model, vendor, hardware }: PathOptions): PhoneKind {
  const revision = hardware === undefined ? {} : { hardware };
  if (vendor !== undefined) {
    const known = knowledgeOf(vendor);
    if (known) {
      refuseForeign(model, known);
      return { vendor: known.name, model, ...revision };
    }
    throw new CliFault({
      what: `--vendor ${vendor} is not known here`,
      next: `Known are: ${vendorNames.join(', ')}`,
    });
  }
  const [only, ...others] = vendorsOfModel(model);
  if (only !== undefined && others.length === 0) return { vendor: only, model, ...revision };
  throw new CliFault({
    what:
      only === undefined
        ? `no vendor is known for model ${model}`
        : `${model} may be of ${[only, ...others].join(' or ')}`,
    next: 'Name the maker with --vendor',
  });
}

/** A model of another maker would be ordered by the wrong rules; one that nobody here knows may be new. */
function refuseForeign(model: string, { name, lines }: VendorKnowledge): void {
  const makers = vendorsOfModel(model);
  const isOwn = makers.includes(name) || lines.some(({ hasModel }) => hasModel(model));
  if (isOwn || makers.length === 0) return;
  throw new CliFault({
    what: `${model} is no model of ${name}, but of ${makers.join(' or ')}`,
    next: 'Correct --vendor or --model',
  });
}

function roadOf(
  phone: PhoneKind,
  rules: readonly UpgradeRule[],
  { from, to, over = [], allowDowngrade = false, consent = [] }: PathOptions,
): Road<Milestone> {
  const stones = rules.flatMap((rule) => {
    if (rule.kind === 'stone') return rule.stones;
    return rule.kind === 'floor' && rule.needs.from !== undefined ? [rule.needs.from] : [];
  });
  const milestones = [...new Set([...stones, ...over])].map((version) => ({ version }));
  return road({
    phone,
    from,
    target: { version: to },
    milestones,
    rules,
    consent: { downgrade: allowDowngrade, modeChanges: consent },
  });
}

function inWords(found: Road<Milestone>, phone: PhoneKind, { from, to }: PathOptions): string {
  const name = `${phone.vendor} ${phone.model}`;
  if (found.kind === 'arrived') return `${name}: ${from} is ${to} already\n`;
  if (found.kind !== 'road') return `${name}: no road from ${from} to ${to}\n${found.reason}\n`;
  const count = found.hops.length === 1 ? '1 hop' : `${found.hops.length} hops`;
  return `${name}: ${count} from ${from} to ${to}\n${found.hops.map(hopInWords).join('')}`;
}

function hopInWords(hop: Hop<Milestone>, place: number): string {
  const lines = [
    ...hop.steps.map((step) => `by hand first: ${step}`),
    ...hop.demands.map(
      ({ models, needs, rule }) => `${models.join(', ')} must run ${needs} (rule ${rule})`,
    ),
    ...(hop.modeChange === undefined ? [] : [`changes the edition (rule ${hop.modeChange})`]),
    ...hop.notes.map((note) => `note: ${note}`),
  ];
  return `${place + 1}. ${hop.to.version}\n${lines.map((line) => `   ${line}\n`).join('')}`;
}

async function rulesWith(file: string | undefined): Promise<readonly UpgradeRule[]> {
  return file === undefined ? KNOWN_RULES : [...KNOWN_RULES, ...(await rulesOf(file))];
}

/** The rules of a file that is whole and can be kept; every problem is told at once. */
async function rulesOf(file: string): Promise<readonly UpgradeRule[]> {
  const { rules, problems } = parseRules(await textOf(file));
  const wrong = problems ?? rulesProblems(rules);
  if (rules && wrong.length === 0) return rules;
  throw new CliFault({
    what: `${file} is no constraint file that can be followed`,
    why: wrong.map(problemInWords).join(' '),
    next: 'Correct it and try again',
  });
}

const problemInWords = ({ path, reason, nextStep }: Problem): string =>
  `${path === '' ? 'it' : path} ${reason}. ${nextStep}`;

async function textOf(file: string): Promise<string> {
  try {
    return (await startOfFile(file, ruleFileBytesMax + 1)).toString('utf8');
  } catch (error) {
    throw new CliFault(
      { what: `${file} cannot be read`, why: reasonOf(error), next: 'Name a constraint file' },
      error,
    );
  }
}
