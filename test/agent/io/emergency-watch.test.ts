import { test } from 'tap';
import { type AgentEvent, emptyTables } from '../../../agent/core/state.ts';
import { EmergencyWatch, lookedEvery } from '../../../agent/io/emergency-watch.ts';
import { HandClock } from '../../hand-clock.ts';
import { one, planOf, planPhone } from '../core/box.ts';
import { pbxOf } from './waker-site.ts';

/** A watch over one PBX that tells of what is dialled, at a site whose plan names these numbers. */
function watching(emergencyNumbers: string[], isOn: () => boolean) {
  const tables = emptyTables();
  const plan = { ...planOf([planPhone(1, {})]), emergencyNumbers };
  tables.plan.set('plan', { plan, heldSince: one });
  const events: AgentEvent[] = [];
  let dials: (...numbers: string[]) => void = () => {};
  const asked: string[] = [];
  const pbx = pbxOf({
    emergencyCall: () => (asked.push('calls'), Promise.resolve(isOn())),
    followDialled: (heard) => (dials = (...numbers) => heard(numbers)),
  });
  const clock = new HandClock(one);
  const submit = (event: AgentEvent) => void events.push(event);
  const watch = new EmergencyWatch({ pbxs: [pbx], tables, clock, submit });
  return { watch, tables, events, clock, asked, dial: (number: string) => dials('s', number) };
}

const source = 'asterisk 10.0.0.2:5038';
const began: AgentEvent = { kind: 'emergency-call', source, state: 'began' };

test('a call for help counts as soon as the PBX tells that it is dialled, however short it is', async (t) => {
  const { watch, tables, events, dial } = watching(['112'], () => false);
  t.teardown(() => watch.close());
  dial('1120');
  t.same(events, []);
  dial('112');
  t.same(events, [began]);
  const hold = { hold: 'emergency-call' as const, since: one, sources: [source], seenAt: one };
  tables.holds.set('emergency-call', hold);
  await watch.look();
  t.same(events.at(-1), { ...began, state: 'ended' }, 'the next look finds it over');
});

test('where a site names no numbers, nothing that is dialled is a call for help', (t) => {
  const { watch, events, dial } = watching([], () => true);
  t.teardown(() => watch.close());
  dial('112');
  t.same(events, []);
  t.end();
});

test('a PBX is asked while phones have work, which makes the connection that it tells over', (t) => {
  const { watch, asked, clock } = watching(['112'], () => false);
  t.teardown(() => watch.close());
  clock.pass(lookedEvery);
  t.same(asked, ['calls']);
  t.end();
});
