import type { EpochMs } from '@ringwave/protocol/units';
import type { Clock } from '@ringwave/runtime/clock';
import {
  type AmiPacket,
  contactsOf,
  cutPackets,
  endpointsIn,
  endpointsOf,
  formatAction,
  notifyAction,
  registeredNow,
} from '../../core/pbx/ami.ts';
import { amiDialled, amiDials, tellsOfCall } from '../../core/pbx/emergency.ts';
import { onlyContact, type Registration } from '../../core/pbx/registration.ts';
import { Renewals } from '../../core/pbx/renewals.ts';
import type { WayAnswer } from '../../core/wake/ways.ts';
import { PbxLine } from './line.ts';
import { callsOf, type Pbx, type PbxNotify } from './pbx.ts';

type Fields = readonly (readonly [string, string])[];

/** Entries of one list that are kept; a site has some hundred contacts. */
const entriesMax = 10_000;

/** Asterisk over its manager interface: PJSIPNotify, CoreShowChannels, PJSIPShowContacts, and who registers meanwhile. */
export class AsteriskPbx implements Pbx {
  readonly name: string;
  readonly #login: Fields;
  readonly #line: PbxLine;
  readonly #clock: Clock;
  readonly #renewals = new Renewals();
  #heard: (packet: AmiPacket) => void = () => {};
  #dialled: (numbers: readonly string[]) => void = () => {};
  #actions = 0;

  constructor(
    settings: { host: string; port: number; user: string; password: string },
    clock: Clock,
  ) {
    this.name = `asterisk ${settings.host}:${settings.port}`;
    this.#clock = clock;
    this.#login = [
      ['Action', 'Login'],
      ['Username', settings.user],
      ['Secret', settings.password],
      // Registrations and calls: a call for help may be over before anybody asks for it. What a dialplan does would be far more.
      ['Events', 'system,call'],
    ];
    this.#line = new PbxLine(settings, clock, (bytes) => {
      const cut = cutPackets(bytes.toString('latin1'));
      if (cut.kind === 'broken') return undefined;
      for (const packet of cut.packets) this.#take(packet, clock.now());
      return Buffer.from(cut.rest, 'latin1');
    });
  }

  async notify({ extension, address, ...ask }: PbxNotify): Promise<WayAnswer> {
    const contact = onlyContact((await this.registrations(extension)) ?? []);
    // An endpoint with several contacts would wake them all; one elsewhere is another phone.
    if (typeof contact === 'string' || contact.address !== address) return 'unavailable';
    const [response] = (await this.#ask(notifyAction(extension, ask))) ?? [];
    if (!response) return 'unavailable';
    return response.get('response') === 'Success' ? 'accepted' : 'refused';
  }

  async extensionsInCall(
    extensions: readonly string[],
  ): Promise<ReadonlyMap<string, boolean> | undefined> {
    const packets = await this.#ask([['Action', 'CoreShowChannels']]);
    if (!packets || !isWhole(packets)) return undefined;
    return callsOf(extensions, endpointsIn(packets), () => this.#known(extensions));
  }

  /** An Asterisk with chan_sip may know nothing of PJSIP, and one without it nothing of peers. */
  async #known(extensions: readonly string[]): Promise<ReadonlySet<string> | undefined> {
    const contacts = await this.#contacts();
    const known = endpointsOf(contacts ?? []);
    if (extensions.every((one) => known.has(one))) return known;
    const peers = await this.#ask([['Action', 'SIPpeers']]);
    const isPeered = peers !== undefined && isWhole(peers);
    if (!contacts && !isPeered) return undefined;
    return isPeered ? endpointsOf([...(contacts ?? []), ...peers]) : known;
  }

  async emergencyCall(numbers: readonly string[]): Promise<boolean | undefined> {
    const packets = await this.#ask([['Action', 'CoreShowChannels']]);
    return packets && isWhole(packets) ? amiDials(packets, numbers) : undefined;
  }

  followDialled(heard: (numbers: readonly string[]) => void): void {
    this.#dialled = heard;
  }

  async registrations(extension: string): Promise<readonly Registration[] | undefined> {
    const packets = await this.#contacts();
    return (
      packets && this.#renewals.listed(extension, contactsOf(packets, extension), this.#clock.now())
    );
  }

  async #contacts(): Promise<readonly AmiPacket[] | undefined> {
    const packets = await this.#ask([['Action', 'PJSIPShowContacts']]);
    if (packets && isWhole(packets)) return packets;
    // Asterisk answers by an error where it has no contact at all.
    return packets?.[0]?.get('message') === 'No Contacts found' ? [] : undefined;
  }

  #take(packet: AmiPacket, now: EpochMs): void {
    const registered = registeredNow(packet);
    if (registered) this.#renewals.told(registered.endpoint, registered.at, now);
    else if (packet.has('actionid')) this.#heard(packet);
    else if (tellsOfCall(packet)) this.#dialled(amiDialled(packet));
  }

  /** The response and, where it begins a list, its entries; undefined where Asterisk could not be asked. */
  #ask(action: Fields): Promise<readonly AmiPacket[] | undefined> {
    return this.#line
      .inTurn(async () => {
        if (await this.#line.connected()) {
          const [login] = await this.#send(this.#login);
          if (login?.get('response') !== 'Success') throw new Error('Asterisk refused the login');
        }
        return this.#send(action);
      })
      .catch(() => {
        this.#line.drop();
        return undefined;
      });
  }

  #send(action: Fields): Promise<readonly AmiPacket[]> {
    this.#actions += 1;
    const id = `ringwave-${this.#actions}`;
    const packets: AmiPacket[] = [];
    return this.#line.answer((done) => {
      this.#heard = (packet) => {
        if (packet.get('actionid') !== id || packets.length >= entriesMax) return;
        packets.push(packet);
        const begins = packets.length === 1 && packet.get('eventlist')?.toLowerCase() === 'start';
        const isLast = packet.get('eventlist') === 'Complete' || packets.length === 1;
        if (isLast && !begins) done(packets);
      };
      this.#line.write(formatAction([...action, ['ActionID', id]]));
    });
  }

  close(): void {
    this.#line.close();
  }
}

/** Half a list proves nothing. */
const isWhole = (packets: readonly AmiPacket[]): boolean =>
  packets[0]?.get('response') === 'Success' && packets.at(-1)?.get('eventlist') === 'Complete';
