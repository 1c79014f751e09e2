import { readFile } from 'node:fs/promises';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import type { CliOutput } from './json-lines.ts';
import { print, table } from './print.ts';

interface Discovered {
  readonly vendor: string;
  readonly version: string;
  readonly kind: string;
  readonly models: readonly string[];
  readonly flags: readonly { code: string; detail?: string }[];
  readonly files: readonly { fileName: string }[];
  readonly from: string;
  readonly release: string | null;
}

interface Filter {
  readonly vendor?: string;
  readonly model?: string;
  readonly flag?: string;
  readonly json?: boolean;
}

/** Announcements sent at once; a request holds four MiB, and notes are at most some pages. */
const sentAtOnce = 100;
/** Pages asked for; all that the controller keeps. */
const pagesMax = 200;

/** Versions that somebody announces, before a manifest makes them releases. */
export function registerDiscovered(release: Command, out: CliOutput): void {
  release
    .command('discovered')
    .description('versions that feeds and imports announce, and the release that each became')
    .option('--vendor <vendor>', 'only of this vendor')
    .option('--model <model>', 'only for this model')
    .option('--flag <flag>', 'only those with this flag (docs/feeds.md)')
    .option('--json', 'print JSON')
    .action(async (filter: Filter, command: Command) => {
      const found = await allOf(ApiClient.of(command), filter);
      await print(out, filter.json, found, () =>
        table(['vendor', 'version', 'kind', 'release', 'flags', 'from', 'models'], found.map(row)),
      );
    });
  release
    .command('announce <file>')
    .description('send announcements, as `catalog import --into` wrote them, to the controller')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: { json?: boolean }, command: Command) => {
      const sums = await sendAll(ApiClient.of(command), await linesOf(file));
      await print(out, flags.json, sums, () => [
        `${sums.added} new, ${sums.changed} with other flags, ${sums.repeated} known, ${sums.problems} problems`,
      ]);
    });
}

const row = ({ vendor, version, kind, release, flags, from, models }: Discovered): string[] => [
  vendor,
  version,
  kind,
  release ?? '-',
  flags.map(({ code }) => code).join(' '),
  from,
  models.join(' '),
];

async function allOf(api: ApiClient, { vendor, model, flag }: Filter): Promise<Discovered[]> {
  const found: Discovered[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const query = new URLSearchParams({
      ...(vendor === undefined ? {} : { vendor }),
      ...(model === undefined ? {} : { model }),
      ...(flag === undefined ? {} : { flag }),
      ...(after === null ? {} : { after }),
      limit: '500',
    });
    const page: { announcements: Discovered[]; next: string | null } = await api.get(
      `/announcements?${query.toString()}`,
    );
    found.push(...page.announcements);
    after = page.next;
    if (after === null) break;
  }
  return found;
}

async function linesOf(file: string): Promise<unknown[]> {
  try {
    const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.trim() !== '');
    return lines.map((line) => JSON.parse(line) as unknown);
  } catch (error) {
    const next = 'Name a file that ringwave catalog import --into wrote';
    throw new CliFault({ what: `cannot read ${file}`, why: reasonOf(error), next }, error);
  }
}

async function sendAll(api: ApiClient, all: readonly unknown[]) {
  const sums = { added: 0, changed: 0, repeated: 0, problems: 0 };
  for (let place = 0; place < all.length; place += sentAtOnce) {
    const came = (await api.send(
      'POST',
      '/announcements',
      all.slice(place, place + sentAtOnce),
    )) as { added: number; changed: number; repeated: number; problems: unknown[] };
    sums.added += came.added;
    sums.changed += came.changed;
    sums.repeated += came.repeated;
    sums.problems += came.problems.length;
  }
  return sums;
}
