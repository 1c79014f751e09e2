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
