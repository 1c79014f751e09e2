import { isIPv4 } from 'node:net';
import { identify } from '@ringwave/firmware-catalog/identify';
import type { Mac } from '@ringwave/protocol/units';
import { onlyContact } from '../core/pbx/registration.ts';
import { phoneIn } from '../core/plan-index.ts';
import type { AgentTables, Sighting } from '../core/state.ts';
import type { Neighbours } from './neighbours.ts';
import type { Pbx } from './pbx/pbx.ts';

interface PhonePlacesOf {
  readonly neighbours: Pick<Neighbours, 'of' | 'whereIs'>;
  /** Registrars that are believed about where a phone is. */
  readonly pbxs: readonly Pbx[];
  readonly tables: Pick<AgentTables, 'plan' | 'sightings' | 'credentials'>;
  /** Phones may be behind a router, whose MAC the neighbour table then shows for them. */
  readonly isRouted: boolean;
}

/** Where a phone is now, which moves while its last sighting stays. */
export class PhonePlaces {
  readonly #parts: PhonePlacesOf;

  constructor(parts: PhonePlacesOf) {
    this.#parts = parts;
  }

  /** By the neighbour table, then by a registrar, then `seenAt`. Undefined where that is another device's and it is nowhere. */
  async of(mac: Mac, seenAt: string): Promise<string | undefined> {
    const { isRouted, neighbours } = this.#parts;
    const there = isRouted ? null : await neighbours.of(seenAt);
    if (there === mac) return seenAt;
    const elsewhere = isRouted ? null : await neighbours.whereIs(mac);
    if (there !== null) return elsewhere ?? undefined;
    // The table has no IPv6: that it knows of no such neighbour says nothing.
    if (elsewhere !== null && isIPv4(seenAt)) return elsewhere;
    return (await this.#registeredSince(mac)) ?? seenAt;
  }

  /**
   * Whether the phone itself is there, for what may be told to nobody else: the neighbour table names its MAC, or it was seen
   * there by its login. Behind a router anybody else can say that he is a phone that has none yet.
   */
  async isSure(mac: Mac, address: string): Promise<boolean> {
    const { isRouted, neighbours, tables } = this.#parts;
    if (!isRouted && (await neighbours.of(address, mac)) === mac) return true;
    const hasLogin = tables.credentials.get(mac)?.current !== undefined;
    return hasLogin && tables.sightings.get(mac)?.address === address;
  }

  /** Where a registrar saw this phone after it was seen here, if nobody else can be meant. */
  async #registeredSince(mac: Mac): Promise<string | undefined> {
    const { tables, pbxs } = this.#parts;
    const phone = phoneIn(tables.plan.get('plan')?.plan, mac);
    const sighting = tables.sightings.get(mac);
    if (phone?.extension === undefined || !sighting) return undefined;
    for (const pbx of pbxs) {
      const known = (await pbx.registrations(phone.extension)) ?? [];
      const contact = onlyContact(known.filter(({ refreshedAt = 0 }) => refreshedAt > sighting.at));
      if (typeof contact === 'string' || this.#isAnothers(contact.address, mac)) continue;
      const neighbour = this.#parts.isRouted
        ? null
        : await this.#parts.neighbours.of(contact.address);
      // A person's softphone shares the extension: the maker's name tells a desk phone from it.
      const maker = identify({ sipUserAgent: contact.userAgent }).vendor;
      const isOwn = neighbour === null ? maker === phone.vendor : neighbour === mac;
      if (isOwn) return contact.address;
    }
    return undefined;
  }

  #isAnothers(address: string, mac: Mac): boolean {
    const isThere = (one: Sighting) => one.mac !== mac && one.address === address;
    return Array.from(this.#parts.tables.sightings.values()).some(isThere);
  }
}
