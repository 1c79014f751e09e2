// Whoever has one address of an IPv6 network may give itself any other of it: a bound for each address alone bounds nobody. But
// all phones of a branch are of one network as well, so that it has a bound of its own, far above that of an address.

/** The first 64 bits of an IPv6 address; undefined for IPv4, of which a host has what it was given. */
export function networkOf(address: string): string | undefined {
  if (!address.includes(':') || address.includes('.')) return undefined;
  const [front = [], back] = (address.split('%', 1)[0] ?? '').split('::', 2).map(groupsOf);
  const gap = back ? Math.max(8 - front.length - back.length, 0) : 0;
  return [...front, ...Array<string>(gap).fill('0'), ...(back ?? [])].slice(0, 4).join(':');
}

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));

/** Of places that all share, those that one network may hold: three quarters carry a branch, and leave other networks theirs. */
export const ofOneNetwork = (placesMax: number): number =>
  Math.max(1, Math.floor((placesMax * 3) / 4));

/** How many places each address holds, and each IPv6 network. */
export class SourceCounts {
  readonly #held = new Map<string, number>();

  ofAddress(address: string): number {
    return this.#held.get(address) ?? 0;
  }

  /** 0 where the address is of none. */
  ofNetwork(address: string): number {
    const network = networkOf(address);
    return network === undefined ? 0 : this.ofAddress(network);
  }

  count(address: string, by: 1 | -1): void {
    for (const source of sourcesOf(address)) {
      const held = this.ofAddress(source) + by;
      if (held > 0) this.#held.set(source, held);
      else this.#held.delete(source);
    }
  }
}

/** The address, and its network where one host may have many of it. */
export function sourcesOf(address: string): readonly string[] {
  const network = networkOf(address);
  return network === undefined ? [address] : [address, network];
}
