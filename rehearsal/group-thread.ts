import { type MessagePort, workerData } from 'node:worker_threads';
import type { EpochMs } from '@ringwave/protocol/units';
import type { SiteAssumptions, SiteBrief } from './rehearsed-site.ts';
import { type Letter, type Lived, SiteGroup, type SiteReport } from './site-group.ts';

// The other side of a player that is a thread of its own: one answer a question, and the count of answers tells that it is
// there.

export type ToThread =
  | {
      readonly kind: 'open';
      readonly briefs: readonly SiteBrief[];
      readonly assume: SiteAssumptions;
      readonly now: EpochMs;
    }
  /** Letters as JSON, and as JSON what was said: it crosses in half the time that objects take. */
  | { readonly kind: 'live'; readonly letters: string; readonly until: EpochMs }
  | { readonly kind: 'reports' };

export type FromThread =
  | { readonly kind: 'opened' }
  | { readonly kind: 'lived'; readonly said: string; readonly nextAt: Lived['nextAt'] }
  | { readonly kind: 'reports'; readonly reports: readonly SiteReport[] }
  | { readonly kind: 'failed'; readonly stack: string };

const { port, answers } = workerData as {
  readonly port: MessagePort;
  readonly answers: Int32Array;
};
const group = new SiteGroup();

function answerTo(asked: ToThread): FromThread {
  switch (asked.kind) {
    case 'open':
      group.open(asked.briefs, asked.assume, asked.now);
      return { kind: 'opened' };
    case 'live': {
      const letters = JSON.parse(asked.letters) as readonly Letter[];
      const { said, nextAt } = group.live(letters, asked.until);
      return { kind: 'lived', said: JSON.stringify(said), nextAt };
    }
    case 'reports':
      return { kind: 'reports', reports: group.reports() };
    default:
      return asked satisfies never;
  }
}

function say(said: FromThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
  port.postMessage(said);
  Atomics.add(answers, 0, 1);
  Atomics.notify(answers, 0);
}

port.on('message', (asked: ToThread) => {
  try {
    say(answerTo(asked));
  } catch (error) {
    say({ kind: 'failed', stack: error instanceof Error ? (error.stack ?? '') : String(error) });
  }
});
