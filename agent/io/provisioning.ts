import type { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type {
  AgentAddress,
  Identity,
  VendorProfile,
} from '@ringwave/firmware-catalog/vendors/profile';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { PlanPhone } from '@ringwave/protocol/messages';
import type { EpochMs, Id, Mac, Sha256 } from '@ringwave/protocol/units';
import type { AgentEvent, AgentTables } from '../core/state.ts';
import { firmwareFor, type Meaning, readRequest } from '../core/provisioning/read-request.ts';
import {
  type Alarm,
  type Asker,
  type Handing,
  handing,
  inClearWithout,
  isInClear,
  type Place,
  placeAlarm,
  type SecretPolicy,
} from '../core/provisioning/secret-guard.ts';
import { isOwnName, leadsElsewhere, lineOf } from '../core/provisioning/names-of-phones.ts';
import { isBlocked } from '../core/provisioning/strangers.ts';
import type { BaseFiles, Guarded } from './base/base-files.ts';
import type { Asked, FileResolver, Served } from './file-source.ts';
import { noLogin, PhoneLogins, realm, shutOut, userOf } from './phone-logins.ts';
import type { RescueDesk } from './rescue-desk.ts';
import { storedImage } from './stored-image.ts';
import { TransferEvidence } from './transfer-evidence.ts';
import { checkAnswer, checkPath } from './check-path.ts';
import { type DecoyDesk, decoyUsed } from './decoy-desk.ts';
import type { Keyring } from './keyring.ts';

// Files for phones, made for each request and never left on disk. Every request is evidence, so it is
// committed before it is answered: what a phone is told follows from what it has just shown.

export interface ProvisioningParts {
  readonly tables: AgentTables;
  readonly images: ImageStore;
  readonly keyring: Keyring;
  readonly decoys: DecoyDesk;
  readonly policy: SecretPolicy;
  readonly rescue: RescueDesk;
  /** What the files of phones are made over. */
  readonly base: BaseFiles;
  /** Whose MAC this machine's neighbour table has for an address where `expected` should be; null: none. */
  neighbourOf(address: string, expected: Mac): Promise<Mac | null>;
  now(): EpochMs;
  /** Where phones reach this agent; known once the servers listen. */
  address(): AgentAddress;
  submit(event: AgentEvent): void;
  /** Resolves when all that was decided by now would survive a power cut. */
  settled(): Promise<void>;
}

interface Whose {
  readonly phone: PlanPhone;
  readonly profile: VendorProfile;
}

export class Provisioning implements FileResolver {
  readonly #parts: ProvisioningParts;
  readonly #logins: PhoneLogins;
  readonly observer: TransferEvidence;

  constructor(parts: ProvisioningParts) {
    this.#parts = parts;
    this.#logins = new PhoneLogins(parts.tables, parts.keyring);
    this.observer = new TransferEvidence((event) => parts.submit(event));
  }

  /** What the answer counts on, such as that a secret was made, is durable before the phone has it. */
  async resolve(asked: Asked): Promise<Served> {
    const served = await this.#found(asked);
    await this.#parts.settled();
    return served;
  }

  async #found(asked: Asked): Promise<Served> {
    const { tables } = this.#parts;
    if (asked.path === checkPath) return checkAnswer;
    const meaning = readRequest(tables, asked);
    this.#lookForDecoy(asked, meaning.identity.mac);
    const { phone } = meaning;
    const claimed = (phone?.mac ?? meaning.identity.mac) as Mac | null;
    // Also for a MAC that nobody knows: the answer must not come sooner.
    const place = claimed === null ? undefined : await this.#placeOf(asked, claimed);
    if (isBlocked(tables, asked, this.#parts.now()) && !this.#isSure(asked, phone, place))
      return shutOut(asked, place, this.#parts.policy);
    const rescue = await this.#rescue(asked);
    if (rescue) return rescue;
    const lure = phone ? undefined : this.#stranger(asked, meaning.identity);
    if (lure) return lure;
    const alarm = phone && place && placeAlarm(phone.mac as Mac, place, this.#parts.policy);
    const isOwnFile = meaning.kind === 'phone-config' || meaning.kind === 'image';
    if (alarm && isOwnFile) return this.#hide(asked, alarm);
    const login =
      meaning.kind === 'phone-config' ? this.#logins.read(asked, meaning.phone) : noLogin;
    if (login === 'refused') return { kind: 'login-needed', realm };
    // From elsewhere nobody shows anything of a phone, whatever file is asked for.
    const isShown = !alarm && !(meaning.kind === 'image' && this.#isAnotherPlace(asked, phone));
    if (isShown && phone && this.#logins.isOwnWord(phone, login)) {
      this.#saw(asked, phone, meaning.identity, meaning.kind, login);
    }
    switch (meaning.kind) {
      case 'image':
        return this.#image(asked, meaning, isShown);
      case 'phone-config':
        return this.#phoneConfig(asked, meaning, await this.#askerOf(asked, meaning, login, place));
      case 'common-config':
        return this.#commonConfig(asked, meaning);
      case 'absent':
        return this.#other(asked, phone, place);
      default:
        return meaning satisfies never;
    }
  }

  /** Who asks for the file of a phone that nobody knows. */
  #stranger(asked: Asked, { mac, vendor, model, version }: Identity): Served | undefined {
    if (mac === null) return undefined;
    const lure = this.#decoy(asked, mac);
    if (lure) return lure;
    const { address, protocol } = asked;
    this.#parts.submit({ kind: 'stranger-asked', address, mac, protocol });
    const claim = { mac, vendor, model, version, address };
    this.#parts.submit({ kind: 'phone-claimed', via: 'request', ...claim });
    return undefined;
  }

  /** Others behind the same address do not shut out a phone that is certainly the one. */
  #isSure(asked: Asked, phone: PlanPhone | undefined, place: Place | undefined): boolean {
    if (!phone || !place) return false;
    const isThere = place.neighbour === phone.mac || place.certificateMac === phone.mac;
    return isThere || this.#logins.generation(asked, phone) > noLogin;
  }

  /** A phone keeps its address from its own file to its image; what another address takes shows nothing of it. */
  #isAnotherPlace({ address }: Asked, phone: PlanPhone | undefined): boolean {
    const seenAt = phone && this.#parts.tables.sightings.get(phone.mac)?.address;
    return seenAt !== undefined && seenAt !== address;
  }

  /** A phone that no longer starts shows nothing of itself: only a technician's word opens the name. */
  async #rescue(asked: Asked): Promise<Served | undefined> {
    const found = await this.#parts.rescue.find(asked);
    if (!found) return undefined;
    this.observer.expect(asked, {
      kind: 'rescue',
      left: (end) => {
        const isKept = this.#parts.rescue.record(found.grant, asked, end);
        const detail = `${asked.address} took ${found.grant.name}: ${end.bytes} bytes${isKept ? '' : '; the box has no room to note it'}`;
        this.#hide(asked, { fault: 'rescue-served', detail });
      },
    });
    return found.served;
  }

  /** Where the asker is, as the network shows it. */
  async #placeOf({ address, certificateMac }: Asked, mac: Mac): Promise<Place> {
    const neighbour = await this.#parts.neighbourOf(address, mac);
    return { address, neighbour, certificateMac: certificateMac ?? null };
  }

  #handing({ phone }: Whose, asker: Asker): Handing {
    const { tables, policy } = this.#parts;
    return handing(tables, phone, asker, { now: this.#parts.now(), policy });
  }

  async #askerOf(
    asked: Asked,
    { phone, profile }: Whose,
    generation: number,
    place?: Place,
  ): Promise<Asker> {
    return {
      protocol: asked.protocol,
      isPrivate: asked.isPrivate === true,
      ...(place ?? (await this.#placeOf(asked, phone.mac as Mac))),
      ...this.#waysOf({ phone, profile }),
      generation,
    };
  }

  #waysOf({ phone, profile }: Whose): Pick<Asker, 'absentKeeps' | 'canBeLed'> {
    const line = lineOf(profile, phone);
    const isHttpsServed = this.#parts.address().httpsPort !== undefined;
    const server = line?.settings['provisioning-server'] ?? 'unknown';
    return {
      absentKeeps: line?.absentValue === 'keeps',
      canBeLed: isHttpsServed && server !== 'unknown',
    };
  }

  /** Whoever asks for a decoy is told something that looks right and opens nothing. */
  #decoy(asked: Asked, mac: Mac): Served | undefined {
    const { decoys } = this.#parts;
    const twin = decoys.twinOf(mac);
    if (!twin) return undefined;
    const detail = `${asked.address} asked for the decoy ${mac}`;
    const hidden = this.#hide(asked, { fault: 'decoy-asked', detail });
    const profile = profileOf(twin.vendor);
    if (profile?.fileAsked(`/${asked.path}`)?.kind !== 'phone-config') return hidden;
    const login = decoys.loginOf(mac, profile.password);
    // As a new phone of this kind is answered.
    const asker = { ...asked, ...this.#waysOf({ phone: twin, profile }) };
    const handed = isInClear(asked, this.#parts.policy)
      ? inClearWithout(mac, asker, false)
      : undefined;
    if (handed?.kind === 'later') return { kind: 'later', reason: 'a decoy in clear' };
    const isLed = handed?.kind === 'without' && handed.isLed === true;
    const { body, contentType } = profile.renderPhoneConfig(
      {
        mac,
        model: twin.model,
        agent: this.#parts.address(),
        ...(handed ? { isLed } : { provisioning: login }),
      },
      `/${asked.path}`,
    );
    return { kind: 'bytes', body: Buffer.from(body), contentType, noStore: true };
  }

  /** Its login opens nothing, wherever it is tried. */
  #lookForDecoy({ login, address }: Asked, claimed: string | null): void {
    const decoy = login && this.#parts.decoys.namedBy(login.user);
    if (decoy === undefined || decoy === claimed) return;
    this.#parts.submit(decoyUsed(decoy, address, 'logs in'));
  }

  #hide({ address }: Asked, { fault, detail }: Alarm): Served {
    this.#parts.submit({ kind: 'alarm-raised', fault, address, detail });
    return { kind: 'absent' };
  }

  #saw(
    asked: Asked,
    phone: PlanPhone,
    identity: Identity,
    means: Meaning['kind'],
    generation: number,
  ): void {
    const isBoot = identity.versionKind === 'boot';
    this.#parts.submit({
      kind: 'phone-asked',
      mac: phone.mac as Mac,
      vendor: identity.vendor,
      // A model that only a file name shows may be one of several that share the file.
      model: identity.version === null ? null : identity.model,
      // A boot loader's version proves nothing about the application.
      version: isBoot ? null : identity.version,
      ...(identity.hardware ? { hardware: identity.hardware } : {}),
      protocol: asked.protocol,
      address: asked.address,
      means: means === 'absent' ? 'other' : means,
      generation,
    });
  }

  async #image(
    asked: Asked,
    { phone, release, image }: Extract<Meaning, { kind: 'image' }>,
    isShown: boolean,
  ): Promise<Served> {
    const digest = image.sha256 as Sha256;
    const served = await storedImage(this.#parts.images, digest);
    if (!served) {
      this.#parts.submit({ kind: 'image-lost', digest });
      const detail = `${image.fileName} (${digest}) is not what was measured; it is fetched again`;
      return this.#hide(asked, { fault: 'image-changed-on-box', detail });
    }
    const mac = phone.mac as Mac;
    const { fileName } = image;
    if (isShown)
      this.observer.expect(asked, { kind: 'image', mac, release: release.id as Id, fileName });
    return served;
  }

  /** Nothing is waited for between looking whether the secret may leave and noting to whom: two may ask at once. */
  async #phoneConfig(
    asked: Asked,
    { phone, profile }: Extract<Meaning, { kind: 'phone-config' }>,
    asker: Asker,
  ): Promise<Served> {
    const handed = this.#handing({ phone, profile }, asker);
    if (handed.kind === 'hidden') return this.#hide(asked, handed.alarm);
    const mac = phone.mac as Mac;
    if (handed.kind === 'later') {
      this.#tellKept(asked, mac, handed.alarm);
      return { kind: 'later', reason: 'outside of a lease' };
    }
    const firmware = firmwareFor(this.#parts.tables, phone);
    const secret = handed.kind === 'with' ? handed.secret : undefined;
    const file = profile.renderPhoneConfig(
      {
        mac,
        model: phone.model,
        agent: this.#parts.address(),
        ...(firmware ? { firmware } : {}),
        ...(handed.kind === 'without' && handed.isLed ? { isLed: true } : {}),
        ...(secret
          ? { provisioning: { user: userOf(phone), password: this.#logins.open(phone, secret) } }
          : {}),
      },
      `/${asked.path}`,
    );
    // Poly's master file, for one, holds no login: only the file that does hands the secret over.
    const generation = file.holdsLogin ? (secret?.generation ?? 0) : 0;
    const { address, method } = asked;
    const isCounted = generation > 0 || (isOpenToBase(handed) && this.#parts.base.hasOthers);
    this.observer.expect(asked, { kind: 'config', mac, generation, isCounted });
    const isTaken = isCounted && method !== 'HEAD';
    if (isTaken) this.#parts.submit({ kind: 'secret-offered', mac, address });
    const found = await this.#parts.base.config({
      asked,
      line: lineOf(profile, phone),
      ours: file,
      isOwnName: isOwnName(profile, phone, asked.path),
      maySecrets: secret !== undefined || isOpenToBase(handed),
    });
    if (found.kind === 'guarded' && handed.kind === 'without')
      this.#tellKept(asked, mac, handed.alarm);
    if (isTaken && found.kind !== 'bytes') {
      this.#parts.submit({ kind: 'secret-broke-off', mac, address, how: 'unsent' });
    }
    return laterIfGuarded(found);
  }

  /** A secret was kept from this asker, and why somebody should know. */
  #tellKept(asked: Asked, mac: Mac, alarm: Alarm | undefined): void {
    if (!alarm) return;
    this.#hide(asked, alarm);
    if (alarm.fault !== 'mac-claimed-twice') return;
    this.#parts.submit({ kind: 'mac-contested', mac, address: asked.address });
  }

  /** Anyone may ask for it, so it never holds a secret; over a base where the asker's line is known. */
  async #commonConfig(
    asked: Asked,
    { phone, profile }: Extract<Meaning, { kind: 'common-config' }>,
  ): Promise<Served> {
    const ours = profile.renderCommonConfig(this.#parts.address(), `/${asked.path}`);
    const line = phone && lineOf(profile, phone);
    const isOwn = line === undefined;
    const over = { asked, line, ours, isOwnName: isOwn, maySecrets: false };
    const served = laterIfGuarded(await this.#parts.base.config(over));
    if (served.kind !== 'absent') return { ...served, ...(isOwn && { noStore: false }) };
    return laterIfGuarded(await this.#parts.base.config({ ...over, isOwnName: true }));
  }

  /** Directories, pictures and further settings of a phone that is known: from the base, never an image. */
  async #other(asked: Asked, phone: PlanPhone | undefined, place?: Place): Promise<Served> {
    const profile = phone && profileOf(phone.vendor);
    if (!phone || !profile || !this.#parts.base.hasOthers) return { kind: 'absent' };
    const means = profile.fileAsked(`/${asked.path}`)?.kind;
    if (means === 'image' || leadsElsewhere(profile, phone, asked.path)) return { kind: 'absent' };
    const generation = this.#logins.generation(asked, phone);
    const whose = { phone, profile };
    const asker = {
      ...(await this.#askerOf(asked, whose, generation, place)),
      further: asked.path,
    };
    const handed = this.#handing(whose, asker);
    if (handed.kind === 'hidden') return this.#hide(asked, handed.alarm);
    const isOwn = this.#logins.isOwnWord(phone, generation);
    const maySecrets = isOwn && mayTakeSecrets(handed);
    const line = lineOf(profile, phone);
    const found = await this.#parts.base.other({ asked, line, maySecrets });
    if (found.kind === 'guarded' && !isOwn && asked.protocol === 'http')
      return { kind: 'login-needed', realm };
    const isTaken = found.hasSecrets === true && asked.method !== 'HEAD';
    // Whoever asked meanwhile may have taken the last of it: looking and counting are one.
    if (isTaken && !mayTakeSecrets(this.#handing(whose, asker)))
      return laterIfGuarded({ kind: 'guarded' });
    const { address, path } = asked;
    const mac = phone.mac as Mac;
    if (isTaken) this.#parts.submit({ kind: 'secret-offered', mac, address, further: path });
    if (found.kind === 'guarded' && handed.kind !== 'with')
      this.#tellKept(asked, mac, handed.alarm);
    return laterIfGuarded(found);
  }
}

const isOpenToBase = (handed: Handing): boolean =>
  handed.kind === 'without' && handed.baseSecrets === true;

const mayTakeSecrets = (handed: Handing): boolean => handed.kind === 'with' || isOpenToBase(handed);

/** The phone keeps what it has and asks again: perhaps in a lease. */
const laterIfGuarded = (served: Served | Guarded): Served =>
  served.kind === 'guarded' ? { kind: 'later', reason: 'its base holds secrets' } : served;
