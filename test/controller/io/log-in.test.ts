import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'tap';
import { sessionCookie } from '../../../controller/io/rest/server.ts';
import { runController } from '../../../controller/main.ts';
import { phoneOf, releaseOf, siteOf } from '../core/desk.ts';
import { openDoor, request, told } from './door.ts';

test('nobody without a log-in learns more than that one is needed', async (t) => {
  const door = await openDoor(t);
  const paths = [
    'GET /api/v1/sites',
    'PUT /api/v1/sites/lisbon',
    'POST /api/v1/phones',
    'GET /api/v1/phones/805ec0000001',
    'POST /api/v1/releases',
    'POST /api/v1/rollouts/autumn/approve',
    'POST /api/v1/halt',
    'POST /api/v1/login-links',
    'GET /api/v1/audit',
    'GET /api/v1/live',
  ];
  for (const path of paths) {
    const [method = '', where = ''] = path.split(' ');
    const answer = await door.ask(method, where, undefined, {
      authorization: 'Bearer wrong-wrong-wrong-wrong',
    });
    t.same(told(answer), [
      `401 unauthenticated: ${where}: needs a log-in. Open a link from: ringwave controller login, or send an API token.`,
    ]);
  }
  const headers = (await door.ask('GET', '/health', undefined, {})).headers;
  t.equal(headers.get('x-content-type-options'), 'nosniff');
  t.match(headers.get('content-security-policy'), /default-src 'self'.*frame-ancestors 'none'/);
});

test('a link logs in once; its session serves its own pages and no foreign ones', async (t) => {
  const door = await openDoor(t);
  const { body } = await door.ask('POST', '/api/v1/login-links');
  const link = new URL(body.url);
  t.equal(link.origin, door.controller.url);
  const open = () => door.ask('GET', link.pathname + link.search, undefined, {});
  const first = await open();
  t.equal(first.status, 200);
  const set = first.headers.get('set-cookie') ?? '';
  t.match(set, /HttpOnly/);
  t.match(set, /SameSite=Strict/);
  const second = await open();
  t.equal(second.status, 403);
  t.match(second.text, /has been used or is too old/);
  t.notOk(second.headers.get('set-cookie'));
  const cookie = set.split(';')[0] ?? '';
  t.ok(cookie.startsWith(`${sessionCookie}=`));
  const asks = async (method: string, headers: Record<string, string>) =>
    (
      await door.ask(
        method,
        method === 'GET' ? '/api/v1/sites' : '/api/v1/login-links',
        undefined,
        { cookie, ...headers },
      )
    ).status;
  t.equal(await asks('GET', {}), 200);
  t.equal(await asks('GET', { origin: 'https://evil.test' }), 403);
  t.equal(await asks('POST', { origin: 'https://evil.test' }), 403);
  t.equal(await asks('POST', { origin: 'null' }), 403);
  t.equal(await asks('POST', {}), 403, 'a browser names its origin when it sends something');
  t.equal(await asks('POST', { origin: door.controller.url }), 200);
  await door.ask('POST', '/logout', undefined, { cookie });
  t.equal(await asks('GET', {}), 401, 'logged out');
});

test('a log-in names who acts, unless its link was printed for one person', async (t) => {
  const door = await openDoor(t);
  const token = { authorization: `Bearer ${door.controller.access.mintApiToken('local')}` };
  const sessionOf = async (headers: Record<string, string>) => {
    const { body } = await door.ask('POST', '/api/v1/login-links', undefined, headers);
    const { pathname, search } = new URL(body.url);
    const set = (await door.ask('GET', pathname + search, undefined, {})).headers;
    return set.get('set-cookie')?.split(';')[0] ?? '';
  };
  const me = (headers: Record<string, string>) => door.ask('GET', '/api/v1/me', undefined, headers);
  const shared = await sessionOf(token);
  t.same((await me({ cookie: shared })).body, { who: 'local', isOwn: false });
  t.same((await me({ cookie: shared, 'ringwave-as': 'ada' })).body, { who: 'ada', isOwn: false });
  const own = await sessionOf({ ...token, 'ringwave-as': 'grace' });
  t.same((await me({ cookie: own, 'ringwave-as': 'grace' })).body, { who: 'grace', isOwn: true });
  t.same(told(await me({ cookie: own, 'ringwave-as': 'ada' })), [
    '403 forbidden: header ringwave-as: names ada, but this log-in is the one of grace. Log in with a link for that person: ringwave --as ada controller login',
  ]);
  const origin = door.controller.url;
  const again = await sessionOf({ cookie: own, origin });
  t.same((await me({ cookie: again })).body, { who: 'grace', isOwn: true }, 'nor by a new link');
});

test('a log-in that comes with the controller approves in nobody’s name but with a reason', async (t) => {
  const door = await openDoor(t);
  const { engine, access } = door.controller;
  for (const command of [
    { kind: 'site-put', site: siteOf('lisbon') },
    { kind: 'phones-put', phones: [phoneOf(1)] },
    { kind: 'release-put', release: releaseOf() },
    { kind: 'release-move', release: releaseOf().id, cause: 'approve', why: 'tried' },
  ] as const)
    t.ok(engine.command('ada', command).ok);
  const token = { authorization: `Bearer ${access.mintApiToken('local')}` };
  const cookie = `${sessionCookie}=${access.useLink(access.mintLink('admin')) ?? ''}`;
  const session = { cookie, origin: door.controller.url };
  const asks = async (id: string, headers: Record<string, string>, own = {}) => {
    const asked = { id, releases: [releaseOf().id], waves: [{ name: 'all' }] };
    const ada = { ...token, 'ringwave-as': 'ada' };
    const { contentHash } = (await door.ask('POST', '/api/v1/rollouts', asked, ada)).body;
    const path = `/api/v1/rollouts/${id}/approve`;
    return door.ask('POST', path, { contentHash, ...own }, headers);
  };
  for (const [id, headers] of Object.entries({ one: token, two: session }))
    t.same(told(await asks(id, headers)), [
      `403 forbidden: rollout ${id}: is approved by somebody with a name, and this log-in has none. Say who approves: ringwave --as NAME, the header ringwave-as, or the name at the top of the console.`,
    ]);
  const breakGlass = 'phones dial nowhere';
  t.match(await asks('three', session, { breakGlass }), {
    status: 200,
    body: { approvedBy: 'admin', brokeGlass: breakGlass },
  });
  t.match(await asks('four', { ...session, 'ringwave-as': 'grace' }, { breakGlass }), {
    status: 200,
    body: { approvedBy: 'grace', brokeGlass: breakGlass },
  });
});

test('a folder has one controller at a time, also where both have ports of their own', async (t) => {
  const folder = t.testdir();
  const local = { host: '127.0.0.1', port: 0 };
  const run = () =>
    runController({
      folder,
      http: local,
      mqtt: local,
      note: () => {},
      failed: (error) => t.fail(String(error)),
    });
  const first = await run();
  await t.rejects(run(), { message: `${folder} is in use by another one that runs` });
  await first.close();
  const second = await run();
  await second.close();
});

test('a controller whose port is taken lets go of all that it had opened', async (t) => {
  const listening = async (port: number) => {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    return { server, port: (server.address() as AddressInfo).port };
  };
  const taken = await listening(0);
  const free = await listening(0);
  free.server.close();
  await once(free.server, 'close');
  const options = { folder: t.testdir(), note: () => {}, failed: () => t.fail() };
  const http = { host: '127.0.0.1', port: taken.port };
  const mqtt = { host: '127.0.0.1', port: free.port };
  await t.rejects(runController({ ...options, http, mqtt }), /EADDRINUSE/);
  const again = await listening(free.port);
  for (const { server } of [taken, again]) server.close();
  const local = { host: '127.0.0.1', port: 0 };
  const second = await runController({ ...options, http: local, mqtt: local });
  await second.close();
});

test('what the controller keeps survives its restart; API tokens too', async (t) => {
  const folder = t.testdir();
  const local = { host: '127.0.0.1', port: 0 };
  const lisbon = { zone: 'Europe/Lisbon', windows: [] };
  const run = () =>
    runController({
      folder,
      http: local,
      mqtt: local,
      note: () => {},
      failed: (error) => t.fail(String(error)),
    });
  const first = await run();
  const headers = { authorization: `Bearer ${first.access.mintApiToken('ada')}` };
  await request(first.url, 'PUT', '/api/v1/sites/lisbon', lisbon, headers);
  await first.close();
  const second = await run();
  t.teardown(() => second.close());
  t.match((await request(second.url, 'GET', '/api/v1/sites', undefined, headers)).body, [
    { id: 'lisbon' },
  ]);
  await t.rejects(
    runController({
      folder: t.testdir(),
      http: { host: '0.0.0.0', port: 0 },
      mqtt: local,
      note: () => {},
      failed: () => {},
    }),
    /without TLS would show sessions and tokens/,
    'beyond this machine only with TLS',
  );
});
