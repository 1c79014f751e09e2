import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type DurationMs, days, type EpochMs, laterBy, ms } from '@ringwave/protocol/units';
import { writeOwnFile } from '@ringwave/runtime/io/own-file';
import { makeCertificate } from '../core/certificate.ts';

export interface TlsIdentity {
  readonly key: string;
  /** The server's certificate and what it rests on. */
  readonly cert: string;
  /** What phones have to trust: absent where an operator brought the certificate. */
  readonly authority?: string;
}

export interface IdentityWanted {
  /** Names and addresses by which phones reach this agent. */
  readonly hosts: readonly string[];
  /** RSA for phones that know no elliptic curves. */
  readonly keyKind: 'p-256' | 'rsa';
  readonly now: EpochMs;
}

/** Phones keep an authority for as long as they live; a server's certificate is remade without them noticing. */
const authorityLife = days(3650);
const serverLife = days(730);
/** Before its end a server's certificate is made anew at the next start. */
const renewBefore = days(60);
/** Phones' clocks are often behind when they boot. */
const clockSlack = days(1);

/**
 * The agent's own authority and the certificate that it signed, made at the first start and kept in `folder` for the
 * agent's user alone. The authority stays the same over restarts, since phones were told to trust it; where the clock shows a time
 * outside of its years, as one that was ahead when it was made leaves it, it gets other years.
 */
export function openIdentity(folder: string, wanted: IdentityWanted): TlsIdentity {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (what: string) => join(folder, `${wanted.keyKind}-${what}.pem`);
  const heldAuthority = heldIn(file('authority'));
  if (!heldAuthority) {
    const made = newKeys(wanted.keyKind);
    writeOwnFile(file('authority-key'), made);
    writeOwnFile(file('authority'), makeAuthority(made, lifeOf(wanted, authorityLife)));
  } else if (!isInTime(heldAuthority, wanted)) {
    // With its key, so that phones which were told to trust it trust what it signs by either.
    const key = readFileSync(file('authority-key'), 'utf8');
    const life = lifeOf(wanted, authorityLife, heldAuthority);
    writeOwnFile(file('authority'), makeAuthority(key, life));
  }
  const authority = readFileSync(file('authority'), 'utf8');
  const held = heldIn(file('server'));
  if (!held || !isStillGood(held, wanted)) {
    const life = lifeOf(wanted, serverLife, held);
    const made = makeServer(wanted, readFileSync(file('authority-key'), 'utf8'), life);
    writeOwnFile(file('server-key'), made.key);
    writeOwnFile(file('server'), made.cert);
  }
  const cert = `${readFileSync(file('server'), 'utf8')}${authority}`;
  return { key: readFileSync(file('server-key'), 'utf8'), cert, authority };
}

const authorityName = 'Ringwave agent';

const heldIn = (file: string): X509Certificate | undefined =>
  existsSync(file) ? new X509Certificate(readFileSync(file)) : undefined;

interface Life {
  readonly from: EpochMs;
  readonly until: EpochMs;
}

/**
 * Ends no sooner than what is replaced: a box without a clock of its own begins in 1970, and asks for the time when it runs already.
 */
function lifeOf({ now }: IdentityWanted, lasts: DurationMs, held?: X509Certificate): Life {
  const until = Math.max(laterBy(now, lasts), held ? Date.parse(held.validTo) : 0);
  const from = laterBy(now, ms(0 - clockSlack));
  return { from: Math.max(from, 0) as EpochMs, until: until as EpochMs };
}

const isInTime = (held: X509Certificate, { now }: IdentityWanted): boolean =>
  Date.parse(held.validFrom) <= now && Date.parse(held.validTo) > laterBy(now, renewBefore);

const isStillGood = (held: X509Certificate, wanted: IdentityWanted): boolean =>
  isInTime(held, wanted) &&
  wanted.hosts.every((host) => (isIP(host) ? held.checkIP(host) : held.checkHost(host)));

function newKeys(kind: IdentityWanted['keyKind']): string {
  const { privateKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}

function makeAuthority(key: string, life: Life): string {
  const [issuerKey, issuerPublicKey] = [createPrivateKey(key), createPublicKey(key)];
  return makeCertificate({
    subject: authorityName,
    subjectKey: issuerPublicKey,
    issuer: authorityName,
    issuerKey,
    issuerPublicKey,
    serial: randomBytes(16),
    ...life,
  });
}

function makeServer({ keyKind, hosts }: IdentityWanted, authorityKey: string, life: Life) {
  const key = newKeys(keyKind);
  const cert = makeCertificate({
    subject: hosts[0] ?? authorityName,
    subjectKey: createPublicKey(key),
    issuer: authorityName,
    issuerKey: createPrivateKey(authorityKey),
    issuerPublicKey: createPublicKey(authorityKey),
    serial: randomBytes(16),
    ...life,
    hosts,
  });
  return { key, cert };
}
