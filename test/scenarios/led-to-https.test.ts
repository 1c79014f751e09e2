import { get as getClear } from 'node:http';
import { get as getPrivate } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { BaseSettings } from '@ringwave/agent/core/provisioning/base';
import type { Mac } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { alwaysOpen, Api, enrolAgent, startAgent, startController, until } from './site.ts';

const anyPort = { host: '127.0.0.1', port: 0 };

// A new phone comes in clear to an agent that gives logins over HTTPS alone, as it does out of the box.

const mac = '00:0b:82:00:00:01' as Mac;
const path = '/cfg000b82000001.xml';

const over = (folder: string): BaseSettings => ({
  source: { kind: 'folder', folder, anyCase: false },
  isHardened: false,
});

async function site(t: Test, ofPbx?: string) {
  const folder = t.testdir(ofPbx === undefined ? {} : { base: { [path.slice(1)]: ofPbx } });
  const controller = await startController(join(folder, 'controller'));
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  const phone = { mac, site: 'lisbon', vendor: 'Grandstream', model: 'GXP2170' };
  await api.must('POST', '/phones', [phone]);
  const box = join(folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  const agent = await startAgent(box, {
    secrets: { plain: false, routed: false },
    serving: { https: anyPort },
    ...(ofPbx === undefined ? {} : { base: over(join(folder, 'base')) }),
  });
  t.teardown(async () => {
    await agent.close();
    await controller.close();
  });
  await until('the phone has a secret', () => agent.tables.credentials.get(mac)?.next);
  const notices = () =>
    [...controller.engine.tables.notices.values()].map((one) => `${one.fault} ${one.detail}`);
  const ask = (by: 'http' | 'https') =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const headers = {
        'user-agent': 'Grandstream Model HW GXP2170 SW 1.0.9.1 DevId 000b82000001',
      };
      const at = { host: '127.0.0.1', path, headers };
      const [get, port] =
        by === 'http' ? [getClear, agent.ports.http] : [getPrivate, agent.ports.https];
      // The phone trusts the agent’s own authority; that it does is not what is shown here.
      get({ ...at, port, rejectUnauthorized: false }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
      }).on('error', reject);
    });
  return { agent, ask, notices };
}

test('a new Grandstream that asks in clear is sent to HTTPS, and is given its login there', async (t) => {
  const { agent, ask, notices } = await site(t);
  const led = await ask('http');
  t.equal(led.status, 200);
  t.match(led.body, new RegExp(`<P237>[^<]+:${agent.ports.https}</P237>`));
  t.match(led.body, '<P212>2</P212>');
  t.notMatch(led.body, 'P1361', 'in clear it has no login');
  const told = await ask('https');
  t.match(told.body, /<P1360>000b82000001<\/P1360>\s*<P1361>\S{20,}<\/P1361>/);
  t.notMatch(notices().join(), 'secret-asked-in-clear', 'nobody has anything to do');
  const [first, again] = [await ask('http'), await ask('http')];
  t.equal(first.status, 401, 'it may hold its login, and is asked for it');
  t.equal(again.status, 503, 'a file without a login could take it away');
});

test('a phone whose base holds passwords is told of as waiting: in clear it may neither have them nor lose them', async (t) => {
  const base =
    '<gs_provision version="1"><config version="1"><P34>fromPbx</P34></config></gs_provision>';
  const { ask, notices } = await site(t, base);
  t.equal((await ask('http')).status, 503);
  await until('the controller is told', () =>
    notices().some((one) =>
      /^secret-asked-in-clear .* waits until somebody sends it to HTTPS/.test(one),
    ),
  );
  t.match((await ask('https')).body, '<P34>fromPbx</P34>');
});
