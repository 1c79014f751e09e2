import { wallClock } from '@ringwave/runtime/clock';
import type { Mac } from '@ringwave/protocol/units';
import type { Test } from 'tap';
import { usualWakeFile, type WakeFile } from '../../../agent/core/pbx/settings.ts';
import { type AgentEvent, emptyTables } from '../../../agent/core/state.ts';
import { EmergencyWatch } from '../../../agent/io/emergency-watch.ts';
import type { Pbx } from '../../../agent/io/pbx/pbx.ts';
import { SipSocket } from '../../../agent/io/sip-socket.ts';
import { SipStreams } from '../../../agent/io/sip-streams.ts';
import { Waker } from '../../../agent/io/waker.ts';
import type { HandClock } from '../../hand-clock.ts';
import { macOf, one, planOf, planPhone } from '../core/box.ts';

const mac = macOf(1);

export interface WakerSite {
  readonly port: number;
  readonly settings?: Partial<WakeFile>;
  readonly pbxs?: readonly Pbx[];
  readonly of?: (address: string) => Mac | null;
  readonly whereIs?: string | null;
  readonly clock?: HandClock;
  readonly isRouted?: boolean;
  readonly webPort?: number;
  readonly webLogin?: (vendor: string) => { user: string; password: string } | undefined;
}

/** A waker of a site with one Yealink phone of extension 101, and everything that it submits. */
export async function wakerOf(t: Test, site: WakerSite) {
  const { webPort, port, settings, pbxs = [], of, whereIs = null, clock, isRouted = false } = site;
  const tables = emptyTables();
  const plan = planOf([planPhone(1, { extension: '101' })]);
  tables.plan.set('plan', { plan, heldSince: one });
  const sip = await SipSocket.open({ host: '0.0.0.0', port: 0 });
  t.teardown(() => sip.close());
  const events: AgentEvent[] = [];
  let heard: () => void = () => {};
  const watched = { pbxs, tables, clock: clock ?? wallClock() };
  const emergency = new EmergencyWatch({ ...watched, submit: (event) => events.push(event) });
  const made = new Waker({
    emergency,
    settings: { ...usualWakeFile, ...settings },
    sip,
    streams: new SipStreams(),
    pbxs,
    neighbours: {
      of: (address) => Promise.resolve(of?.(address) ?? null),
      whereIs: () => Promise.resolve(whereIs),
    },
    tables,
    // A secret opens as what it is.
    keyring: { unseal: (sealed) => sealed },
    clock: clock ?? wallClock(),
    isRouted,
    port,
    ...(webPort === undefined ? {} : { webPort }),
    ...(site.webLogin ? { webLogin: site.webLogin } : {}),
    submit: (event) => (events.push(event), heard()),
  });
  t.teardown(() => made.close());
  const wake = async (own: { mustBeIdle?: true } = {}) => {
    const about = { kind: 'wake-phone', mac, start: 1, vendor: 'Yealink' } as const;
    await made.wake({ ...about, address: '127.0.0.1', ...own });
    return events.at(-1);
  };
  const next = () => new Promise<void>((resolve) => (heard = resolve));
  return { made, sip, tables, wake, next, events };
}

/** What a PBX says of the calls of any extension. */
export const calls = (
  isInCall: (extension: string) => boolean | 'stranger' | undefined,
): Pick<Pbx, 'extensionsInCall'> => ({
  extensionsInCall: (extensions) => {
    const told = extensions.map((one) => [one, isInCall(one)] as const);
    if (told.some(([, said]) => said === undefined)) return Promise.resolve(undefined);
    return Promise.resolve(
      new Map(told.flatMap(([one, said]) => (typeof said === 'boolean' ? [[one, said]] : []))),
    );
  },
});

/** A PBX that knows nothing but what it is given. */
export const pbxOf = (own: Partial<Pbx>): Pbx => ({
  name: 'asterisk 10.0.0.2:5038',
  notify: () => Promise.resolve('unavailable'),
  ...calls(() => undefined),
  emergencyCall: () => Promise.resolve(undefined),
  registrations: () => Promise.resolve(undefined),
  close: () => {},
  ...own,
});
