import { isLoggedIn } from './api.ts';
import type { LiveParts } from './live-stream.ts';

/** How often a hidden page is drawn, milliseconds; nobody looks, but its title should be right. */
const hiddenFrameMs = 1000;

export const browserParts: LiveParts = {
  open: (query, ears) => {
    const { protocol, host } = window.location;
    const scheme = protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${host}/api/v1/live${query}`);
    const unheard = new AbortController();
    const { signal } = unheard;
    socket.addEventListener('open', () => ears.opened(), { signal });
    socket.addEventListener('message', ({ data }) => ears.message(String(data)), { signal });
    socket.addEventListener('close', () => ears.closed(), { signal });
    return {
      close: () => {
        unheard.abort();
        socket.close();
      },
    };
  },
  isLoggedIn,
  random: Math.random,
  steadyMs: () => performance.now(),
  after: (waitMs, fn) => {
    const timer = setTimeout(fn, waitMs);
    return () => clearTimeout(timer);
  },
  beforeFrame: (fn) => {
    if (document.visibilityState === 'visible') requestAnimationFrame(fn);
    else setTimeout(fn, hiddenFrameMs);
  },
};
