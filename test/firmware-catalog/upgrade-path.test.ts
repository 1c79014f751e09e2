import { parseRelease, type Release } from '@ringwave/firmware-catalog/release';
import {
  nextHop,
  type UpgradeQuestion,
  upgradePath,
} from '@ringwave/firmware-catalog/upgrade-path';
import { test } from 'tap';

function release(version: string, parts: Record<string, unknown> = {}): Release {
  const { release: made, problems } = parseRelease({
    schema: 'ringwave/release/1',
    vendor: 'Cisco',
    version,
    models: ['SPA504G'],
    images: [{ fileName: `spa-${version}.bin`, sha256: 'a'.repeat(64), lengthBytes: 1 }],
    severity: 'none',
    notes: '',
    ...parts,
  });
  if (!made) throw new Error(JSON.stringify(problems));
  return made;
}

const transition = release('7.5.2b', { requires: { fromAtLeast: '7.4.4' } });
const latest = release('7.5.5', { requires: { fromAtLeast: '7.5.2b' } });
const between = release('7.5.4', { requires: { fromAtLeast: '7.5.2b' } });
const old = release('7.4.9c');

const ask = (running: string | null, parts: Partial<UpgradeQuestion> = {}) =>
  upgradePath({
    vendor: 'Cisco',
    model: 'SPA504G',
    running,
    target: latest,
    releases: [old, transition, between, latest],
    ...parts,
  });

const versions = (path: ReturnType<typeof upgradePath>): string[] =>
  path.kind === 'path' ? path.hops.map(({ version }) => version) : [path.kind];

test('a floor is met over the fewest stepping stones', (t) => {
  t.same(versions(ask('7.4.8')), ['7.5.2b', '7.5.5']);
  t.same(versions(ask('7.5.2b')), ['7.5.5']);
  t.same(versions(ask('7.5.4')), ['7.5.5'], 'no stone is stepped on without need');
  t.same(versions(ask('7.4.2')), ['7.4.9c', '7.5.2b', '7.5.5'], 'stones have floors too');
  t.same(versions(ask('7.5.5')), ['arrived']);
  t.equal(
    nextHop({
      vendor: 'Cisco',
      model: 'SPA504G',
      running: '7.4.8',
      target: latest,
      releases: [transition],
    })?.version,
    '7.5.2b',
  );
  t.end();
});

test('the same road is found whatever order the releases come in', (t) => {
  const stones = ['7.5.2', '7.5.2b', '7.5.3'].map((version) => release(version));
  const forward = ask('7.4.2', { releases: stones });
  const backward = ask('7.4.2', { releases: [...stones].reverse() });
  t.same(versions(forward), ['7.5.3', '7.5.5'], 'the newest stone that serves');
  t.same(versions(backward), versions(forward));
  t.end();
});

test('where no road leads, the reason names the floor that is missing', (t) => {
  t.same(ask('7.4.8', { releases: [latest] }), {
    kind: 'no-path',
    reason:
      'the road to 7.5.5 leads over 7.5.2b, and no release known here leads there from 7.4.8: 7.5.2b is the transition image that 7.5.4 and later ask for (rule cisco-spa-over-7-5-2b, Cisco SPA300 and SPA500 release notes for 7.5.4; wazo-provd-plugins, plugin cisco-spa)',
  });
  t.same(ask('7.4.8', { releases: [latest], rules: [] }), {
    kind: 'no-path',
    reason: '7.5.5 needs 7.5.2b or later first, and no release known here leads there from 7.4.8',
  });
  t.same(ask('7.4.8', { model: 'SPA525G' }), {
    kind: 'no-path',
    reason: '7.5.5 is not for a Cisco SPA525G',
  });
  const bound = { ...latest, hardware: ['V3'] };
  t.equal(ask('7.5.4', { target: bound, hardware: 'V1' }).kind, 'no-path');
  t.same(versions(ask('7.5.4', { target: bound, hardware: 'V3' })), ['7.5.5']);
  t.end();
});

test('a version that cannot be ordered holds the phone', (t) => {
  t.equal(ask('nightly').kind, 'incomparable');
  t.equal(ask('9-4-2SR3-1S').kind, 'incomparable');
  t.equal(ask(null).kind, 'incomparable');
  t.end();
});

test('going back needs to be allowed, and not through a one-way door', (t) => {
  t.equal(ask('7.6.2b').kind, 'no-path');
  t.same(versions(ask('7.6.2b', { allowDowngrade: true })), ['7.5.5']);
  const door = release('7.6.2', { oneWay: true });
  t.same(ask('7.6.2b', { allowDowngrade: true, releases: [latest, door] }), {
    kind: 'no-path',
    reason: 'There is no way back from 7.6.2b to 7.5.5',
  });
  t.end();
});

test('stones of other models and hardware are passed over', (t) => {
  const foreign = release('7.5.2b', { models: ['SPA525G'] });
  const otherHardware = release('7.5.3', { hardware: ['V9'] });
  t.equal(ask('7.4.8', { releases: [foreign, otherHardware, latest] }).kind, 'no-path');
  t.end();
});

test('a phone upgrades across an image family though the first number falls', (t) => {
  const target = release('66.86.0.15', { vendor: 'Yealink', models: ['T41S', 'T46S'] });
  const path = upgradePath({
    vendor: 'Yealink',
    model: 'T41S',
    running: '68.81.0.110',
    target,
    releases: [target],
  });
  t.same(versions(path), ['66.86.0.15']);
  t.end();
});
