import { type Logger, pino } from 'pino';
import { practise } from '../practice.ts';
import { boxAt, damagedState, readGrant } from '../io/box.ts';
import { openBaseSettings } from '../io/base/base-settings-file.ts';
import { openWakeFile } from '../io/wake-file.ts';
import { runAgent } from '../main.ts';
import { isDiskFull, spareBytesUsually } from '@ringwave/runtime/io/disk-room';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { listenFrom } from '@ringwave/runtime/listen';
import { untilStopped } from '@ringwave/runtime/until-stopped';
import { hostFrom, servingFrom, sipFrom } from './serving-from.ts';

export interface RunFlags {
  readonly data: string;
  readonly http: string;
  readonly tftp: string;
  readonly sip?: string;
  readonly advertise?: string;
  readonly phoneSipPort: string;
  readonly logLevel: string;
  readonly plainSecrets?: boolean;
  readonly routedPhones?: boolean;
  readonly page?: string;
  readonly https?: string;
  readonly httpsOld?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly phoneCa?: string;
  readonly lanLimit?: string;
  readonly tftpOnePort?: boolean;
  readonly tftpRollover1?: boolean;
  readonly tftpPerAddress?: string;
  readonly httpPerAddress?: string;
  readonly phonesFrom?: string;
  readonly pbx?: string;
  readonly provisioning?: string;
  readonly pnp?: string;
}

/** A log of the database at its longest, and so weeks of a site's commits where nobody makes room. */
const ballastBytes = 16 * 1024 ** 2;

/** Runs until SIGTERM or SIGINT. Prints `ready http HOST:PORT tftp HOST:PORT sip HOST:PORT` when it serves phones. */
export async function run(flags: RunFlags): Promise<void> {
  const grant = readGrant(boxAt(flags.data));
  if (!grant) {
    throw new CliFault({
      what: `cannot run from ${flags.data}`,
      why: 'this box is not enrolled',
      next: 'Enrol it with: ringwave-agent enroll TOKEN --controller URL',
    });
  }
  const log = pino({ level: levelFrom(flags.logLevel) }, pino.destination({ dest: 2, sync: true }));
  const http = listenFrom('--http', flags.http);
  const tftp = listenFrom('--tftp', flags.tftp);
  const listens = { http, tftp, sip: sipFrom(flags.sip, [http, tftp]) };
  // Every flag and file is read before anything takes time: whoever misspelt one is told at once.
  const options = {
    ...listens,
    folder: flags.data,
    grant,
    log,
    ballastBytes,
    phoneSipPort: portFrom(flags.phoneSipPort),
    secrets: { plain: flags.plainSecrets === true, routed: flags.routedPhones === true },
    serving: servingFrom(flags),
    ...(flags.provisioning
      ? { base: openBaseSettings(flags.provisioning), baseFile: flags.provisioning }
      : {}),
    ...(flags.pbx ? { wake: openWakeFile(flags.pbx) } : {}),
    ...(flags.pnp ? { pnp: listenFrom('--pnp', flags.pnp) } : {}),
    ...(flags.page ? { page: listenFrom('--page', flags.page) } : {}),
    ...(flags.advertise ? { advertise: hostFrom('--advertise', flags.advertise) } : {}),
  };
  const ended = untilStopped();
  const stop = new AbortController();
  void ended.then(() => stop.abort());
  await practised(flags.data, log, stop.signal);
  if (stop.signal.aborted) return;
  const agent = await started(options);
  const bound = (['http', 'tftp', 'sip'] as const).map(
    (name) => `${name} ${listens[name].host}:${agent.ports[name]}`,
  );
  const { https, oldHttps, page } = agent.ports;
  if (https !== undefined) bound.push(`https ${hostOf('--https', flags.https)}:${https}`);
  if (oldHttps !== undefined)
    bound.push(`https-old ${hostOf('--https-old', flags.httpsOld)}:${oldHttps}`);
  if (page !== undefined) bound.push(`page ${hostOf('--page', flags.page)}:${page}`);
  process.stdout.write(`ready ${bound.join(' ')}\n`);
  await ended;
  await agent.close();
}

/** Nobody is served worse without it, only later in the first seconds. */
async function practised(folder: string, log: Logger, stopped: AbortSignal): Promise<void> {
  try {
    log.info(await practise(folder, { stopped }), 'practised on phones that do not exist');
  } catch (error) {
    log.warn({ error: reasonOf(error) }, 'could not practise; the first phones may wait longer');
  }
}

async function started(options: Omit<Parameters<typeof runAgent>[0], 'failed'>) {
  try {
    return await runAgent({
      ...options,
      failed: (error) => {
        // Half a truth is worse than none: the supervisor starts the agent again from what was committed.
        options.log.fatal(
          { error: String(error), stack: error instanceof Error ? error.stack : undefined },
          isDiskFull(error)
            ? `stopped: the disk is full. ${roomFor(options.folder)}; started again, the agent goes on from what was committed.`
            : 'stopped: the step or its commit failed',
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
        next: nextStepFor(error as NodeJS.ErrnoException, options.folder),
      },
      error,
    );
  }
}

/** Most often another program has a port; what is wrong with the folder is no matter of addresses. */
function nextStepFor(error: NodeJS.ErrnoException, folder: string): string {
  const { code, syscall } = error;
  if (isDiskFull(error)) return `${roomFor(folder)}, then start it again`;
  if (code === 'ERR_SQLITE_ERROR') return damagedState(folder);
  const addresses = 'choose other addresses with --http, --tftp and --sip, or port 0';
  const isOfPorts = syscall === undefined || ['listen', 'bind'].includes(syscall);
  if (!isOfPorts) return `Let this user read and write ${folder}`;
  return code === 'EACCES'
    ? `Give the agent CAP_NET_BIND_SERVICE for ports below 1024, or ${addresses}`
    : `C${addresses.slice(1)}`;
}

const roomFor = (folder: string): string =>
  `Free at least ${spareBytesUsually / 1024 ** 2} MiB on the disk of ${folder}`;

const hostOf = (flag: string, text = ''): string => listenFrom(flag, text).host;

function levelFrom(text: string): string {
  if (Object.hasOwn(pino.levels.values, text)) return text;
  throw new CliFault({
    what: `cannot read --log-level ${text}`,
    why: 'it is no level of the log',
    next: `Write one of ${Object.keys(pino.levels.values).toReversed().join(', ')}`,
  });
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
