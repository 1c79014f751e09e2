import { useState } from 'react';
import { ask } from './api.ts';
import { Icon } from './icon.tsx';
import { actAs } from './identity.ts';
import { IdentityChoice } from './identity-choice.tsx';
import { useLive, useTimeText } from './live-context.tsx';
import type { LiveState } from './live-stream.ts';
import { TimeText } from './parts.tsx';
import { spanText, utcSeconds } from './time-text.ts';

export function Header() {
  const { view, link, connect } = useLive();
  const logOut = async () => {
    await ask('POST', '/logout', {});
    actAs(undefined);
    window.location.assign('/');
  };
  return (
    <header className="top">
      <h1>
        <img src="/ringwave.svg" alt="" width="24" height="24" /> Ringwave
      </h1>
      {view?.demo ? <span className="demo">DEMO</span> : null}
      <LivePill />
      {link.kind === 'live' ? (
        <span className="clock">
          Controller <TimeText read={utcSeconds} /> UTC
        </span>
      ) : null}
      <IdentityChoice />
      <ThemeChoice />
      {link.kind === 'reconnecting' ? (
        <button type="button" onClick={connect}>
          Connect now
        </button>
      ) : null}
      {view ? (
        <button type="button" onClick={() => void logOut()}>
          Log out
        </button>
      ) : null}
    </header>
  );
}

function LivePill() {
  const state = useLive();
  const text = useTimeText((_now, steadyMs) => pillText(state, steadyMs));
  const { link } = state;
  const isLive = link.kind === 'live';
  return (
    <span className={`pill tone-${isLive ? 'ok' : 'hold'}`} data-link={link.kind}>
      <Icon name={isLive ? 'dot' : link.kind === 'reconnecting' ? 'slash' : 'turn'} />
      {text}
    </span>
  );
}

function pillText({ link, clock }: LiveState, steadyMs: number): string {
  switch (link.kind) {
    case 'connecting':
      return 'Connecting';
    case 'catching-up':
      return 'Catching up';
    case 'live':
      return 'Live';
    case 'reconnecting': {
      const wait = `Reconnecting in ${spanText(link.retryAt - steadyMs)}`;
      return clock ? `${wait}, stale since ${utcSeconds(clock.at)}` : wait;
    }
    case 'logged-out':
      return 'Logged out';
    default:
      return link satisfies never;
  }
}

const THEMES = ['auto', 'light', 'dark'] as const;
const themeKey = 'ringwave-theme';

function ThemeChoice() {
  const [theme, setTheme] = useState(document.documentElement.dataset['theme'] ?? 'auto');
  const choose = (next: string) => {
    setTheme(next);
    if (next === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = next;
    try {
      localStorage.setItem(themeKey, next);
    } catch {
      // Storage is switched off: the choice holds for this page.
    }
  };
  return (
    <label className="theme">
      Theme
      <select value={theme} onChange={(event) => choose(event.target.value)}>
        {THEMES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}
