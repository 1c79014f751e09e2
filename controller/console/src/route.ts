import { useSyncExternalStore } from 'react';
import { ORDERS, type Order, type PhoneFilter } from './summary.ts';

// The address holds what is being looked at, so that a link or the Back button brings it back.

export interface Route extends PhoneFilter {
  /** Twelve hexadecimal digits; the drawer of this phone is open. */
  readonly phone: string;
  /** The drawer of this site is open; never beside one of a phone. */
  readonly siteDrawer: string;
  readonly rollout: string;
  readonly order: Order;
}

export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const asked = new URLSearchParams(query);
  const text = (name: string) => (asked.get(name) ?? '').slice(0, 100);
  const order = ORDERS.find((one) => one === asked.get('order')) ?? 'attention';
  return {
    phone: /^\/phone\/([0-9a-f]{12})$/.exec(path)?.[1] ?? '',
    siteDrawer: /^\/site\/([a-z0-9-]{1,64})$/.exec(path)?.[1] ?? '',
    rollout: text('rollout'),
    state: text('state'),
    site: text('site'),
    wave: text('wave'),
    text: text('text'),
    order,
  };
}

export function hashOf({ phone, siteDrawer, ...asked }: Route): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) {
    if (value !== '' && !(name === 'order' && value === 'attention')) query.set(name, value);
  }
  const tail = query.size > 0 ? `?${query}` : '';
  const drawer = phone ? `phone/${phone}` : siteDrawer ? `site/${siteDrawer}` : '';
  return `#/${drawer}${tail}`;
}

const hash = () => window.location.hash;

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

export function useRoute(): Route {
  return routeOf(useSyncExternalStore(subscribe, hash));
}

/** Shows another part. `replace` leaves no step for the Back button: for typing in a filter. */
export function show(route: Route, options?: { replace: boolean }): void {
  const next = hashOf(route);
  if (next === window.location.hash) return;
  if (!options?.replace) {
    window.location.hash = next;
    return;
  }
  window.history.replaceState(null, '', next);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

/** Shows the phones behind a number, and brings their list into sight. */
export function showList(route: Route): void {
  show(route);
  document.getElementById('phones-head')?.scrollIntoView();
}

export const compactMac = (mac: string): string => mac.replaceAll(':', '');
