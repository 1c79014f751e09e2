import type { Command } from 'commander';
import type { RehearsalResult } from '@ringwave/rehearsal/rehearse';
import { ApiClient } from './api-client.ts';
import { instantFrom } from './instant.ts';
import { numberSaid, readJsonFile } from './json-file.ts';
import type { CliOutput } from './json-lines.ts';
import { localTime, print, table } from './print.ts';

interface Flags {
  readonly seeds?: string;
  readonly from?: string;
  readonly days?: string;
  readonly failedPart?: string;
  readonly json?: boolean;
}

export function registerRehearse(rollout: Command, out: CliOutput): void {
  rollout
    .command('rehearse <file>')
    .description(
      'run a rollout in virtual time on what is known: when it ends, what it costs, who never finishes',
    )
    .option('--seeds <number>', 'runs, each with other chances (usually 3)')
    .option('--from <time>', 'as if it began then or later, up to a year ahead; ISO 8601')
    .option('--days <number>', 'days looked ahead (usually 60)')
    .option('--failed-part <part>', 'part of updates that come back on the old version, 0 to 1')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: Flags, command: Command) => {
      const rolloutBody = await readJsonFile(file);
      const body = {
        rollout: rolloutBody,
        ...(flags.seeds === undefined ? {} : { seeds: numberSaid(flags.seeds) }),
        ...(flags.from === undefined ? {} : { from: instantFrom('--from', flags.from) }),
        ...(flags.days === undefined ? {} : { daysMax: numberSaid(flags.days) }),
        ...(flags.failedPart === undefined ? {} : { failedPart: numberSaid(flags.failedPart) }),
      };
      const api = ApiClient.of(command);
      const said = (await api.send('POST', '/rollouts/rehearse', body)) as RehearsalResult;
      await print(out, flags.json, said, () => told(said));
    });
}

/** Sites shown: those that end last are what a plan is judged by. */
const sitesShown = 10;

function endings({ p50, p90, last }: RehearsalResult['finish']): string {
  if (p50 === null) return 'half of the runs, or more, do not end within the days looked ahead';
  const by = (at: number | null) =>
    at === null ? 'not within the days looked ahead' : `by ${localTime(at)}`;
  return `half of the runs end by ${localTime(p50)}, nine of ten ${by(p90)}, the last ${by(last)}`;
}

function sitesOf(run: RehearsalResult['runs'][number] | undefined): string[] {
  const last = [...(run?.sites ?? [])]
    .sort((a, b) => (b.lastDoneAt ?? 0) - (a.lastDoneAt ?? 0))
    .slice(0, sitesShown);
  if (last.length === 0) return [];
  return [
    'sites that end last (run 1):',
    ...table(
      ['site', 'phones', 'first start', 'last done', 'starts', 'phone minutes'],
      last.map((line) => [
        line.site,
        String(line.phones),
        line.firstStartAt === null ? 'never' : localTime(line.firstStartAt),
        line.lastDoneAt === null ? 'never' : localTime(line.lastDoneAt),
        String(line.starts),
        String(line.phoneMinutesLost),
      ]),
    ),
  ];
}

function told({ rollout, from, finish, runs }: RehearsalResult): string[] {
  const [first] = runs;
  const when = (at: number | null) =>
    at === null ? 'not within the days looked ahead' : localTime(at);
  return [
    `${rollout}, rehearsed from ${localTime(from)} in ${runs.length} runs`,
    endings(finish),
    ...table(
      [
        'run',
        'state',
        'ends',
        'done',
        'failed',
        'skipped',
        'open',
        'WAN MB',
        'LAN MB',
        'phone minutes',
        'quorum waits',
      ],
      runs.map((run) => [
        String(run.seed),
        run.state,
        when(run.finishedAt),
        ...[run.done, run.failed, run.skipped, run.open].map(String),
        ...[run.wanBytes, run.lanBytes].map((bytes) => String(Math.round(bytes / 1_000_000))),
        String(run.phoneMinutesLost),
        String(run.quorumWaits),
      ]),
    ),
    ...(first?.stops ?? []).map(({ at, reason }) => `stops ${localTime(at)}: ${reason}`),
    ...sitesOf(first),
    ...(first?.neverSites ?? []).map(({ site, why }) => `never: site ${site}: ${why}`),
    ...(first?.neverPhones ?? []).map(
      ({ why, count, first: some }) =>
        `never: ${count} phones: ${why} (${some
          .slice(0, 3)
          .map(({ mac, site }) => `${mac} at ${site}`)
          .join(', ')}${count > 3 ? ', …' : ''})`,
    ),
  ];
}
