import { steadyNow } from '@ringwave/runtime/clock';
import { ask, type FairShare, fairShare, grant, nextGrantAt } from '../core/fair-share.ts';

/** The bytes a second that all transfers of a site may send together, shared fairly between phones. */
export class ByteBudget {
  #share: FairShare<() => void> | undefined;
  /** Of the present rate; absent while nobody waits. */
  #timer: NodeJS.Timeout | undefined;

  /** Undefined: no limit, and no cost. */
  constructor(bytesPerSecond?: number) {
    if (bytesPerSecond !== undefined) this.#share = fairShare(bytesPerSecond, steadyNow());
  }

  /** Another rate from now on; whoever waits goes at once and counts against the new one from its next piece. */
  setRate(bytesPerSecond: number | undefined): void {
    const before = this.#share;
    if (before?.bytesPerSecond === bytesPerSecond) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const isLimited = bytesPerSecond !== undefined;
    this.#share = isLimited ? fairShare(bytesPerSecond, steadyNow()) : undefined;
    for (const { item: go } of before?.waiting.splice(0) ?? []) go();
  }

  get isLimited(): boolean {
    return this.#share !== undefined;
  }

  /** True: send now. False: `go` is called when it is this phone's turn. */
  mayGo(piece: { source: string; bytes: number; go: () => void }): boolean {
    const share = this.#share;
    if (!share) return true;
    ask(share, { ...piece, item: piece.go });
    return this.#grant(share, piece.go);
  }

  async turn(source: string, bytes: number): Promise<void> {
    if (!this.#share) return;
    await new Promise<void>((resolve) => {
      if (this.mayGo({ source, bytes, go: resolve })) resolve();
    });
  }

  #grant(share: FairShare<() => void>, asking?: () => void): boolean {
    let isGranted = false;
    for (const go of grant(share, steadyNow())) {
      if (go === asking) isGranted = true;
      else go();
    }
    const at = nextGrantAt(share);
    // No timer while nobody waits.
    if (at !== undefined && !this.#timer && share === this.#share) {
      const again = () => {
        this.#timer = undefined;
        this.#grant(share);
      };
      this.#timer = setTimeout(again, Math.max(1, at - steadyNow()));
    }
    return isGranted;
  }
}
