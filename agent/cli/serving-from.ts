import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { listenFrom } from '@ringwave/runtime/listen';
import type { ServingSettings } from '../io/phone-servers.ts';
import { phoneLimits } from '../io/tftp-live.ts';
import { networksFrom } from './networks-from.ts';
import type { RunFlags } from './run.ts';

// What the flags of `ringwave-agent run` say about serving phones. Files are read here as well, so that one that cannot be
// used is named before a port is opened.

export function servingFrom(flags: RunFlags): ServingSettings {
  const { tlsCert, tlsKey, phoneCa } = flags;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new CliFault({
      what: 'cannot serve TLS',
      why: '--tls-cert and --tls-key belong together',
      next: 'Give both, or neither and let phones trust the agent’s own authority',
    });
  }
  if (tlsCert !== undefined && tlsKey !== undefined) checkPair(tlsCert, tlsKey);
  if (phoneCa !== undefined) firstAuthority(phoneCa);
  return {
    ...(flags.https && { https: listenFrom('--https', flags.https) }),
    ...(flags.httpsOld && { oldHttps: listenFrom('--https-old', flags.httpsOld) }),
    ...(tlsCert && tlsKey && { tls: { certFile: tlsCert, keyFile: tlsKey } }),
    ...(phoneCa && { phoneAuthoritiesFile: phoneCa }),
    ...(flags.lanLimit && { bytesPerSecond: bytesFrom(flags.lanLimit) }),
    tftpOnePort: flags.tftpOnePort === true,
    tftpRollsOverToOne: flags.tftpRollover1 === true,
    ...(flags.tftpPerAddress && { tftpPerAddressMax: perAddressFrom(flags.tftpPerAddress) }),
    ...(flags.phonesFrom && { networks: networksFrom(flags.phonesFrom) }),
  };
}

/** Below 64 kB/s one phone's image takes the whole night. */
const lanLimitMin = 64_000;

function bytesFrom(text: string): number {
  if (/^\d{1,12}$/.test(text) && Number(text) >= lanLimitMin) return Number(text);
  throw new CliFault({
    what: `cannot read --lan-limit ${text}`,
    why: `it is not a number of bytes a second from ${lanLimitMin}`,
    next: 'Write for example --lan-limit 10000000',
  });
}

function perAddressFrom(text: string): number {
  const { transfersMax } = phoneLimits;
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= transfersMax) return Number(text);
  throw new CliFault({
    what: `cannot read --tftp-per-address ${text}`,
    why: `it is not a number of transfers from 1 to ${transfersMax}`,
    next: 'Write for example --tftp-per-address 64',
  });
}

function checkPair(certFile: string, keyFile: string): void {
  const [cert, key] = [textOf('--tls-cert', certFile), textOf('--tls-key', keyFile)];
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new CliFault(
      {
        what: `cannot serve TLS with ${certFile} and ${keyFile}`,
        why: reasonOf(error),
        next: 'Give a certificate and its own key, both in PEM',
      },
      error,
    );
  }
}

function firstAuthority(file: string): X509Certificate {
  try {
    return new X509Certificate(textOf('--phone-ca', file));
  } catch (error) {
    if (error instanceof CliFault) throw error;
    throw new CliFault(
      {
        what: `cannot use --phone-ca ${file}`,
        why: reasonOf(error),
        next: 'Give certificates of phone makers’ authorities, in PEM',
      },
      error,
    );
  }
}

function textOf(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliFault(
      {
        what: `cannot read ${flag} ${file}`,
        why: reasonOf(error),
        next: 'Name a file that the agent may read',
      },
      error,
    );
  }
}

/** A name or an address, as phones and certificates write it. */
export function hostFrom(flag: string, text: string): string {
  const isName =
    /^(?=.{1,253}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/i;
  if (isIP(text) !== 0 || isName.test(text)) return text;
  throw new CliFault({
    what: `cannot read ${flag} ${text}`,
    why: 'it is neither a host name nor an address',
    next: `Write for example ${flag} 10.20.0.5`,
  });
}
