import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ballast, BallastedStore } from '@ringwave/runtime/io/ballast';
import { SqliteTables } from '@ringwave/runtime/io/sqlite-tables';
import { type Test, test } from 'tap';
import { HandClock } from '../../hand-clock.ts';
import { smallDisk } from '../../peers/small-disk.ts';
import { one } from '../../agent/core/box.ts';

const MB = 1024 * 1024;
const lengthBytes = 2 * MB;

const put = (key: string, bytes = 10) => ({ table: 'phones', key, value: 'x'.repeat(bytes) });
const keysOf = (store: { load(): ReadonlyMap<string, ReadonlyMap<string, unknown>> }) => [
  ...(store.load().get('phones')?.keys() ?? []),
];

/** A store on a disk of its own, with its ballast held. */
async function storeOf(t: Test, diskBytes = 8 * MB) {
  const disk = smallDisk(t, diskBytes);
  if (!disk) return undefined;
  const file = join(disk.folder, 'ballast');
  const ballast = new Ballast(file, lengthBytes);
  const open = () => new SqliteTables(join(disk.folder, 'state.sqlite'), ['phones']);
  const store = new BallastedStore(open(), ballast);
  await ballast.hold();
  return { disk, file, ballast, store, open };
}

test('a commit that finds the disk full is given the room that was held back, and says so once', async (t) => {
  const made = await storeOf(t);
  if (!made) return;
  const { disk, file, store, open } = made;
  const clock = new HandClock(one);
  let released = 0;
  store.follow({ clock, released: () => (released += 1) });
  store.commit([put('before')]);
  t.equal(statSync(file).size, lengthBytes);
  disk.fill();
  store.commit([put('large', MB / 2)]);
  t.equal(released, 1);
  t.notOk(existsSync(file));
  store.commit([put('waits', MB / 4)], 'flushed');
  await store.flush();
  t.equal(released, 1, 'there is room yet');
  const again = open();
  t.same(keysOf(again), ['before', 'large', 'waits']);
  again.close();
  store.close();
});

test('what waited for a flush is durable once the flush has ended, also where it found the disk full', async (t) => {
  const made = await storeOf(t);
  if (!made) return;
  const { disk, file, store, open } = made;
  disk.fill();
  store.commit([put('a', MB / 4)], 'flushed');
  store.commit([put('b', MB / 4)], 'flushed');
  t.ok(existsSync(file), 'nothing was written yet');
  await store.flush();
  t.notOk(existsSync(file));
  const again = open();
  t.same(keysOf(again), ['a', 'b']);
  again.close();
  store.close();
});

test('a commit for which even that is not room enough is none, and those before it stand', async (t) => {
  const made = await storeOf(t);
  if (!made) return;
  const { disk, store, open } = made;
  store.commit([put('before')]);
  disk.fill();
  store.commit([put('large', MB / 4)]);
  disk.fill();
  const failing = () => store.commit([put('larger', 3 * MB)]);
  t.throws(failing, /full/);
  t.throws(failing, /full/, 'and there is nothing left to give');
  disk.grow(16 * MB);
  const again = open();
  t.same(keysOf(again), ['before', 'large']);
  again.close();
  store.close();
});

test('room is held back again when there is enough, and none where it would fill the disk itself', async (t) => {
  const made = await storeOf(t);
  if (!made) return;
  const { disk, file, ballast, store } = made;
  disk.fill();
  t.ok(ballast.release());
  t.notOk(ballast.release(), 'given once');
  await ballast.hold();
  t.notOk(existsSync(file), 'no more than it is free');
  disk.grow(16 * MB);
  await ballast.hold();
  t.equal(statSync(file).size, lengthBytes);
  writeFileSync(file, 'half of it');
  await ballast.hold();
  t.equal(statSync(file).size, lengthBytes, 'whole again');
  const writing = ballast.release() && ballast.hold();
  ballast.release();
  await writing;
  t.notOk(existsSync(file), 'what is given away while it is written is not gone on with');
  store.close();
});

test('a start on a full disk has the room that was held back, and says so', async (t) => {
  const made = await storeOf(t);
  if (!made) return;
  const { disk, ballast, file, store, open } = made;
  t.notOk(ballast.releaseForStart(), 'there is room');
  store.commit([put('before')]);
  store.close();
  disk.fill();
  t.ok(ballast.releaseForStart());
  t.notOk(existsSync(file));
  let released = 0;
  const again = new BallastedStore(open(), ballast, true);
  again.follow({ clock: new HandClock(one), released: () => (released += 1) });
  t.equal(released, 1);
  again.commit([put('more', MB / 4)]);
  t.same(keysOf(again), ['before', 'more']);
  again.close();
});
