import { test } from 'tap';
import { networksMax, PhoneNetworks } from '../../../agent/io/phone-networks.ts';

test('an address is in one of the networks, or is the box’s own, or may not ask', (t) => {
  const networks = PhoneNetworks.read(['10.20.0.0/16', '192.0.2.7', '2001:db8::/64']);
  const has = (address: string) => networks?.has(address);
  for (const inside of ['10.20.255.1', '192.0.2.7', '::ffff:10.20.1.1', '2001:db8::9']) {
    t.ok(has(inside), inside);
  }
  for (const own of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) t.ok(has(own), own);
  for (const outside of [
    '10.21.0.1',
    '192.0.2.8',
    '2001:db8:1::9',
    '',
    'phone',
    '::ffff:8.8.8.8',
  ]) {
    t.notOk(has(outside), outside);
  }
  t.end();
});

test('what is no network is not read as another one', (t) => {
  const wrong = [
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.0/8/8',
    '::/129',
    '10.0.0.0/-1',
    'all',
    '10.0.0.0/',
  ];
  for (const text of wrong) t.equal(PhoneNetworks.read([text]), undefined, text);
  t.equal(PhoneNetworks.read(['10.0.0.0/8', 'x']), undefined);
  t.equal(PhoneNetworks.read([]), undefined);
  t.equal(
    PhoneNetworks.read(Array.from({ length: networksMax + 1 }, () => '10.0.0.0/8')),
    undefined,
  );
  t.end();
});
