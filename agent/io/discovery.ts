import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { filesRoot } from '@ringwave/firmware-catalog/vendors/config-text';
import type { AgentAddress } from '@ringwave/firmware-catalog/vendors/profile';
import { type Mac, minutes, seconds } from '@ringwave/protocol/units';
import { type Clock, wallClock } from '@ringwave/runtime/clock';
import { makersByPrefix } from '../core/discovered.ts';
import { parseSip, type SipRequest, sipHeader, sipParameter } from '../core/sip/message.ts';
import { type PnpClaim, pnpAnswer, pnpClaim, pnpNotify } from '../core/sip/pnp.ts';
import { isAnswerable } from '../core/sip/unasked.ts';
import type { AgentEvent, AgentTables } from '../core/state.ts';
import { plainAddress } from './file-source.ts';
import type { Neighbours } from './neighbours.ts';
import { mintIds, SipTransactions } from './sip-transactions.ts';

interface DiscoveryParts {
  /** Where to listen for SIP plug and play; absent: not at all. */
  readonly pnp?: { readonly host: string; readonly port: number };
  readonly neighbours: Pick<Neighbours, 'of' | 'all'>;
  readonly tables: Pick<AgentTables, 'plan'>;
  /** What a phone of the plan is told to fetch from. */
  readonly address: () => AgentAddress;
  readonly clock?: Clock;
  submit(event: AgentEvent): void;
}

/** The group of ua-profile that desk phones ask. */
const pnpGroup = '224.0.1.75';
/** The kernel's table changes as phones come and go; a look costs one read of a small file. */
const neighboursEvery = minutes(5);
/** Questions by plug and play within `pnpWindow`: a site after a power cut; more is a flood and stays unread. */
const pnpMax = 200;
const pnpWindow = seconds(10);
/** Answers to what was told, in the same time: each of those who ask answers, and some of them twice. */
const pnpAnswersMax = 2 * pnpMax;
/** Timer J of RFC 3261: so long the same question may come again, as its answer was lost. */
const answerKeptFor = seconds(32);
/** Answers kept at once: what is asked within that time at most. */
const answersMax = 4 * pnpMax;

/** The answer to a question that may come again; absent while it is not known whether there is one. */
interface Answer {
  readonly key: string;
  readonly at: number;
  ok?: Buffer;
}

/** Lists phones that show themselves; hands the address of the agent to those of the plan that ask for one. */
export class Discovery {
  readonly #parts: DiscoveryParts;
  readonly #clock: Clock;
  readonly #socket: Socket | undefined;
  #cancel: () => void = () => {};
  #asked = 0;
  #answered = 0;
  readonly #transactions: SipTransactions;
  /** By whoever asks and the transaction that it asks in. */
  readonly #answers = new Map<string, Answer>();
  /** Branches of what phones are being told: one at a time each, so that nobody makes us send much to anybody. */
  readonly #telling = new Map<Mac, string>();
  #isClosed = false;

  private constructor(parts: DiscoveryParts, socket: Socket | undefined) {
    this.#parts = parts;
    this.#clock = parts.clock ?? wallClock();
    this.#socket = socket;
    this.#transactions = new SipTransactions(this.#clock);
  }

  /** Rejects with Node's own error where the port of plug and play cannot be had. */
  static async open(parts: DiscoveryParts): Promise<Discovery> {
    const discovery = new Discovery(parts, parts.pnp && (await listening(parts.pnp)));
    discovery.#socket?.on('message', (bytes, from) => void discovery.#take(bytes, from));
    discovery.#socket?.on('error', () => {});
    discovery.#lookAround();
    return discovery;
  }

  get pnpPort(): number | undefined {
    return this.#socket?.address().port;
  }

  #lookAround(): void {
    if (this.#isClosed) return;
    void this.#parts.neighbours.all().then((all) => {
      for (const [address, mac] of this.#isClosed ? [] : all) this.#neighbour(address, mac);
    });
    this.#cancel = this.#clock.after(neighboursEvery, () => this.#lookAround());
  }

  /** Only where the prefix is a phone maker's: everything else on the network is none of ours. */
  #neighbour(address: string, mac: Mac): void {
    const [maker, ...others] = makersByPrefix(mac);
    if (maker === undefined) return;
    // A prefix of several makers names none of them.
    const vendor = others.length === 0 ? maker : null;
    this.#claim({ mac, vendor, model: null, version: null }, address, 'neighbour');
  }

  #claim(claim: PnpClaim, address: string, via: 'pnp' | 'neighbour'): void {
    this.#parts.submit({ kind: 'phone-claimed', ...claim, address, via });
  }

  #windowEnds: (() => void) | undefined;

  async #take(bytes: Buffer, from: RemoteInfo): Promise<void> {
    this.#windowEnds ??= this.#clock.after(pnpWindow, () => {
      this.#asked = 0;
      this.#answered = 0;
      this.#windowEnds = undefined;
    });
    if (bytes.toString('latin1', 0, 4) === 'SIP/') return this.#heard(bytes, from);
    if (this.#asked >= pnpMax) return;
    this.#asked += 1;
    const request = parseSip(bytes);
    const claim = request?.kind === 'request' ? pnpClaim(request) : undefined;
    if (request?.kind !== 'request' || !claim) return;
    const address = plainAddress(from.address);
    this.#claim(claim, address, 'pnp');
    const phones = this.#parts.tables.plan.get('plan')?.plan.phones ?? [];
    if (!isAnswerable(request) || !phones.some(({ mac }) => mac === claim.mac)) return;
    const known = this.#knownAnswer(request, claim.mac, from);
    if (known.isNew) {
      // Somebody else who claims to be a phone of the plan gets no answer either.
      const neighbour = await this.#parts.neighbours.of(address, claim.mac);
      if (neighbour !== null && neighbour !== claim.mac) {
        this.#answers.delete(known.answer.key);
        return;
      }
      this.#answer(request, { mac: claim.mac, to: from, answer: known.answer });
    } else if (known.answer.ok) this.#send(known.answer.ok, from);
  }

  #heard(bytes: Buffer, from: RemoteInfo): void {
    if (this.#answered >= pnpAnswersMax) return;
    this.#answered += 1;
    const response = parseSip(bytes);
    if (response?.kind !== 'response') return;
    this.#transactions.take(response, plainAddress(from.address));
  }

  /** The same question in the same transaction is a copy (RFC 3261 section 17.2.3). */
  #knownAnswer(
    request: SipRequest,
    mac: Mac,
    from: RemoteInfo,
  ): { readonly answer: Answer; readonly isNew: boolean } {
    const now = this.#clock.steady?.() ?? this.#clock.now();
    for (const [key, { at }] of this.#answers) {
      if (now - at < answerKeptFor && this.#answers.size < answersMax) break;
      this.#answers.delete(key);
    }
    const branch = sipParameter(sipHeader(request, 'via'), 'branch');
    const said = [branch, sipHeader(request, 'call-id'), sipHeader(request, 'cseq')];
    const key = [mac, from.address, from.port, ...said].join(' ');
    const before = this.#answers.get(key);
    if (before) return { answer: before, isNew: false };
    const answer: Answer = { key, at: now };
    this.#answers.set(key, answer);
    return { answer, isNew: true };
  }

  /** To where the question came from, never to where it says. What it is told comes again until the phone answers. */
  #answer(
    request: SipRequest,
    { mac, to, answer }: { mac: Mac; to: RemoteInfo; answer: Answer },
  ): void {
    const socket = this.#socket;
    if (!socket || this.#isClosed) return;
    const minted = mintIds();
    const [branch] = minted.branches;
    const tag = sipParameter(sipHeader(request, 'to'), 'tag') ?? minted.tag;
    const address = this.#parts.address();
    const url = `${filesRoot(address)}/`;
    const from = { address: address.host, port: socket.address().port };
    answer.ok = pnpAnswer(request, { from, tag });
    this.#send(answer.ok, to);
    this.#transactions.end(this.#telling.get(mac) ?? '', 'the phone asks anew');
    this.#telling.set(mac, `z9hG4bK${branch}`);
    const source = plainAddress(to.address);
    const ask = {
      phone: { address: source, port: to.port },
      user: '',
      event: 'ua-profile',
      from,
      ids: { ...minted, tag, callId: sipHeader(request, 'call-id') ?? '' },
      request: pnpNotify(request, { from, tag, branch, url }),
    };
    const send = (bytes: Buffer, failed: (reason: string) => void) =>
      socket.send(bytes, to.port, to.address, (error) => error && failed(error.message));
    void this.#transactions.run(ask, { source, send }).then(() => {
      if (this.#telling.get(mac) === `z9hG4bK${branch}`) this.#telling.delete(mac);
    });
  }

  #send(bytes: Buffer, to: RemoteInfo): void {
    if (!this.#isClosed) this.#socket?.send(bytes, to.port, to.address, () => {});
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    this.#windowEnds?.();
    this.#transactions.endAll('the agent is stopping');
    const socket = this.#socket;
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
}

async function listening(at: { host: string; port: number }): Promise<Socket> {
  // Other programs of this machine may listen to the group as well.
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.bind(at.port, at.host);
  await once(socket, 'listening');
  if (at.host === '0.0.0.0') socket.addMembership(pnpGroup);
  else socket.addMembership(pnpGroup, at.host);
  return socket;
}
