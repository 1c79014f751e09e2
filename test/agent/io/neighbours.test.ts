import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Neighbours, parseTable } from '@ringwave/agent/io/neighbours';
import { test } from 'tap';

const text = `IP address       HW type     Flags       HW address            Mask     Device
10.0.0.7         0x1         0x2         80:5e:c0:00:00:01     *        eth0
10.0.0.8         0x1         0x0         00:00:00:00:00:00     *        eth0
10.0.0.9         0x1         0x6         64:16:7f:00:00:02     *        eth0
junk
`;

test('the neighbour table names who has an address now', (t) => {
  t.same(
    [...parseTable(text)],
    [
      ['10.0.0.7', '80:5e:c0:00:00:01'],
      ['10.0.0.9', '64:16:7f:00:00:02'],
    ],
  );
  t.same([...parseTable('')], []);
  t.end();
});

test('an address without an entry, or a machine without a table, has no neighbour', async (t) => {
  const file = join(t.testdir({}), 'arp');
  writeFileSync(file, text);
  const here = new Neighbours(file);
  t.equal(await here.of('10.0.0.7'), '80:5e:c0:00:00:01');
  t.equal(await here.of('::ffff:10.0.0.9'), '64:16:7f:00:00:02');
  t.equal(await here.of('10.0.0.8'), null, 'an incomplete entry names nobody');
  t.equal(await here.of('2001:db8::7'), null);
  t.equal(await new Neighbours('/nowhere/arp').of('10.0.0.7'), null);
});
