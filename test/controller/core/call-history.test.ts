import { callHoursText, callPartAt, hoursOfWeek } from '@ringwave/protocol/call-hours';
import { test } from 'tap';
import { callHistory } from '../../../controller/core/call-history.ts';
import { idOf, macOf, siteOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const calls = (number: number, part: number) =>
  ({
    kind: 'phone-calls',
    at: 1,
    mac: macOf(number),
    hours: callHoursText((hour) => (hour < 3 ? part : hour === 3 ? undefined : 0)),
  }) as const;

test('a text of a week holds each hour within a hundredth, and what is not known', (t) => {
  for (const part of [0, 0.013, 0.5, 0.77, 1, 1.4]) {
    const text = callHoursText(() => part);
    t.equal(text.length, hoursOfWeek);
    t.ok(Math.abs((callPartAt(text, 167) ?? -1) - Math.min(part, 1)) < 0.01);
  }
  const none = callHoursText(() => undefined);
  t.equal(callPartAt(none, 5), undefined);
  t.equal(callPartAt('', 5), undefined);
  t.end();
});

test('what agents count is kept by phone, for their own phones only, and goes with the phone', (t) => {
  const desk = smallFleet(2).do({ kind: 'site-put', site: siteOf('porto') });
  desk.joined(idOf('porto')).hears(idOf('porto'), calls(1, 1));
  t.equal(desk.tables.callHours.size, 0, 'another site’s phone');
  desk.hears(lisbon, calls(1, 1)).hears(lisbon, calls(1, 0.5), calls(2, 0));
  t.equal(desk.tables.callHours.size, 2);
  const partAt = callHistory(desk.tables);
  t.ok(Math.abs((partAt(lisbon, 0) ?? 0) - 0.25) < 0.01, 'all phones of the site');
  t.same(
    [partAt(lisbon, 3), partAt(lisbon, 4), partAt(idOf('porto'), 0)],
    [undefined, 0, undefined],
  );
  desk.do({ kind: 'phone-remove', mac: macOf(1) });
  t.same([...desk.tables.callHours.keys()], [macOf(2)]);
  t.end();
});
