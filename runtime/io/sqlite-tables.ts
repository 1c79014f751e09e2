import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Change } from '@ringwave/protocol/tables';
import type { TableStore } from '../step-loop.ts';

// Keyed rows of JSON in SQLite. WAL with synchronous=FULL: a commit that returned survives power loss.
// node:sqlite instead of the sqlite3 package: that one is deprecated, compiles for a minute and a half at
// install and is many times slower row by row (ARCHITECTURE.md, decisions).

/** Raised when the shape of stored rows changes; `migrations` in the programs bring older files up. */
export const layoutVersion = 1;

/** 64 MiB: the indexes of 200,000 phones; with SQLite's usual 2 they are read from disk again and again. */
const projectionCacheKiB = 64 * 1024;

/** One statement with its parameters. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Tables with columns that follow from the keyed rows, for questions that need an index. */
export interface Projection {
  /** Names the shape; a file that holds another, or none, is built anew when it is opened. */
  readonly layout: string;
  /** Makes the tables anew, empty. */
  readonly shape: readonly Statement[];
  /** What follows from one changed row; done in its transaction. */
  writes(change: Change): readonly Statement[];
}

export class SqliteTables implements TableStore {
  readonly #db: DatabaseSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #names: ReadonlySet<string>;
  readonly #projection: Projection | undefined;
  /** Statements of the projection, by their text: a projection has few. */
  readonly #prepared = new Map<string, StatementSync>();

  /** `names` are the durable tables; changes to any other table are not stored. Throws on a foreign or newer file. */
  constructor(file: string, names: readonly string[], projection?: Projection) {
    this.#db = new DatabaseSync(file, { timeout: 5000 });
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const { user_version: found } = this.#db.prepare('PRAGMA user_version').get() as {
      user_version: number;
    };
    if (found > layoutVersion) {
      this.#db.close();
      throw new Error(
        `${file} was written by a newer version (layout ${found}, this one reads ${layoutVersion}). Start that version, or restore an older backup.`,
      );
    }
    this.#db.exec(`CREATE TABLE IF NOT EXISTS row (
      kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
    ) STRICT, WITHOUT ROWID; PRAGMA user_version = ${layoutVersion};`);
    this.#put = this.#db.prepare(
      'INSERT INTO row (kind, key, body) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body',
    );
    this.#remove = this.#db.prepare('DELETE FROM row WHERE kind = ? AND key = ?');
    this.#names = new Set(names);
    this.#projection = projection;
    if (projection) this.#db.exec(`PRAGMA cache_size = -${projectionCacheKiB}`);
    if (projection) this.#buildProjection(projection);
  }

  #buildProjection(projection: Projection): void {
    this.#db.exec('CREATE TABLE IF NOT EXISTS projection (layout TEXT NOT NULL) STRICT');
    const found = this.#db.prepare('SELECT layout FROM projection').get();
    if (found?.['layout'] === projection.layout) return;
    this.#whole(() => {
      for (const { sql } of projection.shape) this.#db.exec(sql);
      for (const row of this.#db.prepare('SELECT kind, key, body FROM row').iterate()) {
        const { kind, key, body } = row as { kind: string; key: string; body: string };
        this.#project({ table: kind, key, value: JSON.parse(body) });
      }
      this.#db.exec('DELETE FROM projection');
      this.#db.prepare('INSERT INTO projection (layout) VALUES (?)').run(projection.layout);
    });
  }

  #project(change: Change): void {
    for (const statement of this.#projection?.writes(change) ?? [])
      this.#statement(statement.sql).run(...(statement.parameters as SQLInputValue[]));
  }

  #statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql) ?? this.#db.prepare(sql);
    this.#prepared.set(sql, known);
    return known;
  }

  /** Rows of a question to the projection; what has been committed, and nothing else. */
  ask({ sql, parameters }: Statement): readonly Readonly<Record<string, unknown>>[] {
    return this.#db.prepare(sql).all(...(parameters as SQLInputValue[]));
  }

  load(): ReadonlyMap<string, ReadonlyMap<string, unknown>> {
    const tables = new Map<string, Map<string, unknown>>();
    for (const name of this.#names) tables.set(name, new Map());
    const rows = this.#db.prepare('SELECT kind, key, body FROM row ORDER BY kind, key').iterate();
    for (const row of rows) {
      const { kind, key, body } = row as { kind: string; key: string; body: string };
      tables.get(kind)?.set(key, JSON.parse(body));
    }
    return tables;
  }

  commit(changes: readonly Change[]): void {
    const durable = changes.filter((change) => this.#names.has(change.table));
    if (durable.length === 0) return;
    this.#whole(() => {
      for (const change of durable) {
        const { table, key, value } = change;
        if (value === undefined) this.#remove.run(table, key);
        else this.#put.run(table, key, JSON.stringify(value));
        this.#project(change);
      }
    });
  }

  /** All of it or nothing. */
  #whole(write: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      write();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }
}

/** Fills empty tables with what the store holds. */
export function loadInto(tables: Record<string, Map<string, unknown>>, store: TableStore): void {
  for (const [name, rows] of store.load()) {
    for (const [key, value] of rows) tables[name]?.set(key, value);
  }
}
