import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { join } from 'node:path';
import type { Mac } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { SipStreams } from '../../../agent/io/sip-streams.ts';
import { needs } from '../../peers/peer.ts';

const reply = (request: string, status: string, more = ''): string => {
  const copied = (request.match(/^(Via|From|To|Call-ID|CSeq): .*$/gm) ?? []).join('\r\n');
  return `SIP/2.0 ${status}\r\n${copied}\r\n${more}Content-Length: 0\r\n\r\n`;
};

async function listening(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as { port: number }).port;
}

/** A phone that answers each request on its connection. */
function phone(t: Test, answer: (request: string, socket: Socket) => string | undefined) {
  const sockets: Socket[] = [];
  t.teardown(() => sockets.forEach((socket) => socket.destroy()));
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const text = answer(bytes.toString(), socket);
      if (text) socket.write(text);
    });
  });
  return listening(t, server).then((port) => ({ port, sockets }));
}

const streams = (t: Test, options = {}) => {
  const made = new SipStreams(options);
  t.teardown(() => made.close());
  return made;
};
const wake = (port: number) => ({ address: '127.0.0.1', port, user: '101', event: 'check-sync' });

test('one connection carries the challenge, the login and the next wake', async (t) => {
  const heard: string[] = [];
  const { port, sockets } = await phone(t, (request) => {
    heard.push(request);
    const challenge = 'WWW-Authenticate: Digest realm="p", nonce="n", qop="auth"\r\n';
    return /^Authorization:/m.test(request)
      ? reply(request, '200 OK')
      : reply(request, '401 Unauthorized', challenge);
  });
  const sip = streams(t);
  const asked = { ...wake(port), login: { user: 'phone', password: 'secret' } };
  t.same(await sip.notify(asked, 'tcp'), { kind: 'accepted', status: 200 });
  t.same(await sip.notify(asked, 'tcp'), { kind: 'accepted', status: 200 });
  t.equal(sockets.length, 1);
  t.equal(heard.length, 4);
  t.match(
    heard[0],
    /^NOTIFY sip:101@127\.0\.0\.1:\d+;transport=tcp SIP\/2\.0\r\nVia: SIP\/2\.0\/TCP /,
  );
});

test('an answer in pieces, and two answers in one piece, are read', async (t) => {
  const { port } = await phone(t, (request, socket) => {
    const text = reply(request, '486 Busy Here');
    socket.write(`${reply(request, '100 Trying')}${text.slice(0, 20)}`);
    setImmediate(() => socket.write(text.slice(20)));
    return undefined;
  });
  t.same(await streams(t).notify(wake(port), 'tcp'), { kind: 'busy', status: 486 });
});

test('a phone that hangs up, refuses connections or sends no SIP is not woken this way', async (t) => {
  const hangsUp = await phone(t, (_request, socket) => void socket.destroy());
  const babbles = await phone(t, () => 'HTTP/1.1 400 Bad Request\r\n\r\n');
  const sip = streams(t);
  t.match(await sip.notify(wake(hangsUp.port), 'tcp'), { kind: 'not-sent' });
  t.match(await sip.notify(wake(babbles.port), 'tcp'), { kind: 'not-sent' });
  t.match(await sip.notify(wake(1), 'tcp'), { kind: 'not-sent', reason: /ECONNREFUSED/ });
  t.match(await sip.notify({ ...wake(5060), address: 'phone.example' }, 'tcp'), {
    kind: 'not-sent',
  });
});

/** A phone that answers over TLS, and its own authority. `names` are those of its certificate. */
async function phoneOverTls(t: Test, names: readonly string[]) {
  const folder = t.testdir({});
  const file = (name: string) => join(folder, name);
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const files = ['-days', '2', '-keyout', file('key.pem'), '-out', file('cert.pem')];
  execFileSync('openssl', [...made, ...files, ...names], { stdio: 'ignore' });
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(file(name), 'utf8'));
  const asked: string[] = [];
  const server = createTlsServer({ key: key!, cert: cert! }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      asked.push(bytes.toString());
      socket.write(reply(bytes.toString(), '200 OK'));
    });
  });
  server.on('tlsClientError', () => {});
  return { port: await listening(t, server), ca: cert!, asked };
}

test('over TLS only a phone with a certificate of the known authority is asked', async (t) => {
  if (!needs(t, 'openssl')) return;
  const names = ['-subj', '/CN=phone', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const { port, ca, asked } = await phoneOverTls(t, names);
  t.match(await streams(t).notify(wake(port), 'tls'), { kind: 'not-sent', reason: /self-signed/ });
  t.equal(asked.length, 0);
  t.same(await streams(t, { ca }).notify(wake(port), 'tls'), { kind: 'accepted', status: 200 });
});

test('a phone is known over TLS by the MAC in its certificate, as makers write it, and no other phone by it', async (t) => {
  if (!needs(t, 'openssl')) return;
  const [own, other] = ['80:5e:c0:12:34:56', '80:5e:c0:12:34:57'] as Mac[];
  const { port, ca, asked } = await phoneOverTls(t, ['-subj', '/CN=805EC0123456']);
  const sip = streams(t, { ca });
  t.same(await sip.notify({ ...wake(port), mac: own! }, 'tls'), { kind: 'accepted', status: 200 });
  for (const foreign of [{ ...wake(port), mac: other! }, wake(port)]) {
    t.match(await sip.notify(foreign, 'tls'), { kind: 'not-sent' });
  }
  t.equal(asked.length, 1);
  t.notMatch(asked[0], /805ec0123456/i, 'what we know it by is not told');
});
