import { seconds } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import { emergencyNumbersOf } from '../core/pbx/emergency.ts';
import { planIndex } from '../core/plan-index.ts';
import type { AgentEvent, AgentTables } from '../core/state.ts';
import type { Pbx } from './pbx/pbx.ts';

interface WatchParts {
  readonly pbxs: readonly Pbx[];
  readonly tables: AgentTables;
  readonly clock: Clock;
  submit(event: AgentEvent): void;
}

/** How often the PBXs of a site with work to do are asked; what is dialled between they tell by themselves, where they can. */
export const lookedEvery = seconds(15);

/** Asks PBXs, and phones that were found calling, whether somebody at the site has dialled for help. */
export class EmergencyWatch {
  readonly #parts: WatchParts;
  /** Phones that were found in such a call, until they no longer are. */
  readonly #phones = new Map<string, () => Promise<boolean | undefined>>();
  #cancel: () => void;
  #isClosed = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    for (const pbx of parts.pbxs) {
      pbx.followDialled?.((dialled) => {
        if (this.#numbers().some((one) => dialled.includes(one))) this.#tell(pbx.name, true);
      });
    }
    this.#cancel = parts.clock.after(lookedEvery, () => void this.#watch());
  }

  #numbers(): readonly string[] {
    return emergencyNumbersOf(this.#parts.tables.plan.get('plan')?.plan);
  }

  async #watch(): Promise<void> {
    if (this.#isNeeded()) await this.look();
    if (this.#isClosed) return;
    this.#cancel = this.#parts.clock.after(lookedEvery, () => void this.#watch());
  }

  /** A site without work starts no phones; a call that is known of is followed to its end. */
  #isNeeded(): boolean {
    const { plan, holds } = this.#parts.tables;
    const held = plan.get('plan')?.plan;
    return holds.has('emergency-call') || (held ? planIndex(held).inOrder.length > 0 : false);
  }

  /** Who says now that such a call is on; tells core what each source says. */
  async look(): Promise<string | undefined> {
    const numbers = this.#numbers();
    if (numbers.length === 0) return undefined;
    let found: string | undefined;
    for (const pbx of this.#parts.pbxs) {
      const isOn = await pbx.emergencyCall(numbers);
      this.#tell(pbx.name, isOn);
      if (isOn) found ??= pbx.name;
    }
    for (const [source, ask] of Array.from(this.#phones)) {
      const isOn = await ask();
      this.#tell(source, isOn);
      if (isOn) found ??= source;
      else if (isOn === false) this.#phones.delete(source);
    }
    return found;
  }

  /** A phone's own dialogs show such a call: it is asked until they no longer do. */
  foundAt(source: string, ask: () => Promise<boolean | undefined>): void {
    this.follow(source, ask);
    this.#tell(source, true);
  }

  /** A call that is known of already; it is not seen anew by that. */
  follow(source: string, ask: () => Promise<boolean | undefined>): void {
    this.#phones.set(source, ask);
  }

  /** What cannot be asked has neither begun nor ended a call. */
  #tell(source: string, isOn: boolean | undefined): void {
    if (isOn === undefined) return;
    const hold = this.#parts.tables.holds.get('emergency-call');
    const isKnown = hold?.hold === 'emergency-call' && hold.sources.includes(source);
    if (!isOn && !isKnown) return;
    this.#parts.submit({ kind: 'emergency-call', source, state: isOn ? 'began' : 'ended' });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }
}
