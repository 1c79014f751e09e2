import { type EpochMs, id, type Id } from '@ringwave/protocol/units';
import { draftOf } from '@ringwave/protocol/tables';
import * as fc from 'fast-check';
import { test } from 'tap';
import { nextResend, type Owed, OwedTable, resendsDue } from '../../../controller/core/owed.ts';
import { emptyTables } from '../../../controller/core/state.ts';

const siteOf = (number: number): Id => id(`site-${number}`) as Id;
const owedAt = (again: number): Owed => ({ revision: 1, sent: 1, again: again as EpochMs });
const change = fc.record({
  site: fc.integer({ min: 0, max: 12 }),
  again: fc.option(fc.integer({ min: 0, max: 30 })),
});
const changes = fc.array(change, { maxLength: 60 });

test('what is due, and when the next is, are what a walk over all sites would find', (t) => {
  fc.assert(
    fc.property(changes, changes, fc.integer({ min: 0, max: 30 }), (before, inStep, at) => {
      const tables = emptyTables();
      for (const { site, again } of before) {
        if (again === null) tables.owed.delete(siteOf(site));
        else tables.owed.set(siteOf(site), owedAt(again));
      }
      const draft = draftOf(tables);
      for (const { site, again } of inStep.slice(0, 8)) {
        if (again === null) draft.owed.remove(siteOf(site));
        else draft.owed.put(siteOf(site), owedAt(again));
      }
      const all = [...draft.owed.entries()];
      const due = all.filter(([, { again }]) => again <= at).map(([site]) => site);
      t.same(resendsDue(draft, at as EpochMs), due.sort());
      const next = Math.min(...all.map(([, { again }]) => again));
      t.equal(nextResend(draft) ?? Number.POSITIVE_INFINITY, next);
    }),
  );
  t.end();
});

test('a table that is emptied owes nothing', (t) => {
  const tables = emptyTables();
  tables.owed.set(siteOf(1), owedAt(5));
  tables.owed.clear();
  t.equal(nextResend(draftOf(tables)), undefined);
  t.ok(tables.owed instanceof OwedTable);
  t.end();
});
