import { request } from 'node:http';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { localView } from '@ringwave/agent/core/local-view';
import { emptyTables } from '@ringwave/agent/core/state';
import { openLocalPage, pageOf } from '@ringwave/agent/io/local-page';
import type { EpochMs } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';

const noon = Date.UTC(2026, 10, 22, 12) as EpochMs;
const mac = '80:5e:c0:00:00:01';

/** A site with one phone whose model somebody tried to misuse. */
function tables() {
  const site = emptyTables();
  const phone = { mac, vendor: 'Yealink', model: '<script>alert(1)</script>', emergency: false };
  const plan = { revision: 7, phones: [phone], openings: [], releases: [] };
  site.plan.set('plan', { plan: plan as never, heldSince: noon });
  return site;
}

async function page(t: Test) {
  const opened = await openLocalPage({
    host: '127.0.0.1',
    port: 0,
    view: () => localView('lisbon', tables(), noon),
  });
  t.teardown(() => opened.close());
  return async (path: string, host = '127.0.0.1', method = 'GET') => {
    const asked = request({
      host: '127.0.0.1',
      port: opened.port,
      path,
      method,
      headers: { host },
    });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    for await (const part of answer) text += String(part);
    return { status: answer.statusCode, text, headers: answer.headers };
  };
}

test('the page says how the site stands, and shows names as text', async (t) => {
  const ask = await page(t);
  const { status, text, headers } = await ask('/');
  t.equal(status, 200);
  t.match(text, '<h1>lisbon</h1>');
  t.match(text, 'revision 7, since 2026-11-22 12:00 UTC');
  t.match(text, '0 of 1 have shown themselves');
  t.match(text, '<td>not seen yet</td>');
  t.notMatch(text, '<script');
  t.match(headers, {
    'content-security-policy': /default-src 'none'/,
    'cache-control': 'no-store',
  });
});

test('a phone of which only the controller has told has not shown itself to this box', (t) => {
  const site = tables();
  const seen = { mac, at: noon, version: '66.86.0.15', isHearsay: true } as never;
  site.sightings.set(mac, seen);
  t.match(localView('lisbon', site, noon).phones, [{ runs: '66.86.0.15', isSeenHere: false }]);
  t.match(pageOf(localView('lisbon', site, noon)), '0 of 1 have shown themselves');
  t.end();
});

test('the same facts come as JSON', async (t) => {
  const ask = await page(t);
  const { text } = await ask('/status.json');
  t.match(JSON.parse(text), { site: 'lisbon', line: 'down', phones: [{ mac, runs: null }] });
});

test('another name for this address, another path and another method get nothing', async (t) => {
  const ask = await page(t);
  t.equal((await ask('/', 'evil.example')).status, 421);
  t.equal((await ask('/', 'localhost')).status, 200);
  t.equal((await ask('/', '10.20.0.5:8069')).status, 200, 'an address is nobody’s name');
  t.equal((await ask('/', '[fd00::5]:8069')).status, 200);
  t.equal((await ask('/', '[fd00::5].evil.example')).status, 421);
  t.equal((await ask('/other')).status, 404);
  t.equal((await ask('/', '127.0.0.1', 'POST')).status, 405);
});
