import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Test } from 'tap';

// Foreign programs are real ones from the system's packages.

/** Debian keeps each version of PostgreSQL in a folder of its own. */
const postgresql = '/usr/lib/postgresql';
const folders = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/sbin',
  ...(existsSync(postgresql)
    ? readdirSync(postgresql).map((version) => join(postgresql, version, 'bin'))
    : []),
];

/** The full path of a program, or undefined where it is not installed. */
export const programPath = (name: string): string | undefined =>
  folders.map((folder) => join(folder, name)).find((path) => existsSync(path));

/**
 * True when all these programs are here. Otherwise the test is skipped as `needs X`, and with
 * RINGWAVE_REQUIRE_PEERS=1 it fails.
 */
export function needs(t: Test, ...programs: readonly string[]): boolean {
  const missing = programs.filter((name) => programPath(name) === undefined);
  if (missing.length === 0) return true;
  const said = `needs ${missing.join(', ')}`;
  if (process.env['RINGWAVE_REQUIRE_PEERS'] === '1') t.fail(said);
  else t.pass(said, { skip: said });
  return false;
}
