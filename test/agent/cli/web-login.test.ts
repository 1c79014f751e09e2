import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EnrolmentGrant } from '@ringwave/protocol/enrolment';
import { test } from 'tap';
import { webLogin } from '../../../agent/cli/web-login.ts';
import { openBox, storeGrant } from '../../../agent/io/box.ts';
import { Keyring } from '../../../agent/io/keyring.ts';
import { webLoginOf } from '../../../agent/io/web-logins.ts';

const program = fileURLToPath(new URL('../../../agent/bin/ringwave-agent.js', import.meta.url));
const fingerprintKey = Buffer.alloc(32, 7);
const grant: EnrolmentGrant = {
  site: 'lisbon',
  zone: 'Europe/Lisbon',
  mqttUrl: 'mqtt://127.0.0.1:1',
  mqttPassword: 'p'.repeat(43),
  httpUrl: 'http://127.0.0.1:1',
  agentToken: 't'.repeat(43),
  fingerprintKey: fingerprintKey.toString('base64url'),
  planKeys: [{ id: 'k', publicKey: Buffer.alloc(32, 1).toString('base64url') }],
};

/** What the command prints, or why it refuses. */
function direct(
  data: string,
  vendor?: string,
  flags: { user?: string; end?: boolean } = {},
): string {
  const write = process.stdout.write.bind(process.stdout);
  let text = '';
  process.stdout.write = (piece: unknown) => ((text += String(piece)), true);
  try {
    webLogin(vendor, { data, ...flags });
  } catch (error) {
    text += String(error);
  } finally {
    process.stdout.write = write;
  }
  return text;
}

test('the administrator of a vendor’s web pages is kept sealed, for this box alone, until it is forgotten', (t) => {
  const data = t.testdir({});
  const said = (input: string, vendor: string) => {
    const all = [program, 'web-login', vendor, '--user', 'admin', '--data', data];
    const { status, stdout, stderr } = spawnSync(process.execPath, all, {
      encoding: 'utf8',
      input,
    });
    return `${status} ${stdout}${stderr}`;
  };
  t.match(direct(data, 'Snom', { user: 'admin' }), /this box is not enrolled/);
  storeGrant(openBox(data), grant);
  t.match(direct(data, 'Snom'), /no user is named/);
  t.match(direct(data, 'Nokia', { user: 'admin' }), /no such vendor is known/);
  t.match(said('', 'Snom'), /^2 .*no password came/s);
  const opens = 'the login of admin opens the web pages of Snom phones\n';
  t.equal(said('Planted-Marker\n', 'snom'), `0 ${opens}`);
  t.equal(direct(data), 'Snom as admin\n');
  const file = join(data, 'web-logins.json');
  t.notMatch(readFileSync(file, 'utf8'), 'Planted');
  t.equal(statSync(file).mode & 0o077, 0, 'for its own user alone');
  const keyring = Keyring.open(openBox(data).keyFile, fingerprintKey);
  t.same(webLoginOf(data, 'SNOM', keyring), { user: 'admin', password: 'Planted-Marker' });
  const another = new Keyring(Buffer.alloc(32, 9), fingerprintKey);
  t.equal(webLoginOf(data, 'Snom', another), undefined);
  t.equal(webLoginOf(data, 'Yealink', keyring), undefined);
  t.equal(direct(data, 'Snom', { end: true }), 'the login of Snom is forgotten\n');
  t.equal(direct(data), 'none is kept\n');
  t.match(direct(data, 'Snom', { end: true }), /no login of Snom is kept/);
  t.end();
});
