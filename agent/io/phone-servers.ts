import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rate } from '../core/state.ts';
import type { EpochMs } from '@ringwave/protocol/units';
import { phonePolicy } from '../core/tftp/options.ts';
import type { UploadNamed } from '../core/upload-names.ts';
import { openIdentity, type TlsIdentity } from './agent-identity.ts';
import { ByteBudget } from './byte-budget.ts';
import { ChunkCache } from './chunk-cache.ts';
import type { EdgeLog, FileResolver } from './file-source.ts';
import { type HttpLimits, type HttpTls, phoneHttpLimits } from './http-door.ts';
import { HttpServer } from './http-server.ts';
import type { PhoneNetworks } from './phone-networks.ts';
import { phoneLimits } from './tftp-live.ts';
import { TftpServer } from './tftp-server.ts';
import { type AskedUpload, type Masking, spoolLimits, UploadSpool } from './upload-spool.ts';

export interface Listens {
  readonly host: string;
  readonly port: number;
}

/** What an operator sets about serving phones. */
export interface ServingSettings {
  readonly https?: Listens;
  /** A listener of its own for phones that know TLS 1.0 or 1.1 only; nobody else should be sent there. */
  readonly oldHttps?: Listens;
  /** Files in PEM; without them the agent is its own authority. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** A file in PEM: vendors' authorities whose device certificates are believed. */
  readonly phoneAuthoritiesFile?: string;
  /** All phones of the site together. */
  readonly bytesPerSecond?: number;
  readonly tftpOnePort?: boolean;
  readonly tftpRollsOverToOne?: boolean;
  /** Transfers at once for one address; more where many phones stand behind one. */
  readonly tftpPerAddressMax?: number;
  /** The same for HTTP connections; requests a second grow with them. */
  readonly httpPerAddressMax?: number;
  /** Logins may cross the wire in clear, to phones without TLS. */
  readonly plainSecrets?: boolean;
  /** Who asks from elsewhere gets silence over TFTP and a cut connection over HTTP. Absent: everyone may ask. */
  readonly networks?: PhoneNetworks;
}

export interface PhoneServersOf extends ServingSettings {
  readonly folder: string;
  readonly http: Listens;
  readonly tftp: Listens;
  /** Names and addresses in the certificate. */
  readonly hosts: readonly string[];
  readonly files: FileResolver;
  readonly log: EdgeLog;
  readonly now: EpochMs;
  mayWrite(path: string): UploadNamed | undefined;
  /** Takes a phone's own logins out of what it uploads. */
  readonly masked: Masking;
  /** An upload found no room, on the disk or in the folder of uploads. */
  uploadsFull?(asked: AskedUpload, what: 'disk' | 'quota'): void;
}

export interface PhoneServers {
  readonly ports: {
    readonly http: number;
    readonly tftp: number;
    readonly https?: number;
    readonly oldHttps?: number;
  };
  /** What all phones may fetch together from now on; `free` is what the box was started with. */
  setLanRate(rate: Rate): void;
  close(): Promise<void>;
}

/** Everything that phones fetch from, over one cache and one budget. Rejects with Node's own error where a port is taken. */
export async function openPhoneServers(of: PhoneServersOf): Promise<PhoneServers> {
  const { files, log } = of;
  const cache = new ChunkCache();
  const budget = new ByteBudget(of.bytesPerSecond);
  const uploads = await UploadSpool.open(
    join(of.folder, 'uploads'),
    (path) => of.mayWrite(path),
    spoolLimits,
    { masked: of.masked, full: (asked, what) => of.uploadsFull?.(asked, what) },
  );
  const { networks, tftpPerAddressMax: perAddress } = of;
  const mayAsk = networks && ((address: string) => networks.has(address));
  const common = { files, log, cache, budget, uploads, ...(mayAsk && { mayAsk }) };
  const { plainSecrets = false } = of;
  const limits = { ...phoneLimits, ...(perAddress && { transfersPerSourceMax: perAddress }) };
  const http = { limits: httpLimitsOf(of) };
  const policy = { ...phonePolicy, rollover: of.tftpRollsOverToOne ? 1 : 0 } as const;
  const singlePort = of.tftpOnePort === true;
  const running: { close(): Promise<void> }[] = [];
  const kept = <Server extends { close(): Promise<void> }>(server: Server): Server => {
    running.push(server);
    return server;
  };
  const close = async () => void (await Promise.all(running.map((server) => server.close())));
  try {
    const plain = kept(await HttpServer.listen({ ...of.http, ...common, ...http, plainSecrets }));
    const tftp = kept(
      await TftpServer.listen({ ...of.tftp, ...common, limits, policy, singlePort }),
    );
    const secure = async (listen: Listens, profile: HttpTls['profile']) => {
      const tls = tlsOf(of, profile);
      return kept(await HttpServer.listen({ ...listen, ...common, ...http, tls })).port;
    };
    const https = of.https && (await secure(of.https, 'present'));
    const oldHttps = of.oldHttps && (await secure(of.oldHttps, 'old'));
    const ports = {
      http: plain.port,
      tftp: tftp.port,
      ...(https !== undefined && { https }),
      ...(oldHttps !== undefined && { oldHttps }),
    };
    const setLanRate = (rate: Rate) =>
      budget.setRate(typeof rate === 'number' ? rate : of.bytesPerSecond);
    return { ports, setLanRate, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const { connectionsPerSourceMax: usually, requestsPerSecond: usualRequests = 100 } =
  phoneHttpLimits;

function httpLimitsOf({ httpPerAddressMax: most }: ServingSettings): HttpLimits {
  if (most === undefined) return phoneHttpLimits;
  const requestsPerSecond = Math.ceil(usualRequests * Math.max(1, most / usually));
  return { ...phoneHttpLimits, connectionsPerSourceMax: most, requestsPerSecond };
}

function tlsOf(of: PhoneServersOf, profile: HttpTls['profile']): HttpTls {
  const { key, cert } = identityOf(of, profile);
  const authorities = of.phoneAuthoritiesFile && readFileSync(of.phoneAuthoritiesFile, 'utf8');
  return { key, cert, profile, ...(authorities && { clientAuthorities: authorities }) };
}

function identityOf(
  { tls, folder, hosts, now }: PhoneServersOf,
  profile: HttpTls['profile'],
): TlsIdentity {
  if (tls) {
    return { key: readFileSync(tls.keyFile, 'utf8'), cert: readFileSync(tls.certFile, 'utf8') };
  }
  const keyKind = profile === 'old' ? 'rsa' : 'p-256';
  return openIdentity(join(folder, 'tls'), { hosts, keyKind, now });
}
