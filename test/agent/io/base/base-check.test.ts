import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { PlanPhone } from '@ringwave/protocol/messages';
import { type Test, test } from 'tap';
import { checkBase } from '../../../../agent/io/base/base-check.ts';

const phones = ['80:5e:c0:00:00:01', '80:5e:c0:00:00:02'].map(
  (mac) => ({ mac, vendor: 'Yealink', model: 'T46S' }) as PlanPhone,
);

/** What is found where the file of `--provisioning` says so. */
async function found(t: Test, settings: object, of: readonly PlanPhone[] = phones) {
  const base = { '805ec0000002.cfg': '#!version:1.0.0.1\n', '08000F000001.cfg': '{"error": 1}' };
  const folder = t.testdir({ base });
  const file = join(folder, 'provisioning.json');
  writeFileSync(file, JSON.stringify(settings));
  const state = await checkBase({ file, startedIn: folder }, of);
  return state && { ...state, said: state.said.replaceAll(folder, 'HERE') };
}

/** What is found of a server that answers so. */
async function foundAt(t: Test, answer: RequestListener, of?: readonly PlanPhone[]) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state = await found(t, { base: 'upstream', url: `http://${host}/prov/` }, of);
  server.close();
  server.closeAllConnections();
  return { state: state?.state, said: state?.said.replace(host, 'PBX') };
}

test('a PBX that gives the file of a phone is well, and is asked for it as a phone asks', async (t) => {
  const asked: unknown[] = [];
  const answer: RequestListener = ({ url = '' }, response) => {
    asked.push(url);
    response.writeHead(url.endsWith('2.cfg') ? 200 : 404).end('#!version:1.0.0.1\n');
  };
  t.same(await foundAt(t, answer), { state: 'well', said: 'PBX gave 805ec0000002.cfg' });
  t.same(asked, ['/prov/805ec0000001.cfg', '/prov/805ec0000002.cfg']);
});

test('a PBX that answers with a page, refuses the login or cannot be reached is wrong', async (t) => {
  const page: RequestListener = (_, response) => response.end('<html>Log in</html>');
  t.same(await foundAt(t, page), {
    state: 'wrong',
    said: 'PBX gave a web page for 805ec0000001.cfg',
  });
  const refuses: RequestListener = (_, response) => response.writeHead(401).end();
  t.same(await foundAt(t, refuses), {
    state: 'wrong',
    said: 'PBX answered 401 for 805ec0000001.cfg',
  });
  t.match(await found(t, { base: 'upstream', url: 'http://127.0.0.1:1/' }), {
    state: 'wrong',
    said: /^127\.0\.0\.1:1 cannot be reached \(.+\)$/,
    fix: /^Let http:\/\/127\.0\.0\.1:1\/ give this box the files of phones/,
  });
});

test('a PBX that knows none of the phones is a question, and one without a phone to ask for is there', async (t) => {
  const nothing: RequestListener = (_, response) => response.writeHead(404).end();
  t.same(await foundAt(t, nothing), {
    state: 'unknown',
    said: 'PBX has no 805ec0000001.cfg, 805ec0000002.cfg',
  });
  t.same(await foundAt(t, nothing, []), {
    state: 'well',
    said: 'PBX answers; no phone is here to ask for',
  });
});

test('a folder is read as the agent reads it; a missing one is wrong, and the agent’s own templates need no look', async (t) => {
  t.match(await found(t, { base: 'folder', folder: 'base' }), {
    state: 'well',
    said: '805ec0000002.cfg read from HERE/base',
  });
  t.match(await found(t, { base: 'folder', folder: 'gone' }), {
    state: 'wrong',
    said: 'HERE/gone cannot be read (ENOENT)',
  });
  t.match(await found(t, { base: 'nonsense' }), {
    state: 'wrong',
    fix: /^Correct .*provisioning\.json\.$/,
  });
  t.equal(await found(t, { base: 'template' }), undefined);
});

test('a PBX that gives something else than the phone’s language is wrong, and so is such a folder', async (t) => {
  const fatal: RequestListener = (_, response) => response.end('Fatal error: Uncaught X\n');
  const name = '08000F000001.cfg';
  const of = [{ mac: '08:00:0f:00:00:01', vendor: 'Mitel', model: '6930' } as PlanPhone];
  t.same(await foundAt(t, fatal, of), {
    state: 'wrong',
    said: `PBX gave the error of a program for ${name}`,
  });
  const other: RequestListener = (_, response) => response.end('a: 1\n');
  t.match(await foundAt(t, other), { state: 'wrong', said: /^PBX gave what is not key = value/ });
  t.match(await found(t, { base: 'folder', folder: 'base' }, of), {
    state: 'wrong',
    said: `${name} in HERE/base is JSON`,
    fix: /^Mend that file in /,
  });
});
