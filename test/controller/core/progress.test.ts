import { draftOf } from '@ringwave/protocol/tables';
import { type EpochMs, type Id, id, type Mac, mac } from '@ringwave/protocol/units';
import { test } from 'tap';
import { progressOf } from '../../../controller/core/progress.ts';
import { emptyTables, type Phone, progressKey } from '../../../controller/core/state.ts';

const idOf = (text: string): Id => id(text)!;
const macOf = (number: number): Mac => mac(`805ec0${number.toString(16).padStart(6, '0')}`)!;
const [autumn, other, lisbon, porto, elsewhere] = [
  'autumn',
  'other',
  'lisbon',
  'porto',
  'elsewhere',
].map(idOf) as [Id, Id, Id, Id, Id];

test('the phones of a rollout are the same whether each is looked up or the whole table is walked', (t) => {
  const tables = emptyTables();
  const rosters = new Map<Id, Mac[]>([lisbon, porto, elsewhere].map((site) => [site, []]));
  const phones = 51_000;
  for (let number = 0; number < phones; number += 1) {
    const phone = macOf(number);
    // Every tenth was carried away since, every eleventh is no longer known, every thousandth is of another rollout.
    const site = number % 10 === 0 ? elsewhere : number % 2 === 0 ? lisbon : porto;
    const rollout = number % 1000 === 0 ? other : autumn;
    const at = 0 as EpochMs;
    const part = { rollout, mac: phone, site, wave: 0, target: '2', phase: 'waiting' as const };
    tables.progress.set(progressKey(rollout, phone), { ...part, attempt: 0, at, hops: [] });
    if (number % 11 === 0) continue;
    tables.phones.set(phone, { mac: phone, site } as Phone);
    rosters.get(site)?.push(phone);
  }
  for (const [site, roster] of rosters) tables.rosters.set(site, roster);
  const counts = { done: 0, failed: 0, skipped: 0 };
  const found = (total: number) => {
    const waves = [{ spec: { name: 'all' }, state: 'open' as const, counts: { ...counts, total } }];
    const rollout = { id: autumn, sites: [lisbon, porto], waves };
    return Array.from(progressOf(draftOf(tables), rollout), (one) => one.mac);
  };
  const walked = found(phones);
  const looked = found(10);
  t.ok(walked.length > 40_000 && walked.length < phones * 0.9);
  t.not(walked[1], looked[1], 'in another order');
  t.same(new Set(walked), new Set(looked));
  t.equal(walked.length, looked.length);
  t.end();
});
