import type { FileHandle } from 'node:fs/promises';
import type { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type {
  AgentAddress,
  Identity,
  VendorProfile,
} from '@ringwave/firmware-catalog/vendors/profile';
import type { PlanPhone } from '@ringwave/protocol/messages';
import type { Id, Mac, Sha256 } from '@ringwave/protocol/units';
import { type SteadyMs, steadyLater, steadyNow } from '@ringwave/runtime/clock';
import type { AgentEvent, AgentTables, Credential, SealedSecret } from '../core/state.ts';
import { firmwareFor, type Meaning, readRequest } from '../core/provisioning/read-request.ts';
import { acceptedSecrets, offeredSecret } from '../core/rotation.ts';
import type {
  Asked,
  FileResolver,
  Served,
  TransferEnd,
  TransferObserver,
  TransferSeen,
} from './file-source.ts';
import type { Keyring } from './keyring.ts';

// Files for phones, made for each request and never left on disk. Every request is evidence, so it is
// committed before it is answered: what a phone is told follows from what it has just shown.

export interface ProvisioningParts {
  readonly tables: AgentTables;
  readonly images: ImageStore;
  readonly keyring: Keyring;
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
    const meaning = readRequest(this.#parts.tables, asked);
    const login = meaning.kind === 'phone-config' ? this.#login(asked, meaning.phone) : noLogin;
    if (login === 'refused') return { kind: 'login-needed', realm };
    if (meaning.phone && this.#isOwnWord(meaning.phone, login)) {
      this.#saw(asked, meaning.phone, meaning.identity, meaning.kind, login);
    }
    switch (meaning.kind) {
      case 'image':
        return this.#image(asked, meaning);
      case 'phone-config':
        return this.#phoneConfig(asked, meaning);
      case 'common-config':
        return this.#commonConfig(asked, meaning.profile);
      case 'absent':
        return { kind: 'absent' };
      default:
        return meaning satisfies never;
    }
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
  ): Served {
    const mac = phone.mac as Mac;
    const firmware = firmwareFor(this.#parts.tables, phone);
    const secret =
      asked.protocol === 'http'
        ? offeredSecret(this.#parts.tables.credentials.get(mac))
        : undefined;
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

const noLogin = 0;

/** The provisioning user of a phone: its MAC without separators. */
const userOf = (phone: PlanPhone): string => phone.mac.replaceAll(':', '');
