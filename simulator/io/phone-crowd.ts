import type { EpochMs, Mac } from '@ringwave/protocol/units';
import { fastClock, wallClock } from '@ringwave/runtime/clock';
import type { Habit } from '../core/habit.ts';
import type { PhonesConfig } from '../core/phones-config.ts';
import type { PhoneEvent } from './phone-self.ts';
import { type PhoneState, VirtualPhone } from './virtual-phone.ts';

export interface PhoneCrowd {
  states(): PhoneState[];
  /** False where no phone here has this MAC. */
  behave(mac: Mac, habit: Habit): boolean;
  stop(): Promise<void>;
}

/** Switches on all phones of the sites. Rejects, with none left running, where a SIP port cannot be had. */
export async function startCrowd(
  config: PhonesConfig,
  onEvent: (event: PhoneEvent & { readonly mac: Mac; readonly at: EpochMs }) => void,
): Promise<PhoneCrowd> {
  const { seed, sipPort, checksEvery } = config;
  const clock = config.clock ? fastClock(config.clock) : wallClock();
  const phones = new Map<Mac, VirtualPhone>();
  const stop = async () => {
    await Promise.all([...phones.values()].map((phone) => phone.stop()));
  };
  const common = { seed, sipPort, clock, onEvent, ...(checksEvery ? { checksEvery } : {}) };
  try {
    for (const { agent, phones: mine } of config.sites) {
      for (const one of mine) {
        phones.set(one.mac, await VirtualPhone.start({ ...one, ...common, agent }));
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    states: () => [...phones.values()].map((phone) => phone.state()),
    behave: (mac, habit) => {
      phones.get(mac)?.behave(habit);
      return phones.has(mac);
    },
    stop,
  };
}
