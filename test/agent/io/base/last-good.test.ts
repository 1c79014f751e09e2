import { Buffer } from 'node:buffer';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { LastGood } from '../../../../agent/io/base/last-good.ts';

const file = (text: string) => ({ kind: 'found', body: Buffer.from(text) }) as const;

test('where the folder was taken away it is made again, and what is kept from then on is found', async (t) => {
  const folder = join(t.testdir({}), 'last-good');
  const kept = await LastGood.open(folder, { files: 3, bytes: 10_000 });
  for (const name of ['a', 'b', 'c']) t.equal(await kept.keep(name, file(name)), undefined);
  rmSync(folder, { recursive: true });
  t.equal(await kept.find('a'), undefined);
  const again = ['a', 'd', 'e'].map((name) => kept.keep(name, file(`${name} again`)));
  t.same(await Promise.all(again), [undefined, undefined, undefined]);
  for (const name of ['a', 'd', 'e'])
    t.equal((await kept.find(name))?.body.toString(), `${name} again`, 'none made room');
  if (process.platform !== 'win32') t.equal(statSync(folder).mode & 0o777, 0o700);
});

test('what cannot be kept is told as it is, and no folder is made where the agent’s own is gone', async (t) => {
  const above = join(t.testdir({}), 'data');
  const folder = join(above, 'last-good');
  const kept = await LastGood.open(folder);
  rmSync(above, { recursive: true });
  t.same(await kept.keep('a.cfg', file('a')), {
    fault: 'base-unusable',
    reason: `a.cfg is served, but could not be kept in ${folder} (ENOENT)`,
  });
  t.throws(() => statSync(above), { code: 'ENOENT' });
});
