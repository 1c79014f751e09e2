import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { laterBy, minutes, type Sha256 } from '@ringwave/protocol/units';
import { test } from 'tap';
import {
  openRescueImages,
  RescueDesk,
  rescueServings,
  writeRescueGrants,
} from '../../../agent/io/rescue-desk.ts';
import { smallDisk } from '../../peers/small-disk.ts';
import { one } from '../core/box.ts';

const body = Buffer.from('an image that brings a phone back');
const sha256 = createHash('sha256').update(body).digest('hex') as Sha256;
const lengthBytes = body.length;

test('on a full disk a rescue goes on, and its minutes stay those of the technician when the clock is set', async (t) => {
  const disk = smallDisk(t, 1024 ** 2);
  if (!disk) return;
  const { folder } = disk;
  async function* bytes() {
    yield body;
  }
  await (await openRescueImages(folder)).write(bytes(), { sha256, lengthBytes });
  const until = laterBy(one, minutes(20));
  const grant = { name: 'T46.rfs', sha256, lengthBytes, until, from: 'T46.rfs' };
  writeRescueGrants(folder, [grant]);
  let now = one;
  const desk = await RescueDesk.open(folder, () => now);
  const asked = { protocol: 'tftp', method: 'GET', path: 'T46.rfs', address: '10.0.0.7' } as const;
  t.throws(() => writeFileSync(join(folder, 'filler'), Buffer.alloc(2 * 1024 ** 2)));
  const found = await desk.find(asked);
  t.same(await found?.served.read(0, lengthBytes), body);
  found?.served.release?.();
  t.equal(desk.record(grant, asked, { bytes: lengthBytes, whole: true }), false);
  now = laterBy(one, minutes(60));
  desk.moveBy(minutes(60));
  const later = await desk.find(asked);
  t.ok(later, 'an hour ahead');
  later?.served.release?.();
  now = laterBy(one, minutes(80));
  t.equal(await desk.find(asked), undefined, 'and no minute longer');
  disk.grow(8 * 1024 ** 2);
  t.equal(desk.record(grant, asked, { bytes: lengthBytes, whole: true }), true);
  t.match(rescueServings(folder, 5), [{ name: 'T46.rfs', whole: true }]);
});
