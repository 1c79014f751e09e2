import { test } from 'tap';
import { unneededImages } from '../../../agent/core/image-needs.ts';
import { after, Box, imageDigest, macOf, planOf, planPhone } from './box.ts';

test('an image whose file is gone from the disk is fetched again, and its phone waits for it', (t) => {
  const box = new Box(after(-10)).take({ kind: 'plan-came', plan: planOf([planPhone(1)]) });
  box.asks(macOf(1), '66.85.0.5').hold(imageDigest);
  t.equal(box.phase(macOf(1)), 'staged');
  box.take({ kind: 'image-lost', digest: imageDigest });
  t.match(box.tables.images.get(imageDigest), { state: 'wanted' });
  t.ok(
    box.effects.some((one) => one.kind === 'fetch-image' && one.digest === imageDigest),
    'at once',
  );
  box.take({ kind: 'image-lost', digest: imageDigest });
  t.notOk(
    box.effects.some((one) => one.kind === 'fetch-image'),
    'once, however many phones ask',
  );
  box.wait(15);
  t.not(box.phase(macOf(1)), 'offered', 'no phone is started without its image');
  box.hold(imageDigest);
  box.wait(1);
  t.equal(box.phase(macOf(1)), 'offered');
  t.end();
});

test('what the plan names no more is unneeded, and to lose it asks for nothing', (t) => {
  const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(1)]) }).hold(imageDigest);
  t.same(unneededImages(box.tables), []);
  box.take({ kind: 'plan-came', plan: planOf([], { revision: 2, releases: [] }) });
  t.same(unneededImages(box.tables), [imageDigest]);
  t.same(box.take({ kind: 'image-lost', digest: imageDigest }).effects, []);
  t.same(box.take({ kind: 'started' }).effects, []);
  box.take({ kind: 'plan-came', plan: planOf([planPhone(1)], { revision: 3 }) });
  t.match(
    box.effects,
    [{ kind: 'fetch-image', digest: imageDigest }],
    'it is fetched again once it is wanted',
  );
  t.end();
});
