import type { PlanPhone } from '@ringwave/protocol/messages';
import type { Mac } from '@ringwave/protocol/units';
import { acceptedSecrets } from '../core/rotation.ts';
import type { AgentTables, Credential, SealedSecret } from '../core/state.ts';
import type { Place, SecretPolicy } from '../core/provisioning/secret-guard.ts';
import type { Asked, Served } from './file-source.ts';
import type { Keyring } from './keyring.ts';

export const noLogin = 0;

export const realm = 'Ringwave';

/** The provisioning user of a phone: its MAC without separators. */
export const userOf = (phone: PlanPhone): string => phone.mac.replaceAll(':', '');

/** With which of its secrets a phone logged in. */
export class PhoneLogins {
  readonly #tables: AgentTables;
  readonly #keyring: Keyring;
  /** Phones that were challenged for a first secret and have not come back; at most those of the plan. */
  readonly #challenged = new Set<string>();

  constructor(tables: AgentTables, keyring: Keyring) {
    this.#tables = tables;
    this.#keyring = keyring;
  }

  /**
   * The generation the phone logged in with; 0 without a login. Before a phone has proven a first secret it
   * may come without one, to learn it; afterwards its file is for its own login alone.
   */
  read(asked: Asked, phone: PlanPhone): number | 'refused' {
    const row = this.#tables.credentials.get(phone.mac);
    const generation = this.generation(asked, phone);
    if (generation !== noLogin) return generation;
    // No secret crosses TFTP, so TFTP cannot show one either; that file holds none.
    if (asked.protocol === 'tftp') return noLogin;
    return row?.current || this.#challengesFirst(phone, row) ? 'refused' : noLogin;
  }

  /** As `read`, without a word on whether the phone may go on; 0 for a login that fits none. */
  generation(asked: Asked, phone: PlanPhone): number {
    const secrets = acceptedSecrets(this.#tables.credentials.get(phone.mac));
    const place = asked.login?.verify((user) =>
      user === userOf(phone) ? secrets.map((secret) => this.open(phone, secret)) : [],
    );
    return (place === undefined ? undefined : secrets[place]?.generation) ?? noLogin;
  }

  open(phone: PlanPhone, secret: SealedSecret): string {
    return this.#keyring.unseal(secret.sealed, phone.mac as Mac, secret.generation);
  }

  /** Anyone on the voice LAN can claim to be a phone; one that has a login of its own shows itself only by it. */
  isOwnWord(phone: PlanPhone, generation: number): boolean {
    return generation > 0 || !this.#tables.credentials.get(phone.mac)?.current;
  }

  /**
   * Many phones send their login only when challenged. One that may hold its first secret is challenged once;
   * if it comes again without a login it never got the secret, and is given it once more.
   */
  #challengesFirst(phone: PlanPhone, row: Credential | undefined): boolean {
    if (row?.next?.state !== 'published') return false;
    if (this.#challenged.delete(phone.mac)) return false;
    this.#challenged.add(phone.mac);
    return true;
  }
}

/**
 * For an address that is shut out. Behind a router phones that nobody has added shut out their neighbours, and most phones log
 * in only when challenged: there any MAC is, known or not.
 */
export function shutOut(
  { protocol }: Asked,
  place: Place | undefined,
  { routed }: SecretPolicy,
): Served {
  const mayBeRouted = routed && place?.neighbour === null && place.certificateMac === null;
  return mayBeRouted && protocol === 'http' ? { kind: 'login-needed', realm } : { kind: 'absent' };
}
