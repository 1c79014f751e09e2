import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { openWakeFile } from '../../../agent/io/wake-file.ts';

function written(t: Test, value: unknown, mode = 0o600): string {
  const folder = t.testdir({ 'ca.pem': 'a certificate' });
  const path = join(folder, 'pbx.json');
  writeFileSync(path, JSON.stringify(value));
  chmodSync(path, mode);
  return path;
}

const kamailio = {
  kind: 'kamailio',
  host: '10.0.0.4',
  port: 8080,
  domain: 'sip.example',
  sipPort: 5060,
};

test('the file is read with the certificates that it names', (t) => {
  const file = openWakeFile(written(t, { pbxs: [kamailio], ways: ['pbx'], sipCa: 'ca.pem' }));
  t.match(file, { pbxs: [kamailio], ways: ['pbx'], sipCa: 'a certificate' });
  t.end();
});

test('a file with passwords that others may read, a wrong one and none are refused with what to do', (t) => {
  const refused = (path: string) => {
    try {
      return openWakeFile(path);
    } catch (error) {
      return error;
    }
  };
  const open = written(t, { pbxs: [kamailio] }, 0o644);
  t.match(refused(open), {
    message: `cannot read ${open}: it holds passwords, and others than its owner may read it. Run: chmod 600 ${open}.`,
  });
  const login = { vendor: 'Snom', user: 'admin', password: 'p' };
  t.match(refused(written(t, { webLogins: [login] }, 0o644)), { message: /it holds passwords/ });
  t.match(refused(written(t, { pbxs: [], way: [] })), { message: /: way is not a key/ });
  t.match(refused('/nowhere/pbx.json'), {
    message: /^cannot read \/nowhere\/pbx\.json: there is none/,
  });
  t.match(refused(written(t, { sipCa: 'none.pem' })), { message: /none\.pem: there is none/ });
  t.end();
});
