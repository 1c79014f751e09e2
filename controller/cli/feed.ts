import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import type { CliOutput } from './json-lines.ts';
import { print, table } from './print.ts';

interface Run {
  readonly at: number;
  readonly outcome: string;
  readonly added: number;
  readonly changed: number;
  readonly refused: number;
  readonly aside: number;
  readonly durationMs: number;
  readonly bytes: number;
  readonly fault?: string;
  readonly detail?: string;
  readonly advice?: string;
  readonly problems: readonly { path: string; reason: string; nextStep: string }[];
}

interface FeedRow {
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  readonly lastGoodAt: number | null;
  readonly nextAttemptAt: number | null;
  readonly fault: string | null;
  readonly detail: string | null;
  readonly advice: string | null;
}

export function registerFeed(program: Command, out: CliOutput): void {
  const feed = program
    .command('feed')
    .description('the lists of firmware and advisories that the controller follows');
  feed
    .command('list')
    .description('every feed: when it was last good, when it is asked next, and what is wrong')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }, command: Command) => {
      const found = await ApiClient.of(command).get<FeedRow[]>('/feeds');
      await print(out, flags.json, found, () => listed(found));
    });
  feed
    .command('runs <feed>')
    .description('the latest runs of one feed and what each brought')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: { json?: boolean }, command: Command) => {
      const path = `/feeds/${encodeURIComponent(name)}/runs`;
      const found = await ApiClient.of(command).get<Run[]>(path);
      await print(out, flags.json, found, () => runsTold(found));
    });
  feed
    .command('refresh')
    .description('ask all feeds now; those that failed keep their rest')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }, command: Command) => {
      const begun = (await ApiClient.of(command).send('POST', '/feeds/refresh')) as {
        feeds: number;
      };
      await print(out, flags.json, begun, () => [
        `a round over ${begun.feeds} feeds has begun; see: ringwave feed list`,
      ]);
    });
}

const instant = (at: number | null): string =>
  at === null ? '-' : new Date(at).toISOString().slice(0, 16).replace('T', ' ');

function listed(feeds: readonly FeedRow[]): string[] {
  const rows = feeds.map(({ name, kind, lastGoodAt, nextAttemptAt, fault, url }) => [
    name,
    kind,
    instant(lastGoodAt),
    instant(nextAttemptAt),
    fault ?? 'good',
    url,
  ]);
  const faults = feeds.flatMap(({ name, fault, detail, advice }) =>
    fault === null ? [] : [`${name}: ${[fault, detail, advice].filter(Boolean).join('; ')}`],
  );
  return [...table(['feed', 'kind', 'last good', 'next', 'state', 'url'], rows), ...faults];
}

function runsTold(runs: readonly Run[]): string[] {
  const head = ['at', 'outcome', 'added', 'changed', 'refused', 'aside', 'ms', 'bytes', 'fault'];
  const rows = runs.map((run) => [
    instant(run.at),
    run.outcome,
    ...[run.added, run.changed, run.refused, run.aside, run.durationMs, run.bytes].map(String),
    run.fault ?? '',
  ]);
  const [latest] = runs;
  const advice = latest?.fault ? [`${latest.detail ?? latest.fault}: ${latest.advice ?? ''}`] : [];
  const problems = (latest?.problems ?? []).map(
    ({ path, reason, nextStep }) => `  ${path} ${reason}. ${nextStep}`,
  );
  return [...table(head, rows), ...advice, ...problems];
}
