import { hoursOfWeek } from '@ringwave/protocol/call-hours';
import { type EpochMs, type Mac, minutes } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import type { AgentEvent, AgentTables } from '../core/state.ts';
import { type Pbx, tellsCalls } from './pbx/pbx.ts';

interface CallWatchParts {
  readonly pbxs: readonly Pbx[];
  readonly tables: AgentTables;
  readonly clock: Clock;
  submit(event: AgentEvent): void;
}

/** A call lasts minutes; one question a minute costs a PBX nothing. */
const lookedEvery = minutes(1);

/** Counts, minute by minute, which phones are in a call, and hands the count over hour by hour. */
export class CallWatch {
  readonly #parts: CallWatchParts;
  readonly #pbxs: readonly (Pbx & Required<Pick<Pbx, 'extensionsInCall'>>)[];
  #hour = -1;
  #watched = 0;
  #counts = new Map<Mac, number>();
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(parts: CallWatchParts) {
    this.#parts = parts;
    this.#pbxs = parts.pbxs.filter(tellsCalls);
    if (this.#pbxs.length > 0) this.#later();
  }

  #later(): void {
    if (this.#isClosed) return;
    this.#cancel = this.#parts.clock.after(lookedEvery, () => {
      void this.look().then(() => this.#later());
    });
  }

  /** Counts one minute. */
  async look(): Promise<void> {
    const plan = this.#parts.tables.plan.get('plan')?.plan;
    if (!plan) return;
    const hour = hourOfWeek(this.#parts.clock.now(), plan.zone);
    if (hour !== this.#hour) this.#handOver(hour);
    const phones = plan.phones.flatMap(({ mac, extension }) =>
      extension === undefined ? [] : [{ mac: mac as Mac, extension }],
    );
    const calls = await this.#calls(phones.map(({ extension }) => extension));
    // A minute in which some PBX, but for a standby, could not be asked says nothing of anybody.
    if (!calls || this.#isClosed) return;
    this.#watched += 1;
    for (const { mac, extension } of phones) {
      const isInCall = calls.get(extension);
      // What no PBX knows by this name may be in calls by another one: it is no quiet phone.
      if (isInCall === undefined) continue;
      this.#counts.set(mac, (this.#counts.get(mac) ?? 0) + (isInCall ? 1 : 0));
    }
  }

  async #calls(extensions: readonly string[]): Promise<ReadonlyMap<string, boolean> | undefined> {
    if (extensions.length === 0) return undefined;
    const all = new Map<string, boolean>();
    for (const pbx of this.#pbxs) {
      const found = await pbx.extensionsInCall(extensions);
      if (!found && pbx.isStandby) continue;
      if (!found) return undefined;
      for (const [one, isInCall] of found) all.set(one, isInCall || all.get(one) === true);
    }
    return all.size === 0 ? undefined : all;
  }

  #handOver(next: number): void {
    const phones = [...this.#counts].map(([mac, inCall]) => ({ mac, minutes: inCall }));
    const { hour, watched } = { hour: this.#hour, watched: this.#watched };
    this.#hour = next;
    this.#watched = 0;
    this.#counts = new Map();
    if (watched > 0) this.#parts.submit({ kind: 'calls-counted', hour, watched, phones });
  }

  /** What was counted of the present hour is handed over. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancel();
    this.#handOver(-1);
  }
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

const formats = new Map<string, Intl.DateTimeFormat>();

/** Monday 00:00 to 01:00 by the clock of the zone is 0. */
export function hourOfWeek(at: EpochMs, zone: string): number {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      hourCycle: 'h23',
    });
  formats.set(zone, format);
  const parts = format.formatToParts(at);
  const partOf = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return (DAYS.indexOf(partOf('weekday')) * 24 + Number(partOf('hour'))) % hoursOfWeek;
}
