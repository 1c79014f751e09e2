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
 * agent's user alone. The authority stays the same over restarts, since phones were told to trust it.
 */
export function openIdentity(folder: string, wanted: IdentityWanted): TlsIdentity {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (what: string) => join(folder, `${wanted.keyKind}-${what}.pem`);
  if (!existsSync(file('authority'))) {
    const made = makeAuthority(wanted);
    writeOwnFile(file('authority-key'), made.key);
    writeOwnFile(file('authority'), made.cert);
  }
  const authority = readFileSync(file('authority'), 'utf8');
  if (!isStillGood(file('server'), wanted)) {
    const made = makeServer(wanted, { key: readFileSync(file('authority-key'), 'utf8') });
    writeOwnFile(file('server-key'), made.key);
    writeOwnFile(file('server'), made.cert);
  }
  const cert = `${readFileSync(file('server'), 'utf8')}${authority}`;
  return { key: readFileSync(file('server-key'), 'utf8'), cert, authority };
}

const before = (at: EpochMs, slack: DurationMs): EpochMs => laterBy(at, ms(0 - slack));

const authorityName = 'Ringwave agent';

function isStillGood(file: string, { hosts, now }: IdentityWanted): boolean {
  if (!existsSync(file)) return false;
  const held = new X509Certificate(readFileSync(file));
  // A clock that was ahead when it was made has been put right.
  const hasBegun = Date.parse(held.validFrom) <= now;
  const isFresh = hasBegun && Date.parse(held.validTo) > laterBy(now, renewBefore);
  return isFresh && hosts.every((host) => (isIP(host) ? held.checkIP(host) : held.checkHost(host)));
}

function newKeys(kind: IdentityWanted['keyKind']) {
  const pair =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { ...pair, key };
}

function makeAuthority({ keyKind, now }: IdentityWanted) {
  const { privateKey, publicKey, key } = newKeys(keyKind);
  const cert = makeCertificate({
    subject: authorityName,
    subjectKey: publicKey,
    issuer: authorityName,
    issuerKey: privateKey,
    issuerPublicKey: publicKey,
    serial: randomBytes(16),
    from: before(now, clockSlack),
    until: laterBy(now, authorityLife),
  });
  return { key, cert };
}

function makeServer({ keyKind, hosts, now }: IdentityWanted, authority: { key: string }) {
  const { publicKey, key } = newKeys(keyKind);
  const issuerKey = createPrivateKey(authority.key);
  const cert = makeCertificate({
    subject: hosts[0] ?? authorityName,
    subjectKey: publicKey,
    issuer: authorityName,
    issuerKey,
    issuerPublicKey: createPublicKey(authority.key),
    serial: randomBytes(16),
    from: before(now, clockSlack),
    until: laterBy(now, serverLife),
    hosts,
  });
  return { key, cert };
}
