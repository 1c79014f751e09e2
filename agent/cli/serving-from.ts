import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import { createSecureContext } from 'node:tls';
import { domainToASCII } from 'node:url';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import { type Listen, listenFrom } from '@ringwave/runtime/listen';
import { type HttpTls, phoneHttpLimits, strengthOf } from '../io/http-door.ts';
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
  if (tlsCert !== undefined && tlsKey !== undefined) {
    const isForOldAlone = flags.httpsOld !== undefined && flags.https === undefined;
    checkPair(tlsCert, tlsKey, isForOldAlone ? 'old' : 'present');
  }
  if (phoneCa !== undefined) checkAuthorities(phoneCa);
  return {
    ...(flags.https && { https: listenFrom('--https', flags.https) }),
    ...(flags.httpsOld && { oldHttps: listenFrom('--https-old', flags.httpsOld) }),
    ...(tlsCert && tlsKey && { tls: { certFile: tlsCert, keyFile: tlsKey } }),
    ...(phoneCa && { phoneAuthoritiesFile: phoneCa }),
    ...(flags.lanLimit && { bytesPerSecond: bytesFrom(flags.lanLimit) }),
    tftpOnePort: flags.tftpOnePort === true,
    tftpRollsOverToOne: flags.tftpRollover1 === true,
    ...(flags.tftpPerAddress && {
      tftpPerAddressMax: countFrom(
        flags.tftpPerAddress,
        '--tftp-per-address',
        phoneLimits.transfersMax,
      ),
    }),
    ...(flags.httpPerAddress && {
      httpPerAddressMax: countFrom(
        flags.httpPerAddress,
        '--http-per-address',
        phoneHttpLimits.connectionsMax,
      ),
    }),
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

function countFrom(text: string, flag: string, most: number): number {
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= most) return Number(text);
  throw new CliFault({
    what: `cannot read ${flag} ${text}`,
    why: `it is not a number from 1 to ${most}`,
    next: `Write for example ${flag} 200`,
  });
}

/** As strictly as the listener that shows it: what only old phones take is no fault where only they are served. */
function checkPair(certFile: string, keyFile: string, profile: HttpTls['profile']): void {
  const pair = { cert: textOf('--tls-cert', certFile), key: textOf('--tls-key', keyFile) };
  const error = unfit(pair, profile);
  if (error === undefined) return;
  const isOnlyWeak = profile === 'present' && unfit(pair, 'old') === undefined;
  throw new CliFault(
    {
      what: `cannot serve TLS with ${certFile} and ${keyFile}`,
      why: reasonOf(error),
      next: isOnlyWeak
        ? 'Give a stronger certificate; --https-old alone takes this one'
        : 'Give a certificate and its own key, both in PEM',
    },
    error,
  );
}

/** Why a listener could not show it; undefined where it can. */
function unfit(pair: { cert: string; key: string }, profile: HttpTls['profile']): unknown {
  try {
    createSecureContext({ ...pair, ...strengthOf(profile) });
    return undefined;
  } catch (error) {
    return error;
  }
}

const certificateFrom = (pem: string): X509Certificate => new X509Certificate(pem);

/** Each of a bundle: the listener would pass over what stands behind a broken one, and phones of that maker with it. */
function checkAuthorities(file: string): void {
  const what = `cannot use --phone-ca ${file}`;
  const next = 'Give certificates of phone makers’ authorities, in PEM';
  const certificates = textOf('--phone-ca', file)
    .split(/(?=-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----)/)
    .filter((part) => /^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE/.test(part));
  if (certificates.length === 0) throw new CliFault({ what, why: 'it holds no certificate', next });
  for (const [place, certificate] of certificates.entries()) {
    try {
      certificateFrom(certificate);
    } catch (error) {
      const why = `certificate ${place + 1}: ${reasonOf(error)}`;
      throw new CliFault({ what, why, next }, error);
    }
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

const label = '[a-z\\d_](?:[a-z\\d_-]{0,61}[a-z\\d_])?';
const hostName = new RegExp(`^(?=.{1,253}\\.?$)${label}(?:\\.${label})*\\.?$`, 'i');
/** Meant as an address, and none. */
const isDigits = (text: string): boolean => /^[\d.]+$/.test(text);
const isAscii = (text: string): boolean => /^\p{ASCII}*$/u.test(text);

/** Nobody says: both families where phones are served over IPv6, since what they fetch from is where they are woken from. */
export const sipFrom = (text: string | undefined, doors: readonly Listen[]): Listen => {
  if (text !== undefined) return listenFrom('--sip', text);
  return { host: doors.some(({ host }) => isIPv6(host)) ? '::' : '0.0.0.0', port: 0 };
};

/** A name or an address, as phones and certificates write it: letters beyond ASCII in their `xn--` form. */
export function hostFrom(flag: string, text: string): string {
  const host = isAscii(text) ? text : domainToASCII(text);
  if (isIP(host) !== 0 || (hostName.test(host) && !isDigits(host))) return host;
  throw new CliFault({
    what: `cannot read ${flag} ${text}`,
    why: 'it is neither a host name nor an address',
    next: `Write for example ${flag} 10.20.0.5`,
  });
}
