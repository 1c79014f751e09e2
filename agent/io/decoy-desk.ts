import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import { type Mac, mac } from '@ringwave/protocol/units';
import { type Decoys, decoysOf } from '../core/provisioning/decoys.ts';
import type { AgentEvent, AgentTables } from '../core/state.ts';
import type { Keyring } from './keyring.ts';

/** The decoys of the present plan, and the logins that stand in their files. */
export class DecoyDesk {
  readonly #tables: Pick<AgentTables, 'plan'>;
  readonly #keyring: Keyring;
  #made: { readonly plan: Plan; readonly decoys: Decoys } | undefined;

  constructor(tables: Pick<AgentTables, 'plan'>, keyring: Keyring) {
    this.#tables = tables;
    this.#keyring = keyring;
  }

  /** The phone that a decoy looks like; undefined where the MAC is none. */
  twinOf(decoy: Mac): PlanPhone | undefined {
    const plan = this.#tables.plan.get('plan')?.plan;
    if (!plan) return undefined;
    if (this.#made?.plan !== plan) {
      const keyed = (text: string) => this.#keyring.fingerprint(text);
      this.#made = { plan, decoys: decoysOf(plan.phones, keyed) };
    }
    return this.#made.decoys.get(decoy);
  }

  /** It opens nothing; who uses it has had the file. */
  loginOf(decoy: Mac, { length }: { readonly length: number }) {
    const password = this.#keyring.fingerprint(`decoy login ${decoy}`).slice(0, length);
    return { user: decoy.replaceAll(':', ''), password };
  }

  /** The decoy whose login has this name of a user. */
  namedBy(user: string): Mac | undefined {
    const named = mac(user) ?? undefined;
    return named && this.twinOf(named) ? named : undefined;
  }

  /** What is told where somebody names these users over SIP, as in a REGISTER. */
  namedOverSip(users: readonly string[], address: string): readonly AgentEvent[] {
    const decoys = users.map((user) => this.namedBy(user)).filter((one) => one !== undefined);
    return decoys.map((decoy) => decoyUsed(decoy, address, 'asks over SIP'));
  }
}

export const decoyUsed = (decoy: Mac, address: string, how: string): AgentEvent => ({
  kind: 'alarm-raised',
  fault: 'decoy-asked',
  address,
  detail: `${address} ${how} as the decoy ${decoy}`,
});
