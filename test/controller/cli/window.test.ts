import { registerWindow } from '@ringwave/controller/cli/window';
import { Command } from 'commander';
import { test } from 'tap';

async function asked(words: string) {
  const terminal = { out: '', told: '' };
  const program = new Command('ringwave').exitOverride().configureOutput({ writeErr: () => {} });
  registerWindow(program, {
    write: (text) => void (terminal.out += text),
    fail: (message) => void (terminal.told += `${message}\n`),
    exitWith: () => {},
    input: (async function* none() {})(),
  });
  await program.parseAsync(['window', 'openings', ...words.split(' ')], { from: 'user' });
  return terminal;
}

test('openings are printed as one JSON line each, both dates included', async (t) => {
  const { out } = await asked(
    '--zone America/New_York --days sat,sun --start 01:30 --end 02:30 --from 2026-03-07 --to 2026-03-08 --json',
  );
  t.same(
    out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
    [
      { date: '2026-03-07', start: '2026-03-07T06:30:00.000Z', end: '2026-03-07T07:30:00.000Z' },
      {
        date: '2026-03-08',
        start: '2026-03-08T06:30:00.000Z',
        end: '2026-03-08T07:30:00.000Z',
        note: 'end 02:30 does not exist this night, moved to 03:30',
      },
    ],
  );
});

test('an opening around a doubled hour says how long it is', async (t) => {
  const { out } = await asked(
    '--zone Europe/Lisbon --days sat,sun --start 00:30 --end 02:30 --from 2026-10-24 --to 2026-10-25 --json',
  );
  const [usual, doubled] = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { note?: string });
  t.equal(usual?.note, undefined);
  t.equal(doubled?.note, 'clocks go 60 minutes back in it, so it is 3 h 0 min long');
});

test('an opening that ends up empty is dropped, and so is a day that never was, with a note', async (t) => {
  const swallowed = await asked(
    '--zone America/New_York --days sun --start 02:30 --end 03:15 --from 2026-03-08 --to 2026-03-08',
  );
  t.equal(swallowed.out, '');
  t.match(swallowed.told, '2026-03-08 is dropped: start 02:30 does not exist this night');
  const apia = await asked(
    '--zone Pacific/Apia --days thu,fri,sat --start 22:00 --end 23:00 --from 2011-12-29 --to 2011-12-31',
  );
  t.equal(apia.out.split('\n').length, 3, 'the 29th and the 31st');
  t.match(apia.told, 'the calendar of Pacific/Apia has no 2011-12-30');
});

test('what is wrong is told with the next step', async (t) => {
  const rest = '--from 2026-03-07 --to 2026-03-08';
  const cases: readonly [string, RegExp][] = [
    [
      `--zone Europe/Lisboa --days mon --start 01:00 --end 02:00 ${rest}`,
      /Did you mean Europe\/Lisbon\?/,
    ],
    [
      `--zone Europe/Lisbon --days mo --start 01:00 --end 02:00 ${rest}`,
      /mo is no weekday\. Did you mean mon\?/,
    ],
    [`--zone Europe/Lisbon --days mon --start 1:00 --end 02:00 ${rest}`, /wall-clock times HH:MM/],
    [`--zone Europe/Lisbon --days mon --start 01:00 --end 01:00 ${rest}`, /never or all day/],
    [
      '--zone Europe/Lisbon --days mon --start 01:00 --end 02:00 --from 2026-02-30 --to 2026-03-08',
      /--from 2026-02-30 is no day/,
    ],
    [
      '--zone Europe/Lisbon --days mon --start 01:00 --end 02:00 --from 2026-03-08 --to 2026-03-07',
      /is before/,
    ],
    [
      '--zone Europe/Lisbon --days mon --start 01:00 --end 02:00 --from 1900-01-01 --to 2026-03-07',
      /Ask for fewer/,
    ],
  ];
  for (const [words, message] of cases) await t.rejects(asked(words), { message });
});
