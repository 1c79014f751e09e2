import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { filesRoot } from '@ringwave/firmware-catalog/vendors/config-text';
import type { AgentAddress } from '@ringwave/firmware-catalog/vendors/profile';
import { type Mac, minutes, seconds } from '@ringwave/protocol/units';
import { type Clock, wallClock } from '@ringwave/runtime/clock';
import { makersByPrefix } from '../core/discovered.ts';
import { parseSip, type SipRequest } from '../core/sip/message.ts';
import { type PnpClaim, pnpClaim, pnpNotify } from '../core/sip/pnp.ts';
import { answerTo } from '../core/sip/unasked.ts';
import type { AgentEvent, AgentTables } from '../core/state.ts';
import { plainAddress } from './file-source.ts';
import type { Neighbours } from './neighbours.ts';

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

/** Lists phones that show themselves; hands the address of the agent to those of the plan that ask for one. */
export class Discovery {
  readonly #parts: DiscoveryParts;
  readonly #clock: Clock;
  readonly #socket: Socket | undefined;
  #cancel: () => void = () => {};
  #asked = 0;
  #isClosed = false;

  private constructor(parts: DiscoveryParts, socket: Socket | undefined) {
    this.#parts = parts;
    this.#clock = parts.clock ?? wallClock();
    this.#socket = socket;
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
    this.#asked = 0;
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
    if (this.#asked >= pnpMax) return;
    this.#asked += 1;
    this.#windowEnds ??= this.#clock.after(pnpWindow, () => {
      this.#asked = 0;
      this.#windowEnds = undefined;
    });
    const request = parseSip(bytes);
    const claim = request?.kind === 'request' ? pnpClaim(request) : undefined;
    if (request?.kind !== 'request' || !claim) return;
    const address = plainAddress(from.address);
    this.#claim(claim, address, 'pnp');
    const phones = this.#parts.tables.plan.get('plan')?.plan.phones ?? [];
    if (!phones.some(({ mac }) => mac === claim.mac)) return;
    // Somebody else who claims to be a phone of the plan gets no answer either.
    const neighbour = await this.#parts.neighbours.of(address, claim.mac);
    if (neighbour !== null && neighbour !== claim.mac) return;
    this.#answer(request, from);
  }

  /** To where the question came from, never to where it says. The phone asks again where an answer is lost. */
  #answer(request: SipRequest, to: RemoteInfo): void {
    const socket = this.#socket;
    if (!socket || this.#isClosed) return;
    const [tag, branch] = [randomBytes(8).toString('hex'), randomBytes(16).toString('hex')];
    const ok = answerTo(request, { status: '200 OK', tag });
    const address = this.#parts.address();
    const url = `${filesRoot(address)}/`;
    const own = { address: address.host, port: socket.address().port };
    const send = (bytes: Buffer) => socket.send(bytes, to.port, to.address, () => {});
    send(ok);
    send(pnpNotify(request, { from: own, tag, branch, url }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    this.#windowEnds?.();
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
