import assert from 'node:assert/strict';
import type { AgentAddress } from '@ringwave/firmware-catalog/vendors/profile';
import { type DurationMs, type EpochMs, type Mac, ms } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import {
  afterFile,
  type Ask,
  askFrom,
  beginRound,
  beginsToTake,
  type BootRound,
  type FileGot,
  pruned,
} from '../core/boot-round.ts';
import type { LoginStyle } from '../core/digest-login.ts';
import {
  actsAfter,
  afterLook,
  bootTakes,
  checksEvery,
  flashTakes,
  type Habit,
  good,
  retriesAfter,
  seededWithin,
  type Span,
} from '../core/habit.ts';
import { NotifyDesk } from '../core/notify-desk.ts';
import { kindOf, type Transport } from '../core/phone-kinds.ts';
import { fetchFile, type FileEnd, writeLogs } from './file-fetch.ts';
import { fetchImage } from './image-fetch.ts';
import { pause } from './pause.ts';
import { type PhoneEvent, type PhoneSelf, runningPhone, userAgentOf } from './phone-self.ts';
import { openSipPort, type SipPort } from './sip-port.ts';

// A desk phone as a file server and a SIP peer see it: it starts, asks for its files, takes the firmware
// it is told to take, restarts, and can be woken in between. What goes wrong outside is told and tried
// again; nothing leaves its loop.

export interface VirtualPhoneOptions {
  readonly mac: Mac;
  /** As the catalogue spells it. */
  readonly vendor: string;
  readonly model: string;
  readonly hardware?: string;
  /** What it runs when it is switched on. */
  readonly version: string;
  readonly extension?: string;
  /** Its own loopback address, such as 127.66.1.17. */
  readonly localAddress: string;
  /** What DHCP told it. */
  readonly agent: AgentAddress;
  /** 0 takes any free port. */
  readonly sipPort: number;
  readonly clock: Clock;
  readonly seed: string | number;
  readonly habit?: Habit;
  /** How it answers a 401; Basic where it does not say. */
  readonly loginStyle?: LoginStyle;
  /** The protocol it asks by, where its line's phones know both. */
  readonly prefers?: Transport;
  /** Leaves its MAC out of its User-Agent. */
  readonly hidesMac?: boolean;
  /** What its loader calls its version, where its kind has one. */
  readonly loaderVersion?: string;
  /** Between its own looks at its files; some 45 to 75 minutes by seed where it does not say. */
  readonly checksEvery?: DurationMs;
  readonly onEvent?: (event: PhoneEvent & { readonly mac: Mac; readonly at: EpochMs }) => void;
}

export type PhonePower = 'off' | 'booting' | 'asking' | 'taking-image' | 'flashing' | 'idle';

export interface PhoneState {
  readonly mac: Mac;
  readonly power: PhonePower;
  readonly version: string;
  readonly sipAddress: string;
  readonly sipPort: number;
  readonly habit: Habit;
  readonly boots: number;
  readonly flashes: number;
  readonly holdsLogin: boolean;
}

/** How a look at its files ended. */
type RoundEnd = 'idle' | 'restart' | 'no-server' | 'put-off';

/** Looks in a row that a phone makes because it was put off; then it comes when it would anyway. */
const putOffsMax = 3;

export class VirtualPhone {
  readonly #self: PhoneSelf;
  readonly #desk: NotifyDesk;
  readonly #checksEvery: DurationMs | undefined;
  #sip: SipPort | undefined;
  #power: PhonePower = 'off';
  #boots = 0;
  #rounds = 0;
  #flashes = 0;
  #isStopped = false;
  /** Aborted when the power goes: ends every wait and every request. */
  #supply = new AbortController();
  /** Aborted to end the wait of an idle phone. */
  #nap = new AbortController();
  #wanted: 'reload' | 'reboot' | undefined;
  #putOff = { times: 0, seconds: undefined as number | undefined };
  #life: Promise<void> = Promise.resolve();

  private constructor(options: VirtualPhoneOptions) {
    const { mac, model, hardware, version, agent, clock, seed, onEvent } = options;
    const kind = kindOf(options.vendor, model);
    assert(kind, `no line of ${options.vendor} has a ${model}`);
    this.#checksEvery = options.checksEvery;
    this.#self = {
      mac,
      model,
      ...(hardware === undefined ? {} : { hardware }),
      kind,
      agent,
      ...(options.prefers ? { prefers: options.prefers } : {}),
      ...(options.hidesMac ? { hidesMac: true } : {}),
      ...(options.loaderVersion ? { loaderVersion: options.loaderVersion } : {}),
      isChallenged: false,
      clock,
      seed,
      loginStyle: options.loginStyle ?? 'basic',
      localAddress: options.localAddress,
      version,
      habit: options.habit ?? good,
      draws: 0,
      tell: (event) => onEvent?.({ ...event, mac, at: clock.now() }),
    };
    this.#desk = new NotifyDesk(kind.wakes, `${seed}-${mac}`);
  }

  /** Switches the phone on. Rejects only where its SIP port cannot be had. */
  static async start(options: VirtualPhoneOptions): Promise<VirtualPhone> {
    const phone = new VirtualPhone(options);
    const wanted = { address: options.localAddress, port: options.sipPort };
    phone.#sip = await openSipPort(wanted, (bytes, from) => phone.#heard(bytes, from));
    phone.#self.localAddress = phone.#sip.address;
    phone.#life = phone.#live();
    return phone;
  }

  state(): PhoneState {
    const { mac, version, habit, login } = this.#self;
    return {
      mac,
      power: this.#power,
      version,
      sipAddress: this.#sip?.address ?? '',
      sipPort: this.#sip?.port ?? 0,
      habit,
      boots: this.#boots,
      flashes: this.#flashes,
      holdsLogin: login !== undefined,
    };
  }

  /** Changes how it behaves from now on; 'off' cuts its power at once, anything else switches it on again. */
  behave(habit: Habit): void {
    this.#self.habit = habit;
    if (habit.kind === 'off') this.#supply.abort();
    else if (this.#power === 'off') this.#nap.abort();
  }

  /** Releases its sockets and timers; resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#supply.abort();
    this.#nap.abort();
    await this.#life;
    this.#sip?.close();
    this.#sip = undefined;
  }

  async #live(): Promise<void> {
    while (!this.#isStopped) {
      this.#supply = new AbortController();
      try {
        if (this.#self.habit.kind === 'off') await this.#stayOff();
        else await this.#runOnce();
      } catch (error) {
        this.#self.tell({ kind: 'fault', reason: String(error) });
        await this.#wait(retriesAfter, 'fault');
      }
    }
    this.#power = 'off';
  }

  async #stayOff(): Promise<void> {
    this.#power = 'off';
    this.#nap = new AbortController();
    const { signal } = this.#nap;
    if (!this.#isStopped) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }

  /** From power or restart to the next restart. */
  async #runOnce(): Promise<void> {
    const { signal } = this.#supply;
    this.#power = 'booting';
    this.#boots += 1;
    this.#wanted = undefined;
    this.#self.isChallenged = false;
    delete this.#self.challenge;
    this.#self.tell({ kind: 'booting', version: this.#self.version });
    await this.#wait(bootTakes, 'boot');
    let hasWritten = false;
    while (!signal.aborted) {
      const end = await this.#round(signal);
      if (end === 'restart' || signal.aborted) return;
      if (end === 'idle' && !hasWritten) await writeLogs(this.#self, signal);
      hasWritten ||= end === 'idle';
      if (end === 'idle' || end === 'put-off') this.behave(afterLook(this.#self.habit));
      await this.#rest(end);
      if (this.#wanted === 'reboot') return;
    }
  }

  /** One look at its files, and the firmware they name. */
  async #round(signal: AbortSignal): Promise<RoundEnd> {
    const { kind, agent, prefers } = this.#self;
    this.#power = 'asking';
    this.#rounds += 1;
    this.#wanted = undefined;
    let round = pruned(beginRound(kind, this.#self, agent, prefers));
    while (round.todo[0] && !signal.aborted) {
      const [ask] = round.todo;
      const before = round.told.firmware;
      const end = await fetchFile(this.#self, ask, signal);
      if (end.kind === 'unreachable') return 'no-server';
      round = pruned(afterFile(round, gotOf(end), { kind, phone: this.#self }));
      if (round.told.provisioning) this.#self.login = round.told.provisioning;
      const isNamedNow = kind.takesImage === 'when-named' && round.told.firmware !== before;
      if (isNamedNow && (await this.#takes(round, signal))) return 'restart';
    }
    if (signal.aborted) return 'idle';
    this.#forget(round);
    this.#power = 'asking';
    const isLeft = kind.takesImage === 'after-files';
    if (isLeft && (await this.#takes(round, signal))) return 'restart';
    return this.#endOf(round);
  }

  /** What a whole configuration no longer says is gone, on lines that do not keep it. */
  #forget({ told, hasOwn, isWhole }: BootRound): void {
    if (!hasOwn || !isWhole || told.provisioning) return;
    if (this.#self.kind.absentValue === 'resets') delete this.#self.login;
  }

  #endOf({ putOff }: BootRound): RoundEnd {
    const times = putOff ? this.#putOff.times + 1 : 0;
    this.#putOff = { times, seconds: putOff?.seconds };
    if (times === 0 || times > putOffsMax) return 'idle';
    return 'put-off';
  }

  async #takes(round: BootRound, signal: AbortSignal): Promise<boolean> {
    const last = round.asked.at(-1);
    const { firmware } = round.told;
    if (!firmware || !last || signal.aborted) return false;
    const { kind, model } = this.#self;
    const ask = askFrom(kind.imageUrl(firmware.url, model), last);
    if (!ask || !this.#mayTake(firmware)) return false;
    return this.#update({ ...ask, ...(kind.hasLoader ? { byLoader: true } : {}) }, signal);
  }

  #mayTake(firmware: { readonly url: string; readonly version?: string }): boolean {
    const { habit, kind } = this.#self;
    if (habit.kind === 'refuses-image' || habit.kind === 'in-call') return false;
    // Where the line asks its user, the question stays on the screen.
    return beginsToTake(kind, runningPhone(this.#self), firmware);
  }

  /** True when the phone has written an image to its flash and must restart. */
  async #update(ask: Ask, signal: AbortSignal): Promise<boolean> {
    this.#power = 'taking-image';
    const image = await fetchImage(this.#self, ask, signal);
    if (!image || signal.aborted) return false;
    this.#power = 'flashing';
    this.#self.tell({ kind: 'flashing', version: image.version });
    await this.#wait(flashTakes, 'flash');
    // Without power nothing was written to the end: the old image is still the one that starts.
    if (signal.aborted) return true;
    this.#flashes += 1;
    if (this.#self.habit.kind !== 'comes-back-old') this.#self.version = image.version;
    return true;
  }

  /** Idle until the next look is due, or until somebody wakes the phone. */
  async #rest(end: RoundEnd): Promise<void> {
    this.#power = 'idle';
    this.#nap = new AbortController();
    const nap = AbortSignal.any([this.#supply.signal, this.#nap.signal]);
    if (!this.#wanted) {
      const wait =
        end === 'no-server'
          ? this.#drawn(retriesAfter, 'retry')
          : end === 'put-off'
            ? this.#untilServerLikes()
            : this.#untilNextCheck();
      await pause(this.#self.clock, wait, nap);
    }
    if (this.#wanted) await this.#wait(actsAfter, 'act');
  }

  /** The server's own word, or a minute or two; never longer than until the phone would look anyway. */
  #untilServerLikes(): DurationMs {
    const { seconds } = this.#putOff;
    const wait = seconds === undefined ? this.#drawn(retriesAfter, 'retry') : ms(seconds * 1000);
    const usual = this.#untilNextCheck();
    return wait < usual ? wait : usual;
  }

  #untilNextCheck(): DurationMs {
    return this.#checksEvery ?? this.#drawn(checksEvery, 'check');
  }

  #wait(span: Span, what: string): Promise<void> {
    return pause(this.#self.clock, this.#drawn(span, what), this.#supply.signal);
  }

  #drawn(span: Span, what: string): DurationMs {
    const { seed, mac } = this.#self;
    return seededWithin(span, seed, mac, what, this.#boots, this.#rounds);
  }

  /** SIP runs with the application: a phone that starts or writes its flash hears nothing. */
  #heard(bytes: Buffer, from: { readonly address: string; readonly port: number }): void {
    if (this.#power === 'off' || this.#power === 'booting' || this.#power === 'flashing') return;
    const { habit, login } = this.#self;
    const said = this.#desk.answer(bytes, {
      from,
      habit,
      ...(login ? { login } : {}),
      userAgent: userAgentOf(this.#self) ?? this.#self.model,
    });
    if (!said) return;
    this.#sip?.send(said.answer, from);
    if (!said.notify) return;
    const { event, status, wants, habitNow } = said.notify;
    this.#self.tell({ kind: 'woken', event, status });
    this.#self.habit = habitNow;
    if (!wants) return;
    // A reboot asked for once stays asked for, whatever comes after it.
    if (this.#wanted !== 'reboot') this.#wanted = wants;
    this.#nap.abort();
  }
}

/** 404 and 410 say that there is none; any other answer may be another one tomorrow. */
function gotOf(end: Exclude<FileEnd, { kind: 'unreachable' }>): FileGot {
  if (end.kind === 'body') return end;
  if (end.status === 404 || end.status === 410) return { kind: 'absent' };
  if (end.status < 500) return { kind: 'refused' };
  const { retryAfterSeconds } = end;
  return { kind: 'put-off', ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
}
