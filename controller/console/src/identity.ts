import type { MeView } from '@ringwave/protocol/views';
import { useSyncExternalStore } from 'react';

// In whose name this page acts. A log-in that was printed for one person is that person's; any other names who
// sits before it, because whoever proposes a rollout cannot approve it as well.

export interface Identity {
  /** Empty until the controller has said who logged in. */
  readonly who: string;
  readonly isOwn: boolean;
}

/** Kept for this window: a reload must not make somebody else of the person. */
const keptKey = 'ringwave-as';
const listeners = new Set<() => void>();
let identity: Identity = { who: '', isOwn: false };
let chosen = kept();

function kept(): string | undefined {
  try {
    return sessionStorage.getItem(keptKey) ?? undefined;
  } catch {
    // Storage is switched off: a name holds for this page.
    return undefined;
  }
}

/** The header that names who acts; empty for the log-in's own name. */
export const actsAs = (): Record<string, string> =>
  chosen === undefined ? {} : { 'ringwave-as': chosen };

/** Undefined: the log-in's own name again. */
export function actAs(name: string | undefined): void {
  chosen = name;
  try {
    if (name === undefined) sessionStorage.removeItem(keptKey);
    else sessionStorage.setItem(keptKey, name);
  } catch {
    // As above.
  }
}

export function knowIdentity({ who, isOwn }: MeView): void {
  identity = { who, isOwn };
  for (const listener of listeners) listener();
}

export const useIdentity = (): Identity =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => identity,
  );
