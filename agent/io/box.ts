import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEnrolmentGrant, type EnrolmentGrant } from '@ringwave/protocol/enrolment';
import { CliFault } from '@ringwave/runtime/cli-fault';
import { Ballast, BallastedStore } from '@ringwave/runtime/io/ballast';
import { writeOwnFile } from '@ringwave/runtime/io/own-file';
import { loadInto, SqliteTables } from '@ringwave/runtime/io/sqlite-tables';
import { type AgentTables, volatileTables } from '../core/state.ts';

// What a box keeps beside its database: the grant of its enrolment (passwords and pinned keys), the key that
// seals phones' secrets, and the images. All of it is for the agent's own user alone.

export interface Box {
  readonly folder: string;
  readonly database: string;
  readonly keyFile: string;
  readonly images: string;
}

export function openBox(folder: string): Box {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return boxAt(folder);
}

/** Whether or not there is one: to look at a folder makes none. */
export const boxAt = (folder: string): Box => ({
  folder,
  database: join(folder, 'agent.sqlite'),
  keyFile: join(folder, 'seal.key'),
  images: join(folder, 'images'),
});

/** What to do about a database that cannot be read: whatever else is in the folder belongs to it. */
export const damagedState = (folder: string): string =>
  `Put ${folder} back from a backup; without one move it away and enrol this box anew: ringwave-agent enroll TOKEN --controller URL`;

/** For what an agent is told by a file: in a folder of nobody it would be told to nobody. */
export function enrolledBox(folder: string, what: string): Box {
  const box = boxAt(folder);
  if (existsSync(grantFile(box))) return box;
  const why = `${folder} is the folder of no agent`;
  throw new CliFault({ what, why, next: 'Name the folder of the agent with --data' });
}

const grantFile = (box: Box): string => join(box.folder, 'grant.json');

export function storeGrant(box: Box, grant: EnrolmentGrant): void {
  writeOwnFile(grantFile(box), `${JSON.stringify(grant)}\n`);
}

/** Undefined before the box was enrolled. Throws on a grant that cannot be read. */
export function readGrant(box: Box): EnrolmentGrant | undefined {
  const file = grantFile(box);
  if (!existsSync(file)) return undefined;
  const decoded = decodeEnrolmentGrant(readFileSync(file));
  if (decoded.ok) return decoded.message;
  throw new Error(`${file} cannot be read (${decoded.problems.join('; ')}). Enrol this box again.`);
}

/** Loads what the file holds into `tables`. */
export function openStore(file: string, tables: AgentTables): SqliteTables {
  const durable = Object.keys(tables).filter((name) => !volatileTables.some((one) => one === name));
  const store = new SqliteTables(file, durable);
  loadInto(tables, store);
  return store;
}

/** With room held back on the disk for its commits, once it is followed; a start on a full disk is given that room. */
export function openBallastedStore(
  { folder, database }: Box,
  tables: AgentTables,
  ballastBytes: number,
): BallastedStore {
  const ballast = new Ballast(join(folder, 'ballast'), ballastBytes);
  const isReleased = ballast.releaseForStart();
  return new BallastedStore(openStore(database, tables), ballast, isReleased);
}
