import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Change } from '@ringwave/protocol/tables';
import type { TableStore } from '../step-loop.ts';

// Keyed rows of JSON in SQLite. WAL with synchronous=FULL: a commit that returned survives power loss.
// node:sqlite instead of the sqlite3 package: that one is deprecated, compiles for a minute and a half at
// install and is many times slower row by row (ARCHITECTURE.md, decisions).

/** Raised when the shape of stored rows changes; `migrations` in the programs bring older files up. */
export const layoutVersion = 1;

export class SqliteTables implements TableStore {
  readonly #db: DatabaseSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #names: ReadonlySet<string>;

  /** `names` are the durable tables; changes to any other table are not stored. Throws on a foreign or newer file. */
  constructor(file: string, names: readonly string[]) {
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
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const { table, key, value } of durable) {
        if (value === undefined) this.#remove.run(table, key);
        else this.#put.run(table, key, JSON.stringify(value));
      }
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
