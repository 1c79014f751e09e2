import { SqliteTables } from '@ringwave/runtime/io/sqlite-tables';
import { test } from 'tap';
import { phones } from '../../../agent/cli/phones.ts';
import { openBox } from '../../../agent/io/box.ts';
import { Box, macOf, one, planOf, planPhone } from '../core/box.ts';

async function printed(act: () => Promise<void>): Promise<string> {
  const write = process.stdout.write.bind(process.stdout);
  let text = '';
  process.stdout.write = (piece: unknown) => ((text += String(piece)), true);
  try {
    await act();
  } finally {
    process.stdout.write = write;
  }
  return text;
}

test('phones of the plan are listed, and those in none with what they claimed', async (t) => {
  const data = t.testdir({});
  const box = new Box().take({ kind: 'plan-came', plan: planOf([planPhone(1)]) });
  box.asks(macOf(1), '66.85.0.40');
  box.take({
    kind: 'phone-claimed',
    mac: macOf(9),
    vendor: 'Yealink',
    model: null,
    version: null,
    address: '10.0.0.9',
    via: 'neighbour',
  });
  const names = ['plan', 'sightings', 'work', 'discovered'] as const;
  const store = new SqliteTables(openBox(data).database, names);
  store.commit(
    names.flatMap((table) => [...box.tables[table]].map(([key, value]) => ({ table, key, value }))),
  );
  store.close();
  t.equal(
    await printed(() => phones({ data })),
    '80:5e:c0:00:00:01  Yealink  T46S  66.85.0.40  10.0.0.7  scheduled\n80:5e:c0:00:00:09  Yealink  -  -  10.0.0.9  unknown, by neighbour\n',
  );
  t.same(JSON.parse(await printed(() => phones({ data, unknown: true, json: true }))), {
    unknown: [
      {
        mac: macOf(9),
        vendor: 'Yealink',
        model: null,
        version: null,
        address: '10.0.0.9',
        via: ['neighbour'],
        firstAt: one,
        at: one,
      },
    ],
  });
});

test('where no agent ran there is nothing to list', async (t) => {
  await t.rejects(phones({ data: t.testdir({}) }), { message: /no agent ran there/ });
  const damaged = t.testdir({ 'agent.sqlite': 'no database '.repeat(100) });
  await t.rejects(phones({ data: damaged }), {
    message: /agent\.sqlite: file is not a database\. Put .* back from a backup/,
  });
});
