import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { type Mac, mac } from '@ringwave/protocol/units';
import { type SteadyMs, steadyLater, steadyNow } from '@ringwave/runtime/clock';
import { ms } from '@ringwave/protocol/units';

/** Linux's table of IPv4 neighbours (proc(5), /proc/net/arp). */
const tableFile = '/proc/net/arp';
/** A phone's entry does not change within a boot of it; a storm of requests reads the table once. */
const keptFor = ms(1000);
/** Bytes of the table that are read; a line has 80, a voice VLAN a few thousand phones. */
const tableBytesMax = 1024 ** 2;

/** Whose MAC the neighbour table of this machine has for an address. */
export class Neighbours {
  readonly #file: string;
  #table: ReadonlyMap<string, Mac> = new Map();
  #until: SteadyMs = 0 as SteadyMs;

  constructor(file: string = tableFile) {
    this.#file = file;
  }

  /** Null where the table has none: another subnet, IPv6, or a machine without such a table. */
  async of(address: string): Promise<Mac | null> {
    return (await this.all()).get(address.replace(/^::ffff:/, '')) ?? null;
  }

  /** Where a phone is now: its one address in the table. Null where the table has none or several. */
  async whereIs(phone: Mac): Promise<string | null> {
    const places = [...(await this.all())].filter(([, mac]) => mac === phone);
    return places.length === 1 ? (places[0]?.[0] ?? null) : null;
  }

  async all(): Promise<ReadonlyMap<string, Mac>> {
    const now = steadyNow();
    if (now >= this.#until) {
      this.#until = steadyLater(now, keptFor);
      this.#table = parseTable(await readFile(this.#file, 'utf8').catch(() => ''));
    }
    return this.#table;
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
