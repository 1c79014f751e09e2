import { readFileSync } from 'node:fs';
import type { EpochMs } from '@ringwave/protocol/units';
import { fastClock } from '@ringwave/runtime/clock';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { listenFrom } from '@ringwave/runtime/listen';
import { untilStopped } from '@ringwave/runtime/until-stopped';
import { type Command, Option } from 'commander';
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
  readonly releaseFeed: readonly string[];
  readonly advisoryFeed: readonly string[];
  readonly feedSchedule: string;
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
    ...feedsFrom(flags),
    ...clockFrom(flags),
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
    JSON.stringify({ url: running.url, token: running.access.mintApiToken('local') }),
  );
  const ended = untilStopped();
  const link = `${running.url}/?once=${running.access.mintLink('admin')}`;
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

function feedsFrom({ releaseFeed, advisoryFeed, feedSchedule }: RunFlags) {
  for (const url of [...releaseFeed, ...advisoryFeed]) {
    if (URL.canParse(url)) continue;
    throw new CliFault({
      what: `cannot read the feed ${url}`,
      why: 'it is not a URL',
      next: 'Write for example --release-feed https://firmware.example.org/releases.json',
    });
  }
  if (releaseFeed.length + advisoryFeed.length === 0) return {};
  return { feeds: { releases: releaseFeed, advisories: advisoryFeed, schedule: feedSchedule } };
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
