import type { FileHandle } from 'node:fs/promises';
import type { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type {
  AgentAddress,
  Identity,
  VendorProfile,
} from '@ringwave/firmware-catalog/vendors/profile';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import type { EpochMs, Id, Mac, Sha256 } from '@ringwave/protocol/units';
import { type SteadyMs, steadyLater, steadyNow } from '@ringwave/runtime/clock';
import type { AgentEvent, AgentTables, Credential, SealedSecret } from '../core/state.ts';
import { type Decoys, decoysOf } from '../core/provisioning/decoys.ts';
import { firmwareFor, type Meaning, readRequest } from '../core/provisioning/read-request.ts';
import {
  type Alarm,
  type Handing,
  handing,
  type SecretPolicy,
} from '../core/provisioning/secret-guard.ts';
import { isBlocked } from '../core/provisioning/strangers.ts';
import { acceptedSecrets } from '../core/rotation.ts';
import type {
  Asked,
  FileResolver,
  Served,
  TransferEnd,
  TransferObserver,
  TransferSeen,
} from './file-source.ts';
import { checkPath } from './check-path.ts';
import type { Keyring } from './keyring.ts';

// Files for phones, made for each request and never left on disk. Every request is evidence, so it is
// committed before it is answered: what a phone is told follows from what it has just shown.

export interface ProvisioningParts {
  readonly tables: AgentTables;
  readonly images: ImageStore;
  readonly keyring: Keyring;
  readonly policy: SecretPolicy;
  /** Whose MAC this machine's neighbour table has for an address; null: none. */
  neighbourOf(address: string): Promise<Mac | null>;
  now(): EpochMs;
  /** Where phones reach this agent; known once the servers listen. */
  address(): AgentAddress;
  submit(event: AgentEvent): void;
}

type Evidence =
  | { readonly kind: 'image'; readonly mac: Mac; readonly release: Id; readonly fileName: string }
  | { readonly kind: 'config'; readonly mac: Mac; readonly generation: number };

export const realm = 'Ringwave';

export class Provisioning implements FileResolver {
  readonly #parts: ProvisioningParts;
  readonly #evidence = new WeakMap<Asked, Evidence>();
  /** Phones that were challenged for a first secret and have not come back; at most those of the plan. */
  readonly #challenged = new Set<string>();

  constructor(parts: ProvisioningParts) {
    this.#parts = parts;
  }

  async resolve(asked: Asked): Promise<Served> {
    const { tables } = this.#parts;
    if (isBlocked(tables, asked.address, this.#parts.now())) return { kind: 'absent' };
    if (asked.path === checkPath) return check;
    const meaning = readRequest(tables, asked);
    const stranger = meaning.phone ? null : meaning.identity.mac;
    if (stranger) {
      const lure = this.#decoy(asked, stranger);
      if (lure) return lure;
      const { address } = asked;
      this.#parts.submit({ kind: 'stranger-asked', address, mac: stranger });
      const { vendor, model, version } = meaning.identity;
      const claim = { mac: stranger, vendor, model, version, address };
      this.#parts.submit({ kind: 'phone-claimed', via: 'request', ...claim });
    }
    const place = meaning.kind === 'phone-config' ? await this.#place(asked, meaning) : undefined;
    if (place?.kind === 'hidden') return this.#hide(asked, place.alarm);
    const login = meaning.kind === 'phone-config' ? this.#login(asked, meaning.phone) : noLogin;
    if (login === 'refused') return { kind: 'login-needed', realm };
    if (meaning.phone && this.#isOwnWord(meaning.phone, login)) {
      this.#saw(asked, meaning.phone, meaning.identity, meaning.kind, login);
    }
    switch (meaning.kind) {
      case 'image':
        return this.#image(asked, meaning);
      case 'phone-config':
        return this.#phoneConfig(asked, meaning, await this.#place(asked, meaning, login));
      case 'common-config':
        return this.#commonConfig(asked, meaning.profile);
      case 'absent':
        return { kind: 'absent' };
      default:
        return meaning satisfies never;
    }
  }

  /** What this asker may have of the phone's file, before (`generation` 0) or after its login. */
  async #place(
    asked: Asked,
    { phone, profile }: Extract<Meaning, { kind: 'phone-config' }>,
    generation = noLogin,
  ): Promise<Handing> {
    const { tables, policy } = this.#parts;
    const line = profile.lines.find(({ hasModel }) => hasModel(phone.model));
    const asker = {
      protocol: asked.protocol,
      address: asked.address,
      isPrivate: asked.isPrivate === true,
      neighbour: await this.#parts.neighbourOf(asked.address),
      certificateMac: asked.certificateMac ?? null,
      absentKeeps: line?.absentValue === 'keeps',
      generation,
    };
    return handing(tables, phone, asker, { now: this.#parts.now(), policy });
  }

  #decoys: { readonly plan: Plan; readonly decoys: Decoys } | undefined;

  /** Whoever asks for a decoy is told something that looks right and opens nothing. */
  #decoy(asked: Asked, mac: Mac): Served | undefined {
    const { tables, keyring } = this.#parts;
    const plan = tables.plan.get('plan')?.plan;
    if (!plan) return undefined;
    if (this.#decoys?.plan !== plan) {
      const keyed = (text: string) => keyring.fingerprint(text);
      this.#decoys = { plan, decoys: decoysOf(plan.phones, keyed) };
    }
    const twin = this.#decoys.decoys.get(mac);
    if (!twin) return undefined;
    const detail = `${asked.address} asked for the decoy ${mac}`;
    const hidden = this.#hide(asked, { fault: 'decoy-asked', detail });
    const profile = profileOf(twin.vendor);
    if (profile?.fileAsked(`/${asked.path}`)?.kind !== 'phone-config') return hidden;
    const password = keyring.fingerprint(`decoy login ${mac}`).slice(0, profile.password.length);
    const login = { user: mac.replaceAll(':', ''), password };
    const agent = this.#parts.address();
    const { body, contentType } = profile.renderPhoneConfig(
      {
        mac,
        model: twin.model,
        agent,
        ...(asked.protocol === 'http' ? { provisioning: login } : {}),
      },
      `/${asked.path}`,
    );
    return { kind: 'bytes', body: Buffer.from(body), contentType, noStore: true };
  }

  #hide({ address }: Asked, { fault, detail }: Alarm): Served {
    this.#parts.submit({ kind: 'alarm-raised', fault, address, detail });
    return { kind: 'absent' };
  }

  /**
   * The generation the phone logged in with; 0 without a login. Before a phone has proven a first secret it
   * may come without one, to learn it; afterwards its file is for its own login alone.
   */
  #login(asked: Asked, phone: PlanPhone): number | 'refused' {
    const row = this.#parts.tables.credentials.get(phone.mac);
    const secrets = acceptedSecrets(row);
    const place = asked.login?.verify((user) =>
      user === userOf(phone) ? secrets.map((secret) => this.#open(phone, secret)) : [],
    );
    const generation = place === undefined ? undefined : secrets[place]?.generation;
    if (generation !== undefined) return generation;
    // No secret crosses TFTP, so TFTP cannot show one either; that file holds none.
    if (asked.protocol === 'tftp') return noLogin;
    return row?.current || this.#challengesFirst(phone, row) ? 'refused' : noLogin;
  }

  /**
   * Many phones send their login only when challenged. One that may hold its first secret is challenged once;
   * if it comes again without a login it never got the secret, and is given it once more.
   */
  #challengesFirst(phone: PlanPhone, row: Credential | undefined): boolean {
    if (row?.next?.state !== 'published') return false;
    if (this.#challenged.delete(phone.mac)) return false;
    this.#challenged.add(phone.mac);
    return true;
  }

  /** Anyone on the voice LAN can claim to be a phone; one that has a login of its own shows itself only by it. */
  #isOwnWord(phone: PlanPhone, generation: number): boolean {
    return generation > 0 || !this.#parts.tables.credentials.get(phone.mac)?.current;
  }

  #open(phone: PlanPhone, secret: SealedSecret): string {
    return this.#parts.keyring.unseal(secret.sealed, phone.mac as Mac, secret.generation);
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
  ): Promise<Served> {
    const opened = await this.#parts.images.openRead(image.sha256 as Sha256);
    if (!opened) return { kind: 'absent' };
    const mac = phone.mac as Mac;
    this.#evidence.set(asked, {
      kind: 'image',
      mac,
      release: release.id as Id,
      fileName: image.fileName,
    });
    return {
      kind: 'image',
      digest: image.sha256 as Sha256,
      etag: `sha256-${image.sha256}`,
      lengthBytes: opened.lengthBytes,
      read: (offset, length) => readExactly(opened.handle, offset, length),
      release: () => void opened.handle.close(),
    };
  }

  #phoneConfig(
    asked: Asked,
    { phone, profile }: Extract<Meaning, { kind: 'phone-config' }>,
    handed: Handing,
  ): Served {
    if (handed.kind === 'hidden') return this.#hide(asked, handed.alarm);
    if (handed.kind === 'later') {
      if (handed.alarm) this.#hide(asked, handed.alarm);
      return { kind: 'later', reason: 'outside of a lease' };
    }
    const mac = phone.mac as Mac;
    const firmware = firmwareFor(this.#parts.tables, phone);
    const secret = handed.kind === 'with' ? handed.secret : undefined;
    const file = profile.renderPhoneConfig(
      {
        mac,
        model: phone.model,
        agent: this.#parts.address(),
        ...(firmware ? { firmware } : {}),
        ...(secret
          ? { provisioning: { user: userOf(phone), password: this.#open(phone, secret) } }
          : {}),
      },
      `/${asked.path}`,
    );
    // Poly's master file, for one, holds no login: only the file that does hands the secret over.
    const generation = file.holdsLogin ? (secret?.generation ?? 0) : 0;
    this.#evidence.set(asked, { kind: 'config', mac, generation });
    return {
      kind: 'bytes',
      body: Buffer.from(file.body),
      contentType: file.contentType,
      noStore: true,
    };
  }

  #commonConfig(asked: Asked, profile: VendorProfile): Served {
    const file = profile.renderCommonConfig(this.#parts.address(), `/${asked.path}`);
    return {
      kind: 'bytes',
      body: Buffer.from(file.body),
      contentType: file.contentType,
      noStore: false,
    };
  }

  readonly observer: TransferObserver = {
    transferBegan: ({ asked }: TransferSeen) => this.#transfer(asked, 'image-began'),
    transferProgress: ({ asked }: TransferSeen) => this.#progressed(asked),
    transferEnded: (seen: TransferSeen, end: TransferEnd) => this.#ended(seen, end),
  };

  #transfer(asked: Asked, kind: 'image-began' | 'image-progressed'): void {
    const evidence = this.#evidence.get(asked);
    if (evidence?.kind !== 'image' || asked.method === 'HEAD') return;
    const { mac, release, fileName } = evidence;
    this.#parts.submit({ kind, mac, release, fileName });
  }

  readonly #reportedAt = new WeakMap<Asked, SteadyMs>();

  #progressed(asked: Asked): void {
    const now = steadyNow();
    if (now < steadyLater(this.#reportedAt.get(asked) ?? (0 as SteadyMs), progressEveryMs)) return;
    this.#reportedAt.set(asked, now);
    this.#transfer(asked, 'image-progressed');
  }

  /** The last byte of a file may leave in a Range: whole means that the phone now has all up to the end. */
  #ended({ asked, fromByte, lengthBytes }: TransferSeen, end: TransferEnd): void {
    const evidence = this.#evidence.get(asked);
    if (!evidence || asked.method === 'HEAD') return;
    const isWhole =
      (end.outcome.kind === 'done' || end.outcome.kind === 'last-ack-missing') &&
      fromByte + end.bytes >= lengthBytes;
    if (evidence.kind === 'image') {
      const { mac, release, fileName } = evidence;
      this.#parts.submit({ kind: 'image-left', mac, release, fileName, whole: isWhole });
    } else if (isWhole) {
      this.#parts.submit({
        kind: 'config-served',
        mac: evidence.mac,
        generation: evidence.generation,
      });
    }
  }
}

/** Exactly these bytes, or a rejection: a short answer would reach the phone as a broken image. */
async function readExactly(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const piece = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(piece, 0, length, offset);
  if (bytesRead !== length) throw new Error(`image ends ${length - bytesRead} bytes early`);
  return piece;
}

/** Often enough to keep a slow phone's time from running out, too seldom to cost anything. */
const progressEveryMs = 500;

/** What `ringwave-agent doctor` reads; it says nothing that the port itself does not. */
const check: Served = {
  kind: 'bytes',
  body: Buffer.from('This is a Ringwave agent.\n'),
  contentType: 'text/plain',
  noStore: true,
};

const noLogin = 0;

/** The provisioning user of a phone: its MAC without separators. */
const userOf = (phone: PlanPhone): string => phone.mac.replaceAll(':', '');
