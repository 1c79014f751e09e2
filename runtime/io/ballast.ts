import { randomBytes } from 'node:crypto';
import { rmSync, statfsSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Change } from '@ringwave/protocol/tables';
import { minutes } from '@ringwave/protocol/units';
import type { Clock } from '../clock.ts';
import type { Durable, TableStore } from '../step-loop.ts';
import { freeBytes, isRefusedForRoom } from './disk-room.ts';

// A program that can commit nothing has to stop, and could tell nobody why. So a file beside its database holds some room,
// which the first commit that finds the disk full is given.

/** Bytes without which a start would fail: the log of the database, its index, and some small files. */
const startBytesMin = 1024 * 1024;
const pieceBytes = 1024 * 1024;
/** Whoever makes room on a disk waits that long at most until some of it is held back again. */
const lookedEvery = minutes(1);

/** A file that stands for room on its disk. */
export class Ballast {
  readonly #file: string;
  readonly #lengthBytes: number;
  /** Raised by each release: what is being written then is not gone on with. */
  #releases = 0;

  constructor(file: string, lengthBytes: number) {
    this.#file = file;
    this.#lengthBytes = lengthBytes;
  }

  get #heldBytes(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** False where there was nothing to give. */
  release(): boolean {
    this.#releases += 1;
    const isHeld = this.#heldBytes > 0;
    rmSync(this.#file, { force: true });
    return isHeld;
  }

  /** Where a start would find no room. */
  releaseForStart(): boolean {
    const { bavail, bsize } = statfsSync(dirname(this.#file));
    return bavail * bsize < startBytesMin && this.release();
  }

  /** Only where as much again stays free: it is there for the day when others fill the disk. Never rejects. */
  async hold(): Promise<void> {
    if (this.#heldBytes === this.#lengthBytes) return;
    const begunAt = this.#releases;
    const isWanted = () => begunAt === this.#releases;
    try {
      await rm(this.#file, { force: true });
      if ((await freeBytes(dirname(this.#file))) < 2 * this.#lengthBytes) return;
      await this.#write(isWanted);
      if (!isWanted()) await rm(this.#file, { force: true });
    } catch {
      await rm(this.#file, { force: true }).catch(() => {});
    }
  }

  async #write(isWanted: () => boolean): Promise<void> {
    // Zeros would take no room on a disk that compresses.
    const piece = randomBytes(pieceBytes);
    const file = await open(this.#file, 'w', 0o600);
    try {
      for (let left = this.#lengthBytes; left > 0 && isWanted(); left -= pieceBytes) {
        await file.write(piece, 0, Math.min(left, pieceBytes));
      }
      if (isWanted()) await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** A store whose commits are given the ballast's room where the disk is full. */
export class BallastedStore implements TableStore {
  readonly #store: TableStore;
  readonly #ballast: Ballast;
  #isReleased: boolean;
  #released: () => void = () => {};
  #cancel: () => void = () => {};
  #isClosed = false;

  /** `isReleased`: its room was given to this very start. */
  constructor(store: TableStore, ballast: Ballast, isReleased = false) {
    this.#store = store;
    this.#ballast = ballast;
    this.#isReleased = isReleased;
  }

  /** Holds room from now on. `released` is called each time that it was given away, also for the time before. */
  follow({ clock, released }: { readonly clock: Clock; readonly released: () => void }): void {
    this.#released = released;
    if (this.#isReleased) released();
    const look = async () => {
      await this.#ballast.hold();
      if (!this.#isClosed) this.#cancel = clock.after(lookedEvery, () => void look());
    };
    void look();
  }

  load(): ReadonlyMap<string, ReadonlyMap<string, unknown>> {
    return this.#store.load();
  }

  commit(changes: readonly Change[], durable?: Durable): void {
    try {
      this.#store.commit(changes, durable);
    } catch (error) {
      this.#giveRoom(error);
      this.#store.commit(changes, durable);
    }
  }

  async flush(): Promise<void> {
    try {
      await this.#store.flush();
    } catch (error) {
      this.#giveRoom(error);
      await this.#store.flush();
    }
  }

  /** Only a transaction that SQLite took back may be tried again: after a flush that failed nobody knows what is on the disk. */
  #giveRoom(error: unknown): void {
    if (!isRefusedForRoom(error) || !this.#ballast.release()) throw error;
    this.#isReleased = true;
    this.#released();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#store.close();
  }
}
