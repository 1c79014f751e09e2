// PostgreSQL from Debian: a server of its own in a temporary folder, reached by a socket file alone, without rights.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Test } from 'tap';
import { programPath } from './peer.ts';

/** It refuses to run as root; nobody is on every machine. */
const nobody = { uid: 65_534, gid: 65_534 };
const identity = process.getuid?.() === 0 ? nobody : {};

/** A connection to an empty database that is gone with the test. */
export async function openPostgres(t: Test): Promise<Client> {
  const folder = mkdtempSync(join(tmpdir(), 'rw-pg-'));
  if ('uid' in identity) chownSync(folder, nobody.uid, nobody.gid);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, 'data');
  const made = spawnSync(
    programPath('initdb') ?? '',
    ['-D', data, '-U', 'ringwave', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...identity, cwd: folder, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const server = spawn(
    programPath('postgres') ?? '',
    ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'],
    { ...identity, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  await ready(server);
  const client = new Client({ host: folder, user: 'ringwave', database: 'postgres' });
  await client.connect();
  t.teardown(async () => {
    await client.end();
    const ended = once(server, 'exit');
    // Ends at once, and does not wait for anybody.
    server.kill('SIGINT');
    await ended;
  });
  return client;
}

async function ready(server: ChildProcess): Promise<void> {
  let said = '';
  for await (const chunk of server.stderr ?? []) {
    said += String(chunk);
    if (said.includes('ready to accept connections')) break;
  }
  if (!said.includes('ready to accept connections')) throw new Error(`postgres: ${said}`);
}
