import type { AgentAddress } from '@ringwave/firmware-catalog/vendors/profile';
import type { Mac } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import type { Ask, RunningPhone } from '../core/boot-round.ts';
import type { Challenge, Login, LoginStyle } from '../core/digest-login.ts';
import type { Habit } from '../core/habit.ts';
import type { AgentPhone, PhoneKind, Transport } from '../core/phone-kinds.ts';

/** What a phone does that somebody outside may want to see. Times are of the phone's clock. */
export type PhoneEvent =
  | { readonly kind: 'booting'; readonly version: string }
  /** `status` as HTTP writes it; TFTP gives 200, 404 and, for any other error, 503. */
  | {
      readonly kind: 'asked';
      readonly protocol: 'http' | 'tftp';
      readonly path: string;
      readonly status: number;
      /** Of the wall: from the request to the last byte of the answer. */
      readonly tookMs: number;
    }
  | { readonly kind: 'wrote'; readonly path: string; readonly status: number }
  | { readonly kind: 'no-server'; readonly reason: string }
  | { readonly kind: 'woken'; readonly event: string; readonly status: number }
  | { readonly kind: 'image-began'; readonly path: string; readonly fromByte: number }
  | { readonly kind: 'image-cut'; readonly path: string; readonly reason: string }
  | { readonly kind: 'image-refused'; readonly path: string; readonly reason: string }
  | { readonly kind: 'image-taken'; readonly path: string; readonly lengthBytes: number }
  | { readonly kind: 'flashing'; readonly version: string }
  | { readonly kind: 'fault'; readonly reason: string };

/** What the parts of one phone share: who it is, what it remembers over a restart, how it is told to behave. */
export interface PhoneSelf extends Omit<AgentPhone, 'version'> {
  readonly mac: Mac;
  readonly kind: PhoneKind;
  readonly prefers?: Transport;
  readonly agent: AgentAddress;
  readonly clock: Clock;
  readonly seed: string | number;
  readonly loginStyle: LoginStyle;
  localAddress: string;
  version: string;
  habit: Habit;
  /** Learnt from a configuration; kept in flash. */
  login?: Login;
  /** A server has asked for the login since the phone started; until then it is not sent. */
  isChallenged: boolean;
  /** The file server's last challenge and how often it was answered: later requests go out with it. */
  challenge?: { readonly said: Challenge; count: number };
  /** Counts everything that is drawn by seed, so that no two draws are the same. */
  draws: number;
  tell(event: PhoneEvent): void;
}

export const runningPhone = ({ mac, model, version }: PhoneSelf): RunningPhone => ({
  mac,
  model,
  version,
});

/** Undefined for a phone that sends none. */
export const userAgentOf = (self: PhoneSelf, { byLoader }: Pick<Ask, 'byLoader'> = {}) =>
  self.kind.userAgent(self, byLoader ? 'loader' : 'application');
