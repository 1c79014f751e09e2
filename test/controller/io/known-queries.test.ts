import { test } from 'tap';
import { macOf, phoneOf, siteOf } from '../core/desk.ts';
import { openDoor, told } from './door.ts';

test('a question that is misspelt, doubled or no number is refused, and never answered with more than was asked', async (t) => {
  const door = await openDoor(t);
  const asked = async (path: string) => {
    const { status, body } = await door.ask('GET', `/api/v1${path}`);
    return status === 200 ? 200 : body.problems;
  };
  t.same(await asked('/phones?sit=lisbon&limit=abc'), [
    { thing: 'query sit', reason: 'is not taken here', next: 'Did you mean site?' },
    {
      thing: 'query limit',
      reason: 'is no whole number above 0',
      next: 'Give how many a page shall hold.',
    },
  ]);
  t.match(await asked('/phones?vendor=Yealink&vendor=Snom'), [
    { thing: 'query vendor', reason: 'stands there twice' },
  ]);
  t.match(await asked('/sites?frobnicate=1'), [
    { thing: 'query frobnicate', next: 'Leave it out.' },
  ]);
  t.match(await asked('/compliance?nonsense=1'), [{ next: 'Taken are: format, site.' }]);
  t.equal(await asked('/phones?limit=5&after='), 200);
  t.equal(await asked('/advisories?review=1'), 200);
});

test('a time to look at that is none is refused, and never answered with now', async (t) => {
  const door = await openDoor(t);
  const { engine } = door.controller;
  engine.command('ada', { kind: 'site-put', site: siteOf('lisbon') });
  engine.command('ada', { kind: 'phones-put', phones: [phoneOf(1)] });
  const at = (text: string) => door.ask('GET', `/api/v1/phones/${macOf(1)}?at=${text}`);
  const none = (text: string) =>
    `400 invalid: query at: is "${text}", which is no instant. Write it in milliseconds since 1970, up to the end of the year 2199.`;
  for (const text of ['nonsense', '', '1e3', '-5', '7258118400000', '2026-12-24'])
    t.same(told(await at(text)), [none(text)]);
  t.match(told(await at('1798761600')), [/^400 invalid: query at: .* probably said in seconds/]);
  t.equal((await at(String(engine.clock.now() + 86_400_000))).status, 200);
});
