import { parseRelease, type Release } from '@ringwave/firmware-catalog/release';
import { upgradePath } from '@ringwave/firmware-catalog/upgrade-path';
import { UpgradePlanner } from '@ringwave/firmware-catalog/upgrade-planner';
import { test } from 'tap';

function release(version: string, models: readonly string[]): Release {
  const { release: made, problems } = parseRelease({
    schema: 'ringwave/release/1',
    vendor: 'Cisco',
    version,
    models,
    images: [{ fileName: 'spa.bin', sha256: 'a'.repeat(64), lengthBytes: 1 }],
    severity: 'none',
    notes: '',
  });
  if (!made) throw new Error(JSON.stringify(problems));
  return made;
}

const target = release('7.5.5', ['SPA504G', 'SPA303']);
const releases = [release('7.5.2b', ['SPA504G']), release('7.4.9c', ['SPA303']), target];
const planner = new UpgradePlanner(releases);

test('the planner answers as upgradePath does, for every kind of phone', (t) => {
  for (const model of ['SPA504G', 'SPA303', 'SPA525G']) {
    for (const running of ['7.4.8', '7.5.2b', '7.5.5', '7.6.0', 'nightly', null]) {
      const question = { vendor: 'Cisco', model, running, target };
      t.same(planner.path(question), upgradePath({ ...question, releases }), `${model} ${running}`);
    }
  }
  t.end();
});

test('phones of one kind share one answer, those of another do not', (t) => {
  const question = { vendor: 'Cisco', model: 'SPA504G', running: '7.4.8', target };
  t.equal(planner.path(question), planner.path({ ...question }));
  t.equal(planner.nextHop(question)?.version, '7.5.2b');
  t.equal(planner.nextHop({ ...question, running: '7.5.3' })?.version, '7.5.5');
  t.equal(planner.nextHop({ ...question, model: 'SPA303' }), undefined);
  t.end();
});
