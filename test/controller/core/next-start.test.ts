import { test } from 'tap';
import { explainPhone } from '../../../controller/core/explain.ts';
import type { RolloutInput, Site } from '../../../controller/core/state.ts';
import { after, type Desk, idOf, macOf, rolloutOf, siteOf, smallFleet } from './desk.ts';

const lisbon = idOf('lisbon');
const hours = 60;
/** Sixteen of twenty hours after the start, at 17:00 by the site's clock. */
const freeAt = after(16 * hours);
/** At 01:00 on the next day. */
const opening = after(24 * hours);

/** A rollout that began in an opening, from 01:00 to 03:00, and is due twenty hours later; it is 04:00. */
function due(own: Partial<Site> = {}, rollout: Partial<RolloutInput> = {}): Desk {
  const deadline = { dueAt: after(20 * hours), because: 'CVE-2026-0001' };
  const desk = smallFleet(1).do(
    { kind: 'site-put', site: siteOf('lisbon', own) },
    { kind: 'rollout-create', input: rolloutOf({ deadline, ...rollout }) },
    { kind: 'rollout-approve', rollout: idOf('autumn') },
  );
  return desk.take({ kind: 'woke' }, after(3 * hours));
}

const explained = (desk: Desk) => {
  const phone = desk.tables.phones.get(macOf(1));
  return phone && explainPhone(desk.tables, phone, desk.now)[0];
};

test('a phone is started next when its deadline frees it from windows, if no opening comes before', (t) => {
  const desk = due();
  t.equal(explained(desk)?.nextAttemptAt, freeAt);
  t.match(
    explained(desk)?.because[0],
    /\(CVE-2026-0001\), from .+ 17:00 UTC on in any idle minute$/,
  );
  desk.take({ kind: 'woke' }, after(17 * hours));
  t.equal(explained(desk)?.nextAttemptAt, after(17 * hours));
  t.match(explained(desk)?.because[0], /, now in any idle minute$/);
  const long = due({}, { deadline: { dueAt: after(100 * hours), because: 'CVE-2026-0001' } });
  t.equal(explained(long)?.nextAttemptAt, opening);
  t.end();
});

test('a deadline frees no phone from days of blackout or from freezes', (t) => {
  const today = new Date(after(3 * hours)).toISOString().slice(0, 10);
  // The day ends an hour before the next opening.
  t.equal(explained(due({ blackout: [today] }))?.nextAttemptAt, after(23 * hours));
  const frozen = due();
  const freeze = { reason: 'end of the quarter' };
  frozen.do({
    kind: 'site-freeze',
    site: lisbon,
    freeze: { ...freeze, until: after(18 * hours) },
  });
  t.equal(explained(frozen)?.nextAttemptAt, after(18 * hours));
  frozen.do({ kind: 'site-freeze', site: lisbon, freeze });
  t.equal(explained(frozen)?.nextAttemptAt, null);
  const planned = due();
  const from = new Date(after(15 * hours)).toISOString();
  const until = new Date(after(19 * hours)).toISOString();
  planned.do({ kind: 'freeze-put', freeze: { id: idOf('audit'), reason: 'audit', from, until } });
  t.equal(explained(planned)?.nextAttemptAt, after(19 * hours));
  t.end();
});

test('of freezes and days of blackout that follow one another the last one ends the rest', (t) => {
  const desk = due();
  const iso = (hour: number) => new Date(after(hour * hours)).toISOString();
  for (const [from, until] of [
    [15, 19],
    [19, 20],
  ] as const) {
    const id = idOf(`audit-${from}`);
    const freeze = { id, reason: 'audit', from: iso(from), until: iso(until) };
    desk.do({ kind: 'freeze-put', freeze });
  }
  t.equal(explained(desk)?.nextAttemptAt, after(20 * hours));
  // An update that ends as a day of blackout begins does not reach it.
  const today = new Date(after(24 * hours)).toISOString().slice(0, 10);
  const edge = due({ blackout: [today] }).take({ kind: 'woke' }, after(23 * hours - 15));
  t.equal(explained(edge)?.nextAttemptAt, edge.now);
  t.end();
});
