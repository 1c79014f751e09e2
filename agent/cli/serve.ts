import { isIPv6 } from 'node:net';
import { PROFILES } from '@ringwave/firmware-catalog/vendors/all';
import { seconds } from '@ringwave/protocol/units';
import { ChunkCache } from '../io/chunk-cache.ts';
import type { EdgeLog } from '../io/file-source.ts';
import { HttpServer } from '../io/http-server.ts';
import { ServedFolder } from '../io/served-folder.ts';
import { TftpServer } from '../io/tftp-server.ts';
import { networksFrom } from './networks-from.ts';
import { anyPhoneMayWrite, UploadSpool } from '../io/upload-spool.ts';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { type Listen, listenFrom } from '@ringwave/runtime/listen';
import { untilStopped } from '@ringwave/runtime/until-stopped';

/** A bench of load clients is one source, so the laboratory has no limit per source. */
const atOnceMax = 4096;
/** How long transfers under way may go on after the first signal; a second signal ends them at once. */
const drain = seconds(5);

interface Running {
  readonly protocol: 'tftp' | 'http';
  readonly listen: Listen;
  close(wait: typeof drain): Promise<void>;
}

export interface ServeFlags {
  readonly root: string;
  readonly tftp?: string;
  readonly http?: string;
  readonly uploads?: string;
  readonly phonesFrom?: string;
}

/** Serves until SIGTERM or SIGINT. Prints one line `ready tftp HOST:PORT http HOST:PORT` when it serves. */
export async function serve(flags: ServeFlags): Promise<void> {
  const tftp = flags.tftp === undefined ? undefined : listenFrom('--tftp', flags.tftp);
  const http = flags.http === undefined ? undefined : listenFrom('--http', flags.http);
  if (!tftp && !http) {
    throw new CliFault({
      what: 'nothing to serve on',
      why: 'neither --tftp nor --http is given',
      next: 'Add for example --tftp 127.0.0.1:6969',
    });
  }
  const files = await openFolder(flags.root);
  const uploads =
    flags.uploads === undefined
      ? undefined
      : await UploadSpool.open(flags.uploads, anyPhoneMayWrite(everyUpload()));
  const networks = flags.phonesFrom === undefined ? undefined : networksFrom(flags.phonesFrom);
  const common = {
    files,
    log: stderrLog,
    cache: new ChunkCache(),
    ...(uploads && { uploads }),
    ...(networks && { mayAsk: (address: string) => networks.has(address) }),
  };
  const running: Running[] = [];
  try {
    if (tftp) running.push(await listening('tftp', tftp, () => openTftp(tftp, common)));
    if (http) running.push(await listening('http', http, () => openHttp(http, common)));
  } catch (error) {
    await Promise.all(running.map((server) => server.close(seconds(0))));
    throw error;
  }
  const bound = running.map(({ protocol, listen }) => `${protocol} ${written(listen)}`);
  const ended = untilSignal(running);
  process.stdout.write(`ready ${bound.join(' ')}\n`);
  await ended;
}

interface Common {
  readonly files: ServedFolder;
  readonly log: EdgeLog;
  readonly cache: ChunkCache;
  readonly uploads?: UploadSpool;
  readonly mayAsk?: (address: string) => boolean;
}

const everyUpload = (): string[] => PROFILES.flatMap(({ uploads }) => uploads ?? []);

const openTftp = (listen: Listen, common: Common) =>
  TftpServer.listen({
    ...listen,
    ...common,
    limits: { transfersMax: atOnceMax, transfersPerSourceMax: atOnceMax },
    policy: { blockBytesMax: 65_464, windowBlocksMax: 64, timeoutOption: 'leave-out', rollover: 0 },
  });

const openHttp = (listen: Listen, common: Common) =>
  HttpServer.listen({
    ...listen,
    ...common,
    limits: { connectionsMax: atOnceMax, connectionsPerSourceMax: atOnceMax },
  });

async function openFolder(root: string): Promise<ServedFolder> {
  try {
    return await ServedFolder.open(root);
  } catch (error) {
    throw new CliFault(
      {
        what: `cannot serve the folder ${root}`,
        why: reasonOf(error),
        next: 'Name an existing folder with --root',
      },
      error,
    );
  }
}

async function listening(
  protocol: Running['protocol'],
  { host, port }: Listen,
  open: () => Promise<TftpServer | HttpServer>,
): Promise<Running> {
  try {
    const server = await open();
    return {
      protocol,
      listen: { host, port: server.port },
      close: (wait) => server.close(wait),
    };
  } catch (error) {
    const isForbidden = (error as NodeJS.ErrnoException).code === 'EACCES';
    throw new CliFault(
      {
        what: `cannot listen for ${protocol} on ${written({ host, port })}`,
        why: reasonOf(error),
        next: isForbidden
          ? 'Take a port above 1023, or grant CAP_NET_BIND_SERVICE'
          : `Choose another with --${protocol}, or port 0 for any free one`,
      },
      error,
    );
  }
}

const written = ({ host, port }: Listen): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;

async function untilSignal(running: readonly Running[]): Promise<void> {
  await untilStopped();
  const drained = Promise.all(running.map((server) => server.close(drain)));
  void untilStopped().then(() => process.exit(0));
  await drained;
}

const stderrLog: EdgeLog = {
  info: () => {},
  warn: (about, text) => process.stderr.write(`${text} ${JSON.stringify(about)}\n`),
};
