import { closeSync, fdatasync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Change } from '@ringwave/protocol/tables';
import type { Durable, TableStore } from '../step-loop.ts';

// Keyed rows of JSON in SQLite, in WAL mode. With synchronous=FULL a commit that returned survives power loss. With NORMAL
// it is in its order in the log, and recovery takes the log up to its first torn frame (https://sqlite.org/wal.html,
// https://sqlite.org/pragma.html#pragma_synchronous), so that flushing the log's file makes all of them durable at once.
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
  /** Their indexes: made once the rows are in, which is several times quicker. */
  readonly indexes: readonly Statement[];
  /** The keyed tables that it follows. */
  readonly follows: readonly string[];
  /** What follows from one changed row; done in its transaction, or before the next question where very many changed. */
  writes(change: Change): readonly Statement[];
  /** The same where the tables hold nothing of the row yet. */
  fills(change: Change): readonly Statement[];
}

/**
 * Rows of one commit beyond which their columns are written before the next question only: a thousand phones of an import
 * touch pages all over ten indexes, and the next thousand touch them again.
 */
export const writtenLaterMin = 256;
/** So many that wait may be most of all there is: then building anew, indexes last, is several times quicker. */
const rebuiltMin = 20_000;

/** So many rows' columns are written in one turn of the event loop: some 20 ms, while agents and people are answered between. */
export const rowsInTurnMax = 250;

/** Pages of 4 KiB in the log before it is written back, which waits for the disk twice: a burst of 500 phones fits. */
const logPagesMax = 4000;

const flushFile = promisify(fdatasync);

export class SqliteTables implements TableStore {
  readonly #db: DatabaseSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  readonly #names: ReadonlySet<string>;
  readonly #projection: Projection | undefined;
  /** Changes that the projection lacks, the newest of each row. Their values stand in the program's own tables, too. */
  readonly #late = new Map<string, Change>();
  /** Its tables are being built anew, or somebody broke off doing so: until they are whole all changes wait. */
  #isPartial = false;
  /** Told apart, so that whoever builds in turns notices that it was done meanwhile. */
  #builds = 0;
  /** Questions bring the columns up one after another. */
  #catching: Promise<void> = Promise.resolve();
  /** Statements of the projection, by their text: a projection has few. */
  readonly #prepared = new Map<string, StatementSync>();
  /** The log of the database: it is there and the same file as long as the database is open. */
  readonly #log: number;
  /**
   * Commits that wait for a flush, the newest of each row: rows that change again before it are written once, and a burst of
   * commits is one transaction.
   */
  readonly #waiting = new Map<string, Change>();
  #mode: Durable = 'now';
  #flushing: Promise<void> = Promise.resolve();
  /** Something was committed that no flush has covered. */
  #isOwed = false;

  /** `names` are the durable tables; changes to any other table are not stored. Throws on a foreign or newer file. */
  constructor(file: string, names: readonly string[], projection?: Projection) {
    this.#db = new DatabaseSync(file, { timeout: 5000 });
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    this.#db.exec(`PRAGMA wal_autocheckpoint = ${logPagesMax}`);
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
    this.#begin = this.#db.prepare('BEGIN IMMEDIATE');
    this.#end = this.#db.prepare('COMMIT');
    this.#names = new Set(names);
    this.#projection = projection;
    if (projection) this.#db.exec(`PRAGMA cache_size = -${projectionCacheKiB}`);
    if (projection) this.#buildProjection(projection);
    this.#log = openSync(`${file}-wal`, 'r+');
  }

  #buildProjection(projection: Projection): void {
    this.#db.exec('CREATE TABLE IF NOT EXISTS projection (layout TEXT NOT NULL) STRICT');
    const found = this.#db.prepare('SELECT layout FROM projection').get();
    if (found?.['layout'] !== projection.layout) this.#whole(() => this.#rebuild(projection));
  }

  #rebuild(projection: Projection): void {
    this.#empty(projection);
    for (const row of this.#db.prepare('SELECT kind, key, body FROM row').iterate()) {
      const { kind, key, body } = row as { kind: string; key: string; body: string };
      if (!projection.follows.includes(kind)) continue;
      this.#run(projection.fills({ table: kind, key, value: JSON.parse(body) }));
    }
    for (const { sql } of projection.indexes) this.#db.exec(sql);
    this.#mark(projection.layout);
  }

  #empty({ shape }: Projection): void {
    for (const { sql } of shape) this.#db.exec(sql);
    // Their tables are other ones now.
    this.#prepared.clear();
  }

  /** A file whose mark is another than the layout is built anew when it is opened. */
  #mark(layout: string): void {
    this.#db.exec('DELETE FROM projection');
    this.#db.prepare('INSERT INTO projection (layout) VALUES (?)').run(layout);
  }

  /** Brings the projection up to what is committed, all in this turn. */
  #catchUp(): void {
    const projection = this.#projection;
    if (!projection || (this.#late.size === 0 && !this.#isPartial)) return;
    this.#whole(() => {
      if (this.#isPartial || this.#isMost(projection)) return this.#rebuild(projection);
      for (const change of this.#lateInOrder()) this.#project(change);
      this.#mark(projection.layout);
    });
    this.#late.clear();
    this.#isPartial = false;
    this.#builds += 1;
  }

  #lateInOrder(): Change[] {
    return [...this.#late].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
  }

  /**
   * The same in many turns: what was committed before it began is in the columns when it ends. What is committed meanwhile
   * may be left for the next question, else an import could keep this one for as long as it lasts.
   */
  async #catchUpInTurns(): Promise<void> {
    const projection = this.#projection;
    if (!projection) return;
    if (this.#isPartial || this.#isMost(projection)) await this.#rebuildInTurns(projection);
    const changes = this.#lateInOrder();
    for (let from = 0; from < changes.length; from += rowsInTurnMax) {
      if (from > 0) await setImmediate();
      this.#projectLate(projection, changes.slice(from, from + rowsInTurnMax));
    }
  }

  /** Each as it is now: meanwhile it may have changed again, or have been written by who closes the file. */
  #projectLate(projection: Projection, changes: readonly Change[]): void {
    const keys = changes.map(keyOf).filter((key) => this.#late.has(key));
    if (keys.length === 0) return;
    this.#setMode('flushed');
    this.#whole(() => {
      for (const key of keys) {
        const change = this.#late.get(key);
        if (change) this.#project(change);
      }
      if (keys.length === this.#late.size) this.#mark(projection.layout);
    });
    for (const key of keys) this.#late.delete(key);
  }

  async #rebuildInTurns(projection: Projection): Promise<void> {
    this.#builds += 1;
    const build = this.#builds;
    const turn = async (write: () => void): Promise<boolean> => {
      if (build !== this.#builds) return false;
      this.#setMode('flushed');
      this.#whole(write);
      await setImmediate();
      return build === this.#builds;
    };
    // From here on the columns lack all rows, and who opens the file after a crash knows.
    this.#isPartial = true;
    const isBegun = await turn(() => {
      this.#mark('');
      this.#empty(projection);
      this.#late.clear();
    });
    if (!isBegun) return;
    for (const kind of projection.follows) {
      let after: string | undefined = '';
      while (after !== undefined) {
        let filled: string | undefined;
        const from: string = after;
        if (!(await turn(() => (filled = this.#fill(projection, kind, from))))) return;
        after = filled;
      }
    }
    // One index is made in one piece: SQLite knows no other way that does not cost several times more.
    for (const { sql } of projection.indexes) if (!(await turn(() => this.#db.exec(sql)))) return;
    this.#isPartial = false;
    if (this.#late.size === 0) this.#whole(() => this.#mark(projection.layout));
  }

  /** The next rows of one kind, behind a key. Gives the last of them; undefined where none is left. */
  #fill(projection: Projection, kind: string, after: string): string | undefined {
    const next = 'SELECT key, body FROM row WHERE kind = ? AND key > ? ORDER BY key LIMIT ?';
    const rows = this.#statement(next).all(kind, after, rowsInTurnMax);
    for (const row of rows) {
      const { key, body } = row as { key: string; body: string };
      this.#run(projection.fills({ table: kind, key, value: JSON.parse(body) }));
    }
    return rows.length < rowsInTurnMax ? undefined : (rows.at(-1)?.['key'] as string);
  }

  #isMost({ follows }: Projection): boolean {
    if (this.#late.size < rebuiltMin) return false;
    const count = this.#db.prepare('SELECT count(*) AS rows FROM row WHERE kind = ?');
    const all = follows.reduce((sum, kind) => sum + Number(count.get(kind)?.['rows'] ?? 0), 0);
    return this.#late.size > all / 2;
  }

  #project(change: Change): void {
    this.#run(this.#projection?.writes(change) ?? []);
  }

  #run(statements: readonly Statement[]): void {
    for (const { sql, parameters } of statements)
      this.#statement(sql).run(...(parameters as SQLInputValue[]));
  }

  #statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql) ?? this.#db.prepare(sql);
    this.#prepared.set(sql, known);
    return known;
  }

  /** Rows of a question to the projection; what has been committed, and nothing else. */
  ask({ sql, parameters }: Statement): readonly Readonly<Record<string, unknown>>[] {
    this.#writeWaiting();
    this.#catchUp();
    return this.#db.prepare(sql).all(...(parameters as SQLInputValue[]));
  }

  /** The same, without keeping everybody else waiting where the columns of very many rows have to be written first. */
  async askInTurns(question: Statement): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const mine = this.#catching.then(() => {
      this.#writeWaiting();
      return this.#catchUpInTurns();
    });
    this.#catching = mine.catch(() => undefined);
    await mine;
    const { sql, parameters } = question;
    return this.#db.prepare(sql).all(...(parameters as SQLInputValue[]));
  }

  load(): ReadonlyMap<string, ReadonlyMap<string, unknown>> {
    this.#writeWaiting();
    const tables = new Map<string, Map<string, unknown>>();
    for (const name of this.#names) tables.set(name, new Map());
    const rows = this.#db.prepare('SELECT kind, key, body FROM row ORDER BY kind, key').iterate();
    for (const row of rows) {
      const { kind, key, body } = row as { kind: string; key: string; body: string };
      tables.get(kind)?.set(key, JSON.parse(body));
    }
    return tables;
  }

  commit(changes: readonly Change[], durable: Durable = 'now'): void {
    const kept = changes.filter((change) => this.#names.has(change.table));
    if (kept.length === 0) return;
    if (durable === 'flushed') {
      for (const change of kept) this.#waiting.set(keyOf(change), change);
      return;
    }
    this.#write([...this.#waiting.values(), ...kept], 'now');
    this.#waiting.clear();
  }

  /** What waits is in the file; a power cut may still take it. */
  #writeWaiting(): void {
    if (this.#waiting.size === 0) return;
    this.#write([...this.#waiting.values()], 'flushed');
    this.#waiting.clear();
  }

  /** In one transaction, in order. */
  #write(changes: readonly Change[], durable: Durable): void {
    this.#setMode(durable);
    const late = this.#writtenLater(changes);
    this.#whole(() => {
      for (const change of changes) {
        const { table, key, value } = change;
        if (value === undefined) this.#remove.run(table, key);
        else this.#put.run(table, key, JSON.stringify(value));
        if (!late.has(change)) this.#project(change);
      }
      // Whoever opens the file after a crash knows that the columns lack something.
      if (late.size > 0 && this.#late.size === 0) this.#mark('');
    });
    for (const change of late) this.#late.set(keyOf(change), change);
    this.#isOwed = durable === 'flushed';
  }

  /** Very many at once, and what changes again of them before they are written. */
  #writtenLater(changes: readonly Change[]): ReadonlySet<Change> {
    const { follows = [] } = this.#projection ?? {};
    const followed = changes.filter(({ table }) => follows.includes(table));
    if (followed.length >= writtenLaterMin || this.#isPartial) return new Set(followed);
    if (this.#late.size === 0) return new Set();
    return new Set(followed.filter((change) => this.#late.has(keyOf(change))));
  }

  /** All of it or nothing. */
  #whole(write: () => void): void {
    this.#begin.run();
    try {
      write();
      this.#end.run();
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** The disk is waited for on a thread of its own: phones are answered meanwhile. */
  async flush(): Promise<void> {
    this.#writeWaiting();
    if (!this.#isOwed) return this.#flushing;
    this.#isOwed = false;
    this.#flushing = flushFile(this.#log);
    return this.#flushing;
  }

  #setMode(durable: Durable): void {
    if (this.#mode === durable) return;
    this.#db.exec(`PRAGMA synchronous = ${durable === 'now' ? 'FULL' : 'NORMAL'}`);
    this.#mode = durable;
  }

  close(): void {
    try {
      this.#writeWaiting();
      this.#catchUp();
    } finally {
      this.#db.close();
      this.#closeLog();
    }
  }

  #closeLog(): void {
    const closed = () => closeSync(this.#log);
    void this.#flushing.then(closed, closed);
  }
}

const keyOf = ({ table, key }: Change): string => `${table}\n${key}`;

/** Fills empty tables with what the store holds. */
export function loadInto(tables: Record<string, Map<string, unknown>>, store: TableStore): void {
  for (const [name, rows] of store.load()) {
    for (const [key, value] of rows) tables[name]?.set(key, value);
  }
}
