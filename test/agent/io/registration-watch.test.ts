import { type EpochMs, laterBy, minutes, ms, seconds } from '@ringwave/protocol/units';
import type { SteadyMs } from '@ringwave/runtime/clock';
import { type Test, test } from 'tap';
import { type AgentEvent, emptyTables, type Work } from '../../../agent/core/state.ts';
import { RegistrationWatch } from '../../../agent/io/registration-watch.ts';
import { HandClock } from '../../hand-clock.ts';
import { macOf, one, planOf, planPhone, workOf } from '../core/box.ts';
import { pbxOf } from './waker-site.ts';

const mac = macOf(1);
const address = '127.0.0.1';

/** A site with one phone in this state, whose registrar says when it registered last. */
function watched(t: Test, own: Partial<Work>, set: () => number = () => 0) {
  const clock = new HandClock(one);
  const tables = emptyTables();
  const plan = planOf([planPhone(1, { extension: '101' })], { registrationProves: true });
  tables.plan.set('plan', { plan, heldSince: one });
  const about = { vendor: null, model: null, version: null, at: one, versionAt: one };
  tables.sightings.set(mac, { mac, address, ...about });
  tables.work.set(mac, workOf(1, own));
  const events: AgentEvent[] = [];
  let registeredAt: EpochMs | undefined;
  let asked = 0;
  const registrar = pbxOf({
    name: 'kamailio 10.0.0.4:8080',
    registrations: () => {
      asked += 1;
      const at = { address, port: 5060 };
      return Promise.resolve(
        registeredAt === undefined ? [] : [{ ...at, refreshedAt: registeredAt }],
      );
    },
  });
  const watch = new RegistrationWatch({
    sources: ['pbx'],
    pbxs: [registrar],
    sip: { options: () => Promise.resolve({ kind: 'silent' }) },
    tables,
    clock: {
      now: () => laterBy(clock.now(), ms(set())),
      after: (wait, fn) => clock.after(wait, fn),
      steady: () => (clock.now() - one) as SteadyMs,
    },
    port: 5060,
    submit: (event) => events.push(event),
  });
  t.teardown(() => watch.close());
  /** Time passes, and what was asked is answered. */
  const pass = async (time: number) => {
    clock.pass(time);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const registers = (at: EpochMs) => (registeredAt = at);
  return { watch, tables, clock, events, pass, registers, asked: () => asked };
}

const seen = { kind: 'registration-seen', mac, source: 'kamailio 10.0.0.4:8080', address };

test('a box that comes back asks about phones that showed their version before it went', async (t) => {
  const since = laterBy(one, minutes(-2));
  for (const own of [
    { phase: 'verifying', since },
    { phase: 'held', since, fault: 'phone-not-registered', deadlineAt: laterBy(one, minutes(3)) },
    { phase: 'failed', since, fault: 'phone-not-registered' },
  ] as const) {
    const { watch, pass, events, registers } = watched(t, own);
    registers(laterBy(one, minutes(-1)));
    watch.resume();
    await pass(seconds(20));
    t.same(events, [seen], own.phase);
  }
  const { watch, pass, asked } = watched(t, { phase: 'staged' });
  watch.resume();
  await pass(minutes(1));
  t.equal(asked(), 0, 'nobody waits for the others');
});

test('a clock that is set while a phone comes back changes nothing of what its registration proves', async (t) => {
  for (const by of [minutes(60), minutes(-60)]) {
    let set = 0;
    const { watch, clock, pass, events, registers } = watched(
      t,
      { phase: 'verifying', since: one },
      () => set,
    );
    watch.phoneIsBack(mac);
    registers(laterBy(clock.now(), ms(by - minutes(5))));
    set = by;
    await pass(seconds(20));
    t.same(events, [], 'one from before its restart');
    registers(laterBy(clock.now(), ms(by - seconds(5))));
    await pass(seconds(20));
    t.same(events, [seen]);
  }
});

test('a phone that is held until it registers is asked about as long as it has its time', async (t) => {
  const deadlineAt = laterBy(one, minutes(5));
  const own = { phase: 'held', fault: 'phone-not-registered', deadlineAt } as const;
  const { watch, pass, events, registers } = watched(t, own);
  watch.phoneIsBack(mac);
  await pass(seconds(20));
  await pass(seconds(20));
  registers(laterBy(one, seconds(45)));
  await pass(seconds(20));
  t.same(events, [seen]);
});

test('one that had its time and registers hours later, by itself, is seen to', async (t) => {
  const { watch, tables, pass, events, registers, asked } = watched(t, { phase: 'verifying' });
  watch.phoneIsBack(mac);
  await pass(seconds(20));
  tables.work.set(mac, workOf(1, { phase: 'failed', fault: 'phone-not-registered' }));
  await pass(seconds(20));
  const before = asked();
  for (let hour = 0; hour < 12; hour += 1) await pass(minutes(5));
  t.equal(asked() - before, 12, 'every five minutes');
  registers(laterBy(one, minutes(58)));
  await pass(minutes(5));
  t.same(events, [seen]);
  tables.work.delete(mac);
  await pass(minutes(5));
  const last = asked();
  await pass(minutes(60));
  t.equal(asked(), last, 'and nobody asks once no rollout wants it');
});

test('a phone that was lost on its way is asked for every five minutes, until it is there again', async (t) => {
  const since = laterBy(one, minutes(-30));
  for (const fault of [
    'phone-never-asked',
    'download-stalled',
    'phone-silent-after-restart',
  ] as const) {
    const { tables, pass, events, registers, asked } = watched(t, { phase: 'staged' });
    await pass(minutes(10));
    t.equal(asked(), 0);
    tables.work.set(mac, workOf(1, { phase: 'failed', fault, woken: true, since }));
    registers(laterBy(since, minutes(-5)));
    await pass(minutes(6));
    t.same(events, [], 'what a registrar kept from before shows nothing');
    registers(laterBy(since, minutes(20)));
    await pass(minutes(6));
    t.same(events, [seen], fault);
    tables.work.set(mac, workOf(1, { phase: 'failed', fault, woken: true, since, backSince: one }));
    await pass(minutes(1));
    const last = asked();
    await pass(minutes(30));
    t.equal(asked(), last, 'and by nobody once it is');
  }
});

test('a lost phone is asked for also once no rollout wants it, or its try has ended otherwise', async (t) => {
  for (const own of [undefined, workOf(1, { phase: 'failed', fault: 'phone-refused-wake' })]) {
    const { tables, pass, events, registers } = watched(t, {});
    if (own) tables.work.set(mac, own);
    else tables.work.delete(mac);
    tables.missing.set(mac, { mac, since: one });
    registers(laterBy(one, minutes(-5)));
    await pass(minutes(6));
    t.same(events, []);
    registers(laterBy(one, minutes(2)));
    await pass(minutes(6));
    t.same(events, [seen]);
  }
});

test('a lost phone that registers is found also while the clock of the box is set back', async (t) => {
  let set = 0;
  const { tables, clock, pass, events, registers } = watched(t, {}, () => set);
  const lost = { phase: 'failed', fault: 'download-stalled', since: one } as const;
  tables.work.set(mac, workOf(1, lost));
  tables.missing.set(mac, { mac, since: one });
  await pass(minutes(6));
  set = minutes(-60);
  registers(laterBy(clock.now(), ms(set - minutes(10))));
  await pass(minutes(6));
  t.same(events, [], 'one from before it was lost');
  registers(laterBy(clock.now(), ms(set)));
  await pass(minutes(6));
  t.same(events, [seen]);
});
