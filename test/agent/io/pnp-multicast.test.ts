import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { boxAndDesk } from '../../peers/network.ts';

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const mac = '80:5e:c0:00:00:01';

test('a phone that asks the multicast group of plug and play hears of its agent, over a real cable', async (t) => {
  const machines = boxAndDesk(t);
  if (!machines) return;
  const { box, desk } = machines;
  desk.run('ip', ['link', 'set', 'lan', 'address', mac]);
  const agent = box.start(process.execPath, [script('./discovery-process.ts'), mac]);
  const told = createInterface({ input: agent.stdout! })[Symbol.asyncIterator]();
  t.equal((await told.next()).value, 'listens');
  t.match(box.run('ip', ['maddress', 'show', 'dev', 'lan']), '224.0.1.75');
  const phone = desk.start(process.execPath, [script('./pnp-phone-process.ts'), mac]);
  const heard = createInterface({ input: phone.stdout! });
  const packets: { from: string; text: string }[] = [];
  heard.on('line', (line) => void packets.push(JSON.parse(line)));
  while (packets.length < 2) await once(heard, 'line');
  const [ok, notify] = packets;
  t.match(ok, { from: '10.77.0.1', text: /^SIP\/2\.0 200 OK/ });
  t.match(notify?.text, /^NOTIFY sip:10\.77\.0\.2:5059 SIP\/2\.0/);
  t.match(notify?.text, 'http://10.77.0.1:80/');
  t.match(JSON.parse((await told.next()).value as string), {
    kind: 'phone-claimed',
    mac,
    vendor: 'Yealink',
    model: 'T46S',
    via: 'pnp',
    address: '10.77.0.2',
  });
});

test('another device that asks the group as this phone is listed and hears nothing', async (t) => {
  const machines = boxAndDesk(t);
  if (!machines) return;
  const { box, desk } = machines;
  desk.run('ip', ['link', 'set', 'lan', 'address', '02:00:00:00:00:09']);
  // Its true MAC is known to the box as from what it did before.
  const known = ['neigh', 'add', desk.address, 'lladdr', '02:00:00:00:00:09', 'dev', 'lan'];
  box.run('ip', known);
  const agent = box.start(process.execPath, [script('./discovery-process.ts'), mac]);
  const told = createInterface({ input: agent.stdout! })[Symbol.asyncIterator]();
  await told.next();
  desk.start(process.execPath, [script('./pnp-phone-process.ts'), mac]);
  t.match(JSON.parse((await told.next()).value as string), { kind: 'phone-claimed', mac });
  const sent = /^Udp: (?:\d+ ){3}(\d+)/m.exec(box.run('cat', ['/proc/net/snmp']));
  t.equal(sent?.[1], '0', 'datagrams that left the box');
});
