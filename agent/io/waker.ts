import { knowledgeOf, profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { PlanPhone } from '@ringwave/protocol/messages';
import { type EpochMs, laterBy, type Mac, minutes, seconds } from '@ringwave/protocol/units';
import { type Clock, wallClock } from '@ringwave/runtime/clock';
import { emergencyNumbersOf } from '../core/pbx/emergency.ts';
import { onlyContact } from '../core/pbx/registration.ts';
import type { IdleSource, RegistrationSource, WakeFile } from '../core/pbx/settings.ts';
import { phoneIn } from '../core/plan-index.ts';
import { acceptedSecrets } from '../core/rotation.ts';
import { callStateOf, remoteNumbersOf } from '../core/sip/dialog-info.ts';
import type { AgentEffect, AgentEvent, AgentTables, SealedSecret } from '../core/state.ts';
import { mostTelling, nextWay, type Way, type WayAnswer, waysFor } from '../core/wake/ways.ts';
import { CallWatch } from './call-watch.ts';
import { EmergencyWatch } from './emergency-watch.ts';
import type { Keyring } from './keyring.ts';
import type { Neighbours } from './neighbours.ts';
import { openPbx } from './pbx/all.ts';
import type { Pbx } from './pbx/pbx.ts';
import { PhonePlaces } from './phone-places.ts';
import { actOnPhone, type WebLogin } from './phone-http.ts';
import { answerOf, type SipSocket, type Wake } from './sip-socket.ts';
import { SipStreams } from './sip-streams.ts';

interface WakerParts {
  readonly settings: WakeFile;
  readonly sip: SipSocket;
  readonly streams: SipStreams;
  readonly pbxs: readonly Pbx[];
  readonly emergency: EmergencyWatch;
  /** Where the site wants its calls counted. */
  readonly calls?: CallWatch;
  readonly neighbours: Pick<Neighbours, 'of' | 'whereIs'>;
  readonly tables: AgentTables;
  readonly keyring: Pick<Keyring, 'unseal'>;
  readonly clock: Clock;
  /** Phones may be behind a router, whose MAC the neighbour table then shows for them. */
  readonly isRouted: boolean;
  /** Where phones have their web pages; 80 everywhere but in laboratories. */
  readonly webPort?: number;
  /** Where phones listen for SIP. */
  readonly port: number;
  /** The administrator of a vendor's web pages, where the box keeps one. */
  webLogin?(vendor: string): WebLogin | undefined;
  submit(event: AgentEvent): void;
}

type WakeEffect = Extract<AgentEffect, { kind: 'wake-phone' }>;
type SipWay = Exclude<Way, { readonly by: 'http' }>;

/** With its connections, which are made when something is asked. */
export function openWaker(
  parts: Omit<WakerParts, 'streams' | 'pbxs' | 'emergency' | 'calls' | 'clock'> & {
    readonly clock?: Clock;
  },
): Waker {
  const { settings, sip } = parts;
  const clock = parts.clock ?? wallClock();
  const streams = new SipStreams({ clock, ...(settings.sipCa ? { ca: settings.sipCa } : {}) });
  const pbxs = settings.pbxs.map((one) => openPbx(one, { clock, sip }));
  const emergency = new EmergencyWatch({ ...parts, clock, pbxs });
  const calls = settings.callHistory ? new CallWatch({ ...parts, clock, pbxs }) : undefined;
  return new Waker({ ...parts, clock, streams, pbxs, emergency, ...(calls ? { calls } : {}) });
}

/** Who says whether the phone is in a call. */
interface CallTold {
  readonly by: string;
  readonly isInCall: boolean;
}

interface Said {
  readonly answer: WayAnswer | 'unproven';
  /** Who told of the call. */
  readonly source?: string;
}

/** It may be woken, as far as was known at this instant. */
interface Looked {
  readonly isIdle: boolean;
  readonly at: number;
}

const usualWebPort = 80;

/** Times that one start follows a phone to another address; each may take half a minute, and a start is given ten. */
const movesMax = 2;

/** Who was idle may have picked up the receiver since. */
const idleKnownFor = seconds(5);

/** From its configuration to its registration a phone needs some seconds. */
const registersWithin = seconds(20);

/** How far a registrar's clock may be behind, and how long before its own file a phone may register. */
const skewMax = minutes(-1);

/** Wakes phones, looks first whether they are in a call, and afterwards whether they are registered. */
export class Waker {
  readonly #parts: WakerParts;
  readonly #places: PhonePlaces;
  readonly #waiting = new Map<Mac, () => void>();
  /** Phones that took their file while they were being woken: they act, whatever they answer. */
  readonly #cameBack = new Set<Mac>();
  #isClosed = false;

  constructor(parts: WakerParts) {
    this.#parts = parts;
    const isRegistrarAsked = parts.settings.registration.includes('pbx');
    this.#places = new PhonePlaces({ ...parts, pbxs: isRegistrarAsked ? parts.pbxs : [] });
  }

  /**
   * Always submits one answer for a vendor that is known. A phone that shows itself elsewhere before the answer is there
   * is woken again where it is now: what answered or was silent at its old address may be another device.
   */
  async wake(effect: WakeEffect): Promise<void> {
    const { mac } = effect;
    if (!profileOf(effect.vendor)) return;
    this.#cameBack.delete(mac);
    let place = await this.#places.of(mac, effect.address);
    let said = await this.#wakeAt(place, effect);
    for (let moves = 0; moves < movesMax; moves += 1) {
      const seenAt = this.#isOver(effect)
        ? undefined
        : this.#parts.tables.sightings.get(mac)?.address;
      const there = seenAt === undefined ? place : await this.#places.of(mac, seenAt);
      if (there === place) break;
      place = there;
      said = await this.#wakeAt(place, effect);
    }
    this.#answered(effect, this.#cameBack.delete(mac) ? { answer: 'accepted' } : said);
  }

  /** The phone went on without us: it took its file, began its image, or this start has ended. */
  #isOver({ mac, start }: WakeEffect): boolean {
    if (this.#isClosed || this.#cameBack.has(mac)) return true;
    const work = this.#parts.tables.work.get(mac);
    return work !== undefined && (work.phase !== 'offered' || work.starts !== start);
  }

  async #wakeAt(address: string | undefined, effect: WakeEffect): Promise<Said> {
    const { mac, vendor } = effect;
    // Another device has the phone's address: it must not be woken in its stead.
    if (address === undefined) return { answer: 'silent' };
    let looked = await this.#look(effect, address);
    if ('answer' in looked) return looked;
    const triggers = lineFor(vendor, this.#phone(mac)?.model)?.wake ?? 'unknown';
    const { ways } = this.#parts.settings;
    const login = this.#webLogin(vendor);
    // What a phone does over HTTP it may do at once: only one that is known to be idle is told so, and known to be the one.
    const hasHttpLogin =
      login !== undefined && looked.isIdle && (await this.#places.isSure(mac, address));
    const event = profileOf(vendor)?.wake.event ?? '';
    const plan = waysFor(triggers, event, { ways, hasHttpLogin });
    const answers: WayAnswer[] = [];
    for (let at: number | undefined = 0; at !== undefined; ) {
      if (answers.length > 0) {
        // The way before took up to half a minute, in which the phone may have begun a call, or gone on.
        if (this.#isOver(effect)) break;
        looked = await this.#lookAgain(effect, address, looked);
        if ('answer' in looked) return looked;
      }
      const way: Way | undefined = plan[at];
      const mayTry = way && (way.by !== 'http' || looked.isIdle);
      const answer = mayTry ? await this.#tryAny(way, { mac, address, login }) : 'unavailable';
      answers.push(answer);
      at = nextWay(plan, at, answer);
    }
    return { answer: mostTelling(answers) };
  }

  /** Why the phone must not be woken now; else whether it is known to be idle. */
  async #look({ mac, mustBeIdle }: WakeEffect, address: string): Promise<Said | Looked> {
    const emergency = (await this.#parts.emergency.look()) ?? this.#callForHelp();
    if (emergency) return { answer: 'busy', source: `${emergency} of an emergency call` };
    const told = await this.#callKnown(mac, address);
    if (told?.isInCall) return { answer: 'busy', source: told.by };
    if (!told && mustBeIdle) return { answer: 'unproven' };
    return { isIdle: told?.isInCall === false, at: this.#instant() };
  }

  async #lookAgain(effect: WakeEffect, address: string, last: Looked): Promise<Said | Looked> {
    const isFresh = this.#instant() - last.at < idleKnownFor && !this.#callForHelp();
    return isFresh ? last : this.#look(effect, address);
  }

  /** Who told of a call for help that is on, or is called back. */
  #callForHelp(): string | undefined {
    const hold = this.#parts.tables.holds.get('emergency-call');
    return hold?.hold === 'emergency-call' ? (hold.sources[0] ?? 'the site') : undefined;
  }

  #instant(): number {
    const { clock } = this.#parts;
    return clock.steady?.() ?? clock.now();
  }

  #answered(
    { mac, start }: Pick<WakeEffect, 'mac' | 'start'>,
    { answer: said, source }: Said,
  ): void {
    const { pollTakesMax } = this.#parts.settings;
    // What could not even be sent is the same to the phone as what nobody answered.
    const answer = said === 'unavailable' ? 'silent' : said;
    const mayCome = !['accepted', 'busy', 'unproven'].includes(answer);
    const mayPoll = pollTakesMax !== undefined && mayCome;
    this.#parts.submit({
      kind: 'wake-answered',
      mac,
      start,
      answer,
      ...(source === undefined ? {} : { source }),
      ...(mayPoll ? { pollTakesMax } : {}),
    });
  }

  /** The one that is kept sealed before the one in the file. */
  #webLogin(vendor: string): WebLogin | undefined {
    const kept = this.#parts.webLogin?.(vendor);
    if (kept) return kept;
    const name = vendor.toLowerCase();
    return this.#parts.settings.webLogins?.find((one) => one.vendor.toLowerCase() === name);
  }

  async #tryAny(
    way: Way,
    { mac, address, login }: { mac: Mac; address: string; login: WebLogin | undefined },
  ): Promise<WayAnswer> {
    if (way.by !== 'http') return this.#try(way, mac, address);
    const port = this.#parts.webPort ?? usualWebPort;
    return login ? actOnPhone(way, { address, port, login }) : 'unavailable';
  }

  async #try(way: SipWay, mac: Mac, address: string): Promise<WayAnswer> {
    const { sip, streams } = this.#parts;
    if (way.by === 'pbx') return this.#throughPbx(way, mac, address);
    const wake = this.#askOf(mac, address, way);
    const secrets = acceptedSecrets(this.#parts.tables.credentials.get(mac));
    // A phone that challenges does so with its login; every secret it may hold is tried, newest first.
    let answer: WayAnswer = 'unavailable';
    for (const secret of secrets.length > 0 ? secrets : [undefined]) {
      const asked = secret ? this.#withLogin(wake, mac, secret) : wake;
      const transport = way.by === 'sip-tls' ? 'tls' : 'tcp';
      answer = answerOf(
        await (way.by === 'sip-udp' ? sip.notify(asked) : streams.notify(asked, transport)),
      );
      if (answer !== 'login-refused') break;
    }
    return answer;
  }

  #askOf(mac: Mac, address: string, way: { event: string; body?: string }): Wake {
    const { event, body } = way;
    const ask = { address, port: this.#parts.port, user: this.#userOf(mac), event };
    return body === undefined ? ask : { ...ask, body };
  }

  #withLogin(wake: Wake, mac: Mac, secret: SealedSecret): Wake {
    const password = this.#parts.keyring.unseal(secret.sealed, mac, secret.generation);
    return { ...wake, login: { user: mac.replaceAll(':', ''), password } };
  }

  readonly #phone = (mac: Mac): PlanPhone | undefined =>
    phoneIn(this.#parts.tables.plan.get('plan')?.plan, mac);

  readonly #userOf = (mac: Mac): string => this.#phone(mac)?.extension ?? mac.replaceAll(':', '');

  async #throughPbx(way: SipWay, mac: Mac, address: string): Promise<WayAnswer> {
    const extension = this.#phone(mac)?.extension;
    if (extension === undefined) return 'unavailable';
    const { event, body } = way;
    const answers: WayAnswer[] = [];
    for (const pbx of this.#parts.pbxs) {
      const ask = { extension, event, address };
      const answer = await pbx.notify(body === undefined ? ask : { ...ask, body });
      if (answer === 'accepted' || answer === 'busy') return answer;
      answers.push(answer);
    }
    return mostTelling(answers);
  }

  /** Whether the phone is in a call. The first source that knows decides; where none does the phone defers. */
  async #callKnown(mac: Mac, address: string): Promise<CallTold | undefined> {
    for (const source of this.#parts.settings.idle) {
      const told = await this.#callTold(source, mac, address);
      if (told) return told;
    }
    return undefined;
  }

  async #callTold(source: IdleSource, mac: Mac, address: string): Promise<CallTold | undefined> {
    if (source === 'dialog-event') {
      const body = await this.#dialogsOf(mac, address);
      const state = callStateOf(body);
      if (this.#dialsHelp(body)) this.#followHelp(mac, address);
      return state === 'unknown' ? undefined : { by: 'the phone', isInCall: state === 'in-call' };
    }
    const extension = this.#phone(mac)?.extension;
    for (const pbx of extension === undefined ? [] : this.#parts.pbxs) {
      const isInCall = await pbx.inCall(extension ?? '');
      if (isInCall !== undefined) return { by: pbx.name, isInCall };
    }
    return undefined;
  }

  async #dialogsOf(mac: Mac, address: string): Promise<string> {
    const ask = this.#askOf(mac, address, { event: 'dialog' });
    const [secret] = acceptedSecrets(this.#parts.tables.credentials.get(mac));
    const asked = secret ? this.#withLogin(ask, mac, secret) : ask;
    const { body = '' } = await this.#parts.sip.fetchState(asked);
    return body;
  }

  #dialsHelp(document: string): boolean {
    const numbers = emergencyNumbersOf(this.#parts.tables.plan.get('plan')?.plan);
    return remoteNumbersOf(document).some((one) => numbers.includes(one));
  }

  /** The phone is asked again until its call for help is over. */
  #followHelp(mac: Mac, address: string): void {
    this.#parts.emergency.foundAt(`phone ${mac}`, async () => {
      const body = await this.#dialogsOf(mac, address);
      return callStateOf(body) === 'unknown' ? undefined : this.#dialsHelp(body);
    });
  }

  /** A phone took its configuration: some seconds later it should be registered. One question per phone waits. */
  phoneIsBack(mac: Mac): void {
    if (this.#parts.tables.work.get(mac)?.phase === 'offered') this.#cameBack.add(mac);
    if (this.#parts.settings.registration.length === 0) return;
    this.#waiting.get(mac)?.();
    this.#lookFirst(mac);
    this.#askLater(mac, this.#parts.clock.now());
  }

  /** Asterisk and FreeSWITCH do not say when a registration was made: it must be seen to be another one than now. */
  #lookFirst(mac: Mac): void {
    const extension = this.#phone(mac)?.extension;
    if (extension === undefined || !this.#parts.settings.registration.includes('pbx')) return;
    for (const pbx of this.#parts.pbxs) void pbx.registrations(extension);
  }

  /** A phone whose registration proves its update is asked about until it is proven or its time is up. */
  #askLater(mac: Mac, backAt: EpochMs): void {
    const cancel = this.#parts.clock.after(registersWithin, () => {
      this.#waiting.delete(mac);
      void this.#proveRegistration(mac, backAt).then(() => {
        const isAwaited = this.#parts.tables.work.get(mac)?.phase === 'verifying';
        if (isAwaited && !this.#waiting.has(mac) && !this.#isClosed) this.#askLater(mac, backAt);
      });
    });
    this.#waiting.set(mac, cancel);
  }

  async #proveRegistration(mac: Mac, backAt: EpochMs): Promise<void> {
    const address = this.#parts.tables.sightings.get(mac)?.address;
    if (address === undefined) return;
    for (const from of this.#parts.settings.registration) {
      const source = await this.#registeredBy(from, { mac, address, backAt });
      if (source === undefined) continue;
      return this.#parts.submit({ kind: 'registration-seen', mac, source, address });
    }
  }

  async #registeredBy(
    from: RegistrationSource,
    { mac, address, backAt }: { mac: Mac; address: string; backAt: EpochMs },
  ): Promise<string | undefined> {
    if (from === 'options') {
      const ask = { address, port: this.#parts.port, user: this.#userOf(mac) };
      const outcome = await this.#parts.sip.options(ask);
      // Any answer proves that something listens there; that it is registered only a PBX can say.
      return outcome.kind === 'accepted' ? 'options' : undefined;
    }
    const extension = this.#phone(mac)?.extension;
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

  close(): void {
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
    this.#isClosed = true;
    this.#parts.emergency.close();
    this.#parts.calls?.close();
    for (const pbx of this.#parts.pbxs) pbx.close();
    this.#parts.streams.close();
  }
}

/** The line that owns the model, as the vendor's own list has it. */
const lineFor = (vendor: string, model: string | null | undefined) =>
  knowledgeOf(vendor)?.lines.find((line) => model != null && line.hasModel(model));
