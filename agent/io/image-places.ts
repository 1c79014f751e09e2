import type { SteadyMs } from '@ringwave/runtime/clock';
import {
  enter,
  impatient,
  leave,
  type WaitingRoom,
  waitingRoom,
  withdraw,
} from '../core/waiting-room.ts';
import type { Entry } from './tftp-live.ts';

/** An image that wants a place. */
export interface ImageGuest {
  readonly source: string;
  readonly entry: Entry;
  /** Its place is its own until it calls `left`. */
  begin(left: () => void): void;
  /** It waited as long as a phone does. */
  giveUp(): void;
  /** It waits no more, since its phone asked for something else or the server stops. */
  withdrawn(): void;
}

interface Waiting {
  begin(): void;
  giveUp(): void;
}

/** Images that wait for a place: more phones than that get silence and ask again. */
const waitingMax = 1024;

/** The places of images, and the line before them. */
export class ImagePlaces {
  readonly #room: WaitingRoom<Waiting>;

  constructor(placesMax: number) {
    this.#room = waitingRoom(placesMax, waitingMax);
  }

  get areTaken(): boolean {
    return this.#room.taken >= this.#room.placesMax;
  }

  get waiting(): number {
    return this.#room.guests.length;
  }

  /** False: the line is full too. */
  take({ source, entry, ...guest }: ImageGuest, now: SteadyMs): boolean {
    const item: Waiting = {
      begin: () => {
        delete entry.withdraw;
        entry.isImage = true;
        guest.begin(() => leave(this.#room, source)?.begin());
      },
      giveUp: () => {
        delete entry.withdraw;
        guest.giveUp();
      },
    };
    const admission = enter(this.#room, { source, item }, now);
    if (admission === 'goes') item.begin();
    if (admission === 'waits') {
      entry.withdraw = () => {
        if (withdraw(this.#room, item)) guest.withdrawn();
      };
    }
    return admission !== 'full';
  }

  /** Sends those away whose patience ended. */
  dismiss(now: SteadyMs): void {
    for (const guest of impatient(this.#room, now)) guest.giveUp();
  }
}
