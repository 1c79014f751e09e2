import { minutes, type Mac } from '@ringwave/protocol/units';
import { test } from 'tap';
import {
  discoveredMax,
  discoveryRepeatsAfter,
  makersByPrefix,
  unknownPhones,
} from '../../../agent/core/discovered.ts';
import type { AgentEvent } from '../../../agent/core/state.ts';
import { after, Box, macOf, one, planOf, planPhone } from './box.ts';

type Claim = Extract<AgentEvent, { kind: 'phone-claimed' }>;
const claim = (number: number, own: Partial<Claim> = {}): Claim => ({
  kind: 'phone-claimed',
  mac: macOf(number),
  vendor: null,
  model: null,
  version: null,
  address: '10.0.0.9',
  via: 'neighbour',
  ...own,
});

test('a phone in no plan is listed with what it claimed, however it was seen', (t) => {
  const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(1)]) });
  box.take(claim(1)).take(claim(9));
  box.take(
    claim(9, { via: 'pnp', vendor: 'yealink', model: 'T46S', version: '66.85.0.5' }),
    after(1),
  );
  t.same(unknownPhones(box.tables), [
    {
      mac: macOf(9),
      vendor: 'yealink',
      model: 'T46S',
      version: '66.85.0.5',
      address: '10.0.0.9',
      via: ['neighbour', 'pnp'],
      firstAt: one,
      at: after(1),
    },
  ]);
  t.equal(box.tables.sightings.size, 0, 'and nothing else is kept of it');
  const plan = planOf([planPhone(9)], { revision: 2, parent: 1 });
  t.same(unknownPhones(box.take({ kind: 'plan-came', plan }).tables), [], 'until a plan knows it');
  t.end();
});

test('a phone that only shows itself again is not written down again at once', (t) => {
  const box = new Box().take(claim(9));
  const first = box.tables.discovered.get(macOf(9));
  box.take(claim(9), after(29));
  t.equal(box.tables.discovered.get(macOf(9)), first);
  box.take(claim(9), after(30));
  t.equal(box.tables.discovered.get(macOf(9))?.at, after(30));
  t.equal(discoveryRepeatsAfter, minutes(30));
  t.end();
});

test('what a stranger says of itself is cut to one printable line', (t) => {
  const box = new Box().take(claim(9, { model: `T46S\u001b[2J\n${'x'.repeat(200)}` }));
  const { model } = box.tables.discovered.get(macOf(9))!;
  t.equal(model?.length, 64);
  t.match(model, /^T46S·\[2J·x+$/);
  t.end();
});

test('of too many strangers the one not seen for longest is forgotten', (t) => {
  const box = new Box();
  const mac = (number: number) =>
    `02:00:00:00:${Math.floor(number / 256)
      .toString(16)
      .padStart(2, '0')}:${(number % 256).toString(16).padStart(2, '0')}` as Mac;
  for (let number = 0; number <= discoveredMax; number += 1) {
    box.take(claim(0, { mac: mac(number) }), after(number));
  }
  t.equal(box.tables.discovered.size, discoveredMax);
  t.equal(box.tables.discovered.has(mac(0)), false);
  t.end();
});

test('a prefix points to its makers', (t) => {
  t.same(makersByPrefix('80:5e:c0:00:00:01' as Mac), ['Yealink']);
  t.same(makersByPrefix('02:00:00:00:00:01' as Mac), []);
  t.end();
});
