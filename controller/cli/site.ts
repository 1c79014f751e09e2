import type { SiteView } from '@ringwave/protocol/views';
import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import { registerFreeze } from './freeze.ts';
import { numberSaid, readJsonFile } from './json-file.ts';
import type { CliOutput } from './json-lines.ts';
import { localTime, print, table } from './print.ts';

export function registerSite(program: Command, out: CliOutput): void {
  const site = program.command('site').description('branches: time zone, windows, coverage, agent');
  site
    .command('list')
    .description('all sites with their agents')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }, command: Command) => {
      const sites = await ApiClient.of(command).get<SiteView[]>('/sites');
      await print(out, flags.json, sites, () =>
        table(['site', 'zone', 'phones', 'agent', 'plan', 'opening'], sites.map(row)),
      );
    });
  site
    .command('show <site>')
    .description('one site')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: { json?: boolean }, command: Command) => {
      const found = await ApiClient.of(command).get<SiteView>(`/sites/${encodeURIComponent(name)}`);
      await print(out, flags.json, found, () => [
        ...table(['site', 'zone', 'phones', 'agent', 'plan', 'opening'], [row(found)]),
        ...restOf(found),
      ]);
    });
  site
    .command('put <site>')
    .description('store a site from a JSON file (docs/rest.md names its keys)')
    .requiredOption('--from <file>', 'the file; - reads standard input')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: { from: string; json?: boolean }, command: Command) => {
      const stored = (await ApiClient.of(command).send(
        'PUT',
        `/sites/${encodeURIComponent(name)}`,
        await readJsonFile(flags.from),
      )) as SiteView;
      await print(out, flags.json, stored, () => [
        `site ${stored.id} stored; next: ringwave site token ${stored.id}`,
      ]);
    });
  registerFreeze(site, out);
  site
    .command('remove <site>')
    .description('remove a site that has no phones left')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: { json?: boolean }, command: Command) => {
      const done = await ApiClient.of(command).send('DELETE', `/sites/${encodeURIComponent(name)}`);
      await print(out, flags.json, done, () => [`site ${name} removed`]);
    });
  site
    .command('token <site>')
    .description('make an enrolment token for the box of a site: single use, 24 hours')
    .option('--hours <hours>', 'how long it holds')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: { hours?: string; json?: boolean }, command: Command) => {
      const body = flags.hours === undefined ? {} : { hours: numberSaid(flags.hours) };
      const made = (await ApiClient.of(command).send(
        'POST',
        `/sites/${encodeURIComponent(name)}/token`,
        body,
      )) as { token: string };
      await print(out, flags.json, made, () => [made.token]);
    });
}

const row = (site: SiteView): string[] => [
  site.id,
  site.zone,
  String(site.phones),
  `${site.agent.state}${site.agent.fits === false ? ` (version ${site.agent.version} does not fit)` : ''}`,
  `${site.agent.heldRevision}/${site.agent.planRevision}`,
  site.holds?.[0]
    ? `held: ${site.holds[0].reason}`
    : site.opening
      ? `${localTime(site.opening.start, site.zone)} to ${localTime(site.opening.end, site.zone)}`
      : 'none',
];

/** What keeps its phones from being started, now or ahead, and what its agent told last. */
const restOf = (found: SiteView): string[] => [
  ...(found.holds ?? []).map(
    (one) =>
      `${localTime(one.since, found.zone)}  starts no phone: ${one.reason}` +
      (one.until === null ? '' : `; until ${localTime(one.until, found.zone)} at least`),
  ),
  ...(found.freezes ?? []).map(
    (one) =>
      `${localTime(one.from, found.zone)}  frozen by ${one.id} until ${localTime(one.until, found.zone)}: ${one.reason}`,
  ),
  ...found.notices.map(
    (one) => `${localTime(one.at, found.zone)}  ${one.fault}: ${one.detail}. ${one.advice}`,
  ),
];
