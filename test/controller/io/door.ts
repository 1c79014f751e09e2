import type { Test } from 'tap';
import { runController, type RunningController } from '../../../controller/main.ts';
import { phoneOf, releaseOf, siteOf } from '../core/desk.ts';

// A controller in this process and its HTTP door, asked over a real socket.

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed where it is JSON. */
  readonly body: Parsed;
}
/** Whatever JSON gives; each test says what it expects of it. */
type Parsed = ReturnType<typeof JSON.parse>;

export interface Door {
  readonly controller: RunningController;
  readonly folder: string;
  ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
}

export async function openDoor(t: Test): Promise<Door> {
  const folder = t.testdir();
  const local = { host: '127.0.0.1', port: 0 };
  const controller = await runController({
    folder,
    http: local,
    mqtt: local,
    note: () => {},
    failed: (error) => t.fail(String(error)),
  });
  t.teardown(() => controller.close());
  const authorization = `Bearer ${controller.access.mintApiToken('ada')}`;
  return {
    controller,
    folder,
    ask: (method, path, body, headers = { authorization }) =>
      request(controller.url, method, path, body, headers),
  };
}

/** Lisbon with so many T46S, and a release for them. */
export async function fleetOf(t: Test, phones: number): Promise<Door> {
  const door = await openDoor(t);
  const { engine } = door.controller;
  const release = releaseOf().id;
  const numbers = Array.from({ length: phones }, (_, nth) => nth + 1);
  for (const command of [
    { kind: 'site-put', site: siteOf('lisbon') },
    { kind: 'release-put', release: releaseOf() },
    { kind: 'release-move', release, cause: 'approve', why: 'tried in the lab' },
    { kind: 'phones-put', phones: numbers.map((number) => phoneOf(number)) },
  ] as const)
    t.ok(engine.command('ada', command).ok);
  return door;
}

export async function request(
  url: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const isRaw = body === undefined || body instanceof Uint8Array || typeof body === 'string';
  const type = body instanceof Uint8Array ? 'application/octet-stream' : 'application/json';
  const response = await fetch(url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    ...(body === undefined
      ? {}
      : { body: isRaw ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    redirect: 'manual',
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text ? JSON.parse(text) : null,
  };
}

/** `404 not-found: site lisbo: does not exist. Did you mean lisbon?`, one line for each problem. */
export const told = ({ status, body }: Answer): string[] =>
  body.problems.map(
    (it: { thing: string; reason: string; next: string }) =>
      `${status} ${body.error}: ${it.thing}: ${it.reason}. ${it.next}`,
  );
