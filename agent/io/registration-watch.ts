import { holdsSlot } from '@ringwave/protocol/phases';
import { type EpochMs, laterBy, type Mac, minutes, ms, seconds } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import { answersAlone, onlyContact } from '../core/pbx/registration.ts';
import type { RegistrationSource } from '../core/pbx/settings.ts';
import { phoneIn } from '../core/plan-index.ts';
import type { AgentEvent, AgentTables } from '../core/state.ts';
import { isAwaited, isMissed } from '../core/registration-proof.ts';
import { isLost } from '../core/work-table.ts';
import type { Pbx } from './pbx/pbx.ts';
import type { SipSocket } from './sip-socket.ts';

interface WatchParts {
  /** Asked in this order; nobody where there are none. */
  readonly sources: readonly RegistrationSource[];
  readonly pbxs: readonly Pbx[];
  readonly sip: Pick<SipSocket, 'options'>;
  readonly tables: Pick<AgentTables, 'plan' | 'sightings' | 'work' | 'missing'>;
  readonly clock: Clock;
  /** Where phones listen for SIP. */
  readonly port: number;
  submit(event: AgentEvent): void;
}

interface Lost {
  /** As it is told. */
  readonly since: EpochMs;
  /** The same by what the clock shows now. */
  readonly at: () => EpochMs;
}

/** From its configuration to its registration a phone needs some seconds. */
const registersWithin = seconds(20);
/** A phone that did not register in its time does so when its PBX is back, or somebody mends it: within minutes or days. */
const missedAskedEvery = minutes(5);
/** One that was lost counts as down until it is found: somebody may plug it in again without its asking for anything. */
const lostAskedEvery = minutes(5);
/** How far a registrar's clock may be behind, and how long before its own file a phone may register. */
const skewMax = minutes(-1);

/** Asks whether phones that are back, or were lost, are registered, until they are, or nobody waits for it any more. */
export class RegistrationWatch {
  readonly #parts: WatchParts;
  readonly #waiting = new Map<Mac, () => void>();
  /** Since when each has been lost, whatever becomes of the clock meanwhile. */
  #lost = new Map<Mac, Lost>();
  #cancelLook: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    if (parts.sources.length > 0) this.#lookForLost();
  }

  #lookForLost(): void {
    this.#cancelLook = this.#parts.clock.after(lostAskedEvery, () => {
      const before = this.#lost;
      this.#lost = new Map();
      for (const [mac, since] of this.#lostNow()) {
        const known = before.get(mac);
        // Lost by a clock that was set back since: not later than now.
        const from = Math.min(since, this.#parts.clock.now()) as EpochMs;
        const lost = known?.since === since ? known : { since, at: this.#steadily(from) };
        this.#lost.set(mac, lost);
        if (!this.#waiting.has(mac)) this.#ask(mac, lost.at);
      }
      this.#lookForLost();
    });
  }

  /** With the instant; also whom no rollout wants any more. */
  #lostNow(): ReadonlyMap<Mac, EpochMs> {
    const { work, missing } = this.#parts.tables;
    const works = Array.from(work.values()).filter(isLost);
    const isUnderWay = ({ mac }: { readonly mac: Mac }) =>
      holdsSlot(work.get(mac)?.phase ?? 'done');
    const others = Array.from(missing.values()).filter((one) => !isUnderWay(one));
    return new Map([...works, ...others].map(({ mac, since }) => [mac, since]));
  }

  /** After a restart of the box: who is waited for is asked about from where it stood. */
  resume(): void {
    for (const work of Array.from(this.#parts.tables.work.values())) {
      if (isAwaited(work) || isMissed(work)) this.#begin(work.mac, work.since);
    }
  }

  /** A phone took its configuration: some seconds later it should be registered. One question per phone waits. */
  phoneIsBack(mac: Mac): void {
    this.#begin(mac, this.#parts.clock.now());
  }

  #begin(mac: Mac, backAt: EpochMs): void {
    this.#ask(mac, this.#steadily(backAt));
  }

  #ask(mac: Mac, backAt: () => EpochMs): void {
    if (this.#parts.sources.length === 0) return;
    this.#waiting.get(mac)?.();
    this.#lookFirst(mac);
    this.#askLater(mac, backAt, registersWithin);
  }

  /** The same instant by whatever the clock shows when it is asked for: somebody may set it meanwhile. */
  #steadily(at: EpochMs): () => EpochMs {
    const { clock } = this.#parts;
    const steady = () => clock.steady?.() ?? clock.now();
    const [since, past] = [steady(), clock.now() - at];
    return () => laterBy(clock.now(), ms(since - steady() - past));
  }

  /** Asterisk and FreeSWITCH do not say when a registration was made: it must be seen to be another one than now. */
  #lookFirst(mac: Mac): void {
    const extension = this.#phone(mac)?.extension;
    if (extension === undefined || !this.#parts.sources.includes('pbx')) return;
    for (const pbx of this.#parts.pbxs) void pbx.registrations(extension);
  }

  #askLater(mac: Mac, backAt: () => EpochMs, wait: typeof registersWithin): void {
    const cancel = this.#parts.clock.after(wait, () => {
      this.#waiting.delete(mac);
      void this.#prove(mac, backAt()).then(() => {
        const work = this.#parts.tables.work.get(mac);
        if (!work || this.#waiting.has(mac) || this.#isClosed) return;
        if (isAwaited(work)) this.#askLater(mac, backAt, registersWithin);
        else if (isMissed(work)) this.#askLater(mac, backAt, missedAskedEvery);
      });
    });
    this.#waiting.set(mac, cancel);
  }

  async #prove(mac: Mac, backAt: EpochMs): Promise<void> {
    const address = this.#parts.tables.sightings.get(mac)?.address;
    if (address === undefined) return;
    for (const from of this.#parts.sources) {
      const source = await this.#registeredBy(from, { mac, address, backAt });
      if (source === undefined) continue;
      return this.#parts.submit({ kind: 'registration-seen', mac, source, address });
    }
  }

  async #registeredBy(
    from: RegistrationSource,
    { mac, address, backAt }: { mac: Mac; address: string; backAt: EpochMs },
  ): Promise<string | undefined> {
    const extension = this.#phone(mac)?.extension;
    if (from === 'options') {
      const user = extension ?? mac.replaceAll(':', '');
      const outcome = await this.#parts.sip.options({ address, port: this.#parts.port, user });
      // Any answer proves that something listens there; that it is registered only a PBX can say.
      return outcome.kind === 'accepted' ? answersAlone : undefined;
    }
    for (const pbx of extension === undefined ? [] : this.#parts.pbxs) {
      const known = (await pbx.registrations(extension ?? '')) ?? [];
      // A registrar keeps what was registered before the restart until it expires: that proves nothing.
      const isFresh = (at: EpochMs = 0 as EpochMs) => at >= laterBy(backAt, skewMax);
      const fresh = known.filter((one) => one.address === address && isFresh(one.refreshedAt));
      const here = onlyContact(fresh);
      if (typeof here !== 'string') return pbx.name;
    }
    return undefined;
  }

  #phone(mac: Mac) {
    return phoneIn(this.#parts.tables.plan.get('plan')?.plan, mac);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }
}
