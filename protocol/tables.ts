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

/**
 * A table that counts its changes, so that whoever keeps something derived from it knows whether it still holds.
 * Indexes extend it.
 */
export class CountedMap<V> extends Map<string, V> {
  changes = 0;

  override set(key: string, value: V): this {
    this.changes += 1;
    return super.set(key, value);
  }

  override delete(key: string): boolean {
    this.changes += 1;
    return super.delete(key);
  }

  override clear(): void {
    this.changes += 1;
    super.clear();
  }
}

const nothingWritten: ReadonlyMap<string, undefined> = new Map<string, undefined>();

/** One table of a draft. */
export class DraftTable<V> {
  /** As it was before this step. */
  readonly base: ReadonlyMap<string, V>;
  #written: Map<string, V | undefined> | undefined;
  /** Most steps remove nothing, and need not be asked twice what they wrote. */
  #isAnyRemoved = false;

  constructor(base: ReadonlyMap<string, V>) {
    this.base = base;
  }

  get(key: string): V | undefined {
    const written = this.#written;
    if (!written) return this.base.get(key);
    const value = written.get(key);
    if (value !== undefined || (this.#isAnyRemoved && written.has(key))) return value;
    return this.base.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  put(key: string, value: V): void {
    this.#written ??= new Map();
    this.#written.set(key, value);
  }

  remove(key: string): void {
    if (!this.has(key)) return;
    this.#written ??= new Map();
    this.#written.set(key, undefined);
    this.#isAnyRemoved = true;
  }

  /** Base order, then the new keys in order of writing: the same on every machine. */
  *entries(): IterableIterator<[string, V]> {
    const written = this.written();
    for (const [key, value] of this.base) {
      const now = written.has(key) ? written.get(key) : value;
      if (now !== undefined) yield [key, now];
    }
    for (const [key, value] of written) {
      if (value !== undefined && !this.base.has(key)) yield [key, value];
    }
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  written(): ReadonlyMap<string, V | undefined> {
    return this.#written ?? nothingWritten;
  }

  /** Rows there will be once this step is folded in. Cost grows with what was written. */
  size(): number {
    let size = this.base.size;
    for (const [key, value] of this.written()) {
      if (this.base.has(key)) size -= value === undefined ? 1 : 0;
      else size += value === undefined ? 0 : 1;
    }
    return size;
  }

  /** What the base's count of changes will be once this step is folded in; undefined where it counts none. */
  changesAfter(): number | undefined {
    return this.base instanceof CountedMap ? this.base.changes + this.written().size : undefined;
  }
}

export type Draft<T extends Tables> = {
  readonly [K in keyof T]: T[K] extends Map<string, infer V> ? DraftTable<V> : never;
};

/** The tables of one draft that somebody asked for, in the order of the state's own tables. */
class Opened {
  readonly bases: readonly ReadonlyMap<string, unknown>[];
  readonly tables: (DraftTable<unknown> | undefined)[] = [];

  constructor(bases: readonly ReadonlyMap<string, unknown>[]) {
    this.bases = bases;
  }
}

/** A kind of draft: most steps touch few of the tables, and only these are made. */
interface Kind {
  readonly names: readonly string[];
  new (bases: readonly ReadonlyMap<string, unknown>[]): Opened;
}

/** States of the same tables share their kind: code that sees a thousand sites still sees one shape. */
const kinds = new Map<string, Kind>();
const states = new WeakMap<Tables, { readonly Kind: Kind; readonly bases: Opened['bases'] }>();

function kindOf(names: readonly string[]): Kind {
  const known = kinds.get(names.join());
  if (known) return known;
  const Kind = class extends Opened {
    static readonly names = names;
  };
  for (const [place, name] of names.entries()) {
    const get = function (this: Opened): DraftTable<unknown> | undefined {
      const base = this.bases[place];
      return (this.tables[place] ??= base && new DraftTable(base));
    };
    Object.defineProperty(Kind.prototype, name, { get, enumerable: true });
  }
  kinds.set(names.join(), Kind);
  return Kind;
}

/** Drafts read the maps that the state held when it was first asked; only their rows may change after that. */
export function draftOf<T extends Tables>(state: T): Draft<T> {
  let known = states.get(state);
  if (!known) {
    known = { Kind: kindOf(Object.keys(state)), bases: Object.values(state) };
    states.set(state, known);
  }
  return new known.Kind(known.bases) as unknown as Draft<T>;
}

export function changesOf<T extends Tables>(draft: Draft<T>): Change<T>[] {
  const opened = draft as unknown as Opened;
  const { names } = opened.constructor as unknown as { names: readonly string[] };
  const changes: Change<T>[] = [];
  opened.tables.forEach((rows, place) => {
    const table = names[place] as keyof T & string;
    for (const [key, value] of rows?.written() ?? []) changes.push({ table, key, value });
  });
  return changes;
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
