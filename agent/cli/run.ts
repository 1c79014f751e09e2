import { pino } from 'pino';
import { openBox, readGrant } from '../io/box.ts';
import { runAgent } from '../main.ts';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { listenFrom } from '@ringwave/runtime/listen';
import { untilStopped } from '@ringwave/runtime/until-stopped';

export interface RunFlags {
  readonly data: string;
  readonly http: string;
  readonly tftp: string;
  readonly sip: string;
  readonly advertise?: string;
  readonly phoneSipPort: string;
  readonly logLevel: string;
  readonly plainSecrets?: boolean;
  readonly routedPhones?: boolean;
}

/** Runs until SIGTERM or SIGINT. Prints `ready http HOST:PORT tftp HOST:PORT sip HOST:PORT` when it serves phones. */
export async function run(flags: RunFlags): Promise<void> {
  const grant = readGrant(openBox(flags.data));
  if (!grant) {
    throw new CliFault({
      what: `cannot run from ${flags.data}`,
      why: 'this box is not enrolled',
      next: 'Enrol it with: ringwave-agent enroll TOKEN --controller URL',
    });
  }
  const log = pino({ level: flags.logLevel }, pino.destination({ dest: 2, sync: true }));
  const listens = {
    http: listenFrom('--http', flags.http),
    tftp: listenFrom('--tftp', flags.tftp),
    sip: listenFrom('--sip', flags.sip),
  };
  const agent = await started({
    ...listens,
    folder: flags.data,
    grant,
    log,
    phoneSipPort: portFrom(flags.phoneSipPort),
    secrets: { plain: flags.plainSecrets === true, routed: flags.routedPhones === true },
    ...(flags.advertise ? { advertise: flags.advertise } : {}),
  });
  const bound = (['http', 'tftp', 'sip'] as const).map(
    (name) => `${name} ${listens[name].host}:${agent.ports[name]}`,
  );
  const ended = untilStopped();
  process.stdout.write(`ready ${bound.join(' ')}\n`);
  await ended;
  await agent.close();
}

async function started(options: Omit<Parameters<typeof runAgent>[0], 'failed'>) {
  try {
    return await runAgent({
      ...options,
      failed: (error) => {
        // Half a truth is worse than none: the supervisor starts the agent again from what was committed.
        options.log.fatal(
          { error: String(error), stack: error instanceof Error ? error.stack : undefined },
          'stopped: the step or its commit failed',
        );
        process.exit(70);
      },
    });
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code) throw error;
    throw new CliFault(
      {
        what: 'cannot start the agent',
        why: reasonOf(error),
        next: 'Choose other addresses with --http, --tftp and --sip, or port 0',
      },
      error,
    );
  }
}

function portFrom(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new CliFault({
    what: `cannot read --phone-sip-port ${text}`,
    why: 'it is not a port',
    next: 'Write for example --phone-sip-port 5060',
  });
}
