import { notify } from '@ringwave/firmware-catalog/vendors/line-parts';
import { test } from 'tap';
import {
  MEANS,
  mostTelling,
  nextWay,
  usualWakeSettings,
  type Way,
  waysFor,
} from '../../../../agent/core/wake/ways.ts';

const page = { by: 'http', method: 'GET', path: '/servlet?key=AutoP', needs: 'a login' } as const;
const yealink = [notify('check-sync;reboot=true'), notify('check-sync;reboot=false'), page];
const said = (ways: readonly Way[]) =>
  ways.map((way) => `${way.by} ${way.by === 'http' ? way.path : way.event}`);

test('a site that says nothing wakes by SIP over UDP alone', (t) => {
  t.same(said(waysFor(yealink, 'check-sync;reboot=true', usualWakeSettings)), [
    'sip-udp check-sync;reboot=true',
    'sip-udp check-sync;reboot=false',
  ]);
  t.same(said(waysFor('unknown', 'check-sync', usualWakeSettings)), ['sip-udp check-sync']);
  t.end();
});

test('the event of the profile comes before others of the line', (t) => {
  const ways = waysFor(yealink, 'check-sync;reboot=false', usualWakeSettings);
  t.same(said(ways).slice(0, 1), ['sip-udp check-sync;reboot=false']);
  t.end();
});

test('an event goes over each transport in the order of the site, and pages come last', (t) => {
  const settings = { ways: ['pbx', 'http', 'sip-tls'], hasHttpLogin: true } as const;
  t.same(said(waysFor(yealink, 'check-sync;reboot=true', settings)), [
    'pbx check-sync;reboot=true',
    'sip-tls check-sync;reboot=true',
    'pbx check-sync;reboot=false',
    'sip-tls check-sync;reboot=false',
    'http /servlet?key=AutoP',
  ]);
  const without = waysFor(yealink, 'check-sync', { ...settings, hasHttpLogin: false });
  t.equal(
    without.some(({ by }) => by === 'http'),
    false,
  );
  t.end();
});

test('what an answer means for the next way', (t) => {
  const ways = waysFor(yealink, 'check-sync;reboot=true', {
    ways: ['sip-udp', 'sip-tcp'],
    hasHttpLogin: false,
  });
  t.equal(nextWay(ways, 0, 'accepted'), undefined, 'delivered');
  t.equal(nextWay(ways, 0, 'busy'), undefined, 'nobody else is asked');
  t.equal(nextWay(ways, 0, 'refused'), 1, 'the same event over TCP');
  t.equal(nextWay(ways, 1, 'refused'), 2, 'the other event');
  t.equal(nextWay(ways, 0, 'silent'), 1, 'another transport');
  t.equal(nextWay(ways, 3, 'silent'), undefined, 'nothing is left');
  const alone = waysFor(yealink, 'check-sync;reboot=true', usualWakeSettings);
  t.equal(nextWay(alone, 0, 'silent'), undefined, 'no second event to a phone that hears nothing');
  t.equal(nextWay(ways, 0, 'away'), 1, 'its line takes nothing now, its web server may');
  t.equal(nextWay(alone, 0, 'away'), undefined, 'no second event over the same line');
  t.equal(Object.keys(MEANS).length, 7);
  t.equal(mostTelling(['refused', 'away', 'silent']), 'away');
  t.equal(mostTelling(['silent', 'refused', 'login-refused']), 'login-refused');
  t.equal(mostTelling([]), 'unavailable');
  t.end();
});
