import { test } from 'tap';
import { readWakeFile, usualWakeFile } from '../../../../agent/core/pbx/settings.ts';

const problems = (value: unknown) => {
  const read = readWakeFile(JSON.stringify(value));
  return read.ok ? [] : read.problems.map(({ path, reason }) => `${path} ${reason}`);
};
const asterisk = {
  kind: 'asterisk',
  host: '10.0.0.2',
  port: 5038,
  user: 'ringwave',
  password: 'secret',
};

test('an empty file means what no file means', (t) => {
  t.same(readWakeFile('{}'), { ok: true, file: usualWakeFile });
  t.end();
});

test('a whole file is read', (t) => {
  const value = {
    pbxs: [asterisk],
    ways: ['pbx', 'sip-udp'],
    idle: ['pbx'],
    registration: ['pbx', 'options'],
    pollMinutes: 60,
  };
  t.same(readWakeFile(JSON.stringify(value)), {
    ok: true,
    file: {
      pbxs: [asterisk],
      ways: ['pbx', 'sip-udp'],
      idle: ['pbx'],
      registration: ['pbx', 'options'],
      pollTakesMax: 3_600_000,
    },
  });
  t.end();
});

test('everything that is wrong is told at once', (t) => {
  t.same(
    problems({
      pbxs: [
        { kind: 'freeswitch', host: 'pbx.example', port: 8021 },
        { kind: 'kamailio', host: '10.0.0.3', port: 80, domain: 'a' },
      ],
    }),
    [
      'pbxs[0].password is missing, which freeswitch needs',
      'pbxs[0].domain is missing, which freeswitch needs',
      'pbxs[0].profile is missing, which freeswitch needs',
      'pbxs[0].host is "pbx.example", which is a name',
      'pbxs[1].sipPort is missing, which kamailio needs',
    ],
  );
  t.same(problems({ ways: ['pbx'], idle: ['pbx'] }), [
    'ways names pbx, and no PBX is told',
    'idle names pbx, and no PBX is told',
  ]);
  t.same(problems({ pbxs: [{ ...asterisk, standby: true }] }), ['pbxs has standby PBXs alone']);
  t.same(problems({ pbxs: [asterisk, { ...asterisk, host: '10.0.0.3', standby: true }] }), []);
  t.match(problems({ pbx: [] }), [/^pbx is not a key/]);
  t.match(problems({ pbxs: [{ ...asterisk, password: 'a\nb' }] }), [/password/]);
  t.match(problems({ ways: ['http'] }), [/^idle names http/]);
  t.equal(readWakeFile('{').ok, false);
  t.end();
});
