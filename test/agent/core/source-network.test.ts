import { test } from 'tap';
import { networkOf, ofOneNetwork } from '../../../agent/core/source-network.ts';

test('addresses of IPv6 are of one network by their first 64 bits, however they are written', (t) => {
  for (const [address, network] of [
    ['2001:db8:0:7::1', '2001:db8:0:7'],
    ['2001:db8:0:7:aaaa:bbbb:cccc:dddd', '2001:db8:0:7'],
    ['2001:db8::7:0:0:0:1', '2001:db8:0:7'],
    ['2001:db8::', '2001:db8:0:0'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['192.0.2.1', undefined],
    ['::ffff:192.0.2.1', undefined],
    ['', undefined],
  ] as const)
    t.equal(networkOf(address), network, address);
  t.end();
});

test('a network may hold three quarters of what there is, and at least one place', (t) => {
  t.same([1, 2, 16, 1088].map(ofOneNetwork), [1, 1, 12, 816]);
  t.end();
});
