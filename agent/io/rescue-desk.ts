import { appendFileSync, existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { DurationMs, EpochMs } from '@ringwave/protocol/units';
import { steadyLater, type SteadyMs, steadyNow } from '@ringwave/runtime/clock';
import { writeOwnFile } from '@ringwave/runtime/io/own-file';
import { movedGrants, openGrants, readRescueGrants, type RescueGrant } from '../core/rescue.ts';
import type { Asked, ServedImage } from './file-source.ts';
import { storedImage } from './stored-image.ts';

const fileIn = (folder: string): string => join(folder, 'rescue.json');
const logIn = (folder: string): string => join(folder, 'rescue.log');

/** Bytes of the record before it is set aside; the one set aside before it is dropped. */
const logBytesMax = 1024 ** 2;

/** Images for rescues lie apart: nothing that the plan does touches them. */
export const openRescueImages = (folder: string): Promise<ImageStore> =>
  ImageStore.open(join(folder, 'rescue'));

/** Empty where there are none, and where the file cannot be read. */
export function rescueGrantsIn(folder: string): RescueGrant[] {
  try {
    return readRescueGrants(readFileSync(fileIn(folder), 'utf8')) ?? [];
  } catch {
    return [];
  }
}

export const writeRescueGrants = (folder: string, grants: readonly RescueGrant[]): void =>
  writeOwnFile(fileIn(folder), `${JSON.stringify(grants)}\n`);

/** What stands in for the names that were open before; images that none of them needs any more make room. */
export async function replaceRescueGrants(
  folder: string,
  before: readonly RescueGrant[],
  after: readonly RescueGrant[],
): Promise<void> {
  writeRescueGrants(folder, after);
  const images = await openRescueImages(folder);
  const needed = new Set(after.map(({ sha256 }) => sha256));
  for (const { sha256 } of before) if (!needed.has(sha256)) await images.remove(sha256);
}

/** One transfer of a rescue file, as it is recorded. */
export interface RescueServing {
  readonly at: EpochMs;
  readonly name: string;
  readonly sha256: string;
  readonly protocol: 'tftp' | 'http';
  readonly address: string;
  readonly bytes: number;
  readonly whole: boolean;
}

/** The newest `most` lines of the record, oldest first. */
export function rescueServings(folder: string, most: number): RescueServing[] {
  if (!existsSync(logIn(folder))) return [];
  const lines = readFileSync(logIn(folder), 'utf8').trimEnd().split('\n');
  return lines.slice(-most).flatMap((line) => {
    try {
      return [JSON.parse(line) as RescueServing];
    } catch {
      return [];
    }
  });
}

/** Milliseconds: sooner than the command has ended, and told that it has opened a name. */
const lookEveryMs = 10;

/** Serves exactly the names that a technician opened, until the instant named. */
export class RescueDesk {
  readonly #folder: string;
  readonly #images: ImageStore;
  readonly #now: () => EpochMs;
  #read: { readonly state: string | undefined; readonly grants: readonly RescueGrant[] } = {
    state: undefined,
    grants: [],
  };

  #lookedAt: SteadyMs | undefined;

  private constructor(folder: string, images: ImageStore, now: () => EpochMs) {
    this.#folder = folder;
    this.#images = images;
    this.#now = now;
  }

  static async open(folder: string, now: () => EpochMs): Promise<RescueDesk> {
    return new RescueDesk(folder, await openRescueImages(folder), now);
  }

  async find({ path }: Asked): Promise<{ grant: RescueGrant; served: ServedImage } | undefined> {
    const grant = openGrants(this.#grants(), this.#now()).find(({ name }) => name === path);
    const served = grant && (await storedImage(this.#images, grant.sha256));
    return grant && served ? { grant, served } : undefined;
  }

  /** The clock was set, ahead where positive; a technician's minutes stay as long as they were, also where no disk takes them. */
  moveBy(by: DurationMs): void {
    const grants = this.#grants();
    const file = statSync(fileIn(this.#folder), { throwIfNoEntry: false });
    if (!file || grants.length === 0) return;
    const writtenAt = Math.round(file.mtimeMs) as EpochMs;
    const moved = movedGrants(grants, { by, writtenAt, now: this.#now() });
    if (!moved) return;
    this.#read = { ...this.#read, grants: moved };
    try {
      writeRescueGrants(this.#folder, moved);
    } catch {
      // They hold until the agent restarts.
    }
  }

  /**
   * The command and the agent are two processes: requests look whether the file was replaced, and those of a crowd not each by
   * itself.
   */
  #grants(): readonly RescueGrant[] {
    const now = steadyNow();
    if (this.#lookedAt !== undefined && now < steadyLater(this.#lookedAt, lookEveryMs))
      return this.#read.grants;
    this.#lookedAt = now;
    const file = statSync(fileIn(this.#folder), { bigint: true, throwIfNoEntry: false });
    const state = file && `${file.ino} ${file.mtimeNs} ${file.size}`;
    if (this.#read.state !== state) {
      this.#read = { state, grants: file ? rescueGrantsIn(this.#folder) : [] };
    }
    return this.#read.grants;
  }

  /** False where the disk takes no record: a transfer that has ended is none the less one. */
  record(
    { name, sha256 }: RescueGrant,
    { protocol, address }: Asked,
    { bytes, whole }: { readonly bytes: number; readonly whole: boolean },
  ): boolean {
    const log = logIn(this.#folder);
    const at = this.#now();
    const serving: RescueServing = { at, name, sha256, protocol, address, bytes, whole };
    try {
      if (existsSync(log) && statSync(log).size > logBytesMax) renameSync(log, `${log}.1`);
      appendFileSync(log, `${JSON.stringify(serving)}\n`, { mode: 0o600 });
      return true;
    } catch {
      return false;
    }
  }
}
