import { changesOf, draftOf, fold } from '@ringwave/protocol/tables';
import { test } from 'tap';
import { Random } from '../sim/random.ts';

type Tables = { sites: Map<string, number>; phones: Map<string, string> };
const tablesOf = (): Tables => ({
  sites: new Map([
    ['lisbon', 1],
    ['berlin', 2],
  ]),
  phones: new Map(),
});

test('a draft reads what is known and its own writes, and changes nothing that is known', (t) => {
  const tables = tablesOf();
  const draft = draftOf(tables);
  draft.sites.put('lisbon', 10);
  draft.sites.remove('berlin');
  draft.sites.put('new-york', 3);
  draft.phones.put('a', 'x');
  t.same(
    [draft.sites.get('lisbon'), draft.sites.get('berlin'), draft.sites.has('berlin')],
    [10, undefined, false],
  );
  t.same(
    [...draft.sites.entries()],
    [
      ['lisbon', 10],
      ['new-york', 3],
    ],
    'known order first, then order of writing',
  );
  t.same([...draft.sites.values()], [10, 3]);
  t.same(tables, tablesOf());
  t.end();
});

test('its changes, folded in, make what it showed; a row that came and went is no change', (t) => {
  const tables = tablesOf();
  const draft = draftOf(tables);
  draft.sites.put('berlin', 5);
  draft.sites.remove('lisbon');
  draft.sites.remove('nowhere');
  t.same(changesOf(draft), [
    { table: 'sites', key: 'berlin', value: 5 },
    { table: 'sites', key: 'lisbon', value: undefined },
  ]);
  fold(tables, changesOf(draft));
  t.same([...tables.sites], [['berlin', 5]]);
  t.same(changesOf(draftOf(tables)), [], 'a fresh draft has none');
  t.end();
});

test('changes of a table that is not known here are passed over', (t) => {
  const tables = tablesOf();
  const foreign = { table: 'later', key: 'a', value: 1 } as unknown as Parameters<
    typeof fold<Tables>
  >[1][number];
  fold(tables, [foreign]);
  t.same(tables, tablesOf());
  t.end();
});

test('whatever is written in whatever order, draft and folded tables agree', (t) => {
  const random = new Random(4);
  for (let story = 0; story < 200; story += 1) {
    const tables = tablesOf();
    const plain = new Map(tables.sites);
    for (let batch = 0; batch < 5; batch += 1) {
      const draft = draftOf(tables);
      for (let write = 0; write < 6; write += 1) {
        const key = random.oneOf(['lisbon', 'berlin', 'a', 'b', 'c']);
        if (random.chance(0.4)) {
          draft.sites.remove(key);
          plain.delete(key);
        } else {
          draft.sites.put(key, write);
          plain.set(key, write);
        }
      }
      const sorted = (entries: Iterable<[string, number]>) =>
        [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
      if (String(sorted(draft.sites.entries())) !== String(sorted(plain)))
        t.fail(`story ${story}: draft`);
      fold(tables, changesOf(draft));
      if (String(sorted(tables.sites)) !== String(sorted(plain))) t.fail(`story ${story}: folded`);
    }
  }
  t.pass('200 stories of 5 drafts');
  t.end();
});
