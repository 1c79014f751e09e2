import type { EpochMs } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import { eslDials } from '../../core/pbx/emergency.ts';
import {
  cutMessages,
  dialledNow,
  type EslMessage,
  followEvents,
  notifyEvent,
  registeredNow,
  registrationsOf,
  rowsOf,
  usersIn,
  usersOf,
} from '../../core/pbx/event-socket.ts';
import { onlyContact, type Registration } from '../../core/pbx/registration.ts';
import { Renewals } from '../../core/pbx/renewals.ts';
import type { WayAnswer } from '../../core/wake/ways.ts';
import { PbxLine } from './line.ts';
import { callsOf, type Pbx, type PbxNotify } from './pbx.ts';

/** FreeSWITCH over its event socket: sendevent NOTIFY, show channels, show registrations, and who registers meanwhile. */
export class FreeswitchPbx implements Pbx {
  readonly name: string;
  readonly #settings: { password: string; domain: string; profile: string };
  readonly #line: PbxLine;
  readonly #clock: Clock;
  readonly #renewals = new Renewals();
  #heard: (message: EslMessage) => void = () => {};
  #dialled: (numbers: readonly string[]) => void = () => {};
  /** FreeSWITCH speaks first; what it said before anybody listened is kept. */
  #greeting: EslMessage | undefined;

  constructor(
    settings: { host: string; port: number; password: string; domain: string; profile: string },
    clock: Clock,
  ) {
    this.name = `freeswitch ${settings.host}:${settings.port}`;
    this.#settings = settings;
    this.#clock = clock;
    this.#line = new PbxLine(settings, clock, (bytes) => {
      const cut = cutMessages(bytes);
      if (cut.kind === 'broken') return undefined;
      for (const message of cut.messages) {
        if (typeOf(message) === 'auth/request') this.#greeting = message;
        if (typeOf(message) === 'text/event-plain') this.#told(message.body, clock.now());
        else this.#heard(message);
      }
      return cut.rest;
    });
  }

  async notify({ extension, address, ...ask }: PbxNotify): Promise<WayAnswer> {
    const contact = onlyContact((await this.registrations(extension)) ?? []);
    // A user with several registrations would be woken on all of them; one elsewhere is another phone.
    if (typeof contact === 'string' || contact.address !== address) return 'unavailable';
    const { profile, domain } = this.#settings;
    const event = notifyEvent({ profile, domain, user: extension, ...ask });
    const reply = await this.#ask(event, 'command/reply');
    if (!reply) return 'unavailable';
    return reply.headers.get('reply-text')?.startsWith('+OK') ? 'accepted' : 'refused';
  }

  async extensionsInCall(
    extensions: readonly string[],
  ): Promise<ReadonlyMap<string, boolean> | undefined> {
    const { domain } = this.#settings;
    const rows = await this.#rows('channels');
    if (!rows) return undefined;
    return callsOf(extensions, usersIn(rows, domain), async () => {
      const registrations = await this.#rows('registrations');
      return registrations && usersOf(registrations, domain);
    });
  }

  async emergencyCall(numbers: readonly string[]): Promise<boolean | undefined> {
    const rows = await this.#rows('channels');
    return rows && eslDials(rows, numbers);
  }

  followDialled(heard: (numbers: readonly string[]) => void): void {
    this.#dialled = heard;
  }

  async registrations(extension: string): Promise<readonly Registration[] | undefined> {
    const rows = await this.#rows('registrations');
    const { domain } = this.#settings;
    const found = rows && registrationsOf(rows, { user: extension, domain });
    return found && this.#renewals.listed(extension, found, this.#clock.now());
  }

  #told(body: string, now: EpochMs): void {
    const dialled = dialledNow(body);
    if (dialled.length > 0) this.#dialled(dialled);
    const registered = registeredNow(body);
    if (registered?.domain !== this.#settings.domain) return;
    this.#renewals.told(registered.user, registered.at, now);
  }

  async #rows(what: 'channels' | 'registrations') {
    const reply = await this.#ask(`api show ${what} as json\n\n`, 'api/response');
    return reply && rowsOf(reply.body);
  }

  /** Undefined where FreeSWITCH could not be asked. */
  #ask(command: string, type: string): Promise<EslMessage | undefined> {
    return this.#line
      .inTurn(async () => {
        if (this.#line.isDown) this.#greeting = undefined;
        if (await this.#line.connected()) await this.#login();
        return this.#send(command, type);
      })
      .catch(() => {
        this.#line.drop();
        return undefined;
      });
  }

  async #login(): Promise<void> {
    if (!this.#greeting) {
      await this.#line.answer<EslMessage>((done) => {
        this.#heard = (message) => typeOf(message) === 'auth/request' && done(message);
      });
    }
    // A line end in a password would begin a command of its own; the settings have refused it.
    const reply = await this.#send(`auth ${this.#settings.password}\n\n`, 'command/reply');
    if (reply.headers.get('reply-text')?.startsWith('+OK') !== true) {
      throw new Error('FreeSWITCH refused the password');
    }
    // Without these lists alone tell of renewals and calls, so a refusal ends nothing.
    await this.#send(followEvents, 'command/reply');
  }

  #send(command: string, type: string): Promise<EslMessage> {
    return this.#line.answer((done) => {
      this.#heard = (message) => typeOf(message) === type && done(message);
      this.#line.write(command);
    });
  }

  close(): void {
    this.#line.close();
  }
}

const typeOf = (message: EslMessage): string => message.headers.get('content-type') ?? '';
