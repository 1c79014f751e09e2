import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ms } from '@ringwave/protocol/units';
import { test } from 'tap';
import { askUpstream, elsewhere, reasonOf } from '../../../../agent/io/base/ask-upstream.ts';

test('a redirect is followed on the same host and port, and from HTTP to HTTPS, but never back', (t) => {
  const led = (from: string, to: string) => elsewhere(new URL(from), new URL(to));
  for (const [from, to] of [
    ['http://pbx/a', 'http://pbx/b'],
    ['http://pbx/a', 'http://PBX:80/b'],
    ['http://pbx/a', 'https://pbx/a'],
    ['http://pbx/a', 'https://pbx:443/a'],
    ['http://pbx:8080/a', 'https://pbx:8080/a'],
    ['https://pbx/a', 'https://pbx/b'],
  ] as const)
    t.equal(led(from, to), undefined, `${from} to ${to}`);
  for (const [from, to, why] of [
    ['http://pbx/a', 'http://pbx.evil/a', 'to another host (pbx.evil)'],
    ['http://pbx/a', 'https://evil/a', 'to another host (evil)'],
    ['http://pbx/a', 'http://pbx:8080/a', 'to another port (pbx:8080)'],
    ['http://pbx/a', 'https://pbx:8443/a', 'to another port (pbx:8443)'],
    ['http://pbx:8080/a', 'https://pbx/a', 'to another port (pbx)'],
    ['https://pbx/a', 'http://pbx/a', 'from https:// to http://'],
    ['https://pbx:80/a', 'http://pbx:80/a', 'from https:// to http://'],
    ['http://pbx/a', 'ftp://pbx/a', 'from http:// to ftp://'],
  ] as const)
    t.equal(led(from, to), why, `${from} to ${to}`);
  t.end();
});

test('a server that sends from HTTP to HTTPS is asked there', async (t) => {
  const server = createServer((request, response) => {
    const to = `https://${request.headers.host ?? ''}${request.url ?? ''}`;
    response.writeHead(301, { location: to }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const within = ms(2000);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prov`;
  const error: unknown = await askUpstream(
    { url },
    { path: 'a.cfg', isConfig: true },
    within,
  ).catch((why: unknown) => why);
  // This one speaks no TLS, which shows that it was asked over it.
  t.match(reasonOf(error, within), /SSL|TLS|EPROTO|ECONNRESET/);
});
