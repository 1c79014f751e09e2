import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Neighbours, parseTable } from '@ringwave/agent/io/neighbours';
import type { Mac } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { HandClock } from '../../hand-clock.ts';
import { boxAndDesk } from '../../peers/network.ts';
import { one } from '../core/box.ts';

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
  const here = new Neighbours({ file });
  t.equal(await here.of('10.0.0.7'), '80:5e:c0:00:00:01');
  t.equal(await here.of('::ffff:10.0.0.9'), '64:16:7f:00:00:02');
  t.equal(await here.of('10.0.0.8'), null, 'an incomplete entry names nobody');
  t.equal(await here.of('2001:db8::7'), null);
  t.equal(await new Neighbours({ file: '/nowhere/arp' }).of('10.0.0.7'), null);
});

const [phone, other] = ['80:5e:c0:00:00:03', '64:16:7f:00:00:04'];
const lineOf = (address: string, mac: string) => `${address} 0x1 0x2 ${mac} * eth0\n`;

/** A table that grows by `line` when somebody is asked for, and the addresses that were. */
function growing(t: Test, line: string | undefined) {
  const file = join(t.testdir({}), 'arp');
  writeFileSync(file, text);
  const clock = new HandClock(one);
  const provoked: string[] = [];
  const provoke = (address: string) => {
    provoked.push(address);
    if (line !== undefined) writeFileSync(file, text + line);
  };
  const isNear = (address: string) => address.startsWith('10.0.0.');
  // The time that an answer takes passes as soon as somebody waits for it.
  const soon = {
    after: (wait: Parameters<HandClock['after']>[0], fn: () => void) => {
      const cancel = clock.after(wait, fn);
      setImmediate(() => clock.pass(wait));
      return cancel;
    },
  };
  return { file, provoked, neighbours: new Neighbours({ file, clock: soon, isNear, provoke }) };
}

test('a phone that came into the table a moment ago has its neighbour, however lately the table was read', async (t) => {
  const { file, neighbours, provoked } = growing(t, undefined);
  await neighbours.all();
  writeFileSync(file, text + lineOf('10.0.0.10', phone));
  t.equal(await neighbours.of('10.0.0.10'), phone);
  t.same(provoked, []);
});

test('an address that went over to another phone is read anew for whoever is expected there', async (t) => {
  const { file, neighbours } = growing(t, undefined);
  await neighbours.all();
  writeFileSync(file, text.replaceAll('80:5e:c0:00:00:01', other));
  t.equal(await neighbours.of('10.0.0.7'), '80:5e:c0:00:00:01', 'for a second, where nobody is');
  t.equal(await neighbours.of('10.0.0.7', other as Mac), other);
});

test('a neighbour whose entry has aged out is asked for, and known when it answers', async (t) => {
  const { neighbours, provoked } = growing(t, lineOf('10.0.0.11', phone));
  const asked = ['10.0.0.11', '10.0.0.11'].map((address) => neighbours.of(address));
  t.same(await Promise.all(asked), [phone, phone]);
  t.equal(new Set(provoked).size, 1);
});

test('whoever does not answer is asked for once in a while, and nobody of another network', async (t) => {
  const { neighbours, provoked } = growing(t, undefined);
  t.equal(await neighbours.of('10.0.0.12'), null);
  t.equal(await neighbours.of('10.0.0.12'), null);
  t.equal(await neighbours.of('192.0.2.1'), null);
  t.same(provoked, ['10.0.0.12']);
});

test('on a real cable a phone whose entry has aged out is asked for by the system itself', (t) => {
  const machines = boxAndDesk(t);
  if (machines) {
    const { box, desk } = machines;
    desk.run('ip', ['link', 'set', 'lan', 'address', phone]);
    box.run('ip', ['neigh', 'flush', 'dev', 'lan']);
    const script = fileURLToPath(new URL('./neighbours-process.ts', import.meta.url));
    const asked = [desk.address, '10.77.0.99', '192.0.2.1'];
    const said = box.run(process.execPath, [script, ...asked]);
    t.equal(said, `10.77.0.2 ${phone}\n10.77.0.99 null\n192.0.2.1 null\n`);
  }
  t.end();
});
