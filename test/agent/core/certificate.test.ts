import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import type { EpochMs } from '@ringwave/protocol/units';
import { test } from 'tap';
import { certificateMac, makeCertificate } from '../../../agent/core/certificate.ts';

const from = Date.UTC(2026, 0, 1) as EpochMs;

for (const kind of ['P-256', 'RSA'] as const) {
  test(`a ${kind} authority signs a server that clients would accept`, (t) => {
    const keys = () =>
      kind === 'RSA'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [authority, server] = [keys(), keys()];
    const common = {
      issuer: 'Ringwave agent',
      issuerKey: authority.privateKey,
      issuerPublicKey: authority.publicKey,
      serial: Buffer.alloc(16, 0xff),
      from,
      until: Date.UTC(2055, 5, 1) as EpochMs,
    };
    const root = new X509Certificate(
      makeCertificate({ ...common, subject: 'Ringwave agent', subjectKey: authority.publicKey }),
    );
    const leaf = new X509Certificate(
      makeCertificate({
        ...common,
        subject: 'agent.example',
        subjectKey: server.publicKey,
        hosts: ['agent.example', '192.0.2.7'],
      }),
    );
    t.equal(root.ca, true);
    t.equal(root.verify(authority.publicKey), true);
    t.equal(leaf.ca, false);
    t.equal(leaf.verify(authority.publicKey), true);
    t.equal(leaf.verify(server.publicKey), false);
    t.equal(leaf.checkIssued(root), true);
    t.equal(leaf.checkHost('agent.example'), 'agent.example');
    t.equal(leaf.checkIP('192.0.2.7'), '192.0.2.7');
    t.equal(leaf.checkHost('other.example'), undefined);
    t.equal(Date.parse(leaf.validFrom), from);
    t.equal(Date.parse(leaf.validTo), Date.UTC(2055, 5, 1));
    t.end();
  });
}

test('a device certificate names its phone as its maker writes it', (t) => {
  t.equal(certificateMac('0004F2AABBCC', ''), '00:04:f2:aa:bb:cc');
  t.equal(certificateMac('00:15:65:aa:bb:cc', ''), '00:15:65:aa:bb:cc');
  t.equal(certificateMac('CP-7841-SEP001122334455', ''), '00:11:22:33:44:55');
  t.equal(certificateMac('phone', 'DNS:00-0b-82-aa-bb-cc.phones'), '00:0b:82:aa:bb:cc');
  t.equal(certificateMac('0004F2AABBCC', 'DNS:0004f2aabbcc'), '00:04:f2:aa:bb:cc', 'said twice');
  t.equal(certificateMac('0004F2AABBCC', 'DNS:0004f2aabbcd'), null, 'two phones are none');
  t.equal(certificateMac('0004F2AABBCC99', ''), null, 'a longer number is a serial');
  t.equal(certificateMac('agent', ''), null);
  t.end();
});
