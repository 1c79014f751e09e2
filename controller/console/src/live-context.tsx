import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react';
import { type LiveState, LiveStream } from './live-stream.ts';
import { timeOn } from './live-view.ts';
import { browserParts } from './browser-live.ts';

const stream = new LiveStream(browserParts);
const Live = createContext(stream);

/** Starts the one stream of this page. */
export function startLive(): void {
  stream.connect();
  // A laptop that wakes up, or a line that comes back, does not wait for a timer.
  const retry = () => {
    if (stream.state().link.kind === 'reconnecting') stream.connect();
  };
  window.addEventListener('online', retry);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') retry();
  });
}

export function LiveProvider({ children }: { children: ReactNode }) {
  return <Live value={stream}>{children}</Live>;
}

export function useLive(): LiveState & { readonly connect: () => void } {
  const live = useContext(Live);
  const state = useSyncExternalStore(live.subscribe, live.state);
  return { ...state, connect: live.connect };
}

const tickMs = 1000;
const onTick = new Set<() => void>();
setInterval(() => {
  for (const listener of onTick) listener();
}, tickMs);

function subscribeTick(listener: () => void): () => void {
  onTick.add(listener);
  return () => onTick.delete(listener);
}

/** Controller time now, epoch milliseconds; ours until it has been heard. */
function controllerNow(state: LiveState): number {
  return state.clock ? timeOn(state.clock, performance.now()) : Date.now();
}

/** Reads the controller's time, epoch milliseconds, when it is called. */
export function useControllerNow(): () => number {
  const live = useContext(Live);
  return () => controllerNow(live.state());
}

/**
 * A text that follows from the time, read again every second; what uses it is drawn again only when the text
 * itself has changed.
 */
export function useTimeText(read: (now: number, steadyMs: number) => string): string {
  const live = useContext(Live);
  return useSyncExternalStore(subscribeTick, () =>
    read(controllerNow(live.state()), performance.now()),
  );
}
