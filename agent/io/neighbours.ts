import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Mac, mac, minutes, ms, seconds } from '@ringwave/protocol/units';
import {
  type Clock,
  type SteadyMs,
  steadyLater,
  steadyNow,
  wallClock,
} from '@ringwave/runtime/clock';

/** Linux's table of IPv4 neighbours (proc(5), /proc/net/arp). */
const tableFile = '/proc/net/arp';
/** An entry does not change within a boot of its phone: a storm of requests of phones that are in it reads the table once. */
const keptFor = ms(1000);
/** Bytes of the table that are read; a line has 80, a voice VLAN a few thousand phones. */
const tableBytesMax = 1024 ** 2;
/** After each of these the table is read again for a neighbour who was asked for; on a LAN it answers within a millisecond. */
const answeredWithin = [ms(10), ms(40), ms(150)] as const;
/** Whoever did not answer is not asked for again within this: an interface without ARP, or an address that nobody has. */
const silentFor = minutes(1);
/** Addresses that did not answer and are remembered. */
const silentMax = 1024;

interface NeighboursOf {
  readonly file?: string;
  readonly clock?: Pick<Clock, 'after'>;
  /** Whether an address is on a network of this machine. */
  readonly isNear?: (address: string) => boolean;
  /** Makes the system ask who has the address. */
  readonly provoke?: (address: string) => void;
}

/** Whose MAC the neighbour table of this machine has for an address. */
export class Neighbours {
  readonly #file: string;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #isNear: (address: string) => boolean;
  readonly #provoke: (address: string) => void;
  #table: ReadonlyMap<string, Mac> = new Map();
  #until: SteadyMs = 0 as SteadyMs;
  #reading: Promise<void> | undefined;
  /** The reading that begins when the present one ends: what came into the table meanwhile is in it. */
  #next: Promise<void> | undefined;
  readonly #silent = new Map<string, SteadyMs>();

  constructor(parts: NeighboursOf = {}) {
    this.#file = parts.file ?? tableFile;
    this.#clock = parts.clock ?? wallClock();
    this.#isNear = parts.isNear ?? onLink();
    this.#provoke = parts.provoke ?? provokeArp;
  }

  /**
   * Null where the table has none: another subnet, IPv6, or a machine without such a table. What is kept of it is no proof
   * that somebody is not there, or is somebody else than `expected`: then it is read anew, and where it has nobody at an
   * address of this network the system is made to ask. A phone may hold the agent's entry longer than the agent holds its.
   */
  async of(asked: string, expected?: Mac): Promise<Mac | null> {
    const address = asked.replace(/^::ffff:/, '');
    const isKnown = (found: Mac | undefined) =>
      found !== undefined && (expected === undefined || found === expected);
    if (isIP(address) !== 4 || address.startsWith('127.')) return null;
    // Of another network the table never has anybody.
    const isEnough = isKnown(this.#table.get(address)) || !this.#isNear(address);
    if (steadyNow() < this.#until && isEnough) return this.#table.get(address) ?? null;
    await this.#read();
    return this.#table.get(address) ?? (await this.#askedFor(address));
  }

  async #askedFor(address: string): Promise<Mac | null> {
    if (this.#isSilent(address) || !this.#isNear(address)) return null;
    this.#provoke(address);
    for (const wait of answeredWithin) {
      await new Promise<void>((resolve) => this.#clock.after(wait, resolve));
      await this.#read();
      const found = this.#table.get(address);
      if (found) return found;
    }
    const [oldest] = this.#silent.keys();
    if (this.#silent.size >= silentMax && oldest !== undefined) this.#silent.delete(oldest);
    this.#silent.set(address, steadyLater(steadyNow(), silentFor));
    return null;
  }

  #isSilent(address: string): boolean {
    const until = this.#silent.get(address);
    if (until === undefined || steadyNow() < until) return until !== undefined;
    this.#silent.delete(address);
    return false;
  }

  /** Where a phone is now: its one address in the table. Null where the table has none or several. */
  async whereIs(phone: Mac): Promise<string | null> {
    const places = [...(await this.all())].filter(([, mac]) => mac === phone);
    return places.length === 1 ? (places[0]?.[0] ?? null) : null;
  }

  async all(): Promise<ReadonlyMap<string, Mac>> {
    if (steadyNow() >= this.#until) await this.#read();
    return this.#table;
  }

  /** Resolves when the table was read that stood at this call, or a later one; many who ask at once share a reading. */
  #read(): Promise<void> {
    if (!this.#reading) return (this.#reading = this.#begin());
    this.#next ??= this.#reading.then(() => (this.#reading = this.#begin()));
    return this.#next;
  }

  async #begin(): Promise<void> {
    this.#next = undefined;
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    this.#table = parseTable(text);
    this.#until = steadyLater(steadyNow(), keptFor);
    this.#reading = undefined;
  }
}

/** `address type flags mac mask device`; without flag 2 an entry is not complete, and names nobody. */
export function parseTable(text: string): ReadonlyMap<string, Mac> {
  const table = new Map<string, Mac>();
  for (const line of text.slice(0, tableBytesMax).split('\n').slice(1)) {
    const [address = '', , flags = '', hardware = ''] = line.trim().split(/\s+/);
    const found = mac(hardware);
    const isComplete = (Number(flags) & 2) === 2;
    if (isIP(address) === 4 && isComplete && found) table.set(address, found);
  }
  return table;
}

/** Interfaces of a box change when somebody works on it. */
const interfacesKeptFor = seconds(10);

/** Whether an address is of a network that one of this machine's interfaces is in; a loopback has no neighbours. */
function onLink(): (address: string) => boolean {
  let networks = new BlockList();
  let until = 0 as SteadyMs;
  return (address) => {
    if (steadyNow() >= until) {
      until = steadyLater(steadyNow(), interfacesKeptFor);
      networks = ownNetworks();
    }
    return networks.check(address, 'ipv4');
  };
}

function ownNetworks(): BlockList {
  const networks = new BlockList();
  for (const own of Object.values(networkInterfaces()).flat()) {
    if (own?.family !== 'IPv4' || own.internal || own.cidr === null) continue;
    networks.addSubnet(own.address, Number(own.cidr.split('/')[1]), 'ipv4');
  }
  return networks;
}

/** The discard port (RFC 863): an empty datagram, for which the system has to know whose the address is. */
const discardPort = 9;

function provokeArp(address: string): void {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.send(Buffer.alloc(0), discardPort, address, () => socket.close());
}
