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
import { turnedWords } from '../core/turned-words.ts';
import { nearest } from '@ringwave/protocol/nearest';
import type { OpeningView } from '@ringwave/protocol/views';
import { ApiClient } from './api-client.ts';
import type { CliOutput } from './json-lines.ts';

interface RangeOptions {
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
}
interface RuleOptions extends RangeOptions {
  readonly zone: string;
  readonly days: string;
  readonly start: string;
  readonly end: string;
}
interface OpeningsOptions extends RangeOptions, Partial<Omit<RuleOptions, keyof RangeOptions>> {
  readonly site?: string;
}

/** `ringwave window`: what a rule means in instants, without a controller; of a site, what is left of its rules. */
export function registerWindow(program: Command, out: CliOutput): void {
  program
    .command('window')
    .description('reboot windows: local rules, and the instants that follow from them')
    .command('openings')
    .description('print the openings of a rule or a site, nights when clocks change included')
    .option('--site <site>', 'a site of the controller, with its blackout days and planned freezes')
    .option('--zone <zone>', 'an IANA time zone, such as Europe/Lisbon')
    .option('--days <days>', `weekdays, such as mon,tue; of ${WEEKDAYS.join(', ')}`)
    .option('--start <time>', 'local wall clock, HH:MM')
    .option('--end <time>', 'local wall clock, HH:MM; before the start: the next day')
    .requiredOption('--from <date>', 'first local start date, YYYY-MM-DD')
    .requiredOption('--to <date>', 'last local start date')
    .option('--json', 'print one JSON line for each opening, instants in UTC')
    .action(async (options: OpeningsOptions, command: Command) => {
      const { site } = options;
      if (site === undefined)
        return tell(ofRule(ruleIn(options)), options.zone ?? '', options, out);
      const given = RULE.filter((name) => options[name] !== undefined);
      if (given.length > 0) {
        const what = `--site and --${given.join(', --')}`;
        throw new CliFault({ what, why: 'say two things', next: 'Give a site or a rule' });
      }
      const query = new URLSearchParams({ from: options.from, to: options.to });
      const path = `/sites/${encodeURIComponent(site)}/openings?${query.toString()}`;
      await tell(await ApiClient.of(command).get<OpeningView[]>(path), site, options, out);
    });
}

const RULE = ['zone', 'days', 'start', 'end'] as const;

function ruleIn(options: OpeningsOptions): RuleOptions {
  const lacking = RULE.filter((name) => options[name] === undefined);
  if (lacking.length === 0) return options as RuleOptions;
  const what = `--${lacking.join(', --')} ${lacking.length === 1 ? 'is' : 'are'} not given`;
  throw new CliFault({ what, next: 'Give the whole rule, or a site with --site', exitCode: 2 });
}

function ofRule(options: RuleOptions): readonly Opening[] {
  const rule = { days: daysOf(options.days), start: options.start, end: options.end };
  refuseWrong(options, rule);
  const range = { from: options.from, to: options.to, withEmpty: true };
  return openingsBetween(rule, options.zone, range).map((opening) => {
    const note = opening.note ?? turnedWords(opening.start, opening.end, options.zone);
    return note === null ? opening : { ...opening, note };
  });
}

async function tell(
  openings: readonly OpeningView[],
  of: string,
  options: RangeOptions,
  out: CliOutput,
): Promise<void> {
  let text = '';
  for (const opening of openings) {
    if (opening.end > opening.start) text += lineOf(opening, of, options);
    else out.fail(`${opening.date} is dropped: ${opening.note ?? 'it is empty'}`);
  }
  await out.write(text);
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
  { zone, from, to }: RuleOptions,
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

function lineOf(
  { date, start, end, note }: OpeningView,
  of: string,
  { json }: RangeOptions,
): string {
  const [from, to] = [start, end].map((at) => new Date(at).toISOString());
  if (json === true)
    return `${JSON.stringify({ date, start: from, end: to, ...(note ? { note } : {}) })}\n`;
  return `${date} ${of}: ${from} to ${to}${note ? ` (${note})` : ''}\n`;
}
