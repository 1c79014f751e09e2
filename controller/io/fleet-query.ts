import type { EpochMs, Mac } from '@ringwave/protocol/units';
import {
  type CompiledQuery,
  type Expression,
  expressionBuilder,
  type Kysely,
  type RawBuilder,
  sql,
  type SqlBool,
} from 'kysely';
import { shownOf, type Shown, versionTest } from '../core/selection/answer.ts';
import { rolloutsMeant } from '../core/selection/match.ts';
import {
  ageMs,
  type FieldTest,
  folded,
  isDenying,
  isPattern,
  type KnownTest,
  kindOf,
  testsIn,
  type Where,
} from '../core/selection/where.ts';
import { type Database, type FleetTables, sqlFor } from './fleet-tables.ts';

// Turns a selection into one query with indexes, the same for SQLite and PostgreSQL. As in memory, a "not" goes
// inwards to the tests; SQL's NULL is then the same as what is not known, for it makes neither side true.

type Row = Readonly<Record<string, unknown>>;
/** Runs one statement. */
export type Ask = (query: CompiledQuery) => Promise<readonly Row[]>;
type Condition = Expression<SqlBool>;

/** What no database can order: asked before, and given to the query as lists. */
interface Facts {
  readonly now: EpochMs;
  readonly shown: readonly string[];
  readonly rollouts: readonly string[];
}

export interface Page {
  readonly after?: string;
  readonly limit: number;
}

/** Asks a database which phones a selection means. */
export class FleetQuery {
  readonly #sql: Kysely<FleetTables>;
  readonly #database: Database;
  readonly #ask: Ask;

  constructor(database: Database, ask: Ask) {
    this.#sql = sqlFor(database);
    this.#database = database;
    this.#ask = ask;
  }

  /** MACs in order, `limit` at most, from behind `after`. */
  async macs(where: Where, now: EpochMs, { after, limit }: Page): Promise<Mac[]> {
    const condition = await this.#condition(where, now);
    const all = this.#sql.selectFrom('phone').select('mac').where(condition);
    const rest = after === undefined ? all : all.where('mac', '>', after);
    const rows = await this.#ask(rest.orderBy('mac').limit(limit).compile());
    return rows.map((row) => row['mac'] as Mac);
  }

  async count(where: Where, now: EpochMs): Promise<number> {
    const [row] = await this.#ask(await this.countQuery(where, now));
    return Number(row?.['count'] ?? 0);
  }

  /** Apart, so that one can look at how it would be run. */
  async countQuery(where: Where, now: EpochMs): Promise<CompiledQuery> {
    const count = this.#sql.selectFrom('phone').select((one) => one.fn.countAll().as('count'));
    return count.where(await this.#condition(where, now)).compile();
  }

  async #condition(where: Where, now: EpochMs): Promise<Condition> {
    const kinds = new Set(testsIn(where).map(({ field }) => kindOf(field)));
    const facts: Facts = {
      now,
      shown: kinds.has('version') ? await this.#distinct('phone', 'shown') : [],
      rollouts: kinds.has('rollout') ? await this.#distinct('progress', 'rollout') : [],
    };
    return new Compilation(this.#database, facts).condition(where, true);
  }

  /** Each value once, by jumping through its index: the work grows with the values, not with the phones. */
  async #distinct(table: 'phone' | 'progress', column: string): Promise<string[]> {
    const [from, value] = [sql.table(table), sql.ref(column)];
    const query = sql`with recursive step(value) as (
      select min(${value}) from ${from} union all
      select (select min(${value}) from ${from} where ${value} > step.value) from step
        where step.value is not null
    ) select value from step where value is not null`;
    const rows = await this.#ask(query.compile(this.#sql));
    return rows.map((row) => String(row['value']));
  }
}

const phone = expressionBuilder<FleetTables, 'phone'>();

class Compilation {
  readonly #database: Database;
  readonly #facts: Facts;

  constructor(database: Database, facts: Facts) {
    this.#database = database;
    this.#facts = facts;
  }

  condition(where: Where, wanted: boolean): Condition {
    switch (where.kind) {
      case 'all':
        return wanted ? sql<SqlBool>`1 = 1` : sql<SqlBool>`1 = 0`;
      case 'not':
        return this.condition(where.part, !wanted);
      case 'and':
      case 'or': {
        const parts = where.parts.map((part) => this.condition(part, wanted));
        return (where.kind === 'and') === wanted ? phone.and(parts) : phone.or(parts);
      }
      default:
        return this.#test(where, wanted);
    }
  }

  #test(test: FieldTest | KnownTest, wanted: boolean): Condition {
    const { field } = test;
    if (field.of !== 'field') {
      const isOfPhone = field.of === 'phone-label';
      const rows = isOfPhone
        ? sql`select mac from phone_label where key = ${field.key}`
        : sql`select site from site_label where key = ${field.key}`;
      return this.#labelled(sql.ref(isOfPhone ? 'phone.mac' : 'phone.site'), rows, test, wanted);
    }
    switch (field.name) {
      case 'site.name':
      case 'site.zone': {
        const column = sql.ref(field.name === 'site.name' ? 'name' : 'zone');
        const rows = sql`select id from site where ${this.#answered(column, test, wanted)}`;
        return sql<SqlBool>`phone.site in (${rows})`;
      }
      case 'rollout':
        return this.#rollout(test, wanted);
      case 'phase':
        return this.#phase(test, wanted);
      case 'emergency':
        return this.#emergency(test, wanted);
      case 'running':
        return this.#running(test, wanted);
      case 'seen':
      case 'credential':
        return this.#age(test, wanted);
      default: {
        const column = field.name === 'group' ? 'coverage_group' : field.name;
        return this.#answered(sql.ref(`phone.${column}`), test, wanted);
      }
    }
  }

  /** A label that is missing answers no test of its value: neither side of it. */
  #labelled(
    owner: RawBuilder<unknown>,
    rows: RawBuilder<unknown>,
    test: FieldTest | KnownTest,
    wanted: boolean,
  ): Condition {
    if (test.kind === 'known') return isIn(owner, rows, test.known === wanted);
    const value = this.#answered(sql.ref('value'), test, wanted);
    return isIn(owner, sql`${rows} and ${value}`, true);
  }

  /** A column of folded text, asked by a test; NULL where it is not known. */
  #answered(column: RawBuilder<unknown>, test: FieldTest | KnownTest, wanted: boolean): Condition {
    if (test.kind === 'known') return isKnown(column, test.known === wanted);
    const named = test.values.map(({ text }) => folded(text));
    const yes = isDenying(test.operator) !== wanted;
    const [first = ''] = named;
    if (isPattern(test.operator)) return like(column, first, yes);
    if (named.length > 1) return this.#isOneOf(column, named, yes);
    return yes ? sql<SqlBool>`${column} = ${first}` : sql<SqlBool>`${column} <> ${first}`;
  }

  /** One parameter for a list of any length: databases count parameters. */
  #isOneOf(
    column: RawBuilder<unknown>,
    texts: readonly string[],
    yes: boolean,
  ): RawBuilder<SqlBool> {
    if (this.#database === 'sqlite')
      return isIn(column, sql`select value from json_each(${JSON.stringify(texts)})`, yes);
    return yes
      ? sql<SqlBool>`${column} = any(${texts}::text[])`
      : sql<SqlBool>`${column} <> all(${texts}::text[])`;
  }

  #rollout(test: FieldTest | KnownTest, wanted: boolean): Condition {
    const meant = rolloutsMeant(test, this.#facts.rollouts);
    const named = this.#isOneOf(sql.ref('rollout'), meant.ids, true);
    const rows = sql`select mac from progress where ${named}`;
    return isIn(sql.ref('phone.mac'), rows, meant.wanted === wanted);
  }

  #phase(test: FieldTest | KnownTest, wanted: boolean): Condition {
    const rows = sql`select mac from progress where rollout = ${test.rollout ?? ''}`;
    const mac = sql.ref('phone.mac');
    if (test.kind === 'known') return isIn(mac, rows, test.known === wanted);
    return isIn(mac, sql`${rows} and ${this.#answered(sql.ref('phase'), test, wanted)}`, true);
  }

  #emergency(test: FieldTest | KnownTest, wanted: boolean): Condition {
    if (test.kind === 'known') return this.condition({ kind: 'all' }, test.known === wanted);
    const isYes = (test.values[0]?.text === 'yes') === (test.operator === '=');
    return sql<SqlBool>`phone.emergency = ${isYes === wanted ? 1 : 0}`;
  }

  /** The catalogue says which of the versions that are shown at all make the test true, or false. */
  #running(test: FieldTest | KnownTest, wanted: boolean): Condition {
    if (test.kind === 'known' || isPattern(test.operator))
      return this.#answered(sql.ref('phone.running'), test, wanted);
    const answer = versionTest(test);
    const fitting = this.#facts.shown.filter(
      (key) => answer(shownOf(key) satisfies Shown) === wanted,
    );
    return this.#isOneOf(sql.ref('phone.shown'), fitting, true);
  }

  #age(test: FieldTest | KnownTest, wanted: boolean): Condition {
    const isSeen = test.field.of === 'field' && test.field.name === 'seen';
    const column = sql.ref(isSeen ? 'phone.seen_at' : 'phone.credential_at');
    if (test.kind === 'known') return isKnown(column, test.known === wanted);
    const since = this.#facts.now - (ageMs(test.values[0]?.text ?? '') ?? 0);
    // Younger than an age is later than its instant; and what is denied is the other side of it.
    const sides = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as Record<string, string>;
    const others = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' } as Record<string, string>;
    const sign = (wanted ? sides : others)[test.operator] ?? '=';
    return sql<SqlBool>`${column} ${sql.raw(sign)} ${since}`;
  }
}

const isIn = (
  column: RawBuilder<unknown>,
  rows: RawBuilder<unknown>,
  yes: boolean,
): RawBuilder<SqlBool> =>
  yes ? sql<SqlBool>`${column} in (${rows})` : sql<SqlBool>`${column} not in (${rows})`;

const isKnown = (column: RawBuilder<unknown>, yes: boolean): RawBuilder<SqlBool> =>
  yes ? sql<SqlBool>`${column} is not null` : sql<SqlBool>`${column} is null`;

/** The start of a pattern narrows an index; LIKE does the rest. */
function like(column: RawBuilder<unknown>, pattern: string, yes: boolean): Condition {
  const text = pattern.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%');
  if (!yes) return sql<SqlBool>`${column} not like ${text} escape '\\'`;
  const fits = sql<SqlBool>`${column} like ${text} escape '\\'`;
  const start = /^[\x20-\x7d]*/.exec(pattern.split('*')[0] ?? '')?.[0] ?? '';
  if (start === '') return fits;
  const end = start.slice(0, -1) + String.fromCharCode(start.charCodeAt(start.length - 1) + 1);
  return sql<SqlBool>`(${column} >= ${start} and ${column} < ${end} and ${fits})`;
}
