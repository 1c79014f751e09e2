import { test } from 'tap';
import { mayWait } from '../../../agent/core/may-wait.ts';
import { type AgentTables, emptyTables, volatileTables } from '../../../agent/core/state.ts';

const change = (table: keyof AgentTables) => ({ table, key: 'k', value: 1 });

test('only what phones show again, and its reports, may wait for the disk', (t) => {
  const tables = Object.keys(emptyTables()) as (keyof AgentTables)[];
  const kept = tables.filter((table) => !volatileTables.includes(table));
  t.same(
    kept.filter((table) => mayWait([change(table)])),
    ['delivery', 'outbox', 'sightings', 'discovered'],
  );
  t.end();
});

test('a report together with the start, secret or count that it tells of does not wait', (t) => {
  for (const table of ['work', 'credentials', 'fetches'] as const) {
    t.notOk(mayWait([change('outbox'), change(table)]), table);
  }
  t.end();
});
