import { copyFileSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { writeOwnFile } from '@ringwave/runtime/io/own-file';
import {
  layoutVersion,
  loadInto,
  type Projection,
  rowsInTurnMax,
  SqliteTables,
  writtenLaterMin,
} from '@ringwave/runtime/io/sqlite-tables';
import { test } from 'tap';

const put = (key: string, value: unknown, table = 'phones') => ({ table, key, value });
const rows = (store: SqliteTables, table = 'phones') => [...(store.load().get(table) ?? [])];

test('what was committed is there after reopening, in order of its keys, and removed rows are gone', (t) => {
  const file = join(t.testdir(), 'state.sqlite');
  const first = new SqliteTables(file, ['phones', 'sites']);
  first.commit([
    put('b', { n: 2, text: 'é☎', none: null }),
    put('a', [1]),
    put('s', true, 'sites'),
  ]);
  first.commit([put('b', undefined), put('c', { n: 3 }), put('a', [1, 2])]);
  first.close();
  const again = new SqliteTables(file, ['phones', 'sites']);
  t.same(rows(again), [
    ['a', [1, 2]],
    ['c', { n: 3 }],
  ]);
  t.same(rows(again, 'sites'), [['s', true]]);
  const tables = { phones: new Map<string, unknown>(), sites: new Map<string, unknown>() };
  loadInto(tables, again);
  t.same([...tables.phones.keys()], ['a', 'c']);
  again.close();
  t.end();
});

test('a commit is all or nothing', (t) => {
  const file = join(t.testdir(), 'state.sqlite');
  const store = new SqliteTables(file, ['phones']);
  store.commit([put('a', 1)]);
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  t.throws(() => store.commit([put('a', 2), put('b', cycle)]), /circular/i);
  t.same(rows(store), [['a', 1]]);
  store.commit([put('b', 3)]);
  t.same(
    rows(store),
    [
      ['a', 1],
      ['b', 3],
    ],
    'and the store goes on',
  );
  store.close();
  t.end();
});

test('a power cut takes only commits that were not flushed, and the last of them first', async (t) => {
  const folder = t.testdir();
  const file = join(folder, 'state.sqlite');
  const store = new SqliteTables(file, ['phones']);
  const logBytes = () => statSync(`${file}-wal`).size;
  store.commit([put('now', 1)]);
  for (const n of [1, 2, 3]) store.commit([put('n', n), put(`at ${n}`, n)], 'flushed');
  await store.flush();
  const flushed = logBytes();
  // Who reads has each of them written, unflushed.
  for (const n of [4, 5, 6]) {
    store.commit([put('n', n), put(`at ${n}`, n)], 'flushed');
    store.load();
  }
  const seen = new Set<number>();
  // An eighth of a frame: 24 bytes and a page.
  for (let length = flushed; length <= logBytes(); length += 4120 / 8) {
    const copy = join(folder, `${length}.sqlite`);
    copyFileSync(file, copy);
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    truncateSync(`${copy}-wal`, length);
    const after = new SqliteTables(copy, ['phones']);
    const held = new Map(rows(after));
    const last = held.get('n') as number;
    seen.add(last);
    const whole = Array.from({ length: last }, (_, place) => [`at ${place + 1}`, place + 1]);
    t.same([...held], [...whole, ['n', last], ['now', 1]]);
    after.close();
  }
  t.same([...seen], [3, 4, 5, 6]);
  store.close();
});

test('commits that wait for a flush are one transaction in which each row is written once, as it is last', async (t) => {
  const file = join(t.testdir(), 'state.sqlite');
  const store = new SqliteTables(file, ['phones']);
  const reader = new DatabaseSync(file, { readOnly: true });
  const seen = () =>
    reader
      .prepare('SELECT key, body FROM row ORDER BY key')
      .all()
      .map(({ key, body }) => `${String(key)} ${String(body)}`);
  for (let n = 0; n < 1000; n += 1) store.commit([put('n', n), put('gone', n)], 'flushed');
  store.commit([put('gone', undefined)], 'flushed');
  t.same(seen(), []);
  const before = statSync(`${file}-wal`).size;
  await store.flush();
  t.same(seen(), ['n 999']);
  t.ok(statSync(`${file}-wal`).size - before < 5 * 4120, 'a few pages for two thousand rows');
  store.commit([put('n', 'waits'), put('m', 1)], 'flushed');
  store.commit([put('n', 'now')]);
  t.same(seen(), ['m 1', 'n "now"'], 'a commit that does not wait takes those before it along');
  reader.close();
  store.commit([put('n', 'at the end')], 'flushed');
  store.close();
  const again = new SqliteTables(file, ['phones']);
  t.same(new Map(rows(again)).get('n'), 'at the end');
  again.close();
});

test('what cannot be written is told by the flush, nothing of it is in the file, and it stays to be written', async (t) => {
  const file = join(t.testdir(), 'state.sqlite');
  const store = new SqliteTables(file, ['phones']);
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  store.commit([put('a', 1)], 'flushed');
  store.commit([put('b', cycle)], 'flushed');
  await t.rejects(store.flush(), /circular/i);
  await t.rejects(store.flush(), /circular/i);
  const reader = new DatabaseSync(file, { readOnly: true });
  t.same(reader.prepare('SELECT key FROM row').all(), []);
  reader.close();
  store.commit([put('b', 2)], 'flushed');
  await store.flush();
  t.same(rows(store), [
    ['a', 1],
    ['b', 2],
  ]);
  store.close();
});

test('another process never sees half a commit', (t) => {
  const file = join(t.testdir(), 'state.sqlite');
  const store = new SqliteTables(file, ['phones']);
  store.commit([put('a', 1), put('b', 1)]);
  const reader = new DatabaseSync(file, { readOnly: true });
  const bodies = () =>
    reader
      .prepare('SELECT body FROM row ORDER BY key')
      .all()
      .map((row) => row['body']);
  t.same(bodies(), ['1', '1']);
  store.commit([put('a', 2), put('b', 2)]);
  t.same(bodies(), ['2', '2']);
  reader.close();
  store.close();
  t.end();
});

test('tables that are not durable are not stored', (t) => {
  const file = join(t.testdir(), 'state.sqlite');
  const store = new SqliteTables(file, ['phones']);
  store.commit([put('x', 1, 'link')]);
  store.commit([put('x', 1, 'link'), put('a', 1)]);
  store.close();
  const again = new SqliteTables(file, ['phones', 'link']);
  t.same(rows(again, 'link'), []);
  t.same(rows(again), [['a', 1]]);
  again.close();
  t.end();
});

test('a file of a newer version is refused with what to do, and stays as it was', (t) => {
  const file = join(t.testdir(), 'state.sqlite');
  const store = new SqliteTables(file, ['phones']);
  store.commit([put('a', 1)]);
  store.close();
  const newer = new DatabaseSync(file);
  newer.exec(`PRAGMA user_version = ${layoutVersion + 1}`);
  newer.close();
  t.throws(
    () => new SqliteTables(file, ['phones']),
    /written by a newer version .* Start that version/,
  );
  const after = new DatabaseSync(file);
  t.equal(after.prepare('PRAGMA user_version').get()?.['user_version'], layoutVersion + 1);
  t.same(after.prepare('SELECT count(*) AS n FROM row').get()?.['n'], 1);
  after.close();
  t.end();
});

test('a file that is no database is refused and left alone', (t) => {
  const folder = t.testdir({ 'state.sqlite': 'not a database at all, but a text of some length' });
  t.throws(() => new SqliteTables(join(folder, 'state.sqlite'), ['phones']), /not a database/);
  t.equal(statSync(join(folder, 'state.sqlite')).size, 48);
  t.end();
});

test('a secret file is for its owner alone, replaced whole, and nothing stays beside it', (t) => {
  const folder = t.testdir();
  const file = join(folder, 'plan.key');
  writeOwnFile(file, 'first');
  writeOwnFile(file, Buffer.from('second'));
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(file).size, 6);
  t.same(readdirSync(folder), ['plan.key']);
  t.end();
});

/** Counts the letters of each text, in a table with a column for it. */
const lettersOf = (layout: string): Projection => ({
  layout,
  follows: ['texts'],
  shape: [
    { sql: 'DROP TABLE IF EXISTS letters', parameters: [] },
    { sql: 'CREATE TABLE letters (key TEXT PRIMARY KEY, count INTEGER NOT NULL)', parameters: [] },
  ],
  indexes: [{ sql: 'CREATE INDEX letters_by_count ON letters (count)', parameters: [] }],
  writes: ({ table, key, value }) => {
    if (table !== 'texts') return [];
    const forget = { sql: 'DELETE FROM letters WHERE key = ?', parameters: [key] };
    if (value === undefined) return [forget];
    const put = {
      sql: 'INSERT INTO letters VALUES (?, ?)',
      parameters: [key, JSON.stringify(value).length - 2],
    };
    return [forget, put];
  },
  fills: ({ key, value }) => [
    {
      sql: 'INSERT INTO letters VALUES (?, ?)',
      parameters: [key, JSON.stringify(value).length - 2],
    },
  ],
});
const letters = (store: SqliteTables) =>
  store
    .ask({ sql: 'SELECT key, count FROM letters ORDER BY key', parameters: [] })
    .map((row) => [row['key'], row['count']]);

test('a projection follows its rows in their own transaction, and is built anew where it is missing or another', (t) => {
  const file = join(t.testdir(), 'state.sqlite');
  const plain = new SqliteTables(file, ['texts']);
  plain.commit([put('a', 'one', 'texts'), put('b', 'three', 'texts')]);
  plain.close();
  const first = new SqliteTables(file, ['texts'], lettersOf('1'));
  t.same(letters(first), [
    ['a', 3],
    ['b', 5],
  ]);
  first.commit([put('b', undefined, 'texts'), put('c', 'x', 'texts'), put('d', 'no', 'others')]);
  t.same(letters(first), [
    ['a', 3],
    ['c', 1],
  ]);
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  t.throws(() => first.commit([put('a', 'longer', 'texts'), put('z', cycle, 'texts')]));
  t.same(letters(first)[0], ['a', 3], 'a commit that fails leaves it as it was');
  first.close();
  const foreign = new DatabaseSync(file);
  foreign.exec("UPDATE letters SET count = 99; INSERT INTO letters VALUES ('ghost', 1)");
  foreign.close();
  const second = new SqliteTables(file, ['texts'], lettersOf('2'));
  t.same(letters(second), [
    ['a', 3],
    ['c', 1],
  ]);
  second.close();
  t.end();
});

const many = (count: number, text: (nth: number) => string | undefined) =>
  Array.from({ length: count }, (_, nth) =>
    put(`k${String(nth).padStart(6, '0')}`, text(nth), 'texts'),
  );

/** A projection that counts what it was asked to write. */
function counted(): { projection: Projection; writes: () => number; fills: () => number } {
  const own = lettersOf('1');
  let [writes, fills] = [0, 0];
  const projection = {
    ...own,
    fills: (change: Parameters<Projection['fills']>[0]) => {
      fills += 1;
      return own.fills(change);
    },
    writes: (change: Parameters<Projection['writes']>[0]) => {
      writes += 1;
      return own.writes(change);
    },
  };
  return { projection, writes: () => writes, fills: () => fills };
}

test('columns of very many rows are written once, before the next question', (t) => {
  const { projection, writes } = counted();
  const store = new SqliteTables(join(t.testdir(), 'state.sqlite'), ['texts'], projection);
  const all = writtenLaterMin * 3;
  store.commit(many(all, () => 'one'));
  store.commit(many(all, () => 'three'));
  store.commit([put('k000001', 'x', 'texts'), put('k000002', undefined, 'texts')]);
  t.equal(writes(), 0);
  store.commit([put('other', 'at once', 'texts')]);
  t.equal(writes(), 1, 'few rows are written with their commit');
  const shown = letters(store);
  t.equal(writes(), all + 1, 'each once, whatever became of it meanwhile');
  t.same(shown.slice(0, 3), [
    ['k000000', 5],
    ['k000001', 1],
    ['k000003', 5],
  ]);
  t.equal(shown.length, all);
  letters(store);
  t.equal(writes(), all + 1, 'and no second time');
  store.close();
  t.end();
});

test('what a crash kept from the columns is in them at the next start', (t) => {
  const folder = t.testdir();
  const file = join(folder, 'state.sqlite');
  const crashed = new SqliteTables(file, ['texts'], lettersOf('1'));
  crashed.commit(many(writtenLaterMin, () => 'one'));
  // Nobody asked, nobody closed: another process opens the file as it lies on the disk.
  const copy = join(folder, 'copy.sqlite');
  for (const part of ['', '-wal']) copyFileSync(`${file}${part}`, `${copy}${part}`);
  const next = new SqliteTables(copy, ['texts'], lettersOf('1'));
  t.equal(letters(next).length, writtenLaterMin);
  next.close();
  crashed.close();
  const closed = new DatabaseSync(file);
  t.equal(closed.prepare('SELECT count(*) AS n FROM letters').get()?.['n'], writtenLaterMin);
  t.equal(closed.prepare('SELECT layout FROM projection').get()?.['layout'], '1');
  closed.close();
  t.end();
});

test('a big commit that fails leaves nothing to be written', (t) => {
  const store = new SqliteTables(join(t.testdir(), 'state.sqlite'), ['texts'], lettersOf('1'));
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  t.throws(() => store.commit([...many(writtenLaterMin, () => 'one'), put('z', cycle, 'texts')]));
  t.same(letters(store), []);
  store.close();
  t.end();
});

test('most of all rows at once are built anew, with the indexes last, and are the same', (t) => {
  const folder = t.testdir();
  const count = 20_000;
  const [big, small] = ['big', 'small'].map(
    (name) => new SqliteTables(join(folder, `${name}.sqlite`), ['texts'], lettersOf('1')),
  );
  const rows = many(count, (nth) => 'x'.repeat(nth % 7));
  big?.commit(rows);
  for (let from = 0; from < count; from += 200) small?.commit(rows.slice(from, from + 200));
  t.same(big && letters(big), small && letters(small));
  const plan = "SELECT name FROM sqlite_master WHERE type = 'index' AND name = 'letters_by_count'";
  t.equal(big?.ask({ sql: plan, parameters: [] }).length, 1);
  big?.commit([put('k000003', undefined, 'texts')]);
  t.equal(big && letters(big).length, count - 1, 'statements of the old tables are not used');
  big?.close();
  small?.close();
  t.end();
});

/** The same question, asked so that others are served meanwhile. */
const lettersInTurns = async (store: SqliteTables) =>
  (
    await store.askInTurns({
      sql: 'SELECT key, count FROM letters ORDER BY key',
      parameters: [],
    })
  ).map((row) => [row['key'], row['count']]);

/** Counts the rows whose columns are written in each turn of the event loop, and does something else in it. */
async function inTurns<T>(
  question: Promise<T>,
  rows: () => number,
  meanwhile: (turn: number) => void = () => undefined,
): Promise<{ answer: T; most: number; turns: number }> {
  let [most, turns, before] = [0, 0, rows()];
  const waits = new Set([question]);
  const over = () => waits.delete(question);
  question.then(over, over);
  while (waits.size > 0) {
    await setImmediate();
    most = Math.max(most, rows() - before);
    before = rows();
    turns += 1;
    meanwhile(turns);
  }
  return { answer: await question, most, turns };
}

test('a question whose columns are missing for very many rows writes a bounded number of them in each turn', async (t) => {
  const { projection, writes } = counted();
  const store = new SqliteTables(join(t.testdir(), 'state.sqlite'), ['texts'], projection);
  const all = 20 * rowsInTurnMax;
  store.commit(many(all, () => 'one'));
  const { answer, most, turns } = await inTurns(lettersInTurns(store), writes);
  t.equal(answer.length, all);
  t.equal(most, rowsInTurnMax);
  t.ok(turns >= 20);
  t.equal(writes(), all, 'each once');
  t.equal((await lettersInTurns(store)).length, all);
  t.equal(writes(), all, 'and no second time');
  store.close();
});

test('columns that are built anew are built in turns as well, and miss nothing that is committed meanwhile', async (t) => {
  const { projection, fills } = counted();
  const folder = t.testdir();
  const store = new SqliteTables(join(folder, 'state.sqlite'), ['texts'], projection);
  const all = 20_000;
  store.commit(many(all, () => 'one'));
  let second: Promise<unknown[]> | undefined;
  const { answer, most } = await inTurns(lettersInTurns(store), fills, (turn) => {
    // One that was built already, one that was not, one that is new, one that goes.
    if (turn === 10) store.commit([put('k000001', 'three', 'texts'), put('k019999', '', 'texts')]);
    if (turn === 11) store.commit([put('new', 'x', 'texts'), put('k000002', undefined, 'texts')]);
    if (turn === 12) second = lettersInTurns(store);
  });
  t.equal(most, rowsInTurnMax);
  t.equal(fills(), all + 1, 'each once, and the new one');
  const now = new Map((await second) as [string, number][]);
  t.same(
    ['k000001', 'k019999', 'new', 'k000002', 'k000003'].map((key) => now.get(key)),
    [5, 0, 1, undefined, 3],
    'a question that comes meanwhile sees all that was committed before it',
  );
  t.equal(answer.length, all, 'and so does the first');
  t.same(letters(store), [...now]);
  store.close();
  const closed = new DatabaseSync(join(folder, 'state.sqlite'));
  t.equal(closed.prepare('SELECT layout FROM projection').get()?.['layout'], '1');
  const index = "SELECT name FROM sqlite_master WHERE name = 'letters_by_count'";
  t.ok(closed.prepare(index).get());
  closed.close();
});

test('columns that are half built at a crash or an end are whole at the next start', async (t) => {
  const folder = t.testdir();
  const file = join(folder, 'state.sqlite');
  const copy = join(folder, 'copy.sqlite');
  const all = 20_000;
  const store = new SqliteTables(file, ['texts'], lettersOf('1'));
  store.commit(many(all, () => 'one'));
  const asked = lettersInTurns(store);
  const refused = t.rejects(asked, /not open/, 'nobody is there to answer');
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  for (const part of ['', '-wal']) copyFileSync(`${file}${part}`, `${copy}${part}`);
  store.close();
  await refused;
  for (const one of [file, copy]) {
    const next = new SqliteTables(one, ['texts'], lettersOf('1'));
    t.equal(letters(next).length, all);
    next.close();
  }
});

test('columns whose building broke off are built from the beginning by the next question', async (t) => {
  const own = lettersOf('1');
  let isBroken = true;
  const fills: Projection['fills'] = (change) => {
    if (isBroken && change.key === 'k010000') throw new Error('the disk is full');
    return own.fills(change);
  };
  const file = join(t.testdir(), 'state.sqlite');
  const store = new SqliteTables(file, ['texts'], { ...own, fills });
  store.commit(many(20_000, () => 'one'));
  await t.rejects(lettersInTurns(store), /the disk is full/);
  store.commit([put('k000001', 'three', 'texts')]);
  isBroken = false;
  const found = await lettersInTurns(store);
  t.same([found.length, found[1]], [20_000, ['k000001', 5]]);
  store.close();
});
