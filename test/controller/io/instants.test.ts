import { test } from 'tap';
import { instantText } from '../../../controller/core/instant-text.ts';
import { releaseOf } from '../core/desk.ts';
import { fleetOf, told } from './door.ts';

const asked = (own: object) => ({
  id: 'autumn',
  releases: [releaseOf().id],
  waves: [{ name: 'all' }],
  ...own,
});

test('a rehearsal from a time that has passed, is far ahead or in seconds is refused as that', async (t) => {
  const door = await fleetOf(t, 1);
  const now = door.controller.engine.clock.now();
  const says = async (from: unknown) =>
    told(await door.ask('POST', '/api/v1/rollouts/rehearse', { rollout: asked({}), from }));
  const of = (at: number) => `400 invalid: rehearsal: from: is ${instantText(at)}, which`;
  const [past, far] = [now - 120_000, now + 367 * 86_400_000];
  t.same(await says(past), [`${of(past)} has passed. Give a time ahead, or leave it out.`]);
  t.same(await says(far), [`${of(far)} is more than a year ahead. Give an earlier time.`]);
  t.match(await says(1_798_761_600), [/^400 invalid: rehearsal: from: .* said in seconds/]);
  t.match(await says('soon'), [/^400 invalid: rehearsal: from: is "soon"/]);
  const from = now + 86_400_000;
  const body = { rollout: asked({}), seeds: 1, daysMax: 1, from };
  const beginsAt = async (said: unknown) =>
    (await door.ask('POST', '/api/v1/rollouts/rehearse', { ...body, from: said })).body.from;
  t.equal(await beginsAt(from), from);
  t.equal(await beginsAt(new Date(from).toISOString()), from, 'as people write it');
});

test('a freeze of a site ends at an instant as people write it', async (t) => {
  const door = await fleetOf(t, 1);
  const [site] = door.controller.engine.tables.sites.keys();
  const freeze = (until: unknown) =>
    door.ask('PUT', `/api/v1/sites/${site}/freeze`, { reason: 'wedding', until });
  t.equal((await freeze('2027-05-01T20:00:00+02:00')).status, 200);
  const at = Date.UTC(2027, 4, 1, 18);
  t.equal(door.controller.engine.tables.freezes.get(`${site}`)?.until, at);
  t.match(told(await freeze('2027-05-01T20:00:00')), [/^400 invalid: .*until: is "2027-05-01T20/]);
  t.equal(door.controller.engine.tables.freezes.get(`${site}`)?.until, at, 'and keeps it');
});

test('an instant in seconds is told as that, and does not begin a rollout at once', async (t) => {
  const door = await fleetOf(t, 1);
  const says = async (own: object) => told(await door.ask('POST', '/api/v1/rollouts', asked(own)));
  const deadline = { dueAt: 1_798_761_600, because: 'CVE-2026-0001' };
  t.same(await says({ startAt: 1_798_000_000, deadline }), [
    '400 invalid: rollout autumn: startAt: is 1970-01-21 19:26 UTC, probably said in seconds. Write it in milliseconds since 1970: 1798000000000.',
    '400 invalid: rollout autumn: deadline.dueAt: is 1970-01-21 19:39 UTC, probably said in seconds. Write it in milliseconds since 1970: 1798761600000.',
  ]);
  t.same(await says({ startAt: 20_261_224 }), [
    '400 invalid: rollout autumn: startAt: is 1970-01-01 05:37 UTC, long ago. Leave it out to begin at once, or write milliseconds since 1970.',
  ]);
  t.equal(door.controller.engine.tables.rollouts.size, 0);
});
