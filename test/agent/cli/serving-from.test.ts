import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs } from '@ringwave/protocol/units';
import { CliFault } from '@ringwave/runtime/cli-fault';
import { type Test, test } from 'tap';
import type { RunFlags } from '../../../agent/cli/run.ts';
import { hostFrom, servingFrom, sipFrom } from '../../../agent/cli/serving-from.ts';
import { openIdentity } from '../../../agent/io/agent-identity.ts';
import { needs } from '../../peers/peer.ts';

const loopback = '127.0.0.1:0';
const flags = (own: Partial<RunFlags>): RunFlags => ({
  data: 'unused',
  http: loopback,
  tftp: loopback,
  sip: loopback,
  phoneSipPort: '5060',
  logLevel: 'info',
  ...own,
});

/** What is said of flags that are refused; undefined where they are taken. */
function refused(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof CliFault) return error.message;
    throw error;
  }
}

test('names and addresses that phones are told are taken as people write them, and others refused', (t) => {
  for (const host of [
    '10.20.0.5',
    '::1',
    'box',
    'box-1.local',
    'box_1.local',
    '_box.a',
    'box.local.',
  ])
    t.equal(hostFrom('--advertise', host), host, host);
  t.equal(
    hostFrom('--advertise', 'bücher.example'),
    'xn--bcher-kva.example',
    'as certificates and phones write it',
  );
  const wrong = [
    'not a host!',
    '999.1.1.1',
    '10.1',
    '5',
    '10.20.0.5.',
    '.',
    'a..b',
    '-a',
    'ü ü',
    '',
  ];
  for (const host of [...wrong, `${'a'.repeat(64)}.b`, `${'a.'.repeat(127)}a`])
    t.match(
      refused(() => hostFrom('--advertise', host)),
      /neither a host name nor an address/,
      host,
    );
  t.end();
});

/** As phones need it that know nothing newer. */
function weakPair(t: Test) {
  const folder = t.testdir();
  const [tlsCert, tlsKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const made = ['-newkey', 'rsa:1024', '-sha1', '-nodes', '-keyout', tlsKey, '-out', tlsCert];
  execFileSync('openssl', ['req', '-x509', ...made, '-subj', '/CN=agent', '-days', '2'], {
    stdio: 'ignore',
  });
  return { tlsCert, tlsKey };
}

test('a certificate is checked as strictly as the listener that shows it', (t) => {
  if (!needs(t, 'openssl')) return t.end();
  const pair = weakPair(t);
  const said = (own: Partial<RunFlags>) => refused(() => servingFrom(flags({ ...pair, ...own })));
  t.equal(said({ httpsOld: loopback }), undefined, 'old phones take it');
  t.match(said({ https: loopback }), /key too small/);
  const both = said({ https: loopback, httpsOld: loopback });
  t.match(both, /key too small/);
  t.match(both, /--https-old alone/);
  const crossed = { tlsKey: pair.tlsCert, httpsOld: loopback };
  t.match(said(crossed), /cannot serve TLS with .* Give a certificate and its own key/);
  t.end();
});

test('every certificate of --phone-ca is read, and one that is broken is told by its place', (t) => {
  const folder = t.testdir();
  const file = join(folder, 'makers.pem');
  const identity = { hosts: ['a'], keyKind: 'p-256', now: Date.now() as EpochMs } as const;
  const { authority = '' } = openIdentity(join(folder, 'tls'), identity);
  const told = (text: string) => {
    writeFileSync(file, text);
    return refused(() => servingFrom(flags({ phoneCa: file })));
  };
  t.equal(told(`Maker one\n${authority}\nMaker two\n${authority}`), undefined);
  const broken = authority.replace(/\n.{64}\n/, '\n');
  t.match(told(`${authority}${broken}`), /makers\.pem: certificate 2: /);
  const cut = authority.slice(0, 300);
  t.match(told(`${authority}${authority}${cut}`), /certificate 3: /);
  t.match(told('no certificate'), /it holds no certificate/);
  t.end();
});

test('NOTIFY leaves by both families where phones are served over IPv6, unless somebody says where from', (t) => {
  const [ipv4, ipv6] = [
    { host: '0.0.0.0', port: 80 },
    { host: '::', port: 69 },
  ];
  t.same(sipFrom(undefined, [ipv4, ipv4]), { host: '0.0.0.0', port: 0 });
  t.same(sipFrom(undefined, [ipv4, ipv6]), { host: '::', port: 0 });
  t.same(sipFrom(undefined, [{ host: '2001:db8::1', port: 80 }]), { host: '::', port: 0 });
  t.same(sipFrom('127.0.0.1:5061', [ipv6]), { host: '127.0.0.1', port: 5061 });
  t.throws(() => sipFrom('nowhere', [ipv4]), /cannot read --sip nowhere/);
  t.end();
});
