import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '@ringwave/protocol/views';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';

/** How a command line reaches its controller. */
export interface Access {
  readonly url: string;
  readonly token: string;
  /** Who acts, where that is not whom the token names. */
  readonly as?: string;
}

/** Where a controller leaves its address and a token for command lines of the same user. */
export const accessFile = (folder: string): string => join(folder, 'cli.json');
export const dataFolder = (given: string | undefined): string =>
  given ?? process.env['RINGWAVE_DATA'] ?? './ringwave-data';

const EXIT: Record<Problem['error'], number> = {
  invalid: 2,
  unauthenticated: 3,
  forbidden: 3,
  'not-found': 4,
  conflict: 5,
  'too-large': 2,
  internal: 1,
};

export class ApiClient {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Flags first, then the environment, then the file of a controller on this machine. */
  static of(command: Command): ApiClient {
    const {
      url,
      token,
      data,
      as: name = process.env['RINGWAVE_AS'],
    } = command.optsWithGlobals<{
      url?: string;
      token?: string;
      data?: string;
      as?: string;
    }>();
    const file = accessFile(dataFolder(data));
    const local = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Access) : undefined;
    const found = {
      url: url ?? process.env['RINGWAVE_URL'] ?? local?.url,
      token: token ?? process.env['RINGWAVE_TOKEN'] ?? local?.token,
    };
    if (!found.url || !found.token) {
      throw new CliFault({
        what: 'no controller to talk to',
        why: `neither --url and --token are given nor is there a ${file}`,
        next: 'Run this where the controller keeps its data, or name its --data folder',
        exitCode: 3,
      });
    }
    return new ApiClient({
      url: found.url,
      token: found.token,
      ...(name === undefined ? {} : { as: name }),
    });
  }

  get<T>(path: string): Promise<T> {
    return this.send('GET', path) as Promise<T>;
  }

  async text(path: string): Promise<string> {
    return (await this.#fetch('GET', path, {})).text();
  }

  /** JSON in, JSON out. A refusal becomes a fault that names every problem. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    more: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const init =
      body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...more } };
    return (await this.#fetch(method, path, init)).json();
  }

  /** The bytes of a file from `from` on, streamed; the controller joins them to what it has. */
  async upload(
    path: string,
    body: ReadableStream<Uint8Array>,
    { from, lengthBytes }: { readonly from: number; readonly lengthBytes: number },
  ): Promise<unknown> {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(lengthBytes - from),
      ...(from === 0 ? {} : { 'content-range': `bytes ${from}-${lengthBytes - 1}/${lengthBytes}` }),
    };
    return (await this.#fetch('PUT', path, { body, headers, duplex: 'half' })).json();
  }

  async #fetch(method: string, path: string, init: RequestInit): Promise<Response> {
    const { url, token, as: name } = this.#access;
    const headers = {
      ...(init.headers as Record<string, string>),
      authorization: `Bearer ${token}`,
      ...(name === undefined ? {} : { 'ringwave-as': name }),
    };
    let response: Response;
    try {
      response = await fetch(new URL(`/api/v1${path}`, url), { ...init, method, headers });
    } catch (error) {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      throw new CliFault(
        {
          what: `no controller answers at ${url}`,
          why: reasonOf(cause),
          next: 'Start it with: ringwave controller run',
          exitCode: 1,
        },
        error,
      );
    }
    if (!response.ok) throw await faultFrom(response);
    return response;
  }
}

async function faultFrom(response: Response): Promise<CliFault> {
  const text = await response.text();
  let problem: Problem | undefined;
  try {
    problem = JSON.parse(text) as Problem;
  } catch {
    problem = undefined;
  }
  const [first, ...others] = problem?.problems ?? [];
  if (!problem || !first) {
    return new CliFault({
      what: 'the controller',
      why: `answered ${response.status}`,
      next: 'Look into its log',
      exitCode: 1,
    });
  }
  // Each problem is a thing, what is wrong with it, and the next step; the first one leads.
  const rest = others.map(({ thing, reason, next }) => `\n  ${thing} ${reason}. ${next}`).join('');
  return new CliFault({
    what: `${first.thing} ${first.reason}`,
    next: `${first.next}${rest}`,
    exitCode: EXIT[problem.error],
  });
}
