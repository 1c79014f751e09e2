import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AskCheck, askCheck } from '@ringwave/controller/io/gate-check';
import { type Test, test } from 'tap';
import { idOf } from '../core/desk.ts';

/** What becomes of an answer with this body. */
async function answered(t: Test, body: string) {
  const server = createServer((_request, response) => void response.end(body));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = { url: `http://${host}/`, rollout: idOf('autumn'), name: 'canary' } as AskCheck;
  const { verdict, detail } = await askCheck(ask, [host]);
  return [verdict, detail.replace(host, 'HOST')];
}

test('a verdict and what is said of it are read', async (t) => {
  t.same(await answered(t, '{"verdict":"pass","detail":"all calm"}'), ['pass', 'all calm']);
  t.same(await answered(t, '{"verdict":"fail"}'), ['fail', '']);
});

test('what an outside check says is kept as one line that no terminal obeys', async (t) => {
  const detail = '\u001b[31mred\u0007\n\u009b2J paused\u2028by bob\ud800';
  const said = await answered(t, JSON.stringify({ verdict: 'fail', detail }));
  t.same(said, ['fail', '[31mred 2J paused by bob\ufffd']);
  const long = JSON.stringify({ verdict: 'pass', detail: `${'x'.repeat(199)}😀` });
  t.same(await answered(t, long), ['pass', 'x'.repeat(199)]);
});

test('an answer that says something twice is none', async (t) => {
  t.same(await answered(t, '{"verdict":"fail","verdict":"pass"}'), [
    'inconclusive',
    'HOST says verdict twice',
  ]);
  const within = '{"verdict":"pass","detail":"calm","about":[{"calls":1,"calls":900}]}';
  t.same(await answered(t, within), ['inconclusive', 'HOST says about[0].calls twice']);
});

test('an answer that is no verdict passes nothing', async (t) => {
  for (const [body, why] of [
    ['', 'did not answer with JSON'],
    ['null', 'gave no verdict of pass, fail or inconclusive'],
    ['"pass"', 'gave no verdict of pass, fail or inconclusive'],
    ['{"verdict":"passed"}', 'gave no verdict of pass, fail or inconclusive'],
  ] as const)
    t.same(await answered(t, body), ['inconclusive', `HOST ${why}`]);
});
