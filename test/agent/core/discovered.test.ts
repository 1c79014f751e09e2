import { minutes, type Mac } from '@ringwave/protocol/units';
import { test } from 'tap';
import {
  discoveredMax,
  discoveriesPerMinuteMax,
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
  box.take(claim(9), after(-31));
  t.equal(box.tables.discovered.get(macOf(9))?.at, after(-31), 'the clock was set back an hour');
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

test('the controller is told of unknown phones as they show themselves, so many in a minute, and all of them anew when it lost count', (t) => {
  const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(1)]) });
  const told = () => box.outbox().filter((item) => item.kind === 'phone-discovered');
  box
    .take(claim(9, { via: 'pnp', vendor: 'yealink', model: 'T46S' }))
    .take(claim(9))
    .take(claim(1));
  t.match(told(), [
    { mac: macOf(9), vendor: 'yealink', via: ['pnp'], firstAt: one },
    { mac: macOf(9), via: ['pnp', 'neighbour'] },
  ]);
  for (let number = 20; number < 80; number += 1) box.take(claim(number));
  t.equal(told().length, discoveriesPerMinuteMax);
  box.take(claim(90), after(1));
  t.equal(told().length, discoveriesPerMinuteMax + 1);
  const ack = { kind: 'ack' as const, epoch: 7, seq: 0, window: 0, minGapMs: 0 };
  box.take({ kind: 'acked', ack: { ...ack, spreadSeconds: 0, controllerMs: after(1) } });
  t.equal(
    new Set(told().map((item) => 'mac' in item && item.mac)).size,
    62,
    'nothing is forgotten',
  );
  t.end();
});
