import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mac } from '@ringwave/protocol/units';
import { test } from 'tap';
import {
  alwaysOpen,
  Api,
  enrolAgent,
  HandPhone,
  startAgent,
  startController,
  storeRelease,
  until,
} from './site.ts';

const mac = '80:5e:c0:00:00:01' as Mac;
const ofPbx =
  '#!version:1.0.0.1\nstatic.firmware.url = http://pbx/old.rom\naccount.1.password = fromPbx\naccount.1.label = Ann\n';

test('a phone is updated over its PBX’s file, which names firmware in the slot alone, also while the PBX is down', async (t) => {
  const folder = t.testdir({});
  const asked: string[] = [];
  const pbx = createServer(({ url, headers }, response) => {
    asked.push(`${url} ${headers['user-agent']}`);
    response.end(ofPbx);
  });
  pbx.listen(0, '127.0.0.1');
  await once(pbx, 'listening');
  const url = `http://127.0.0.1:${(pbx.address() as AddressInfo).port}/prov`;
  const controller = await startController(join(folder, 'controller'));
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  await api.must('POST', '/phones', [{ mac, site: 'lisbon', vendor: 'Yealink', model: 'T46S' }]);
  const box = join(folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  const base = { source: { kind: 'upstream', url }, isHardened: true } as const;
  const agent = await startAgent(box, { base });
  t.teardown(async () => {
    await agent.close();
    await controller.close();
  });
  await until('the phone has a secret', () => agent.tables.credentials.get(mac)?.next);
  const phone = new HandPhone(agent, '805ec0000001', '66.85.0.5');
  t.equal(await phone.boot(), undefined, 'without a slot no firmware is named');
  t.same(asked, ['/prov/805ec0000001.cfg Yealink SIP-T46S 66.85.0.5 80:5e:c0:00:00:01']);
  const image = Buffer.alloc(50_000, 'firmware ');
  const release = await storeRelease(api, '66.86.0.15', image);
  await api.must('POST', '/rollouts', {
    id: 'autumn',
    releases: [release.id],
    waves: [{ name: 'all' }],
    gate: { soakMinutes: 0, minSample: 1 },
  });
  await api.approve('autumn');
  await until('the phone has its slot', () => agent.tables.work.get(mac)?.phase === 'offered');
  pbx.close();
  pbx.closeAllConnections();
  const inSlot = await (await phone.ask('/805ec0000001.cfg')).text();
  t.match(inSlot, /^static\.firmware\.url = http:\/\/127\.0\.0\.1:\d+\/fw\/805ec0000001\//m);
  t.match(inSlot, 'account.1.label = Ann\n');
  t.match(inSlot, 'static.wui.http_enable = 0\n');
  t.notMatch(inSlot, 'http://pbx/');
  t.ok(await phone.boot(), 'the image it names is there');
  await until('the whole image has left', () => agent.tables.work.get(mac)?.phase === 'rebooting');
  phone.version = '66.86.0.15';
  t.equal(await phone.boot(), undefined, 'after the slot none is named');
  await until('the agent has proof', () => agent.tables.work.get(mac)?.phase === 'done');
  const program = fileURLToPath(new URL('../../agent/bin/ringwave-agent.js', import.meta.url));
  const words = ['rescue', 'T21D.rom', '--release', release.id, '--data', box];
  const said = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
  t.match(said.stdout, `T21D.rom is served until`);
  const rescued = await fetch(`http://127.0.0.1:${agent.ports.http}/T21D.rom`);
  t.equal((await rescued.arrayBuffer()).byteLength, 50_000);
});
