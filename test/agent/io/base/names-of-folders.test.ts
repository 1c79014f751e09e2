import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { minutes, seconds } from '@ringwave/protocol/units';
import { test } from 'tap';
import { NamesOfFolders } from '../../../../agent/io/base/names-of-folders.ts';

/** Ours is later than the disk's by so much: changes of now are long ago, or were a moment ago. */
const clock = (ahead: number) => () => Date.now() + ahead;

test('a folder is read once for all the files that it lacks, and again once it changed', async (t) => {
  const folder = t.testdir({ 'One.cfg': '1' });
  // A quick test may do all of this within one step of the disk's clock.
  utimesSync(folder, 1, 1);
  const names = new NamesOfFolders(clock(seconds(10)));
  for (let at = 0; at < 50; at += 1) t.equal(await names.find(folder, `${at}.cfg`), undefined);
  t.equal(await names.find(folder, 'one.CFG'), 'One.cfg');
  t.equal(names.reads, 1);
  writeFileSync(join(folder, 'Two.cfg'), '2');
  mkdirSync(join(folder, 'Three'));
  t.equal(await names.find(folder, 'two.cfg'), 'Two.cfg');
  t.equal(await names.find(folder, 'three'), 'Three');
  renameSync(join(folder, 'Two.cfg'), join(folder, 'TWO.cfg'));
  t.equal(await names.find(folder, 'two.cfg'), 'TWO.cfg');
  rmSync(join(folder, 'TWO.cfg'));
  t.equal(await names.find(folder, 'two.cfg'), undefined);
  t.ok(names.reads <= 4);
});

test('what was read a moment after a change is not believed: another change may have come in the same step', async (t) => {
  const folder = t.testdir({ 'One.cfg': '1' });
  const names = new NamesOfFolders(clock(0));
  for (let at = 0; at < 200; at += 1) {
    const name = `New${at}.cfg`;
    t.equal(await names.find(folder, name.toLowerCase()), undefined);
    writeFileSync(join(folder, name), '');
    t.equal(await names.find(folder, name.toLowerCase()), name);
  }
});

test('a folder whose disk tells of no change is read again after a minute', async (t) => {
  const folder = t.testdir({ 'One.cfg': '1' });
  let ahead = seconds(10) as number;
  const names = new NamesOfFolders(() => Date.now() + ahead);
  await names.find(folder, 'x');
  await names.find(folder, 'x');
  t.equal(names.reads, 1);
  ahead += minutes(2);
  await names.find(folder, 'x');
  t.equal(names.reads, 2);
  // Whoever sets the clock back an hour makes no hour of that minute.
  ahead -= minutes(1);
  await names.find(folder, 'x');
  t.equal(names.reads, 3);
});

test('names of many folders are not remembered without end', async (t) => {
  const folder = t.testdir({});
  const names = new NamesOfFolders(clock(seconds(10)));
  const all = Array.from({ length: 17 }, (_, at) => join(folder, String(at)));
  for (const one of all) {
    mkdirSync(one);
    await names.find(one, 'x');
  }
  t.equal(names.reads, 17);
  await names.find(all[16] ?? '', 'x');
  t.equal(names.reads, 17);
  await names.find(all[0] ?? '', 'x');
  t.equal(names.reads, 18, 'the first was forgotten');
});

test('a folder that went away is an error, and is found again once it is back', async (t) => {
  const folder = join(t.testdir({}), 'sub');
  const names = new NamesOfFolders(clock(seconds(10)));
  await t.rejects(names.find(folder, 'x'), { code: 'ENOENT' });
  mkdirSync(folder);
  writeFileSync(join(folder, 'X'), '');
  t.equal(await names.find(folder, 'x'), 'X');
});
