import { test } from 'tap';
import { discoveredAt, discoveredMax } from '../../../controller/core/site-tables.ts';
import { Desk, idOf, macOf, phoneOf, siteOf, type Unnumbered } from './desk.ts';

const site = idOf('lisbon');
const desk = () => new Desk().do({ kind: 'site-put', site: siteOf('lisbon') }).joined(site);

const found = (mac: string, at: number): Unnumbered => ({
  kind: 'phone-discovered',
  at,
  mac,
  vendor: 'Yealink',
  model: null,
  version: null,
  address: '10.0.0.9',
  via: ['request'],
  firstAt: at,
});

test('unknown phones are listed by site, last seen first, until an inventory has them', (t) => {
  const known = desk();
  known.hears(site, found(macOf(1), 1), found(macOf(2), 2), found(macOf(1), 3));
  const listed = () =>
    discoveredAt(known.tables, site, (mac) => known.tables.phones.has(mac)).map((one) => one.mac);
  t.same(listed(), [macOf(1), macOf(2)]);
  known.do({ kind: 'phones-put', phones: [phoneOf(1)] });
  t.same(listed(), [macOf(2)]);
  t.end();
});

test('a site keeps five hundred of them; the one not heard of for longest goes', (t) => {
  const full = desk();
  const nth = (number: number) =>
    `80:5e:c0:00:${(256 + number).toString(16).replace(/^(.)(..)$/, '0$1:$2')}`;
  for (let number = 0; number <= discoveredMax; number += 1) {
    full.hears(site, found(nth(number), number));
  }
  t.equal(full.tables.discovered.size, discoveredMax);
  t.notOk(full.tables.discovered.has(`lisbon/${nth(0)}`));
  t.ok(full.tables.discovered.has(`lisbon/${nth(discoveredMax)}`));
  t.end();
});

test('a site that tells all anew, and of no freeze, has none: a copy of the controller may have heard of its end', (t) => {
  for (const isOn of [false, true]) {
    const held = desk();
    const said = { kind: 'site-held', hold: 'freeze', until: null, reason: 'wedding' } as const;
    held.hears(site, { ...said, at: held.now, isOn: true });
    const about = { planRevision: 0, phones: 0, agentVersion: '0.1.0', clockMs: held.now };
    const hello = { kind: 'hello' as const, conn: 'c2', epoch: 99, nextSeq: 1, ...about };
    held.take({ kind: 'hello', site, hello });
    t.equal(held.tables.siteHolds.size, 1, 'not before it has told');
    const epoch = held.tables.agents.get(site)?.cursor.epoch ?? 0;
    const first = isOn
      ? { ...said, at: held.now, isOn }
      : ({ kind: 'agent-fault', at: held.now, fault: 'plan-expired', detail: '' } as const);
    const items = [{ ...first, seq: 1 }];
    held.take({
      kind: 'report',
      site,
      report: { kind: 'report', epoch, firstSeq: 1, lastSeq: 1, items },
    });
    t.equal(held.tables.siteHolds.size, isOn ? 1 : 0);
  }
  t.end();
});

test('what a site holds back for is shown until its agent says that it is over', (t) => {
  const held = desk();
  const freeze = { kind: 'site-held', at: held.now, hold: 'freeze', until: null } as const;
  held.hears(site, { ...freeze, isOn: true, reason: 'wedding' });
  t.match(held.tables.siteHolds.get('lisbon/freeze'), { reason: 'wedding' });
  held.hears(site, { ...freeze, isOn: false, reason: 'Lifted at the site' });
  t.equal(held.tables.siteHolds.size, 0);
  held.hears(site, { ...freeze, isOn: true, reason: 'wedding' }, found(macOf(1), 1));
  held.do({ kind: 'site-remove', site });
  t.equal(held.tables.siteHolds.size + held.tables.discovered.size, 0, 'a site takes it along');
  t.end();
});

test('a phone of a vendor that nobody here knows is refused, with the nearest that is known', (t) => {
  const refusals = desk().refusals({
    kind: 'phones-put',
    phones: [phoneOf(1, { vendor: 'Yealnk' })],
  });
  t.match(refusals, [
    { code: 'invalid', reason: /knows a vendor Yealnk/, next: 'Did you mean Yealink?' },
  ]);
  t.end();
});
