import { CliFault } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';
import {
  isDay,
  isZone,
  type Opening,
  openingDaysMax,
  openingsBetween,
  windowProblem,
} from '../core/window.ts';
import { WEEKDAYS, type Weekday } from '../core/state.ts';
import { nearest } from '@ringwave/protocol/nearest';
import type { CliOutput } from './json-lines.ts';

interface OpeningsOptions {
  readonly zone: string;
  readonly days: string;
  readonly start: string;
  readonly end: string;
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
}

/** `ringwave window`: what a rule means in instants, without a controller running. */
export function registerWindow(program: Command, out: CliOutput): void {
  program
    .command('window')
    .description('reboot windows: local rules, and the instants that follow from them')
    .command('openings')
    .description('print the openings of a rule, nights when clocks change included')
    .requiredOption('--zone <zone>', 'an IANA time zone, such as Europe/Lisbon')
    .requiredOption('--days <days>', `weekdays, such as mon,tue; of ${WEEKDAYS.join(', ')}`)
    .requiredOption('--start <time>', 'local wall clock, HH:MM')
    .requiredOption('--end <time>', 'local wall clock, HH:MM; at or before the start: the next day')
    .requiredOption('--from <date>', 'first local start date, YYYY-MM-DD')
    .requiredOption('--to <date>', 'last local start date')
    .option('--json', 'print one JSON line for each opening, instants in UTC')
    .action(async (options: OpeningsOptions) => {
      const rule = { days: daysOf(options.days), start: options.start, end: options.end };
      refuseWrong(options, rule);
      const range = { from: options.from, to: options.to, withEmpty: true };
      let text = '';
      for (const opening of openingsBetween(rule, options.zone, range)) {
        if (opening.end > opening.start) text += lineOf(opening, options);
        else out.fail(`${opening.date} is dropped: ${opening.note ?? 'it is empty'}`);
      }
      await out.write(text);
    });
}

function daysOf(text: string): Weekday[] {
  return text.split(',').map((word) => {
    const name = word.trim().toLowerCase();
    const day = WEEKDAYS.find((one) => one === name);
    if (day) return day;
    const hint = nearest(name, WEEKDAYS);
    throw new CliFault({
      what: `cannot read --days ${text}`,
      why: `${word} is no weekday`,
      next: hint ? `Did you mean ${hint}?` : `Name some of: ${WEEKDAYS.join(', ')}`,
    });
  });
}

function refuseWrong(
  { zone, from, to }: OpeningsOptions,
  rule: Parameters<typeof windowProblem>[0],
): void {
  if (!isZone(zone)) {
    const hint = nearest(zone, Intl.supportedValuesOf('timeZone'));
    const next = hint ? `Did you mean ${hint}?` : 'Give an IANA zone such as Europe/Lisbon';
    throw new CliFault({ what: `--zone ${zone} is not an IANA time zone`, next });
  }
  for (const [name, day] of Object.entries({ from, to })) {
    if (isDay(day)) continue;
    throw new CliFault({ what: `--${name} ${day} is no day`, next: 'Write it as YYYY-MM-DD' });
  }
  const apart = (Date.parse(to) - Date.parse(from)) / 86_400_000;
  if (apart < 0)
    throw new CliFault({ what: `--to ${to} is before --from ${from}`, next: 'Swap them' });
  if (apart >= openingDaysMax) {
    const what = `${from} to ${to} are more than ${openingDaysMax} days`;
    throw new CliFault({ what, next: 'Ask for fewer at once' });
  }
  const problem = windowProblem(rule, 0);
  if (problem) {
    throw new CliFault({
      what: `the rule ${rule.start} to ${rule.end}`,
      why: problem,
      next: 'Correct --start and --end',
    });
  }
}

function lineOf({ date, start, end, note }: Opening, { zone, json }: OpeningsOptions): string {
  const [from, to] = [start, end].map((at) => new Date(at).toISOString());
  if (json === true)
    return `${JSON.stringify({ date, start: from, end: to, ...(note ? { note } : {}) })}\n`;
  return `${date} ${zone}: ${from} to ${to}${note ? ` (${note})` : ''}\n`;
}
