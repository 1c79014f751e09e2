import { randomBytes } from 'node:crypto';
import { type DurationMs, type EpochMs, hours, laterBy, minutes } from '@ringwave/protocol/units';
import { loadInto, SqliteTables } from '@ringwave/runtime/io/sqlite-tables';
import { hashSecret } from '../core/enrolment.ts';

// Who may use the REST interface and the console. There is no default password: a link that works once opens
// a browser session, and programs carry a token. Only hashes are kept; all of them are 192 random bits.

/** A printed link that nobody used by then is void. */
export const linkHolds: DurationMs = minutes(60);
/** A working day; then a new link is asked for. */
export const sessionHolds: DurationMs = hours(12);

/** Whose the log-ins are that come with the controller itself: of whoever has its folder, or reads its first line. */
export const NOBODY = { token: 'local', link: 'admin' } as const;

/** Such a log-in says nothing of who sits there. */
export const isNobody = (who: string): boolean => Object.values(NOBODY).some((one) => one === who);

interface Pass {
  readonly who: string;
  /** Given to one person, who acts in no other name. */
  readonly isOwn?: true;
  readonly expiresAt: EpochMs | null;
}

type AccessTables = {
  links: Map<string, Pass>;
  sessions: Map<string, Pass>;
  apiTokens: Map<string, Pass>;
};

export class Access {
  readonly #tables: AccessTables = { links: new Map(), sessions: new Map(), apiTokens: new Map() };
  readonly #store: SqliteTables;
  readonly #now: () => EpochMs;

  /** `now` is the wall's time: a demonstration's fast clock must not log anyone out. */
  constructor(file: string, now: () => EpochMs) {
    this.#store = new SqliteTables(file, Object.keys(this.#tables));
    this.#now = now;
    loadInto(this.#tables, this.#store);
  }

  /** A secret for one log-in by link; `isOwn` where it is printed for one person by name. */
  mintLink(who: string, { isOwn = false } = {}): string {
    const expiresAt = laterBy(this.#now(), linkHolds);
    return this.#mint('links', { who, expiresAt, ...(isOwn ? { isOwn } : {}) });
  }

  /** A session's secret for a link's; undefined when the link is unknown, used or too old. */
  useLink(secret: string): string | undefined {
    const pass = this.#valid('links', secret);
    if (!pass) return undefined;
    this.#drop('links', secret);
    return this.#mint('sessions', { ...pass, expiresAt: laterBy(this.#now(), sessionHolds) });
  }

  mintApiToken(who: string): string {
    return this.#mint('apiTokens', { who, expiresAt: null });
  }

  /** Whose session or token this is; undefined for nobody's. */
  whoHas(kind: 'sessions' | 'apiTokens', secret: string | undefined): string | undefined {
    return secret === undefined ? undefined : this.#valid(kind, secret)?.who;
  }

  /** Whether a session is one person's, and not of whoever holds the controller's link. */
  isOwn(session: string | undefined): boolean {
    return session !== undefined && this.#valid('sessions', session)?.isOwn === true;
  }

  endSession(secret: string): void {
    this.#drop('sessions', secret);
  }

  #mint(table: keyof AccessTables, pass: Pass): string {
    const secret = randomBytes(24).toString('base64url');
    this.#write(table, hashSecret(secret), pass);
    return secret;
  }

  /** A look-up by hash leaks nothing by its timing: who cannot make the hash cannot aim at it. */
  #valid(table: keyof AccessTables, secret: string): Pass | undefined {
    const pass = this.#tables[table].get(hashSecret(secret));
    const isOver = pass?.expiresAt !== null && (pass?.expiresAt ?? 0) <= this.#now();
    return isOver ? undefined : pass;
  }

  #drop(table: keyof AccessTables, secret: string): void {
    this.#write(table, hashSecret(secret), undefined);
  }

  #write(table: keyof AccessTables, key: string, value: Pass | undefined): void {
    this.#store.commit([{ table, key, value }]);
    if (value) this.#tables[table].set(key, value);
    else this.#tables[table].delete(key);
  }

  close(): void {
    this.#store.close();
  }
}
