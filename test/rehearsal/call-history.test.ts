import { callHoursText } from '@ringwave/protocol/call-hours';
import { test } from 'tap';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { type Desk, macOf, rolloutOf, smallFleet } from '../controller/core/desk.ts';

const phones = 20;

/** Lisbon is open from one to three; in these hours of each day its phones were counted as so busy. */
function counted(part: number, isBusyHour: (hour: number) => boolean): Desk {
  const desk = smallFleet(phones);
  const hours = callHoursText((hour) => (isBusyHour(hour) ? part : 0));
  for (let number = 1; number <= phones; number += 1)
    desk.tables.callHours.set(macOf(number), { at: desk.now, hours });
  return desk;
}

const startsIn = (desk: Desk, wishes = {}) => {
  const said = rehearse(desk.tables, rolloutOf(), desk.now, { seeds: 1, ...wishes });
  if ('refusals' in said) throw new Error(JSON.stringify(said.refusals));
  return said.runs[0]?.sites[0]?.starts ?? 0;
};
const inWindow = (hour: number) => [1, 2].includes(hour % 24);

test('calls that were counted decide how busy a site is, hour by hour of the week', (t) => {
  t.equal(startsIn(counted(0, inWindow)), phones, 'nobody was ever in a call');
  t.ok(startsIn(counted(0.6, inWindow)) > phones, 'they are asked again');
  t.equal(startsIn(counted(0.6, (hour) => !inWindow(hour))), phones, 'other hours do not matter');
  const monday = startsIn(counted(0.6, (hour) => hour >= 24 && inWindow(hour)));
  t.equal(monday, phones, 'the desk begins on a Monday, and other days do not matter');
  t.end();
});

test('what somebody says of calls goes before what was counted', (t) => {
  const busyByHour = Array.from({ length: 24 }, () => 0);
  t.equal(startsIn(counted(0.6, inWindow), { busyByHour }), phones);
  t.end();
});
