import assert from 'node:assert/strict';
import { join } from 'node:path';
import { FleetQuery } from '@ringwave/controller/io/fleet-query';
import {
  type Database,
  fleetIndexes,
  fleetProjection,
  fleetShape,
  fleetWrites,
} from '@ringwave/controller/io/fleet-tables';
import { matcher } from '@ringwave/controller/core/selection/match';
import { parseSelection } from '@ringwave/controller/core/selection/parse';
import type { Where } from '@ringwave/controller/core/selection/where';
import type { Change } from '@ringwave/protocol/tables';
import { SqliteTables, type Statement } from '@ringwave/runtime/io/sqlite-tables';
import * as fc from 'fast-check';
import { type Test, test } from 'tap';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import type { Phone } from '@ringwave/controller/core/state';
import { siteOf } from '../controller/core/desk.ts';
import {
  type Fleet,
  fleetOf,
  fleets,
  now,
  selectionTexts,
} from '../controller/core/selection/fleets.ts';
import { needs } from '../peers/peer.ts';
import { openPostgres } from '../peers/postgres.ts';

// A selection means the same phones in memory, in SQLite and in PostgreSQL.

interface FleetDatabase {
  readonly query: FleetQuery;
  readonly commit: (changes: readonly Change[]) => Promise<void>;
  /** How the database would run it. */
  readonly plan: (query: Statement) => Promise<string>;
}

const tables = ['sites', 'phones', 'progress', 'rollouts'] as const;

function openSqlite(t: Test): FleetDatabase {
  const file = join(t.testdir(), 'state.sqlite');
  const store = new SqliteTables(file, tables, fleetProjection());
  t.teardown(() => store.close());
  return {
    query: new FleetQuery('sqlite', async (query) => store.ask(query)),
    commit: async (changes) => store.commit(changes),
    plan: async ({ sql, parameters }) =>
      store
        .ask({ sql: `explain query plan ${sql}`, parameters })
        .map((row) => String(row['detail']))
        .join('\n'),
  };
}

async function openServer(t: Test): Promise<FleetDatabase> {
  const client = await openPostgres(t);
  const run = async ({ sql, parameters }: Statement) =>
    (await client.query<Record<string, unknown>>(sql, [...parameters])).rows;
  for (const statement of [...fleetShape('postgres'), ...fleetIndexes('postgres')])
    await run(statement);
  const writes = fleetWrites('postgres');
  return {
    query: new FleetQuery('postgres', run),
    commit: async (changes) => {
      await client.query('begin');
      for (const change of changes) for (const statement of writes(change)) await run(statement);
      await client.query('commit');
    },
    plan: async ({ sql, parameters }) => {
      await client.query('analyze');
      const rows = await run({ sql: `explain ${sql}`, parameters });
      return rows.map((row) => String(row['QUERY PLAN'])).join('\n');
    },
  };
}

function read(text: string): Where {
  const parsed = parseSelection(text);
  if (!parsed.ok) throw new Error(`${text}: ${JSON.stringify(parsed.problems)}`);
  return parsed.selection;
}

const rowsOf = (fleet: Fleet): Change[] =>
  tables.flatMap((table) => [...fleet[table]].map(([key, value]) => ({ table, key, value })));
const gone = (rows: readonly Change[]): Change[] =>
  rows.map(({ table, key }) => ({ table, key, value: undefined }));

/** One with many phones and more than one of everything. */
const bigFleet = (): Fleet =>
  fc.sample(fleets, { numRuns: 50, seed: 8 }).find(({ phones }) => phones.size > 15) ??
  assert.fail();

const macsIn = (fleet: Fleet, where: Where): string[] =>
  [...fleet.phones.values()]
    .filter(matcher(where, fleet, now))
    .map(({ mac }) => mac)
    .sort();

/** Tests that few phones pass, and the index that finds these. */
const INDEXED: readonly (readonly [string, string])[] = [
  ['site = site-7', 'phone_by_site'],
  ['site.region = r7', 'phone_by_site'],
  ['vendor = Snom', 'phone_by_vendor'],
  ['model in (M7, M8)', 'phone_by_model'],
  ['model ~ M7*', 'phone_by_model'],
  ['hardware = 7.0', 'phone_by_hardware'],
  ['extension = 1007', 'phone_by_extension'],
  ['group = floor-7', 'phone_by_coverage_group'],
  ['label.room = room-7', 'phone_label_by_key'],
  ['seen > 24h', 'phone_by_seen_at'],
  ['credential > 30d', 'phone_by_credential_at'],
  ['running < 66.85.0.5', 'phone_by_shown'],
  ['running ~ 66.80.*', 'phone_by_running'],
  ['rollout = r1 and phase = failed', 'progress_by_rollout'],
  ['mac = 80:5e:c0:00:00:07', 'phone_key|autoindex_phone'],
  ['mac ~ 80:5e:c0:00:00:0*', 'phone_key|autoindex_phone'],
  ['model = M7 or label.room = room-9', 'phone_by_model'],
];

/** Three thousand phones, of which each test above means a few. */
function manyPhones(): Change[] {
  const sites = Array.from({ length: 30 }, (_, nth) =>
    siteOf(`site-${nth}`, { labels: { region: `r${nth}` } }),
  );
  const phones = Array.from({ length: 3000 }, (_, nth): Phone => {
    const isOdd = nth % 100 === 7;
    return {
      mac: `80:5e:c0:00:${[nth >> 8, nth & 255].map((part) => part.toString(16).padStart(2, '0')).join(':')}` as Mac,
      site: `site-${nth % 30}` as Id,
      vendor: isOdd ? 'Snom' : 'Yealink',
      model: `M${nth % 50}`,
      hardware: `${nth % 60}.0`,
      extension: String(1000 + nth),
      emergency: false,
      coverageGroup: `floor-${nth % 40}` as Id,
      labels: { room: `room-${nth}` },
      running: { version: `66.${isOdd ? 80 : 85}.0.5`, at: now, source: 'http-request' },
      seenAt: (now - (isOdd ? 48 : 1) * 3_600_000) as EpochMs,
      credentialGeneration: 1,
      credential: {
        generation: 1,
        state: 'proven',
        at: now,
        provenAt: (now - (isOdd ? 40 : 1) * 86_400_000) as EpochMs,
      },
    };
  });
  const standings = phones.map((_, place) => {
    const phase = place % 100 === 7 ? ('failed' as const) : ('done' as const);
    return { rollout: 'r1' as Id, phase, place };
  });
  return rowsOf(fleetOf(sites, phones, standings));
}

for (const database of ['sqlite', 'postgres'] as const satisfies Database[]) {
  test(database, async (t) => {
    if (database === 'postgres' && !needs(t, 'postgres', 'initdb')) return;
    const { query, commit, plan } = database === 'sqlite' ? openSqlite(t) : await openServer(t);

    await t.test(
      'any selection of any fleet means the phones that it means in memory',
      async (t) => {
        let asked = 0;
        const texts = fc.array(selectionTexts, { minLength: 4, maxLength: 8 });
        const property = fc.asyncProperty(fleets, texts, async (fleet, several) => {
          const rows = rowsOf(fleet);
          await commit(rows);
          try {
            for (const text of several) {
              const where = read(text);
              const expected = macsIn(fleet, where);
              const found = await query.macs(where, now, { limit: 1000 });
              assert.deepEqual(found, expected, text);
              assert.equal(await query.count(where, now), expected.length, text);
              asked += 1;
            }
          } finally {
            await commit(gone(rows));
          }
        });
        await fc.assert(property, { numRuns: 150 });
        t.equal(await query.count({ kind: 'all' }, now), 0, 'what is removed leaves the tables');
        t.comment(`${asked} selections`);
      },
    );

    await t.test('pages follow each other without a gap, in order of the MACs', async (t) => {
      const fleet = bigFleet();
      const rows = rowsOf(fleet);
      await commit(rows);
      const all: Where = { kind: 'all' };
      const pages: string[] = [];
      for (let after = ''; ; ) {
        const page = await query.macs(all, now, { after, limit: 3 });
        if (page.length === 0) break;
        pages.push(...page);
        after = page.at(-1) ?? '';
      }
      t.ok(pages.length > 3);
      t.same(pages, macsIn(fleet, all));
      await commit(gone(rows));
    });

    await t.test('a test that few phones pass finds them by its index', async (t) => {
      await commit(manyPhones());
      for (const [text, index] of INDEXED) {
        const how = await plan(await query.countQuery(read(text), now));
        // PostgreSQL has no way through an "or" of a column and another table; it then reads the phones.
        if (database === 'postgres' && text.includes(' or ')) continue;
        t.match(how, new RegExp(index), `${text} by ${index}`);
        t.notMatch(how, /SCAN phone\b/, `${text} reads no more`);
        t.ok((await query.count(read(text), now)) > 0);
      }
    });
  });
}
