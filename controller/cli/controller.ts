import { readFileSync } from 'node:fs';
import type { EpochMs } from '@ringwave/protocol/units';
import { fastClock } from '@ringwave/runtime/clock';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { listenFrom } from '@ringwave/runtime/listen';
import { untilStopped } from '@ringwave/runtime/until-stopped';
import { type Command, Option } from 'commander';
import type { FeedChoice } from '../core/feed-choice.ts';
import { NOBODY } from '../io/access.ts';
import { accessFile, dataFolder } from './api-client.ts';
import type { CliOutput } from './json-lines.ts';

interface RunFlags {
  readonly http: string;
  readonly mqtt: string;
  readonly advertise?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly broker?: string;
  readonly brokerPasswordFile?: string;
  readonly feeds?: string;
  readonly releaseFeed: readonly string[];
  readonly advisoryFeed: readonly string[];
  readonly feedSchedule: string;
  readonly gateCheckHost: readonly string[];
  readonly demoClock?: string;
  readonly json?: boolean;
}

export function registerController(program: Command, out: CliOutput): void {
  const controller = program.command('controller').description('the controller itself');
  controller
    .command('run')
    .description('run the controller until it is told to stop')
    .option('--http <host:port>', 'REST, console and images', '127.0.0.1:7410')
    .option('--mqtt <host:port>', 'the broker for agents', '127.0.0.1:7411')
    .option('--advertise <host>', 'the host that agents are told')
    .option('--tls-cert <file>', 'certificate in PEM; needed beyond this machine')
    .option('--tls-key <file>', 'its key in PEM')
    .option('--broker <url>', 'use this MQTT broker instead of the one inside')
    .option('--broker-password-file <file>', 'the password of ringwave_controller there')
    .option(
      '--feeds <file>',
      'a JSON list of feeds to follow: [{kind, url, name?, …}] (docs/feeds.md)',
    )
    .option(
      '--release-feed <url>',
      'a list of releases to follow; may be given again',
      gathered,
      [],
    )
    .option(
      '--advisory-feed <url>',
      'a list of advisories to follow; may be given again',
      gathered,
      [],
    )
    .option('--feed-schedule <cron>', 'when feeds are asked, in UTC', '*/15 * * * *')
    .option(
      '--gate-check-host <host>',
      'a host, with its port, that gates may ask over HTTP whether a wave may pass; may be given again',
      gathered,
      [],
    )
    .option('--json', 'say ready as JSON')
    .addOption(new Option('--demo-clock <json>', 'run on a fast clock').hideHelp())
    .action(async (flags: RunFlags, command: Command) => runUntilTold(flags, command));
  controller
    .command('login')
    .description('print a link that opens the console once')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }, command: Command) => {
      const { ApiClient } = await import('./api-client.ts');
      const made = (await ApiClient.of(command).send('POST', '/login-links', {})) as {
        url: string;
      };
      await out.write(flags.json ? `${JSON.stringify(made)}\n` : `${made.url}\n`);
    });
}

async function runUntilTold(flags: RunFlags, command: Command): Promise<void> {
  const [{ runController }, { writeOwnFile }] = await Promise.all([
    import('../main.ts'),
    import('@ringwave/runtime/io/own-file'),
  ]);
  const folder = dataFolder(command.optsWithGlobals<{ data?: string }>().data);
  const options = {
    folder,
    http: listenFrom('--http', flags.http),
    mqtt: listenFrom('--mqtt', flags.mqtt),
    ...(flags.advertise ? { advertise: flags.advertise } : {}),
    ...tlsFrom(flags),
    ...brokerFrom(flags),
    ...(await feedsFrom(flags)),
    ...clockFrom(flags),
    gateCheckHosts: flags.gateCheckHost,
    note: (about: Record<string, unknown>, text: string) =>
      process.stderr.write(`${text} ${JSON.stringify(about)}\n`),
    failed: (error: unknown) => {
      // Half a truth is worse than none: the supervisor starts it again from what was committed.
      process.stderr.write(`stopped: ${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(70);
    },
  };
  const running = await runController(options).catch((error: unknown) => {
    throw new CliFault(
      {
        what: 'cannot start the controller',
        why: reasonOf(error),
        next: 'See ringwave controller run --help',
      },
      error,
    );
  });
  writeOwnFile(
    accessFile(folder),
    JSON.stringify({ url: running.url, token: running.access.mintApiToken(NOBODY.token) }),
  );
  const ended = untilStopped();
  const link = `${running.url}/?once=${running.access.mintLink(NOBODY.link)}`;
  const mqtt = `${flags.mqtt.replace(/:\d+$/, '')}:${running.ports.mqtt}`;
  const ready = flags.json
    ? JSON.stringify({ kind: 'ready', link, mqtt })
    : `ready ${link} mqtt ${mqtt}`;
  process.stdout.write(`${ready}\n`);
  await ended;
  await running.close();
}

function tlsFrom({ tlsCert, tlsKey }: RunFlags) {
  if (!tlsCert && !tlsKey) return {};
  if (!tlsCert || !tlsKey) {
    throw new CliFault({
      what: 'TLS is half given',
      why: 'a certificate and a key belong together',
      next: 'Give both --tls-cert and --tls-key',
    });
  }
  return { tls: { cert: readOr('--tls-cert', tlsCert), key: readOr('--tls-key', tlsKey) } };
}

function brokerFrom({ broker, brokerPasswordFile }: RunFlags) {
  if (!broker) return {};
  const password = brokerPasswordFile
    ? readOr('--broker-password-file', brokerPasswordFile).trim()
    : '';
  return { outsideBroker: { url: broker, username: 'ringwave_controller', password } };
}

const gathered = (url: string, before: readonly string[]): readonly string[] => [...before, url];

async function feedsFrom({ feeds: file, releaseFeed, advisoryFeed, feedSchedule }: RunFlags) {
  for (const url of [...releaseFeed, ...advisoryFeed]) {
    if (URL.canParse(url)) continue;
    throw new CliFault({
      what: `cannot read the feed ${url}`,
      why: 'it is not a URL',
      next: 'Write for example --release-feed https://firmware.example.org/releases.json',
    });
  }
  if (file === undefined && releaseFeed.length + advisoryFeed.length === 0) return {};
  // Reading feeds takes readers of pages and archives along: loaded where there are some.
  const { plainFeeds } = await import('../core/feed-choice.ts');
  const written = file === undefined ? [] : await feedsIn(file);
  const told = [
    ...releaseFeed.map((url) => ({ kind: 'releases' as const, url })),
    ...advisoryFeed.map((url) => ({ kind: 'advisories' as const, url })),
  ];
  const choices = plainFeeds(told, written);
  return { feeds: { choices, schedule: feedSchedule } };
}

/** Everything that is wrong with the file at once, so that it is corrected once. */
async function feedsIn(file: string): Promise<readonly FeedChoice[]> {
  const [{ feedsFileBytesMax, readFeeds }, { readJson }] = await Promise.all([
    import('../core/feed-choice.ts'),
    import('@ringwave/firmware-catalog/problems'),
  ]);
  const json = readJson(readOr('--feeds', file), feedsFileBytesMax);
  const read = 'problems' in json ? json : readFeeds(json.value);
  if ('feeds' in read) return read.feeds;
  const lines = read.problems.map(
    ({ path, reason, nextStep }) => `  ${path} ${reason}. ${nextStep}`,
  );
  throw new CliFault({
    what: `cannot follow the feeds in ${file}`,
    why: `${lines.length} things are wrong with it`,
    next: `Correct them:\n${lines.join('\n')}`,
  });
}

/** The demonstration tells all its processes the same three numbers. */
function clockFrom({ demoClock }: RunFlags) {
  if (!demoClock) return {};
  const grant = JSON.parse(demoClock) as {
    speed: number;
    startedAt: EpochMs;
    wallStartedAt: EpochMs;
  };
  return { clock: { clock: fastClock(grant), grant } };
}

function readOr(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliFault(
      { what: `cannot read ${flag} ${file}`, why: reasonOf(error), next: 'Name an existing file' },
      error,
    );
  }
}
