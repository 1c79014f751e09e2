import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import type { ConfigLanguage } from '@ringwave/firmware-catalog/vendors/line-facts';
import { ms } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import type { BaseAsked } from '../../../../agent/io/base/base-file.ts';
import { LastGood, lastGoodLimits } from '../../../../agent/io/base/last-good.ts';
import { Upstream } from '../../../../agent/io/base/upstream.ts';
import { smallDisk } from '../../../peers/small-disk.ts';

/** Of the vendor's first line that has one. */
function languageOf(vendor: string): ConfigLanguage {
  for (const { config } of knowledgeOf(vendor)?.lines ?? [])
    if (config !== 'unknown') return config;
  throw new Error(`no language of ${vendor}`);
}

/** A provisioning server of the test's own, and what the agent is told of it. */
async function upstreamOf(
  t: Test,
  answer: RequestListener,
  { folder = t.testdir(), restsFor = 0, answerWithin = 300 } = {},
) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const told: string[] = [];
  const upstream = new Upstream(
    { url: `http://127.0.0.1:${port}/prov`, login: { user: 'u', password: 'p' } },
    {
      kept: await LastGood.open(folder, { ...lastGoodLimits, spareBytes: 0 }),
      told: (reason, fault) => told.push(`${fault} ${reason.replaceAll(String(port), 'PORT')}`),
      limits: { answerWithin: ms(answerWithin), restsFor: ms(restsFor) },
    },
  );
  const asked = async (question: Pick<BaseAsked, 'path' | 'isConfig' | 'language'>) => {
    const file = await upstream.read({ ...question, userAgent: 'Yealink SIP-T46S' });
    if (file.kind === 'found') return file.body.toString();
    if (file.kind === 'busy') return 'busy';
    return file.kind === 'absent' ? 'absent' : file.reason.replaceAll(String(port), 'PORT');
  };
  const ask = (path: string, isConfig = true) => asked({ path, isConfig });
  const askAs = (vendor: string, path: string) =>
    asked({ path, isConfig: true, language: languageOf(vendor) });
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { ask, askAs, told, folder, stop };
}

test('the server is asked with the phone’s path and User-Agent, and with its own login', async (t) => {
  const seen: unknown[] = [];
  const { ask } = await upstreamOf(t, (request, response) => {
    seen.push([request.url, request.headers['user-agent'], request.headers.authorization]);
    response.end('#!version:1.0.0.1\n');
  });
  t.equal(await ask('a [b].cfg'), '#!version:1.0.0.1\n');
  t.same(seen, [['/prov/a%20%5Bb%5D.cfg', 'Yealink SIP-T46S', 'Basic dTpw']]);
});

test('pages, errors, ten megabytes, silence and other hosts are refused by name', async (t) => {
  const answers: Record<string, RequestListener> = {
    '/prov/page.cfg': (_, response) =>
      response.setHeader('content-type', 'text/html').end('<html>'),
    '/prov/hidden.cfg': (_, response) => response.end('\n <!DOCTYPE html><html>'),
    '/prov/500.cfg': (_, response) => response.writeHead(500).end(),
    '/prov/403.cfg': (_, response) => response.writeHead(403).end(),
    '/prov/long.cfg': (_, response) => response.end(Buffer.alloc(10 * 1024 ** 2)),
    '/prov/endless.cfg': (_, response) => {
      response.write(Buffer.alloc(1024 ** 2));
      response.write('x');
    },
    '/prov/never.cfg': () => {},
    '/prov/half.cfg': (_, response) => void response.write('a = 1\n'),
    '/prov/packed.cfg': (_, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.write(gzipSync('a = 1\n').subarray(0, 15));
    },
    '/prov/away.cfg': (_, response) =>
      response.writeHead(302, { location: 'http://192.0.2.9/x' }).end(),
    '/prov/round.cfg': (_, response) =>
      response.writeHead(302, { location: '/prov/round.cfg' }).end(),
    '/prov/near.cfg': (_, response) => response.writeHead(302, { location: '/ok' }).end(),
    '/ok': (_, response) => response.end('near'),
    '/prov/php.cfg': (_, response) => response.end('<br />\n<b>Fatal error</b>: in x.php'),
    '/prov/form.cfg': (_, response) => response.end('a = 1\nb = {$secret}\n'),
    '/prov/cut.cfg': (_, response) => {
      response.setHeader('content-length', 1000);
      response.write('a = 1\n', () => response.destroy());
    },
    '/prov/pieces.cfg': (_, response) => void response.write('a = 1\n', () => response.destroy()),
    '/prov/help.html': (_, response) => response.end('<html>'),
  };
  const { ask, folder } = await upstreamOf(t, (request, response) => {
    const answer = answers[request.url ?? ''];
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  t.equal(await ask('page.cfg'), '127.0.0.1:PORT gave a web page for page.cfg');
  t.equal(await ask('hidden.cfg'), '127.0.0.1:PORT gave a web page for hidden.cfg');
  t.equal(await ask('php.cfg'), '127.0.0.1:PORT gave a web page for php.cfg');
  t.equal(
    await ask('form.cfg'),
    '127.0.0.1:PORT gave a template whose line 2 has the placeholder {$secret}, for form.cfg',
  );
  t.match(await ask('cut.cfg'), /^127\.0\.0\.1:PORT broke its answer off \(\w+\)$/);
  t.match(await ask('pieces.cfg'), /^127\.0\.0\.1:PORT broke its answer off \(\w+\)$/);
  t.equal(await ask('500.cfg'), '127.0.0.1:PORT answered 500 for 500.cfg');
  t.equal(await ask('403.cfg'), '127.0.0.1:PORT answered 403 for 403.cfg');
  t.equal(await ask('long.cfg'), '127.0.0.1:PORT gave more than 1048576 bytes for long.cfg');
  t.equal(await ask('endless.cfg'), '127.0.0.1:PORT gave more than 1048576 bytes for endless.cfg');
  for (const name of ['never.cfg', 'half.cfg', 'packed.cfg'])
    t.equal(await ask(name), '127.0.0.1:PORT gave no whole answer in 300 ms', name);
  t.equal(await ask('away.cfg'), '127.0.0.1:PORT sends away.cfg to another host (192.0.2.9)');
  t.equal(await ask('round.cfg'), '127.0.0.1:PORT redirects round.cfg without end');
  t.equal(await ask('near.cfg'), 'near');
  t.equal(await ask('help.html', false), '<html>');
  t.equal(await ask('none.cfg'), 'absent');
  t.same(readdirSync(folder).length, 2, 'only what was good is kept');
});

test('a file that the server cannot make leaves the others alone; several in a row are a server that is down', async (t) => {
  let asked: string[] = [];
  const answer: RequestListener = ({ url = '' }, response) => {
    asked.push(url);
    if (url.includes('hangs')) return;
    response.writeHead(url.includes('bad') ? 500 : 200).end('good');
  };
  const { ask } = await upstreamOf(t, answer, { restsFor: 3_600_000 });
  t.match(await ask('bad.cfg'), /answered 500/);
  t.match(await ask('bad.cfg'), /failed a moment ago/);
  t.match(await ask('hangs.cfg'), /gave no whole answer in 300 ms/);
  t.equal(await ask('a.cfg'), 'good');
  t.match(await ask('bad2.cfg'), /answered 500/);
  t.match(await ask('hangs2.cfg'), /gave no whole answer/);
  t.equal(await ask('b.cfg'), 'good', 'two in a row are not the server');
  asked = [];
  for (const path of ['bad3.cfg', 'bad4.cfg', 'bad5.cfg']) t.match(await ask(path), /500/);
  t.match(await ask('c.cfg'), /failed a moment ago/);
  t.equal(await ask('a.cfg'), 'good', 'as it was kept');
  t.equal(asked.length, 3);
});

test('a server that nothing reaches is not asked for each file', async (t) => {
  const { ask, stop } = await upstreamOf(t, (_, response) => response.end('good'), {
    restsFor: 3_600_000,
  });
  await stop();
  t.match(await ask('a.cfg'), /cannot be reached \(ECONNREFUSED\)/);
  t.match(await ask('b.cfg'), /failed a moment ago/);
});

test('an answer that nobody can read is the fault of its file, and takes no other phone the server', async (t) => {
  const raw = (text: string): RequestListener => {
    return ({ socket }) => void socket.end(text, 'latin1');
  };
  const answers: Record<string, RequestListener> = {
    '/prov/gzip.cfg': (_, response) =>
      response.setHeader('content-encoding', 'gzip').end('a = 1\n'),
    '/prov/br.cfg': (_, response) => response.setHeader('content-encoding', 'br').end('a = 1\n'),
    '/prov/junk.cfg': raw('hello\r\n\r\n'),
    '/prov/pieces.cfg': raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\na = 1\r\n'),
    '/prov/lengths.cfg': raw(
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\na=1\n',
    ),
    '/prov/header.cfg': raw('HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 3\r\n\r\na=1'),
    '/prov/long.cfg': raw(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`),
  };
  const answer: RequestListener = (request, response) => {
    const bad = answers[request.url ?? ''];
    if (bad) bad(request, response);
    else response.end('good');
  };
  const { ask } = await upstreamOf(t, answer, { restsFor: 3_600_000 });
  for (const path of Object.keys(answers)) {
    const name = path.replace('/prov/', '');
    t.match(await ask(name), /^127\.0\.0\.1:PORT broke its answer off \(\w+\)$/, name);
    t.equal(await ask(`beside-${name}`), 'good', name);
  }
});

test('what a server packed is unpacked, and refused where it breaks off or nobody knows how', async (t) => {
  const whole = gzipSync('a = 1\n'.repeat(500));
  const { ask, folder } = await upstreamOf(t, ({ url = '' }, response) => {
    const how = url.includes('odd') ? 'compress' : 'gzip';
    response.setHeader('content-encoding', how);
    if (url.includes('bomb')) response.end(gzipSync(Buffer.alloc(50 * 1024 ** 2)));
    else response.end(url.includes('cut') ? whole.subarray(0, -12) : whole);
  });
  t.match(await ask('cut.cfg'), /broke its answer off \(Z_BUF_ERROR\)$/);
  t.match(await ask('odd.cfg'), /gave what it packed by "compress" for odd\.cfg$/);
  t.match(await ask('bomb.cfg'), /gave more than 1048576 bytes/);
  t.same(readdirSync(folder), []);
  t.equal(await ask('a.cfg'), 'a = 1\n'.repeat(500));
});

/** The files of so many phones, asked for in the same instant. */
const boot = async (ask: (path: string) => Promise<string>, phones: number) => {
  const paths = Array.from({ length: phones }, (_, place) => `805ec000${1000 + place}.cfg`);
  return Promise.all(paths.map(ask));
};

test('200 phones that ask at once, of a server that takes 150 ms, all get the fresh file and nobody hears of a fault', async (t) => {
  const state = { body: 'a = 1\n', atOnce: 0, most: 0 };
  const answer: RequestListener = (_, response) => {
    state.atOnce += 1;
    state.most = Math.max(state.most, state.atOnce);
    setTimeout(() => {
      state.atOnce -= 1;
      response.end(state.body);
    }, 150);
  };
  const { ask, told } = await upstreamOf(t, answer, { answerWithin: 5000 });
  t.same(new Set(await boot(ask, 200)), new Set(['a = 1\n']));
  state.body = 'a = 2\n';
  t.same(new Set(await boot(ask, 200)), new Set(['a = 2\n']), 'also where old ones are kept');
  t.same(told, []);
  t.equal(state.most, 32, 'the server is not asked for more at once');
});

test('what many phones ask for at once is one question to the server', async (t) => {
  let asked = 0;
  const { ask } = await upstreamOf(t, (_, response) => response.end(`${(asked += 1)}`));
  const got = await Promise.all(Array.from({ length: 200 }, () => ask('y000000000066.cfg')));
  t.same(new Set(got), new Set(['1']));
  t.equal(await ask('y000000000066.cfg'), '2', 'who asks later is given what is there then');
});

test('a phone whose turn does not come is told to come back or gets the kept file, and no fault is told of', async (t) => {
  const state = { hangs: false };
  const answer: RequestListener = (_, response) => void (state.hangs || response.end('good'));
  const { ask, told } = await upstreamOf(t, answer);
  t.equal(await ask('kept.cfg'), 'good');
  state.hangs = true;
  const crowd = boot(ask, 32);
  t.same(await Promise.all([ask('kept.cfg'), ask('new.cfg')]), ['good', 'busy']);
  t.same(told, []);
  for (const got of await crowd) t.match(got, /gave no whole answer in 300 ms/);
});

test('an empty answer does not take the place of settings', async (t) => {
  let body = 'a = 1\n';
  const { ask, told } = await upstreamOf(t, (_, response) => response.end(body));
  t.equal(await ask('a.cfg'), 'a = 1\n');
  body = '\n';
  t.equal(await ask('a.cfg'), 'a = 1\n');
  t.same(told, [
    'base-unusable 127.0.0.1:PORT gave nothing for a.cfg; its last good answer is served',
  ]);
  t.equal(await ask('b.cfg'), '\n', 'a file that was always empty is');
});

test('a server that is down is answered for by its last good file, also after a restart', async (t) => {
  const state = { status: 200 };
  const answer: RequestListener = (_, response) => response.writeHead(state.status).end('good');
  const first = await upstreamOf(t, answer);
  t.equal(await first.ask('a.cfg'), 'good');
  state.status = 503;
  t.equal(await first.ask('a.cfg'), 'good');
  t.same(first.told, [
    'base-unusable 127.0.0.1:PORT answered 503 for a.cfg; its last good answer is served',
  ]);
  t.equal(await first.ask('b.cfg'), '127.0.0.1:PORT answered 503 for b.cfg');
  const second = await upstreamOf(t, answer, { folder: first.folder });
  t.equal(await second.ask('a.cfg'), 'good');
  state.status = 404;
  t.equal(await second.ask('a.cfg'), 'absent', 'gone at the PBX is gone here');
  state.status = 503;
  t.match(await second.ask('a.cfg'), /answered 503/);
});

test('a disk that takes no more keeps no file, and the phone gets the fresh one', async (t) => {
  const { ask, told, folder } = await upstreamOf(t, (_, response) => response.end('fresh'));
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'a file in its place');
  t.equal(await ask('a.cfg'), 'fresh');
  t.same(told, [`base-unusable a.cfg is served, but could not be kept in ${folder} (ENOTDIR)`]);
});

test('a full disk leaves what was kept before whole, is named, and keeps again when there is room', async (t) => {
  const disk = smallDisk(t, 1024 ** 2);
  if (!disk) return;
  const folder = join(disk.folder, 'last-good');
  const state = { body: 'first', status: 200 };
  const server = await upstreamOf(
    t,
    (_, response) => response.writeHead(state.status).end(state.body),
    { folder },
  );
  const { ask, told } = server;
  t.equal(await ask('a.cfg'), 'first');
  writeFileSync(join(disk.folder, 'full'), Buffer.alloc(1024 ** 2 - 64 * 1024));
  state.body = 'x'.repeat(200_000);
  t.equal(await ask('a.cfg'), state.body, 'the phone has the fresh one');
  t.equal(await ask('b.cfg'), state.body, 'and so has another');
  t.same(told, [
    `storage-full a.cfg is served, but could not be kept in ${folder} (ENOSPC)`,
    `storage-full b.cfg is served, but could not be kept in ${folder} (ENOSPC)`,
  ]);
  t.equal(readdirSync(folder).length, 1, 'nothing half written');
  state.status = 500;
  t.equal(await ask('a.cfg'), 'first', 'the last that could be kept');
  t.match(await ask('b.cfg'), /answered 500/);
  disk.grow(4 * 1024 ** 2);
  state.status = 200;
  await ask('b.cfg');
  state.status = 500;
  t.equal(await ask('b.cfg'), state.body);
});

test('what is kept stays within its bounds, the least recently fetched gone first', async (t) => {
  const kept = await LastGood.open(t.testdir(), { files: 2, bytes: 10_000 });
  const file = { kind: 'found', body: Buffer.from('x') } as const;
  await kept.keep('a', file);
  await kept.keep('b', file);
  await kept.keep('a', file);
  await kept.keep('c', file);
  t.same(
    await Promise.all(['a', 'b', 'c'].map(async (path) => (await kept.find(path)) !== undefined)),
    [true, false, true],
  );
  await kept.keep('d', { kind: 'found', body: Buffer.alloc(9990) });
  t.equal(await kept.find('a'), undefined, 'bytes are bounded too');
});

test('what is not in the phone’s language never takes the place of what was', async (t) => {
  const good = 'sip line1 user name: 102\n';
  const answers: readonly (readonly [string | Buffer, string])[] = [
    ['Fatal error: Uncaught PDOException: x in /var/www/x.php\n', 'the error of a program'],
    ['{"error":"rate limited"}', 'JSON'],
    [gzipSync(good), 'compressed bytes'],
    [Buffer.from(`\ufeff${good}`, 'utf16le'), 'text in UTF-16'],
    ['<!-- hi -->\n<html><body>login</body></html>', 'a web page'],
    ['<?xml version="1.0"?>\n<!DOCTYPE html><html></html>', 'a web page'],
    ['Too many requests', 'what is not name: value lines'],
    ['#!version:1.0.0.1\naccount.1.label = x\n', 'what is not name: value lines'],
  ];
  let answer: string | Buffer = good;
  const { askAs, told } = await upstreamOf(t, (_, response) => void response.end(answer));
  t.equal(await askAs('Mitel', 'a.cfg'), good);
  for (const [given, what] of answers) {
    answer = given;
    t.equal(await askAs('Mitel', 'a.cfg'), good, what);
    const reason = `127.0.0.1:PORT gave ${what} for`;
    t.equal(told.at(-1), `base-unusable ${reason} a.cfg; its last good answer is served`);
    t.equal(await askAs('Mitel', 'b.cfg'), `${reason} b.cfg`, 'none was kept');
  }
});

test('a Snom’s file is one whatever its server calls it', async (t) => {
  const settings = '<settings><phone-settings></phone-settings></settings>';
  let body = settings;
  const { askAs } = await upstreamOf(t, (_, response) => {
    response.setHeader('content-type', 'text/html').end(body);
  });
  t.equal(await askAs('Snom', 'snomD785.htm'), settings);
  body = '<html></html>';
  t.equal(await askAs('Snom', 'snomD785.htm'), settings, 'a page is none');
});
