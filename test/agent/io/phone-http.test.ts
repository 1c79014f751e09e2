// The web servers of phones as their makers' documents describe them, played from the facts of their lines.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import { type Test, test } from 'tap';
import { fittingPassword, loginClaim } from '../../../agent/core/provisioning/http-login.ts';
import type { Way } from '../../../agent/core/wake/ways.ts';
import { actOnPhone } from '../../../agent/io/phone-http.ts';

type HttpWay = Extract<Way, { readonly by: 'http' }>;

/** What a phone of this model is told over HTTP, by the facts. */
function wayOf(vendor: string, model: string): HttpWay {
  const line = knowledgeOf(vendor)?.lines.find(({ hasModel }) => hasModel(model));
  const wake = line && line.wake !== 'unknown' ? line.wake : [];
  const way = wake.find((one) => one.by === 'http' && !one.inSession);
  if (way?.by !== 'http') throw new Error(`${vendor} ${model} has no action over HTTP`);
  return way;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function act(t: Test, way: HttpWay, answer: Answer, password = 'se/cret&1') {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as { port: number };
  const login = { user: 'admin', password };
  const said = await actOnPhone(way, { address: '127.0.0.1', port, login });
  return { said, asked };
}

/** Lets in who logs in as its administrator, by this challenge, and answers with this body. */
const behind =
  (challenge: string, body = ''): Answer =>
  (request, response) => {
    const target = { method: request.method ?? '', target: request.url ?? '' };
    const claim = loginClaim(request.headers.authorization, target);
    const isIn = claim?.user === 'admin' && fittingPassword(claim, ['se/cret&1']) === 0;
    if (isIn) response.end(body);
    else response.writeHead(401, { 'www-authenticate': challenge }).end();
  };

const digest = 'Digest realm="phone", nonce="n1", qop="auth", algorithm=MD5';
const basic = 'Basic realm="phone"';

test('Snom is restarted by its update page, by Digest or Basic', async (t) => {
  const way = wayOf('Snom', 'D785');
  const reboot = 'GET /advanced_update.htm?reboot=Reboot';
  for (const challenge of [digest, basic]) {
    const { said, asked } = await act(t, way, behind(challenge));
    t.same([said, asked], ['accepted', [reboot, reboot]]);
  }
  t.equal((await act(t, way, behind(digest), 'wrong')).said, 'login-refused');
});

test('Poly is restarted when it is idle by its management call, and says when it is busy', async (t) => {
  for (const model of ['VVX450', 'Trio8800', 'CCX500', 'EdgeE350']) {
    const way = wayOf('Polycom', model);
    const { said, asked } = await act(t, way, behind(basic, '{"Status": "2000"}'));
    const call = 'POST /api/v1/mgmt/safeRestart';
    t.same([said, asked], ['accepted', [call, call]], model);
  }
  const way = wayOf('Polycom', 'VVX450');
  t.equal((await act(t, way, behind(basic, '{"Status": "4001"}'))).said, 'busy');
  t.equal((await act(t, way, behind(basic, '{"Status": "4010"}'))).said, 'refused');
});

test('Cisco MPP is told to look for its profile by its page', async (t) => {
  const { said, asked } = await act(t, wayOf('Cisco', '8851'), behind(digest));
  t.same([said, asked], ['accepted', ['GET /admin/resync', 'GET /admin/resync']]);
});

test('Grandstream takes the password in the request, escaped, and says in its body what came of it', async (t) => {
  const way = wayOf('Grandstream', 'GRP2616');
  const answering =
    (body: string): Answer =>
    (_, response) =>
      response.end(body);
  const { said, asked } = await act(
    t,
    way,
    answering('{"response":"success", "body": "savereboot"}'),
  );
  const request = 'GET /cgi-bin/api-sys_operation?passcode=se%2Fcret%261&request=REBOOT';
  t.same([said, asked], ['accepted', [request]]);
  const refused = answering('{"response":"error", "body": "unknown"}');
  t.equal((await act(t, way, refused)).said, 'refused');
  const closed: Answer = (_, response) => response.writeHead(401).end();
  t.same((await act(t, way, closed)).asked.length, 1, 'the password is not sent twice');
});

test('a page that leads elsewhere, or a phone that has none, is no answer', async (t) => {
  const way = wayOf('Snom', 'D785');
  const away: Answer = (_, response) =>
    response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  t.equal((await act(t, way, away)).said, 'refused');
  const gone: Answer = (_, response) => response.writeHead(404).end();
  t.equal((await act(t, way, gone)).said, 'refused');
  const login = { user: 'admin', password: 'x' };
  t.equal(await actOnPhone(way, { address: '127.0.0.1', port: 1, login }), 'silent');
});
