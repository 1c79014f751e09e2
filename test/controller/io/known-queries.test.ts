import { test } from 'tap';
import { openDoor } from './door.ts';

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
