import { isInside } from './inside-address.ts';
import { isSameHost } from './polite-fetch.ts';

/**
 * The hosts that someone configured for one feed. One of them may lie inside the network, as a mirror of
 * the operator's own does; nothing else inside may be reached. What a name meant when it was first asked
 * is kept: a vendor's name that later means an address inside is an attack on the name, not a mirror.
 */
export class OwnHosts {
  readonly #hosts: readonly URL[];
  #areInside: boolean | undefined;

  constructor(hosts: readonly URL[], areInside?: boolean) {
    this.#hosts = hosts;
    this.#areInside = areInside;
  }

  /** Whether the configured hosts lie inside; undefined until one was asked. */
  get areInside(): boolean | undefined {
    return this.#areInside;
  }

  has(url: URL): boolean {
    return this.#hosts.some((host) => isSameHost(host, url));
  }

  /** Asked at each connection with what the name means at that moment. */
  mayReach(url: URL, addresses: readonly string[]): boolean {
    const isIn = addresses.length === 0 || addresses.some(isInside);
    if (!this.has(url)) return !isIn;
    this.#areInside ??= isIn;
    return !isIn || this.#areInside;
  }
}
