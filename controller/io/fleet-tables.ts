import type { Change } from '@ringwave/protocol/tables';
import type { Projection, Statement } from '@ringwave/runtime/io/sqlite-tables';
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { shownKey } from '../core/selection/answer.ts';
import { folded } from '../core/selection/where.ts';
import type { Labels, Phone, Progress, Site } from '../core/state.ts';

// The fleet as tables with indexes, so that a selection is a query. Made from the keyed rows and written with
// them; nothing reads them but selections. Kysely only writes the SQL: on SQLite nobody waits for it.

export type Database = 'sqlite' | 'postgres';

/** Texts stand here folded, as selections compare them. */
export interface FleetTables {
  phone: {
    mac: string;
    site: string;
    vendor: string;
    model: string;
    hardware: string | null;
    extension: string | null;
    coverage_group: string | null;
    /** 0 or 1: SQLite has no other truth. */
    emergency: number;
    running: string | null;
    /** Vendor, model, hardware and version as the phone shows them, for the catalogue to compare. */
    shown: string | null;
    seen_at: number | null;
    credential_at: number | null;
  };
  site: { id: string; name: string; zone: string };
  phone_label: { mac: string; key: string; value: string };
  site_label: { site: string; key: string; value: string };
  progress: { rollout: string; mac: string; phase: string };
}

/** Writes SQL for one kind of database, and has no connection. */
export function sqlFor(database: Database): Kysely<FleetTables> {
  const isLite = database === 'sqlite';
  return new Kysely<FleetTables>({
    dialect: {
      createAdapter: () => (isLite ? new SqliteAdapter() : new PostgresAdapter()),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) =>
        isLite ? new SqliteIntrospector(db) : new PostgresIntrospector(db),
      createQueryCompiler: () => (isLite ? new SqliteQueryCompiler() : new PostgresQueryCompiler()),
    },
  });
}

const COLUMNS: { readonly [T in keyof FleetTables]: readonly (keyof FleetTables[T] & string)[] } = {
  phone: [
    'mac',
    'site',
    'vendor',
    'model',
    'hardware',
    'extension',
    'coverage_group',
    'emergency',
    'running',
    'shown',
    'seen_at',
    'credential_at',
  ],
  site: ['id', 'name', 'zone'],
  phone_label: ['mac', 'key', 'value'],
  site_label: ['site', 'key', 'value'],
  progress: ['rollout', 'mac', 'phase'],
};
const NUMBERS = ['emergency', 'seen_at', 'credential_at'];
const KEYS: Readonly<Record<keyof FleetTables, readonly string[]>> = {
  phone: ['mac'],
  site: ['id'],
  phone_label: ['mac', 'key'],
  site_label: ['site', 'key'],
  progress: ['rollout', 'mac'],
};
/** Each answers one kind of test; the last column spares the way to the table. */
const INDEXES: readonly (readonly [keyof FleetTables, ...string[]])[] = [
  ['phone', 'site', 'mac'],
  ['phone', 'vendor', 'mac'],
  ['phone', 'model', 'mac'],
  ['phone', 'hardware', 'mac'],
  ['phone', 'extension', 'mac'],
  ['phone', 'coverage_group', 'mac'],
  ['phone', 'running', 'mac'],
  ['phone', 'shown', 'mac'],
  ['phone', 'seen_at', 'mac'],
  ['phone', 'credential_at', 'mac'],
  ['phone_label', 'key', 'value', 'mac'],
  ['site_label', 'key', 'value', 'site'],
  ['progress', 'mac', 'rollout'],
  ['progress', 'rollout', 'phase', 'mac'],
];

const TABLES = Object.keys(COLUMNS) as (keyof FleetTables)[];

/** The statements that make the empty tables anew. */
export function fleetShape(database: Database): CompiledQuery[] {
  const { schema } = sqlFor(database);
  // The byte order that SQLite has anyway, whatever language the server speaks.
  const text = database === 'sqlite' ? sql`text` : sql`text collate "C"`;
  const drop = TABLES.map((table) => schema.dropTable(table).ifExists().compile());
  const create = TABLES.map((table) => {
    const empty = schema.createTable(table);
    const isKey = (column: string): boolean => KEYS[table].includes(column);
    const withColumns = COLUMNS[table].reduce(
      (made, column: string) =>
        made.addColumn(column, NUMBERS.includes(column) ? sql`bigint` : text, (one) =>
          isKey(column) ? one.notNull() : one,
        ),
      empty,
    );
    const keys = [...KEYS[table]] as never[];
    return withColumns.addPrimaryKeyConstraint(`${table}_key`, keys).compile();
  });
  return [...drop, ...create];
}

export function fleetIndexes(database: Database): CompiledQuery[] {
  const { schema } = sqlFor(database);
  return INDEXES.map(([table, ...columns]) =>
    schema
      .createIndex(`${table}_by_${columns[0]}_${columns.length}`)
      .on(table)
      .columns(columns)
      .compile(),
  );
}

/** What one changed row makes of the tables; nothing for rows that no selection asks about. */
export type FleetWrites = (change: Change) => Statement[];

/** For one kind of database. Its few statements are written once: phones are seen all the time. */
export function fleetWrites(database: Database): FleetWrites {
  const db = sqlFor(database);
  const [phone, site] = [putting(db, 'phone'), putting(db, 'site')];
  const [phoneLabels, siteLabels] = [labelling(db, 'phone_label'), labelling(db, 'site_label')];
  const progress = putting(db, 'progress');
  return ({ table, key, value }) => {
    switch (table) {
      case 'phones':
        return [
          ...phone(value === undefined ? { mac: key } : phoneRow(value as Phone), value),
          ...phoneLabels(key, (value as Phone | undefined)?.labels ?? {}),
        ];
      case 'sites':
        return [
          ...site(value === undefined ? { id: key } : siteRow(value as Site), value),
          ...siteLabels(key, (value as Site | undefined)?.labels ?? {}),
        ];
      case 'progress': {
        const [rollout = '', mac = ''] = key.split('/');
        return progress(
          { rollout, mac, phase: (value as Progress | undefined)?.phase ?? '' },
          value,
        );
      }
      default:
        return [];
    }
  };
}

/** The same of a row that the tables do not know yet: nothing has to be looked for or taken away. */
export function fleetFills(database: Database): FleetWrites {
  const db = sqlFor(database);
  const inserting = (table: keyof FleetTables) => {
    const columns: readonly string[] = COLUMNS[table];
    const names = sql.join(columns.map((one) => sql.ref(one)));
    const values = sql.join(columns);
    return filled(sql`insert into ${sql.table(table)} (${names}) values (${values})`.compile(db));
  };
  const [phone, phoneLabel] = [inserting('phone'), inserting('phone_label')];
  const [site, siteLabel] = [inserting('site'), inserting('site_label')];
  const progress = inserting('progress');
  const labelled = (put: (row: Row) => Statement, owner: Row, labels: Labels = {}): Statement[] =>
    Object.entries(labels).map(([key, value]) => put({ ...owner, key, value: folded(value) }));
  return ({ table, key, value }) => {
    if (table === 'phones') {
      const { labels } = value as Phone;
      return [phone(phoneRow(value as Phone)), ...labelled(phoneLabel, { mac: key }, labels)];
    }
    if (table === 'sites') {
      const { labels } = value as Site;
      return [site(siteRow(value as Site)), ...labelled(siteLabel, { site: key }, labels)];
    }
    if (table !== 'progress') return [];
    const [rollout = '', mac = ''] = key.split('/');
    return [progress({ rollout, mac, phase: (value as Progress).phase })];
  };
}

type Row = Readonly<Record<string, string | number | null>>;

/** Columns that change alone and often: the others' indexes then stay as they are. */
const OFTEN = ['seen_at'];

function putting(
  db: Kysely<FleetTables>,
  table: keyof FleetTables,
): (row: Row, value: unknown) => Statement[] {
  const [columns, keys]: [readonly string[], readonly string[]] = [COLUMNS[table], KEYS[table]];
  const seldom = columns.filter((one) => !keys.includes(one) && !OFTEN.includes(one));
  const [all, set] = [
    sql.join(columns.map((one) => sql.ref(one))),
    (one: string) => sql`${sql.ref(one)} = ${sql.ref(`excluded.${one}`)}`,
  ];
  const differs = (one: string) =>
    sql`${sql.ref(`${table}.${one}`)} is distinct from ${sql.ref(`excluded.${one}`)}`;
  const isIt = sql.join(
    keys.map((key) => sql`${sql.ref(key)} = ${key}`),
    sql` and `,
  );
  const put = sql`insert into ${sql.table(table)} (${all}) values (${sql.join(columns)})
    on conflict (${sql.join(keys.map((key) => sql.ref(key)))}) do update
    set ${sql.join(seldom.map(set))} where ${sql.join(seldom.map(differs), sql` or `)}`;
  const often = OFTEN.filter((one) => columns.includes(one)).map(
    (one) => sql`update ${sql.table(table)} set ${sql.ref(one)} = ${one}
      where ${isIt} and ${sql.ref(one)} is distinct from ${one}`,
  );
  const [puts, forget] = [
    [put, ...often].map((one) => filled(one.compile(db))),
    filled(sql`delete from ${sql.table(table)} where ${isIt}`.compile(db)),
  ];
  return (row, value) => (value === undefined ? [forget(row)] : puts.map((one) => one(row)));
}

function labelling(
  db: Kysely<FleetTables>,
  table: 'phone_label' | 'site_label',
): (owner: string, labels: Labels) => Statement[] {
  const owner = sql.ref(table === 'phone_label' ? 'mac' : 'site');
  const value = sql.ref(`${table}.value`);
  const forget = sql`delete from ${sql.table(table)} where ${owner} = ${'owner'}`;
  const forgetOthers = (keys: readonly string[]): CompiledQuery =>
    sql`${forget} and key not in (${sql.join(keys)})`.compile(db);
  const forgetAll = filled(forget.compile(db));
  const put = filled(
    sql`insert into ${sql.table(table)} (${owner}, key, value)
      values (${'owner'}, ${'key'}, ${'value'})
      on conflict (${owner}, key) do update set value = excluded.value
      where ${value} <> excluded.value`.compile(db),
  );
  return (of, labels) => {
    const entries = Object.entries(labels);
    if (entries.length === 0) return [forgetAll({ owner: of })];
    const [{ sql: text }, keys] = [forgetOthers(Object.keys(labels)), Object.keys(labels)];
    return [
      { sql: text, parameters: [of, ...keys] },
      ...entries.map(([key, label]) => put({ owner: of, key, value: folded(label) })),
    ];
  };
}

/** The statement was written with the names of columns as its values; each row puts its own there. */
const filled =
  ({ sql: text, parameters }: CompiledQuery) =>
  (row: Row): Statement => ({
    sql: text,
    parameters: parameters.map((name) => row[String(name)] ?? null),
  });

const siteRow = ({ id, name, zone }: Site): Row => ({ id, name: folded(name), zone: folded(zone) });

function phoneRow(phone: Phone): Row {
  const { mac, site, vendor, model, hardware, extension, coverageGroup, running } = phone;
  const orNull = (text: string | undefined): string | null =>
    text === undefined ? null : folded(text);
  return {
    mac,
    site,
    vendor: folded(vendor),
    model: folded(model),
    hardware: orNull(hardware),
    extension: orNull(extension),
    coverage_group: orNull(coverageGroup),
    emergency: phone.emergency ? 1 : 0,
    running: orNull(running?.version),
    shown: running ? shownKey({ vendor, model, hardware, version: running.version }) : null,
    seen_at: phone.seenAt ?? null,
    credential_at: phone.credential?.provenAt ?? null,
  };
}

/** Raised when the tables or what stands in them changes; files with another are built anew at the start. */
const layout = 'fleet-2';

/** For SQLite: written in the transaction of the rows that it follows from, or before the next question. */
export function fleetProjection(): Projection {
  return {
    layout,
    follows: ['phones', 'sites', 'progress'],
    shape: fleetShape('sqlite'),
    indexes: fleetIndexes('sqlite'),
    writes: fleetWrites('sqlite'),
    fills: fleetFills('sqlite'),
  };
}
