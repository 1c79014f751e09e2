import { type Command, Option } from 'commander';
import { ApiClient } from './api-client.ts';
import type { CliOutput } from './json-lines.ts';
import { table } from './print.ts';

interface Totals {
  readonly site: string;
  readonly phones: number;
  readonly rules: Record<string, { pass: number; fail: number; unknown: number }>;
}

export function registerCompliance(program: Command, out: CliOutput): void {
  const compliance = program
    .command('compliance')
    .description('what phones have proven: pass, fail or unknown, with evidence and age');
  compliance
    .command('report')
    .description('verdicts of every rule and phone')
    .option('--site <site>', 'only this site')
    .addOption(
      new Option('--format <format>', 'table shows totals, csv and json every verdict')
        .choices(['table', 'csv', 'json'])
        .default('table'),
    )
    .option('--json', 'the same as --format json')
    .action(async (flags: { site?: string; format: string; json?: boolean }, command: Command) => {
      const format = flags.json ? 'json' : flags.format;
      const query = new URLSearchParams({
        ...(flags.site ? { site: flags.site } : {}),
        ...(format === 'csv' ? { format } : {}),
      });
      const text = await ApiClient.of(command).text(`/compliance?${query.toString()}`);
      if (format !== 'table') return out.write(text.endsWith('\n') ? text : `${text}\n`);
      const { sites } = JSON.parse(text) as { sites: Totals[] };
      return out.write(
        `${table(['site', 'rule', 'pass', 'fail', 'unknown'], sites.flatMap(rows)).join('\n')}\n`,
      );
    });
}

const rows = ({ site, rules }: Totals): string[][] =>
  Object.entries(rules).map(([rule, { pass, fail, unknown }]) => [
    site,
    rule,
    String(pass),
    String(fail),
    String(unknown),
  ]);
