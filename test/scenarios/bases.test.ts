import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mac } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import type { BaseSource } from '../../agent/core/provisioning/base.ts';
import { rescueServings } from '../../agent/io/rescue-desk.ts';
import type { RunningAgent } from '../../agent/main.ts';
import { readFile } from '../agent/io/tftp-peer.ts';
import { alwaysOpen, Api, enrolAgent, startAgent, startController, until } from './site.ts';

// What phones get over the files of a PBX, and what broken phones get from a technician, from a real agent.

const mac = '80:5e:c0:00:00:01' as Mac;
/** No document says how it is told a login. */
const bareMac = '00:80:f0:00:00:01' as Mac;

async function site(t: Test, source: BaseSource, secrets = { plain: true, routed: false }) {
  const folder = t.testdirName;
  mkdirSync(folder, { recursive: true });
  const controller = await startController(join(folder, 'controller'));
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  await api.must('POST', '/phones', [
    { mac, site: 'lisbon', vendor: 'Yealink', model: 'T46S' },
    { mac: bareMac, site: 'lisbon', vendor: 'Panasonic', model: 'KX-UT123' },
  ]);
  const box = join(folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  const agent = await startAgent(box, { base: { source, isHardened: false }, secrets });
  t.teardown(async () => {
    await agent.close();
    await controller.close();
  });
  await until('the phone has a secret', () => agent.tables.credentials.get(mac)?.next);
  const notices = () =>
    [...controller.engine.tables.notices.values()].map((one) => `${one.fault} ${one.detail}`);
  return { agent, box, notices };
}

const phoneAgent = 'Yealink SIP-T46S 66.86.0.15 80:5e:c0:00:00:01';

async function ask(agent: RunningAgent, path: string, userAgent = phoneAgent, login = '') {
  const response = await fetch(`http://127.0.0.1:${agent.ports.http}/${path}`, {
    headers: { 'user-agent': userAgent, ...(login === '' ? {} : { authorization: login }) },
  });
  return { status: response.status, text: await response.text() };
}

async function overTftpOf(agent: RunningAgent, path: string): Promise<string> {
  const read = await readFile(agent.ports.tftp, path);
  return read.kind === 'file' ? read.bytes.toString('latin1') : read.text;
}

const ofPbx =
  '#!version:1.0.0.1\r\nstatic.firmware.url = http://pbx/old.rom\r\naccount.1.password = fromPbx\r\naccount.1.label = caf\u00e9\r\n';

test('a phone gets the folder’s file with its own login and without the folder’s firmware', async (t) => {
  t.testdir({
    base: {
      '805ec0000001.cfg': ofPbx,
      '805ec0000001.boot': 'include:config "http://pbx/all.cfg"\n',
      'contacts.xml': '<list><entry name="Ann"/></list>',
      '805ec0000009.cfg': '#!version:1.0.0.1\naccount.1.password = {$password}\n',
      'extra.cfg': 'account.2.password = other\nlinekey.1.label = Ann\n',
    },
  });
  const folder = join(t.testdirName, 'base');
  const { agent, notices } = await site(t, { kind: 'folder', folder, anyCase: false });
  const unfilled =
    /base-unusable 805ec0000009\.cfg line 2 has the placeholder \{\$password\}\. Fill/;
  await until('a file of another phone is named', () =>
    notices().some((one) => unfilled.test(one)),
  );
  const { text } = await ask(agent, '805ec0000001.cfg');
  t.match(text, 'account.1.password = fromPbx\r\naccount.1.label = caf\u00e9\r\n');
  t.match(text, /static\.auto_provision\.server\.password = \S{20,}\r\n/);
  t.notMatch(text, 'firmware');
  t.equal((await ask(agent, '805ec0000001.boot')).status, 404, 'it leads past the agent');
  const proven = /server\.password = (\S+)/.exec(text)?.[1] ?? '';
  const login = `Basic ${Buffer.from(`805ec0000001:${proven}`).toString('base64')}`;
  t.match((await ask(agent, 'extra.cfg')).text, 'account.2.password = other', 'in its lease');
  await ask(agent, '805ec0000001.cfg', phoneAgent, login);
  await until('the login is proven', () => agent.tables.credentials.get(mac)?.current);
  t.equal((await ask(agent, 'extra.cfg')).text, 'linekey.1.label = Ann\n', 'without its login');
  t.equal((await ask(agent, 'contacts.xml')).text, '<list><entry name="Ann"/></list>');
  t.equal(
    (await ask(agent, 'contacts.xml', 'curl/8.0')).status,
    404,
    'for phones of the plan alone',
  );
  const overTftp = await overTftpOf(agent, '805ec0000001.cfg');
  t.match(overTftp, 'account.1.label = caf');
  t.notMatch(overTftp, 'fromPbx', 'no password crosses TFTP');
});

const bareFile = 'Config0080F0000001.cfg';
const bareAgent = 'Panasonic_KX-UT123/01.022 (0080f0000001)';
const asBare = async (agent: RunningAgent, times: number): Promise<string[]> => {
  const said: string[] = [];
  for (let nth = 0; nth < times; nth += 1) {
    const { status, text } = await ask(agent, bareFile, bareAgent);
    said.push(`${status}${text.includes('sip-secret') ? ' with the password' : ''}`);
  }
  return said;
};

test('a phone that cannot be told a login gets its own file again and again, also in clear', async (t) => {
  t.testdir({});
  const { agent, notices } = await site(t, { kind: 'template' }, { plain: false, routed: false });
  t.same(await asBare(agent, 5), ['200', '200', '200', '200', '200']);
  t.same(notices(), []);
});

test('a password in the base of a phone without a login leaves twice', async (t) => {
  t.testdir({
    base: {
      [bareFile]:
        '# Panasonic SIP Phone Standard Format File #\r\nSIP_PASS_1="sip-secret"\r\nTIME_ZONE="0"\r\n\r\n',
      'extra.cfg':
        '# Panasonic SIP Phone Standard Format File #\r\nSIP_PASS_2="sip-secret"\r\n\r\n',
    },
  });
  const folder = join(t.testdirName, 'base');
  const { agent, notices } = await site(t, { kind: 'folder', folder, anyCase: false });
  const given = '200 with the password';
  t.same(await asBare(agent, 4), [given, given, '503', '503']);
  const further = async () => (await ask(agent, 'extra.cfg', bareAgent)).status;
  t.same(
    [await further(), await further(), await further()],
    [200, 200, 503],
    'one beside it, too',
  );
  await until('somebody is told', () => notices().some((one) => /secret-fetched-often/.test(one)));
});

test('an upstream that answers with a page leaves the phone as it is, and the controller is told', async (t) => {
  t.testdir({});
  const pbx = createServer((_, response) => response.end('<!doctype html><title>Log in</title>'));
  pbx.listen(0, '127.0.0.1');
  await once(pbx, 'listening');
  t.teardown(() => pbx.close());
  const url = `http://127.0.0.1:${(pbx.address() as AddressInfo).port}/`;
  const { agent, notices } = await site(t, { kind: 'upstream', url });
  t.equal((await ask(agent, '805ec0000001.cfg')).status, 503);
  await until('the controller is told', () => notices().some((one) => /base-unusable/.test(one)));
});

test('a rescue name is served while it is open, to phones that show nothing, and each time is recorded', async (t) => {
  t.testdir({});
  const { agent, box, notices } = await site(t, { kind: 'template' });
  const image = join(t.testdirName, 'rescue.bin');
  writeFileSync(image, Buffer.alloc(1000, 7));
  const program = fileURLToPath(new URL('../../agent/bin/ringwave-agent.js', import.meta.url));
  const command = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [program, 'rescue', ...words, '--data', box],
      { encoding: 'utf8' },
    );
    return { status, said: stdout + stderr };
  };
  t.equal((await ask(agent, 'snom370.bin', '')).status, 404);
  t.match(command('snom370.bin', '--image', image, '--for', '5'), { status: 0 });
  t.equal((await overTftpOf(agent, 'snom370.bin')).length, 1000);
  t.equal((await ask(agent, 'snom370.bin', '')).text.length, 1000);
  t.equal((await ask(agent, 'SNOM370.bin', '')).status, 404, 'exactly that name');
  await until('both are recorded', () => rescueServings(box, 9).length === 2);
  t.match(rescueServings(box, 9), [
    { name: 'snom370.bin', protocol: 'tftp', address: '127.0.0.1', bytes: 1000, whole: true },
    { name: 'snom370.bin', protocol: 'http', address: '127.0.0.1', bytes: 1000, whole: true },
  ]);
  t.match(command('--list').said, /open {2}snom370\.bin from .*rescue\.bin until/);
  const held = () => readdirSync(join(box, 'rescue', 'images'), { recursive: true }).length;
  t.match(command('snom.bin', '--image', image, '--for', '5'), { status: 0 });
  t.match(command('snom.bin', '--end'), { status: 0 });
  t.equal((await ask(agent, 'snom370.bin', '')).text.length, 1000, 'one image, two names');
  const heldBefore = held();
  t.match(command('snom370.bin', '--end'), { status: 0 });
  t.equal((await ask(agent, 'snom370.bin', '')).status, 404);
  t.equal(held(), heldBefore - 1, 'its image makes room');
  t.match(command('snom370.bin', '--end'), { status: 2, said: /is not open/ });
  t.match(command('x.bin', '--image', image, '--for', '0'), { status: 2, said: /1 to 1440/ });
  t.match(command('x.bin'), { status: 2, said: /one of --image and --release/ });
  await until('the controller is told', () => notices().some((one) => /rescue-served/.test(one)));
});
