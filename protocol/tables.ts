// State as keyed tables, and a draft over them that reads through and records what it writes. A step
// decides on a draft, so that it sees its own decisions, and gives back the changes: the shell commits
// them first and folds them in only then. A crash between the two loses nothing and doubles nothing.

export type Tables = Record<string, Map<string, unknown>>;

/** One row put (or, with `undefined`, taken away). Values are plain JSON and never mutated. */
export interface Change<T extends Tables = Tables> {
  readonly table: keyof T & string;
  readonly key: string;
  readonly value: unknown;
}

/** One table of a draft. */
export class DraftTable<V> {
  readonly #base: ReadonlyMap<string, V>;
  readonly #written = new Map<string, V | undefined>();

  constructor(base: ReadonlyMap<string, V>) {
    this.#base = base;
  }

  get(key: string): V | undefined {
    return this.#written.has(key) ? this.#written.get(key) : this.#base.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  put(key: string, value: V): void {
    this.#written.set(key, value);
  }

  remove(key: string): void {
    if (this.has(key)) this.#written.set(key, undefined);
  }

  /** Base order, then the new keys in order of writing: the same on every machine. */
  *entries(): IterableIterator<[string, V]> {
    for (const [key, value] of this.#base) {
      const now = this.#written.has(key) ? this.#written.get(key) : value;
      if (now !== undefined) yield [key, now];
    }
    for (const [key, value] of this.#written) {
      if (value !== undefined && !this.#base.has(key)) yield [key, value];
    }
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  written(): ReadonlyMap<string, V | undefined> {
    return this.#written;
  }
}

export type Draft<T extends Tables> = {
  readonly [K in keyof T]: T[K] extends Map<string, infer V> ? DraftTable<V> : never;
};

export function draftOf<T extends Tables>(tables: T): Draft<T> {
  const entries = Object.entries(tables).map(([name, rows]) => [name, new DraftTable(rows)]);
  return Object.fromEntries(entries) as Draft<T>;
}

export function changesOf<T extends Tables>(draft: Draft<T>): Change<T>[] {
  return Object.entries(draft).flatMap(([table, rows]) =>
    [...(rows as DraftTable<unknown>).written()].map(([key, value]) => ({ table, key, value })),
  );
}

/** Folds committed changes into what is known. The one place where state moves. */
export function fold<T extends Tables>(tables: T, changes: readonly Change<T>[]): void {
  for (const { table, key, value } of changes) {
    const rows = tables[table];
    if (!rows) continue;
    if (value === undefined) rows.delete(key);
    else rows.set(key, value);
  }
}
