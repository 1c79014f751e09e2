import type { FreezeView } from '@ringwave/protocol/views';
import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import type { CliOutput } from './json-lines.ts';
import { localTime, print, table } from './print.ts';

type Json = { readonly json?: boolean };

interface PutFlags extends Json {
  readonly reason: string;
  readonly from: string;
  readonly until: string;
  readonly site?: readonly string[];
  readonly where?: string;
}

/** `ringwave freeze`: rest that headquarters plans ahead, at all sites or some. */
export function registerPlannedFreeze(program: Command, out: CliOutput): void {
  const freeze = program
    .command('freeze')
    .description('times without any start, planned ahead for all sites or some (docs/rollouts.md)');
  freeze
    .command('list')
    .description('all planned freezes, those that are over included')
    .option('--json', 'print JSON')
    .action(async (flags: Json, command: Command) => {
      const found = await ApiClient.of(command).get<FreezeView[]>('/freezes');
      await print(out, flags.json, found, () => table(HEAD, found.map(row)));
    });
  freeze
    .command('put <freeze>')
    .description('plan a freeze, or change one; what is in flight when it begins finishes')
    .requiredOption('--reason <text>', 'why; phones that wait say it')
    .requiredOption('--from <time>', FORMS)
    .requiredOption('--until <time>', 'as --from; a day is frozen to its end')
    .option('--site <site...>', 'only these sites')
    .option('--where <selection>', 'only sites that fit, such as site.region = EU')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: PutFlags, command: Command) => {
      const { json, site, ...body } = flags;
      const path = `/freezes/${encodeURIComponent(name)}`;
      const sent = { ...body, ...(site ? { sites: site } : {}) };
      const stored = (await ApiClient.of(command).send('PUT', path, sent)) as FreezeView;
      await print(out, json, stored, () => [
        `freeze ${name} is planned for ${stored.sitesMeant} ${stored.sitesMeant === 1 ? 'site' : 'sites'}, ${spanOf(stored)}`,
      ]);
    });
  freeze
    .command('remove <freeze>')
    .description('cancel a planned freeze, or end one')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: Json, command: Command) => {
      const path = `/freezes/${encodeURIComponent(name)}`;
      const done = await ApiClient.of(command).send('DELETE', path);
      await print(out, flags.json, done, () => [`freeze ${name} removed`]);
    });
}

const FORMS =
  'a day, a local time of each site (2026-12-24T18:00) or an instant (2026-12-24T18:00Z)';

const HEAD = ['freeze', 'sites', 'from', 'until', 'by', 'reason'];

const row = (one: FreezeView): string[] => [
  one.id,
  String(one.sitesMeant),
  one.from,
  one.span || one.sitesMeant === 0 ? one.until : `${one.until} (over)`,
  one.who,
  one.reason,
];

const spanOf = ({ span, sitesMeant }: FreezeView): string =>
  sitesMeant === 0
    ? 'since none fits it now'
    : span
      ? `${localTime(span.from)} to ${localTime(span.until)}`
      : 'none of which has it ahead';
