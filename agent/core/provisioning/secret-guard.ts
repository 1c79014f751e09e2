// Whether a phone's file may carry its secret now, to this asker. A MAC is no secret: anyone can ask for
// `<mac>.cfg`, so a secret leaves only in a lease, in private, to the place where the phone is.

import { takesLogin } from '@ringwave/firmware-catalog/vendors/takes-login';
import type { FaultCode } from '@ringwave/protocol/faults';
import type { PlanPhone } from '@ringwave/protocol/messages';
import { type EpochMs, laterBy, type Mac, minutes } from '@ringwave/protocol/units';
import { phoneIn } from '../plan-index.ts';
import { offeredSecret } from '../rotation.ts';
import type { AgentDraft, AgentTables, Credential, Fetches, SealedSecret, Work } from '../state.ts';

/** What the site allows; closed unless someone opened it. */
export interface SecretPolicy {
  /** Secrets may cross the wire in clear: for a laboratory, or phones that speak no TLS. */
  readonly plain: boolean;
  /** Phones behind a router have no entry in the neighbour table; without it their place is not checked. */
  readonly routed: boolean;
}

/** Where the asker is, as far as the network shows it. */
export interface Place {
  readonly address: string;
  /** Whose MAC the neighbour table has for the address; null: it has none. */
  readonly neighbour: Mac | null;
  /** The MAC in a vendor's client certificate; null: no certificate came. */
  readonly certificateMac: Mac | null;
}

export interface Asker extends Place {
  readonly protocol: 'tftp' | 'http';
  /** The request came through TLS. */
  readonly isPrivate: boolean;
  /** Whether an absent value in this vendor's language keeps what the phone has. */
  readonly absentKeeps: boolean;
  /** Whether the agent serves HTTPS, and a file of this vendor's can send the phone there. */
  readonly canBeLed: boolean;
  /** The generation it logged in with; 0: none. */
  readonly generation: number;
  /** The path of a further file of a base, which is counted by itself; absent: its own file. */
  readonly further?: string;
}

export type Handing =
  /** In this lease, and no more than `fetchesMax` times. */
  | { readonly kind: 'with'; readonly secret: SealedSecret }
  /**
   * The file as it is outside a lease: it says nothing of the secret. A phone that cannot be told a login has no other; what a
   * base holds for it leaves with `baseSecrets`, and `alarm` is raised where the base does hold something that may not leave.
   * With `isLed` it names the agent's HTTPS address: there the phone is given its login.
   */
  | {
      readonly kind: 'without';
      readonly baseSecrets?: boolean;
      readonly isLed?: boolean;
      readonly alarm?: Alarm;
    }
  /** A file without the secret would take it away from the phone, so it comes back later. */
  | { readonly kind: 'later'; readonly alarm?: Alarm }
  /** To this asker the file does not exist. */
  | { readonly kind: 'hidden'; readonly alarm: Alarm };

export interface Alarm {
  readonly fault: FaultCode;
  readonly detail: string;
}

/** Files with the secret in one lease: one to learn it, one to prove it (security practice: burn after two). */
export const fetchesMax = 2;
/** As `fetchesMax`, for a phone that logs in with the very secret: it learns nothing, and some ask file by file. */
export const holderFetchesMax = 8;
/** Further files with passwords in one lease: a phone reads a handful. */
export const furtherFilesMax = 16;
/** Files that broke off and may be had again, at the same address alone: a bad cable breaks a few, a listener more. */
export const brokenFetchesMax = 6;
/** A phone fetches its files again right after its proof, still in the same boot. */
export const graceAfterProof = minutes(10);

/** A phone keeps its address for a boot; who shows its MAC from another one within this time is taken for another device. */
export const oneBoot = minutes(10);

/** Phases of a planned restart: the phone reads its files again and needs all of them. */
const RESTARTS: readonly Work['phase'][] = ['offered', 'downloading', 'rebooting', 'verifying'];

/** The present occasion to hand the secret over; undefined outside any. A new occasion has a new name. */
export function leaseOf(
  credential: Credential | undefined,
  work: Work | undefined,
  now: EpochMs,
): string | undefined {
  const { current, next } = credential ?? {};
  if (next) return `rotation ${next.generation}`;
  if (current && work && RESTARTS.includes(work.phase)) {
    return `restart ${work.rollout} ${work.starts} of ${current.generation}`;
  }
  const { provenAt } = current ?? {};
  const isFresh = provenAt !== undefined && now < laterBy(provenAt, graceAfterProof);
  return current && isFresh ? `rotation ${current.generation}` : undefined;
}

/**
 * The same for what a base holds for a phone that cannot be told a login: its planned restart; else once for each generation
 * that headquarters wants, so that it is provisioned when it is new and whenever somebody asks for new credentials.
 */
export function baseLeaseOf(
  { credentialGeneration: wanted }: Pick<PlanPhone, 'credentialGeneration'>,
  work: Work | undefined,
  taken: Fetches | undefined,
): string | undefined {
  // Named so that no lease of a login is taken for one of these, should the line of a phone become another one.
  if (work && RESTARTS.includes(work.phase)) return `base restart ${work.rollout} ${work.starts}`;
  const lease = `base ${wanted}`;
  return taken?.lease === lease || (taken?.given ?? 0) < wanted ? lease : undefined;
}

/** Whose file it is. */
export type FileOf = Pick<PlanPhone, 'mac' | 'vendor' | 'model' | 'credentialGeneration'>;

type Tables = Pick<AgentTables, 'credentials' | 'work' | 'fetches'>;

export function handing(
  tables: Tables,
  phone: FileOf,
  asker: Asker,
  { now, policy }: { readonly now: EpochMs; readonly policy: SecretPolicy },
): Handing {
  const mac = phone.mac as Mac;
  const elsewhere = placeAlarm(mac, asker, policy);
  if (elsewhere) return { kind: 'hidden', alarm: elsewhere };
  if (!takesLogin(phone)) return withoutLogin(tables, phone, asker, { now, policy });
  const credential = tables.credentials.get(mac);
  const secret = offeredSecret(credential);
  if (!secret) return { kind: 'without' };
  const lease = leaseOf(credential, tables.work.get(mac), now);
  const closed: Handing = asker.absentKeeps ? { kind: 'without' } : { kind: 'later' };
  const taken = tables.fetches.get(mac);
  if (isInClear(asker, policy)) {
    const mayHold = credential?.current !== undefined || (taken?.count ?? 0) > 0;
    return inClearWithout(mac, asker, mayHold);
  }
  if (lease === undefined) return closed;
  const twin = twinAlarm(mac, asker, taken, now);
  if (twin) return { kind: 'later', alarm: twin };
  const most = asker.generation === secret.generation ? holderFetchesMax : fetchesMax;
  const often = oftenAlarm(mac, asker, { lease, taken, most });
  return often ? { kind: 'later', alarm: often } : { kind: 'with', secret };
}

/** No secret leaves so. */
export const isInClear = (
  { protocol, isPrivate }: Pick<Asker, 'protocol'> & { readonly isPrivate?: boolean },
  { plain }: SecretPolicy,
): boolean => protocol === 'tftp' || (isPrivate !== true && !plain);

/**
 * In clear a phone gets a file without its login, which leads it to where it is given one. Who may hold a login already gets
 * none where it could lose it by that.
 */
export function inClearWithout(
  mac: Mac,
  asker: Pick<Asker, 'address' | 'absentKeeps' | 'canBeLed' | 'protocol'>,
  mayHold: boolean,
): Handing {
  const { absentKeeps, canBeLed, protocol } = asker;
  const alarm = inClear(mac, asker);
  if (absentKeeps) return { kind: 'without', isLed: canBeLed };
  if (mayHold || (protocol === 'http' && !canBeLed)) return { kind: 'later', alarm };
  return { kind: 'without', isLed: canBeLed, alarm };
}

/** Its file is never kept from such a phone: only what a base holds may have to be. */
function withoutLogin(
  tables: Tables,
  phone: FileOf,
  asker: Asker,
  { now, policy }: { readonly now: EpochMs; readonly policy: SecretPolicy },
): Handing {
  const mac = phone.mac as Mac;
  const taken = tables.fetches.get(mac);
  const lease = baseLeaseOf(phone, tables.work.get(mac), taken);
  if (isInClear(asker, policy)) return { kind: 'without', alarm: inClear(mac, asker) };
  if (lease === undefined) return { kind: 'without', alarm: tooLate(mac, asker) };
  const alarm =
    twinAlarm(mac, asker, taken, now) ?? oftenAlarm(mac, asker, { lease, taken, most: fetchesMax });
  return alarm ? { kind: 'without', alarm } : { kind: 'without', baseSecrets: true };
}

const inClear = (mac: Mac, { address, canBeLed }: Pick<Asker, 'address' | 'canBeLed'>): Alarm => ({
  fault: 'secret-asked-in-clear',
  detail: `${mac} asked for its file in clear from ${address}, and waits until ${canBeLed ? 'somebody sends it to HTTPS' : 'it is served over HTTPS, or --plain-secrets allows this'}`,
});

const tooLate = (mac: Mac, { address, further }: Asker): Alarm => ({
  fault: 'base-secret-waits',
  detail: `${mac} asked for ${further ?? 'its file'} from ${address}, and had its passwords before; they wait for an occasion`,
});

/** A path may be a word that every object knows, such as `constructor`. */
const furtherTaken = ({ further = {} }: Pick<Fetches, 'further'>, path: string): number =>
  Object.hasOwn(further, path) ? (further[path] ?? 0) : 0;

function oftenAlarm(
  mac: Mac,
  { address, further }: Asker,
  of: { readonly lease: string; readonly taken: Fetches | undefined; readonly most: number },
): Alarm | undefined {
  const { lease, taken, most } = of;
  if (taken?.lease !== lease) return undefined;
  const again = Math.min(taken.broken ?? 0, brokenFetchesMax);
  const count = further === undefined ? taken.count : furtherTaken(taken, further);
  const isNew = count === 0 && Object.keys(taken.further ?? {}).length >= furtherFilesMax;
  if (count < most + again && !isNew) return undefined;
  const file = further === undefined ? `the file of ${mac}` : `${further} of ${mac}`;
  const detail = `${file} was taken ${count} times in one lease; last asked from ${address}`;
  return { fault: 'secret-fetched-often', detail };
}

interface Taking {
  readonly mac: Mac;
  readonly address: string;
}

/**
 * A file with the secret begins to leave. That counts: whoever asks many times at once, or breaks off before the end, may have
 * read all of it. From now on the MAC is that of this address.
 */
export function secretOffered(
  draft: AgentDraft,
  { mac, address, further }: Taking & { readonly further?: string },
  now: EpochMs,
): void {
  const phone = phoneIn(draft.plan.get('plan')?.plan, mac);
  const work = draft.work.get(mac);
  const before = draft.fetches.get(mac);
  const isBare = phone !== undefined && !takesLogin(phone);
  const lease = isBare
    ? baseLeaseOf(phone, work, before)
    : leaseOf(draft.credentials.get(mac), work, now);
  if (lease === undefined) return;
  const { rival, given } = before ?? {};
  const known: Fetches =
    before?.lease === lease ? before : { lease, count: 0, ...(given && { given }) };
  const counted: Pick<Fetches, 'count' | 'further'> =
    further === undefined
      ? { count: known.count + 1 }
      : {
          count: known.count,
          further: { ...known.further, [further]: furtherTaken(known, further) + 1 },
        };
  draft.fetches.put(mac, { ...known, ...counted, address, at: now, ...(rival && { rival }) });
}

/** A phone that cannot be told a login has what its base holds: the occasion is over once it asks no more. */
export function baseServed(draft: AgentDraft, mac: Mac): void {
  const row = draft.fetches.get(mac);
  const phone = phoneIn(draft.plan.get('plan')?.plan, mac);
  if (row && phone) draft.fetches.put(mac, { ...row, given: phone.credentialGeneration });
}

/** The file did not leave whole: unsent, it was never taken; broken off, its place has it again, a few times. */
export function secretBrokeOff(
  draft: AgentDraft,
  { mac, address, how }: Taking & { readonly how: 'unsent' | 'broken' },
): void {
  const row = draft.fetches.get(mac);
  if (!row || row.count === 0) return;
  if (how === 'unsent') draft.fetches.put(mac, { ...row, count: row.count - 1 });
  else if (row.address === address) {
    draft.fetches.put(mac, { ...row, broken: (row.broken ?? 0) + 1 });
  }
}

/** Another device showed the MAC of a phone that took its login a moment ago: for a while neither may have it. */
export function macContested(draft: AgentDraft, { mac, address }: Taking, now: EpochMs): void {
  const row = draft.fetches.get(mac);
  if (row && row.address !== address)
    draft.fetches.put(mac, { ...row, rival: { address, at: now } });
}

/**
 * Two devices that show one MAC: until one of them proves by a login or by its maker's certificate that it is the phone,
 * neither has its secret. An address of the other family is another address: no table here tells that both are one device.
 */
function twinAlarm(
  mac: Mac,
  { address, generation, certificateMac }: Asker,
  taken: Fetches | undefined,
  now: EpochMs,
): Alarm | undefined {
  const { address: first, at, rival } = taken ?? {};
  if (generation > 0 || certificateMac === mac || first === undefined) return undefined;
  const isLately = (then: EpochMs | undefined) =>
    then !== undefined && now < laterBy(then, oneBoot);
  const fault = 'mac-claimed-twice';
  if (first !== address && isLately(at)) {
    const detail = `${mac} took its login at ${first} and now asks for it from ${address}`;
    return { fault, detail };
  }
  if (!rival || rival.address === address || !isLately(rival.at)) return undefined;
  const detail = `${mac} asks again at ${address}, and ${rival.address} shows the same MAC`;
  return { fault, detail };
}

/** What is wrong where the asker is not where the phone is. */
export function placeAlarm(mac: Mac, place: Place, policy: SecretPolicy): Alarm | undefined {
  const { address, certificateMac, neighbour } = place;
  if (certificateMac !== null && certificateMac !== mac) {
    const detail = `the certificate of ${certificateMac} asked for the file of ${mac} from ${address}`;
    return { fault: 'certificate-of-another', detail };
  }
  // This machine is its own neighbour: what asks from here was let in already.
  if (isLoopback(address) || neighbour === mac) return undefined;
  if (neighbour === null && (policy.routed || certificateMac === mac)) return undefined;
  const who = neighbour === null ? 'no neighbour of this box' : `a device with MAC ${neighbour}`;
  const detail = `the file of ${mac} was asked for from ${address}, which is ${who}`;
  return { fault: 'secret-asked-from-elsewhere', detail };
}

const isLoopback = (address: string): boolean =>
  address === '::1' || /^(?:::ffff:)?127\./.test(address);
