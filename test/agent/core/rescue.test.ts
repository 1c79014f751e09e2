import type { EpochMs, Sha256 } from '@ringwave/protocol/units';
import { test } from 'tap';
import {
  granted,
  openGrants,
  readRescueGrants,
  rescueName,
  type RescueGrant,
} from '../../../agent/core/rescue.ts';

const grant = (name: string, until: number): RescueGrant => ({
  name,
  sha256: 'a'.repeat(64) as Sha256,
  lengthBytes: 5,
  until: until as EpochMs,
  from: 'x.bin',
});
const at = (time: number) => time as EpochMs;

test('a grant ends at its very millisecond', (t) => {
  t.equal(openGrants([grant('snom370.bin', 1000)], at(999)).length, 1);
  t.equal(openGrants([grant('snom370.bin', 1000)], at(1000)).length, 0);
  t.end();
});

test('a name has one grant, ended ones make room, and there are at most sixteen', (t) => {
  const many = Array.from({ length: 16 }, (_, nth) => grant(`${nth}.bin`, 1000));
  t.same(granted([grant('a', 500), grant('b', 9)], grant('a', 1000), at(10)), [grant('a', 1000)]);
  t.equal(granted(many, grant('more', 2000), at(10)), undefined);
  t.equal(granted(many, grant('3.bin', 2000), at(10))?.length, 16);
  t.equal(granted(many, grant('more', 2000), at(1000))?.length, 1);
  t.end();
});

test('a file of grants that cannot be read opens nothing', (t) => {
  t.equal(readRescueGrants('[{"name":"a"}]'), undefined);
  t.equal(readRescueGrants('['), undefined);
  t.same(readRescueGrants(JSON.stringify([grant('a', 1)])), [grant('a', 1)]);
  t.end();
});

test('only what can be asked for is a name', (t) => {
  t.equal(rescueName('term41.default.loads'), 'term41.default.loads');
  for (const text of ['/a', '../a', 'a/', '', 'a\n', 'a//b']) t.equal(rescueName(text), undefined);
  t.end();
});
