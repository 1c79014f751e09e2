import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteTables } from '@ringwave/runtime/io/sqlite-tables';
import { test } from 'tap';
import { fleetProjection } from '../../../controller/io/fleet-tables.ts';
import { idOf, macOf, phoneOf, rolloutOf, siteOf, smallFleet } from '../core/desk.ts';

const TABLES = ['phone', 'phone_label', 'progress', 'site', 'site_label'];
const dump = (store: SqliteTables) =>
  TABLES.map((table) => {
    const rows = store.ask({ sql: `select * from ${table}`, parameters: [] });
    return [table, rows.map((row) => JSON.stringify(row)).sort((a, b) => (a < b ? -1 : 1))];
  });

test('tables that are built anew hold what was written change by change', (t) => {
  const labels = { room: 'Lobby', floor: '3' };
  const desk = smallFleet(3).do(
    { kind: 'site-put', site: siteOf('porto', { labels: { region: 'EU' } }) },
    {
      kind: 'phones-put',
      phones: [
        phoneOf(7, { labels, hardware: '66.0', extension: 'A1', emergency: true }),
        phoneOf(8, { site: idOf('porto') }),
      ],
    },
    { kind: 'rollout-create', input: rolloutOf() },
  );
  const names = ['phones', 'sites', 'progress', 'rollouts'] as const;
  const file = join(t.testdir(), 'state.sqlite');
  const written = new SqliteTables(file, names, fleetProjection());
  for (const table of names)
    for (const [key, value] of desk.tables[table]) {
      written.commit([{ table, key, value: table === 'phones' ? { ...value, labels } : value }]);
      written.commit([{ table, key, value }]);
    }
  written.commit([{ table: 'phones', key: macOf(8), value: undefined }]);
  const before = dump(written);
  t.match(before, [
    ['phone', { length: 4 }],
    ['phone_label', { length: 2 }],
    ['progress', { length: 5 }],
  ]);
  written.close();
  const other = new DatabaseSync(file);
  other.exec("update projection set layout = 'another'");
  other.close();
  const anew = new SqliteTables(file, names, fleetProjection());
  t.same(dump(anew), before);
  anew.close();
  t.end();
});
