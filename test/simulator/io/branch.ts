import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { AgentAddress } from '@ringwave/firmware-catalog/vendors/profile';
import { epochMs, type EpochMs, type Mac } from '@ringwave/protocol/units';
import { fastClock } from '@ringwave/runtime/clock';
import type { Test } from 'tap';
import { identify } from '@ringwave/firmware-catalog/identify';
import type { Asked, FileResolver, Served } from '../../../agent/io/file-source.ts';
import { HttpServer } from '../../../agent/io/http-server.ts';
import { TftpServer } from '../../../agent/io/tftp-server.ts';
import { type DemoImage, demoImage } from '../../../simulator/core/demo-image.ts';
import type { PhoneEvent } from '../../../simulator/io/phone-self.ts';
import { Heard } from '../../heard.ts';
import { VirtualPhone, type VirtualPhoneOptions } from '../../../simulator/io/virtual-phone.ts';

// A branch without an agent's rules: the agent's own servers, and files that a test lays out.

/** A minute of a phone passes in 30 ms. */
export const clock = fastClock({
  speed: 2000,
  startedAt: epochMs(1_800_000_000_000)!,
  wallStartedAt: epochMs(Date.now())!,
});

export interface Line {
  readonly mac: Mac;
  readonly vendor: string;
  readonly model: string;
  readonly version: string;
}

export class Branch implements FileResolver {
  /** `protocol path user-agent` of every request, in order. */
  readonly asked: string[] = [];
  /** The login each HTTP request came with, or ''. */
  readonly logins: string[] = [];
  /** Byte of the file at which each image transfer began. */
  readonly fromBytes: number[] = [];
  /** The image that phone configurations name; the phone finds it below `fw/`. */
  offer: DemoImage | undefined;
  login: { user: string; password: string } | undefined;
  /** Whether requests without the login get a 401. */
  isLoginNeeded = false;
  readonly images = new Map<string, Buffer>();
  /** Bytes after which the next read of an image fails, once. */
  cutAt: number | undefined;
  #address: AgentAddress = { host: '127.0.0.1', httpPort: 0, tftpPort: 0 };

  readonly observer = {
    transferBegan: ({ fromByte }: { fromByte: number }) => void this.fromBytes.push(fromByte),
  };

  get address(): AgentAddress {
    return this.#address;
  }

  static async open(t: Test, ports: { http?: number } = {}): Promise<Branch> {
    const branch = new Branch();
    const listen = { host: '127.0.0.1', files: branch };
    const http = await HttpServer.listen({ ...listen, port: ports.http ?? 0, plainSecrets: true });
    const tftp = await TftpServer.listen({ ...listen, port: 0 });
    branch.#address = { host: '127.0.0.1', httpPort: http.port, tftpPort: tftp.port };
    t.teardown(() => Promise.all([http.close(), tftp.close()]));
    return branch;
  }

  async put(image: DemoImage): Promise<Buffer> {
    const bytes = Buffer.concat(await Array.fromAsync(demoImage(image)));
    this.images.set(image.fileName, bytes);
    return bytes;
  }

  resolve(asked: Asked): Served {
    const { protocol, path, userAgent = '' } = asked;
    this.asked.push(`${protocol} /${path} ${userAgent}`.trim());
    if (protocol === 'http') this.logins.push(asked.login?.scheme ?? '');
    if (path.startsWith('fw/')) return this.#image(path.slice(3));
    const identity = identify({ protocol, path: `/${path}`, userAgent });
    const profile = profileOf(identity.vendor ?? '');
    const meant = profile?.fileAsked(`/${path}`);
    if (!profile || !meant) return { kind: 'absent' };
    if (meant.kind === 'common-config')
      return text(profile.renderCommonConfig(this.#address, `/${path}`));
    if (meant.kind !== 'phone-config') return { kind: 'absent' };
    const isLoggedIn = asked.login?.verify(() => (this.login ? [this.login.password] : [])) === 0;
    if (this.isLoginNeeded && !isLoggedIn) return { kind: 'login-needed', realm: 'branch' };
    const { offer, login } = this;
    return text(
      profile.renderPhoneConfig(
        {
          mac: meant.mac,
          model: identity.model ?? '',
          agent: this.#address,
          ...(offer
            ? { firmware: { version: offer.version, folder: 'fw', fileName: offer.fileName } }
            : {}),
          ...(login ? { provisioning: login } : {}),
        },
        `/${path}`,
      ),
    );
  }

  #image(name: string): Served {
    const bytes = this.images.get(name);
    if (!bytes) return { kind: 'absent' };
    return {
      kind: 'image',
      etag: createHash('sha256').update(bytes).digest('hex'),
      lengthBytes: bytes.length,
      read: (offset, length) => {
        if (this.cutAt !== undefined && offset >= this.cutAt) {
          this.cutAt = undefined;
          throw new Error('cut');
        }
        return bytes.subarray(offset, offset + length);
      },
    };
  }
}

const text = ({ body, contentType }: { body: string; contentType: string }): Served => ({
  kind: 'bytes',
  body: Buffer.from(body),
  contentType,
  noStore: true,
});

type Told = PhoneEvent & { readonly mac: Mac; readonly at: EpochMs };

/** A phone, and what it told so far. */
export class Watched {
  readonly told = new Heard<Told>('phone');
  #phone: VirtualPhone | undefined;

  static async start(
    t: Test,
    options: Omit<VirtualPhoneOptions, 'clock' | 'sipPort' | 'seed' | 'localAddress'> &
      Partial<VirtualPhoneOptions>,
  ): Promise<Watched> {
    const watched = new Watched();
    const phone = await VirtualPhone.start({
      localAddress: '127.66.9.1',
      seed: 7,
      sipPort: 0,
      clock,
      ...options,
      onEvent: watched.told.add,
    });
    watched.#phone = phone;
    t.teardown(() => phone.stop());
    return watched;
  }

  get phone(): VirtualPhone {
    assert(this.#phone);
    return this.#phone;
  }

  of(kind: PhoneEvent['kind']): Told[] {
    return this.told.all.filter((event) => event.kind === kind);
  }

  /** Resolves once the phone has told this kind of thing so many times. */
  async until(kind: PhoneEvent['kind'], times = 1): Promise<void> {
    await this.told.until(() => this.of(kind).length >= times || undefined);
  }
}
