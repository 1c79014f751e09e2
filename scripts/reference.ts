import { KNOWN_VENDORS, profileOf } from '@ringwave/firmware-catalog/vendors/all';
import { missingFacts } from '@ringwave/firmware-catalog/vendors/served-by-facts';
import { CLASS_RULES, FAULT_CLASSES, FAULT_CODES, FAULTS } from '@ringwave/protocol/faults';
import type { Command, Option } from 'commander';
import { ringwaveAgentProgram } from '../agent/cli/ringwave-agent.ts';
import { ringwaveProgram } from '../controller/cli/ringwave.ts';
import { desiredSchema } from '../controller/io/rest/desired-inputs.ts';

// The parts of docs/ that follow from code. `npm run docs` writes them; test/tidy.test.ts compares them.

/** Each generated part stands between these two lines of its document. */
const partBegins = '<!-- from the code: npm run docs -->';
const partEnds = '<!-- end -->';

export const GENERATED: Readonly<Record<string, () => string>> = {
  'docs/cli.md': () =>
    [ringwaveProgram(), ringwaveAgentProgram()].map((program) => commands(program)).join('\n'),
  'docs/faults.md': faults,
  'docs/vendors.md': vendors,
};

/** Published schemas, whole files. */
export const SCHEMAS: Readonly<Record<string, () => object>> = {
  'docs/schema/desired-state.schema.json': desiredSchema,
};

/** The document with its generated part as the code has it now; undefined where the two lines are missing. */
export function renewed(document: string, part: string): string | undefined {
  const begin = document.indexOf(partBegins);
  const end = document.indexOf(partEnds, begin);
  if (begin < 0 || end < 0) return undefined;
  return `${document.slice(0, begin + partBegins.length)}\n\n${part.trim()}\n\n${document.slice(end)}`;
}

function commands(command: Command, above = ''): string {
  const name = `${above}${command.name()}`;
  const own = command.commands.length > 0 && above !== '' ? '' : section(command, name);
  return [own, ...command.commands.map((one) => commands(one, `${name} `))].join('');
}

function section(command: Command, name: string): string {
  const wanted = command.registeredArguments.map((one) =>
    one.required ? `<${one.name()}${one.variadic ? '...' : ''}>` : `[${one.name()}]`,
  );
  const lines = command.options.filter((one) => !one.hidden).map(optionLine);
  const options = lines.length > 0 ? `${lines.join('\n')}\n\n` : '';
  return `### ${[name, ...wanted].join(' ')}\n\n${command.description()}\n\n${options}`;
}

function optionLine(option: Option): string {
  const value = option.defaultValue === undefined ? '' : String(option.defaultValue);
  const usually = value === '' ? '' : ` (usually \`${value}\`)`;
  const must = option.mandatory ? ' (required)' : '';
  return `- \`${option.flags}\`: ${option.description}${must}${usually}`;
}

function faults(): string {
  const rows = FAULT_CODES.map(
    (code) =>
      `| \`${code}\` | ${FAULTS[code].class} | ${FAULTS[code].retry} | ${FAULTS[code].advice} |`,
  );
  const classes = FAULT_CLASSES.map((name) => {
    const { freeTriesMax, countsInGate } = CLASS_RULES[name];
    return `| ${name} | ${freeTriesMax} | ${countsInGate ? 'yes' : 'no'} |`;
  });
  return [
    '| class | tries that cost no attempt | counts among a gate’s failures |',
    '|---|---|---|',
    ...classes,
    '',
    '| code | class | tried again | what to do |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function vendors(): string {
  const rows = KNOWN_VENDORS.flatMap((vendor) => {
    const hasOwnCode = profileOf(vendor.name) === vendor;
    return vendor.lines.map((line) => {
      const missing = missingFacts(line);
      const byFacts = missing.length === 0 ? 'yes' : `no: ${missing.join('; ')}`;
      return `| ${vendor.name} | ${line.line} | ${hasOwnCode ? 'by code of its own' : byFacts} |`;
    });
  });
  return ['| vendor | line | served |', '|---|---|---|', ...rows].join('\n');
}
