import { minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { explainPhone } from '../../../controller/core/explain.ts';
import { siteView } from '../../../controller/core/views.ts';
import { after, type Desk, idOf, macOf, rolloutOf, siteOf, smallFleet } from './desk.ts';

const site = idOf('lisbon');

/** A rollout under way at one site that headquarters freezes. */
function frozen(own: { until?: ReturnType<typeof after> } = {}): Desk {
  const desk = smallFleet(2);
  desk.do({ kind: 'rollout-create', input: rolloutOf() });
  desk.do({ kind: 'rollout-approve', rollout: rolloutOf().id, breakGlass: 'a test' });
  return desk.do({ kind: 'site-freeze', site, freeze: { reason: 'end of the quarter', ...own } });
}

const explained = (desk: Desk) => {
  const phone = desk.tables.phones.get(macOf(1));
  return phone && explainPhone(desk.tables, phone, desk.now)[0];
};

test('a freeze from headquarters travels in the plan and is what every phone of the site waits for', (t) => {
  const desk = frozen({ until: after(600) });
  t.match(desk.tables.plans.get(site)?.plan.freeze, {
    reason: 'end of the quarter',
    until: after(600),
  });
  t.match(explained(desk), {
    waitingFor: 'person',
    nextAttemptAt: after(24 * 60),
    reason: /^Site lisbon is frozen from headquarters by .+ until .+: end of the quarter$/,
  });
  t.match(explained(desk)?.because[2], /frozen from headquarters/);
  const stored = desk.tables.sites.get(site);
  t.match(stored && siteView(desk.tables, stored, desk.now).holds, [
    { hold: 'headquarters-freeze', until: after(600) },
  ]);
  t.end();
});

test('lifted or over, nothing is left of it', (t) => {
  const lifted = frozen().do({ kind: 'site-freeze', site, freeze: null });
  t.equal(lifted.tables.plans.get(site)?.plan.freeze, undefined);
  t.match(lifted.refusals({ kind: 'site-freeze', site, freeze: null }), [{ code: 'conflict' }]);
  const over = frozen({ until: after(5) }).take({ kind: 'woke' }, after(6));
  t.notMatch(explained(over)?.reason, /frozen/);
  const gone = frozen();
  for (const number of [1, 2]) gone.do({ kind: 'phone-remove', mac: macOf(number) });
  gone.do({ kind: 'site-remove', site }, { kind: 'site-put', site: siteOf('lisbon') });
  t.equal(gone.tables.freezes.size, 0, 'a site that is removed takes it along');
  t.end();
});

test('a freeze whose end has passed is refused, and so is one of an unknown site', (t) => {
  const desk = smallFleet(1);
  const freeze = { reason: 'late', until: after(-1) };
  t.match(desk.refusals({ kind: 'site-freeze', site, freeze }), [{ code: 'invalid' }]);
  const elsewhere = { kind: 'site-freeze', site: idOf('lisbn'), freeze: null } as const;
  t.match(desk.refusals(elsewhere), [{ code: 'not-found', next: /lisbon/ }]);
  t.end();
});

test('phones of a halted fleet say that it is halted', (t) => {
  const desk = smallFleet(1).do({
    kind: 'rollout-create',
    input: rolloutOf({ gate: { successMin: 1, failuresMax: 0, minSample: 1, soak: minutes(0) } }),
  });
  desk.do({ kind: 'halt', halted: true, reason: 'one model does not come back' });
  t.equal(explained(desk)?.because[0], 'All sites are halted: one model does not come back');
  t.end();
});
