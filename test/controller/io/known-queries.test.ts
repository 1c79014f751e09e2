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

test('a value that a parameter does not take is refused with those that it takes, and never passed over', async (t) => {
  const door = await openDoor(t);
  const { engine } = door.controller;
  engine.command('ada', { kind: 'site-put', site: siteOf('lisbon') });
  engine.command('ada', { kind: 'phones-put', phones: [phoneOf(1)] });
  const asked = async (path: string) => told(await door.ask('GET', `/api/v1${path}`));
  const phases =
    'waiting, scheduled, staged, offered, downloading, rebooting, verifying, done, held, skipped, failed, rolled-back, unreachable';
  t.same(await asked('/phones?phase=fialed'), [
    `400 invalid: query phase: is "fialed", which does not exist. Did you mean failed? Write one of: ${phases}.`,
  ]);
  t.same(await asked('/phones?vendor=Yaelink&model=T46X9'), [
    '400 invalid: query vendor: is "Yaelink", which nobody here knows. Did you mean Yealink?',
    '400 invalid: query model: is "T46X9", which no phone here has. Did you mean T46S?',
  ]);
  t.same(await asked('/phones?after=80-5E'), [
    '400 invalid: query after: is "80-5E", which is no MAC as a page ends with. Give the `next` of the page before, such as 80:5e:c0:12:34:56.',
  ]);
  t.same(await asked('/rollouts/autumn/left-out?after=-1'), [
    '400 invalid: query after: is "-1", which is no whole number. Give the one that the answer before ended with.',
  ]);
  t.same(await asked('/compliance?format=xml'), [
    '400 invalid: query format: is "xml", which does not exist. Write one of: json, csv.',
  ]);
  t.match(await asked('/advisories?review=yes'), [/Write one of: 1, true, 0, false\.$/]);
  t.match(await asked('/live?since=soon'), [/^400 invalid: query since: is "soon"/]);
  const { body } = await door.ask('GET', '/api/v1/phones?vendor=yealink&model=t46s&phase=');
  t.match(body.problems, [{ thing: 'query phase' }]);
  const found = await door.ask('GET', '/api/v1/phones?vendor=yealink&model=t46s');
  t.equal(found.body.phones.length, 1, 'in any case, as a selection reads them');
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
  t.equal((await at(String(engine.clock.now() - 10_000))).status, 200, 'a clock that is behind');
  t.same(told(await at(String(engine.clock.now() - 86_400_000))), [
    '400 invalid: query at: has passed, and how a phone stood is not kept. Leave it out for now, or give a time to come; what people did stands in the audit.',
  ]);
});
