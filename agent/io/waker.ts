import { knowledgeOf, profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { PlanPhone } from '@ringwave/protocol/messages';
import { type Mac, seconds } from '@ringwave/protocol/units';
import { type Clock, wallClock } from '@ringwave/runtime/clock';
import { emergencyNumbersOf } from '../core/pbx/emergency.ts';
import type { IdleSource, WakeFile } from '../core/pbx/settings.ts';
import { phoneIn } from '../core/plan-index.ts';
import { acceptedSecrets } from '../core/rotation.ts';
import { callStateOf, remoteNumbersOf } from '../core/sip/dialog-info.ts';
import type { AgentEffect, AgentEvent, AgentTables } from '../core/state.ts';
import { mostTelling, nextWay, type Way, type WayAnswer, waysFor } from '../core/wake/ways.ts';
import { CallWatch } from './call-watch.ts';
import { EmergencyWatch } from './emergency-watch.ts';
import type { Keyring } from './keyring.ts';
import type { Neighbours } from './neighbours.ts';
import { openPbx } from './pbx/all.ts';
import { callOf, type Pbx, tellsCalls } from './pbx/pbx.ts';
import { PhonePlaces } from './phone-places.ts';
import { actOnPhone, type WebLogin } from './phone-http.ts';
import { RegistrationWatch } from './registration-watch.ts';
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
  readonly isPhone?: true;
}

interface Said {
  readonly answer: WayAnswer | 'unproven';
  /** Who told of the call. */
  readonly source?: string;
  /** The phone itself has answered, and goes nowhere. */
  readonly isThere?: true;
}

/** It may be woken, as far as was known at this instant. */
interface Looked {
  readonly isIdle: boolean;
  readonly at: number;
}

const usualWebPort = 80;

/** Who answers so is up and stays so. */
const saysNo: readonly WayAnswer[] = ['busy', 'away', 'refused', 'login-refused'];

/** Times that one start follows a phone to another address; each may take half a minute, and a start is given ten. */
const movesMax = 2;

/** Who was idle may have picked up the receiver since. */
const idleKnownFor = seconds(5);

/** Wakes phones, looks first whether they are in a call, and afterwards whether they are registered. */
export class Waker {
  readonly #parts: WakerParts;
  readonly #places: PhonePlaces;
  readonly #registrations: RegistrationWatch;
  /** Phones that took their file while they were being woken: they act, whatever they answer. */
  readonly #cameBack = new Set<Mac>();
  /** Those of them that took it since something was sent to them. */
  readonly #showed = new Set<Mac>();
  #isClosed = false;

  constructor(parts: WakerParts) {
    this.#parts = parts;
    const sources = parts.settings.registration;
    this.#registrations = new RegistrationWatch({ ...parts, sources });
    const isRegistrarAsked = sources.includes('pbx');
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
    const isBack = this.#cameBack.delete(mac);
    const isThere = this.#showed.delete(mac) ? { isThere: true as const } : {};
    this.#answered(effect, isBack ? { answer: 'accepted', ...isThere } : said);
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
    if (address === undefined) return { answer: 'unavailable' };
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
    let isThere = false;
    this.#showed.delete(mac);
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
      isThere ||= way !== undefined && way.by !== 'pbx' && saysNo.includes(answer);
      at = nextWay(plan, at, answer);
    }
    const answer = mostTelling(answers);
    // One that said no to one way and yes to another goes away now.
    return { answer, ...(isThere && answer !== 'accepted' ? { isThere } : {}) };
  }

  /** Why the phone must not be woken now; else whether it is known to be idle. */
  async #look({ mac, mustBeIdle }: WakeEffect, address: string): Promise<Said | Looked> {
    const emergency = (await this.#parts.emergency.look()) ?? this.#callForHelp();
    if (emergency) return { answer: 'busy', source: `${emergency} of an emergency call` };
    const told = await this.#callKnown(mac, address);
    if (told?.isInCall)
      return { answer: 'busy', source: told.by, ...(told.isPhone ? { isThere: true } : {}) };
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
    { answer: said, source, isThere }: Said,
  ): void {
    const { pollTakesMax } = this.#parts.settings;
    // What could not even be sent is the same to the phone as what nobody answered, and shows nothing of it.
    const answer = said === 'unavailable' ? 'silent' : said;
    const mayCome = !['accepted', 'busy', 'away', 'unproven'].includes(answer);
    const mayPoll = pollTakesMax !== undefined && mayCome;
    this.#parts.submit({
      kind: 'wake-answered',
      mac,
      start,
      answer,
      ...(source === undefined ? {} : { source }),
      ...(said === 'unavailable' ? { unsent: true as const } : {}),
      ...(isThere ? { isThere } : {}),
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
    // A phone that challenges does so with its login.
    let answer: WayAnswer = 'unavailable';
    for (const asked of this.#withLogins(this.#askOf(mac, address, way), mac)) {
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
    const ask = { address, port: this.#parts.port, mac, user: this.#userOf(mac), event };
    return body === undefined ? ask : { ...ask, body };
  }

  /** Every secret that the phone may hold, newest first. */
  #withLogins(wake: Wake, mac: Mac): readonly Wake[] {
    const user = mac.replaceAll(':', '');
    const secrets = acceptedSecrets(this.#parts.tables.credentials.get(mac));
    const logins = secrets.map(({ sealed, generation }) => {
      const password = this.#parts.keyring.unseal(sealed, mac, generation);
      return { ...wake, login: { user, password } };
    });
    return logins.length > 0 ? logins : [wake];
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
      const isInCall = state === 'in-call';
      return state === 'unknown' ? undefined : { by: 'the phone', isInCall, isPhone: true };
    }
    const extension = this.#phone(mac)?.extension;
    return extension === undefined ? undefined : this.#callAtPbxs(extension);
  }

  /**
   * A call is at one PBX; that there is none only all of them know, and one that knows the extension. A call is where the phone is
   * registered: a standby that is down has none while another one answers for the phone.
   */
  async #callAtPbxs(extension: string): Promise<CallTold | undefined> {
    const told = await Promise.all(
      this.#parts.pbxs
        .filter(tellsCalls)
        .map(async (pbx) => ({ pbx, by: pbx.name, isInCall: await callOf(pbx, extension) })),
    );
    const calling = told.find(({ isInCall }) => isInCall === true);
    if (calling) return { by: calling.by, isInCall: true };
    const silent = told.filter(({ isInCall }) => isInCall === undefined);
    if (silent.some(({ pbx }) => !pbx.isStandby)) return undefined;
    const idle = told.find(({ isInCall }) => isInCall === false);
    return idle && { by: idle.by, isInCall: false };
  }

  async #dialogsOf(mac: Mac, address: string): Promise<string> {
    for (const ask of this.#withLogins(this.#askOf(mac, address, { event: 'dialog' }), mac)) {
      const { outcome, body = '' } = await this.#parts.sip.fetchState(ask);
      if (outcome.kind !== 'login-refused') return body;
    }
    return '';
  }

  #dialsHelp(document: string): boolean {
    const numbers = emergencyNumbersOf(this.#parts.tables.plan.get('plan')?.plan);
    return remoteNumbersOf(document).some((one) => numbers.includes(one));
  }

  /** The phone is asked again until its call for help is over. */
  #followHelp(mac: Mac, address: string): void {
    this.#parts.emergency.foundAt(...this.#helpOf(mac, address));
  }

  #helpOf(mac: Mac, address: string) {
    const ask = async () => {
      const body = await this.#dialogsOf(mac, address);
      return callStateOf(body) === 'unknown' ? undefined : this.#dialsHelp(body);
    };
    return [`phone ${mac}`, ask] as const;
  }

  /** A phone took its configuration: it acts, and should soon be registered. */
  phoneIsBack(mac: Mac): void {
    if (this.#parts.tables.work.get(mac)?.phase === 'offered') {
      this.#cameBack.add(mac);
      this.#showed.add(mac);
    }
    this.#registrations.phoneIsBack(mac);
  }

  /** After a restart of the box. */
  resume(): void {
    this.#registrations.resume();
    const { holds, sightings, plan } = this.#parts.tables;
    const hold = holds.get('emergency-call');
    const sources = hold?.hold === 'emergency-call' ? hold.sources : [];
    for (const { mac } of plan.get('plan')?.plan.phones ?? []) {
      const at = sources.includes(`phone ${mac}`) ? sightings.get(mac)?.address : undefined;
      if (at !== undefined) this.#parts.emergency.follow(...this.#helpOf(mac as Mac, at));
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#registrations.close();
    this.#parts.emergency.close();
    this.#parts.calls?.close();
    for (const pbx of this.#parts.pbxs) pbx.close();
    this.#parts.streams.close();
  }
}

/** The line that owns the model, as the vendor's own list has it. */
const lineFor = (vendor: string, model: string | null | undefined) =>
  knowledgeOf(vendor)?.lines.find((line) => model != null && line.hasModel(model));
