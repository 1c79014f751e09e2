import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { EpochMs } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { openIdentity } from '../../../agent/io/agent-identity.ts';
import type { Asked, Served } from '../../../agent/io/file-source.ts';
import type { HttpTls } from '../../../agent/io/http-door.ts';
import { HttpServer } from '../../../agent/io/http-server.ts';
import { needs } from '../../peers/peer.ts';

const now = Date.now() as EpochMs;
const hosts = ['agent.example', '127.0.0.1'];
const config: Served = {
  kind: 'bytes',
  body: Buffer.from('config'),
  contentType: 'text/plain',
  noStore: true,
};

async function serve(t: Test, tls: Partial<HttpTls> = {}, keyKind: 'p-256' | 'rsa' = 'p-256') {
  const identity = openIdentity(t.testdir({ [keyKind]: {} }), { hosts, keyKind, now });
  const asked: Asked[] = [];
  const server = await HttpServer.listen({
    host: '127.0.0.1',
    port: 0,
    files: {
      resolve: (one) => {
        asked.push(one);
        return config;
      },
    },
    tls: { ...identity, profile: 'present', ...tls },
  });
  t.teardown(() => server.close());
  return { port: server.port, authority: identity.authority ?? '', asked };
}

async function got(port: number, options: RequestOptions): Promise<string> {
  const request = httpsRequest({
    host: '127.0.0.1',
    port,
    path: '/a.cfg',
    agent: false,
    ...options,
  });
  request.end();
  const [response] = (await once(request, 'response')) as [AsyncIterable<Buffer>];
  let text = '';
  for await (const piece of response) text += piece.toString();
  return text;
}

test('a phone that trusts the agent’s authority fetches over TLS 1.2 and 1.3', async (t) => {
  const { port, authority } = await serve(t);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const trust = { ca: authority, minVersion: version, maxVersion: version };
    t.equal(await got(port, trust), 'config', version);
    t.equal(
      await got(port, { ...trust, servername: 'wrong.name', checkServerIdentity: () => undefined }),
      'config',
      'a name it does not know changes nothing',
    );
  }
  await t.rejects(got(port, {}), 'one that does not trust it ends the handshake');
});

test('over TLS a phone that knows Basic alone logs in', async (t) => {
  const { port, authority, asked } = await serve(t);
  await got(port, { ca: authority, auth: 'phone:secret' });
  t.match(asked[0]?.login, { scheme: 'basic', user: 'phone' });
});

const oldOnly = (authority: string) => ({
  ca: authority,
  minVersion: 'TLSv1' as const,
  maxVersion: 'TLSv1.1' as const,
  ciphers: 'ALL:@SECLEVEL=0',
});

test('TLS 1.0 and 1.1 are for the listener of old phones alone', async (t) => {
  const present = await serve(t);
  await t.rejects(got(present.port, oldOnly(present.authority)));
  const old = await serve(t, { profile: 'old' }, 'rsa');
  t.equal(await got(old.port, oldOnly(old.authority)), 'config');
  const keyExchange = {
    ...oldOnly(old.authority),
    maxVersion: 'TLSv1.2' as const,
    ciphers: 'AES128-SHA:@SECLEVEL=0',
  };
  t.equal(await got(old.port, keyExchange), 'config', 'RSA key exchange');
  t.equal(
    await got(old.port, { ca: old.authority, minVersion: 'TLSv1.2' }),
    'config',
    'new ones too',
  );
});

test('old phones are shown a certificate that only they take', async (t) => {
  if (!needs(t, 'openssl')) return;
  const folder = t.testdir();
  const made = ['-newkey', 'rsa:1024', '-sha1', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem'];
  const named = ['-subj', '/CN=agent.example', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...made, ...named], { cwd: folder, stdio: 'ignore' });
  const [key, cert] = ['key.pem', 'cert.pem'].map((one) => readFileSync(join(folder, one), 'utf8'));
  const old = await serve(t, { profile: 'old', ...(key && cert && { key, cert }) }, 'rsa');
  const phone = { ...oldOnly(cert ?? ''), servername: 'agent.example' };
  t.equal(await got(old.port, phone), 'config');
});

/** A maker's authority and a phone's certificate under it, as openssl makes them. */
function maker(t: Test, commonName: string) {
  const folder = mkdtempSync(join(tmpdir(), 'ringwave-maker-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const root = ['-keyout', 'root.key', '-out', 'root.pem', '-subj', '/CN=Maker Devices'];
  openssl('req', '-x509', ...key, ...root, '-days', '2');
  openssl('req', ...key, '-keyout', 'key.pem', '-out', 'phone.csr', '-subj', `/CN=${commonName}`);
  const under = ['-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', 'phone.csr', ...under, '-out', 'cert.pem');
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { root: text('root.pem'), cert: text('cert.pem'), key: text('key.pem') };
}

test('a certificate under a foreign authority, and none at all, are served without a claim', async (t) => {
  if (!needs(t, 'openssl')) return;
  const known = maker(t, '0004F2AABBCC');
  const foreign = maker(t, '0004f2aabbdd');
  const { port, authority, asked } = await serve(t, { clientAuthorities: known.root });
  t.equal(await got(port, { ca: authority }), 'config');
  t.equal(await got(port, { ca: authority, cert: foreign.cert, key: foreign.key }), 'config');
  t.same(
    asked.map(({ certificateMac, isPrivate }) => [certificateMac, isPrivate]),
    [
      [undefined, true],
      [undefined, true],
    ],
  );
});

test('a phone’s certificate under an authority of the operator’s is a claim of its request', async (t) => {
  if (!needs(t, 'openssl')) return;
  const known = maker(t, '0004F2AABBCC');
  const { port, authority, asked } = await serve(t, { clientAuthorities: known.root });
  t.equal(await got(port, { ca: authority, cert: known.cert, key: known.key }), 'config');
  t.equal(asked[0]?.certificateMac, '00:04:f2:aa:bb:cc');
});

test('a connection shows who it is once: a second handshake in it is refused, and costs nothing', async (t) => {
  if (!needs(t, 'openssl')) return;
  const known = maker(t, '0004F2AABBCC');
  const { port, authority, asked } = await serve(t, { clientAuthorities: known.root });
  const own = { ca: authority, cert: known.cert, key: known.key, maxVersion: 'TLSv1.2' as const };
  const socket = connectTls({ port, host: '127.0.0.1', ...own });
  const failed = once(socket, 'error');
  await once(socket, 'secureConnect');
  socket.renegotiate({}, () => {});
  const [refusal] = (await failed) as [Error];
  t.match(refusal.message, /no renegotiation/);
  t.equal(await got(port, own), 'config');
  t.equal(asked.length, 1);
});

test('the authority stays over restarts, the server’s certificate follows names and time, and only the owner reads', (t) => {
  const folder = join(t.testdir({}), 'tls');
  const wanted = { hosts, keyKind: 'p-256', now } as const;
  const first = openIdentity(folder, wanted);
  t.same(openIdentity(folder, wanted), first);
  const renamed = openIdentity(folder, { ...wanted, hosts: ['new.example'] });
  t.equal(renamed.authority, first.authority);
  t.not(renamed.cert, first.cert);
  const later = openIdentity(folder, {
    ...wanted,
    hosts: ['new.example'],
    now: (now + 700 * 86_400_000) as EpochMs,
  });
  t.not(later.cert, renamed.cert);
  t.equal(later.authority, first.authority);
  const early = openIdentity(folder, { ...wanted, hosts: ['new.example'] });
  t.not(early.cert, later.cert, 'one that begins later, by a clock that was ahead, is of no use');
  for (const name of readdirSync(folder)) {
    t.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
    t.match(readFileSync(join(folder, name), 'utf8'), /^-----BEGIN/);
  }
  t.end();
});

test('an authority that a clock made ahead of time is made anew with its key, so that who trusts either goes on', (t) => {
  const folder = join(t.testdir({}), 'tls');
  const wanted = { hosts, keyKind: 'p-256' } as const;
  const ahead = openIdentity(folder, { ...wanted, now: (now + 1000 * 86_400_000) as EpochMs });
  const right = openIdentity(folder, { ...wanted, now });
  const [was, is] = [ahead, right].map(({ authority = '' }) => new X509Certificate(authority));
  t.ok(Date.parse(is?.validFrom ?? '') <= now);
  t.equal(is?.validTo, was?.validTo, 'it ends no sooner');
  t.ok(is && was?.publicKey.equals(is.publicKey));
  const server = new X509Certificate(right.cert);
  t.ok(was && server.verify(was.publicKey));
  t.same(openIdentity(folder, { ...wanted, now }), right, 'once');
  t.end();
});

test('a box that begins in 1970 until it has asked for the time makes nothing that ends before today', (t) => {
  const folder = join(t.testdir({}), 'tls');
  const wanted = { hosts, keyKind: 'p-256' } as const;
  const first = openIdentity(folder, { ...wanted, now });
  const booted = openIdentity(folder, { ...wanted, now: 0 as EpochMs });
  for (const text of [booted.cert, booted.authority ?? '']) {
    const held = new X509Certificate(text);
    t.ok(Date.parse(held.validFrom) <= 0 && Date.parse(held.validTo) > now, held.subject);
  }
  t.not(booted.cert, first.cert);
  const fresh = join(t.testdir({ fresh: {} }), 'fresh', 'tls');
  openIdentity(fresh, { ...wanted, now: 0 as EpochMs });
  const later = openIdentity(fresh, { ...wanted, now });
  t.ok(Date.parse(new X509Certificate(later.authority ?? '').validTo) > now);
  t.end();
});

test('a handshake that is not finished in time is cut', async (t) => {
  const identity = openIdentity(t.testdir({}), { hosts, keyKind: 'p-256', now });
  const server = await HttpServer.listen({
    host: '127.0.0.1',
    port: 0,
    files: { resolve: () => config },
    limits: { connectionsMax: 9, connectionsPerSourceMax: 9, headersMsMax: 100 },
    tls: { ...identity, profile: 'present' },
  });
  t.teardown(() => server.close());

  const silent = connect(server.port, '127.0.0.1');
  silent.on('error', () => {});
  await once(silent, 'close');
  const secure = connectTls({ port: server.port, host: '127.0.0.1', ca: identity.authority });
  await once(secure, 'secureConnect');
  secure.on('error', () => {});
  secure.write('GET /a HTTP/1.1\r\n');
  secure.resume();
  await once(secure, 'close');
  t.pass('both were cut by the server');
});
