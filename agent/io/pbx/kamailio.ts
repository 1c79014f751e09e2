import { lookupAnswer } from '../../core/pbx/kamailio.ts';
import { onlyContact, type Registration } from '../../core/pbx/registration.ts';
import type { WayAnswer } from '../../core/wake/ways.ts';
import { answerOf, type SipSocket } from '../sip-socket.ts';
import type { Pbx, PbxNotify } from './pbx.ts';

/** Kamailio on the same site answers within milliseconds. */
const rpcTakesMaxMs = 5000;
/** One address of record has some kilobytes. */
const rpcBytesMax = 256 * 1024;

/** Kamailio as registrar, asked over JSON-RPC, and as the proxy through which a NOTIFY goes to one contact. */
export class KamailioPbx implements Pbx {
  readonly name: string;
  readonly #settings: { host: string; port: number; domain: string; sipPort: number };
  readonly #sip: SipSocket;

  constructor(
    settings: { host: string; port: number; domain: string; sipPort: number },
    sip: SipSocket,
  ) {
    this.name = `kamailio ${settings.host}:${settings.port}`;
    this.#settings = settings;
    this.#sip = sip;
  }

  /** By Route, so that the request names one contact; the proxy's own lookup would reach all of them. */
  async notify({ extension, address, event, body }: PbxNotify): Promise<WayAnswer> {
    const known = await this.registrations(extension);
    const contact = onlyContact((known ?? []).filter((one) => one.address === address));
    if (typeof contact === 'string') return 'unavailable';
    const { host, sipPort } = this.#settings;
    const outcome = await this.#sip.notify({
      address: contact.address,
      port: contact.port,
      user: extension,
      event,
      route: { address: host, port: sipPort },
      ...(body === undefined ? {} : { body }),
    });
    return answerOf(outcome);
  }

  /** A proxy need not know of calls: nothing here claims that it does. */
  emergencyCall(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async registrations(extension: string): Promise<readonly Registration[] | undefined> {
    // With use_domain the address of record carries the domain, without it only the user.
    for (const record of [extension, `${extension}@${this.#settings.domain}`]) {
      const found = lookupAnswer(await this.#rpc('ul.lookup', ['location', record]));
      if (found === undefined) return undefined;
      if (found.length > 0) return found;
    }
    return [];
  }

  async #rpc(method: string, params: readonly string[]): Promise<unknown> {
    const { host, port } = this.#settings;
    try {
      const response = await fetch(
        `http://${host.includes(':') ? `[${host}]` : host}:${port}/RPC`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
          redirect: 'error',
          signal: AbortSignal.timeout(rpcTakesMaxMs),
        },
      );
      return JSON.parse(await boundedText(response));
    } catch {
      return undefined;
    }
  }

  close(): void {}
}

async function boundedText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    if (length > rpcBytesMax) throw new Error('the answer is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
