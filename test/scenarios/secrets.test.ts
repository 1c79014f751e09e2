import { createSocket } from 'node:dgram';
import { get } from 'node:http';
import { join } from 'node:path';
import type { Mac } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { decoysOf } from '../../agent/core/provisioning/decoys.ts';
import { Keyring } from '../../agent/io/keyring.ts';
import { openBox, readGrant } from '../../agent/io/box.ts';
import type { RunningAgent } from '../../agent/main.ts';
import { alwaysOpen, Api, enrolAgent, startAgent, startController, until } from './site.ts';

// What an agent tells those who ask for the logins of phones, over its real servers.

const mac = '80:5e:c0:00:00:01' as Mac;
const file = '/805ec0000001.cfg';

interface Site {
  readonly agent: RunningAgent;
  readonly box: string;
  readonly notices: () => readonly string[];
}

async function site(t: Test, secrets = { plain: true, routed: false }): Promise<Site> {
  const folder = t.testdir({});
  const controller = await startController(join(folder, 'controller'));
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  await api.must('POST', '/phones', [{ mac, site: 'lisbon', vendor: 'Yealink', model: 'T46S' }]);
  const box = join(folder, 'agent');
  await enrolAgent(api, controller, 'lisbon', box);
  const agent = await startAgent(box, { secrets });
  t.teardown(async () => {
    await agent.close();
    await controller.close();
  });
  await until('the phone has a secret', () => agent.tables.credentials.get(mac)?.next);
  const notices = () =>
    [...controller.engine.tables.notices.values()].map((one) => `${one.fault} ${one.detail}`);
  return { agent, box, notices };
}

const ask = async (agent: RunningAgent, path: string, login?: string) => {
  const authorization = `Basic ${Buffer.from(login ?? '').toString('base64')}`;
  const response = await fetch(`http://127.0.0.1:${agent.ports.http}${path}`, {
    headers: {
      'user-agent': 'Yealink SIP-T46S 66.86.0.15',
      ...(login === undefined ? {} : { authorization }),
    },
  });
  const headers = Object.fromEntries(response.headers);
  delete headers['date'];
  return { status: response.status, text: await response.text(), headers };
};

const passwordIn = (text: string): string | undefined => /server\.password = (\S+)/.exec(text)?.[1];

test('a login leaves twice in a lease, and a third asker raises an alarm (T37)', async (t) => {
  const { agent, notices } = await site(t);
  const first = await ask(agent, file);
  t.ok(passwordIn(first.text));
  t.match(first.headers, { 'cache-control': 'no-store' });
  t.equal((await ask(agent, file)).status, 401, 'who may hold it is asked for it once');
  t.equal(passwordIn((await ask(agent, file)).text), passwordIn(first.text));
  await ask(agent, file);
  const third = await ask(agent, file);
  t.equal(third.status, 503);
  await until('the controller is told', () => notices().some((one) => /fetched-often/.test(one)));
});

/** Asks for the phone's file as the device at this address of the loopback net would. */
const askFrom = (agent: RunningAgent, localAddress: string, login?: string) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const headers = {
      'user-agent': 'Yealink SIP-T46S 66.86.0.15',
      ...(login && { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
    };
    const at = { host: '127.0.0.1', port: agent.ports.http, path: file, localAddress, headers };
    get(at, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    }).on('error', reject);
  });

test('of two devices that show one MAC the second gets no login, nor the first unless it logs in', async (t) => {
  const { agent, notices } = await site(t);
  const first = await askFrom(agent, '127.0.0.5');
  t.ok(passwordIn(first.text));
  await until('it counts', () => agent.tables.fetches.get(mac)?.count === 1);
  t.equal((await askFrom(agent, '127.0.0.6')).status, 401, 'it is asked for a login that it lacks');
  t.equal((await askFrom(agent, '127.0.0.6')).status, 503);
  await until('the controller is told', () =>
    notices().some((one) => /^mac-claimed-twice .*127\.0\.0\.5 .*127\.0\.0\.6$/.test(one)),
  );
  const again = await askFrom(agent, '127.0.0.5');
  const twice = again.status === 401 ? await askFrom(agent, '127.0.0.5') : again;
  t.equal(twice.status, 503);
  const proven = await askFrom(agent, '127.0.0.5', `805ec0000001:${passwordIn(first.text)}`);
  t.equal(passwordIn(proven.text), passwordIn(first.text));
});

test('many questions at once for one phone’s file give its login twice and no more', async (t) => {
  const { agent, notices } = await site(t);
  const askedAtOnce = () => Promise.all(Array.from({ length: 12 }, () => ask(agent, file)));
  const answers = [...(await askedAtOnce()), ...(await askedAtOnce()), ...(await askedAtOnce())];
  t.equal(answers.filter(({ text }) => passwordIn(text)).length, 2);
  await until('the controller is told', () => notices().some((one) => /fetched-often/.test(one)));
});

test('of two devices that show one MAC in the same instant one gets the login, and it alone', async (t) => {
  const { agent, notices } = await site(t);
  const addresses = ['127.0.0.5', '127.0.0.6', '127.0.0.7', '127.0.0.8'];
  const answers = await Promise.all(addresses.map((one) => askFrom(agent, one)));
  const later = await Promise.all(addresses.map((one) => askFrom(agent, one)));
  const holders = addresses.filter((_, place) =>
    [answers[place], later[place]].some((one) => passwordIn(one?.text ?? '') !== undefined),
  );
  t.equal(holders.length, 1, holders.join());
  await until('the controller is told', () =>
    notices().some((one) => one.startsWith('mac-claimed-twice')),
  );
});

test('in clear no login leaves where the site has not allowed it (T40)', async (t) => {
  const { agent } = await site(t, { plain: false, routed: false });
  const answer = await ask(agent, file);
  t.equal(answer.status, 200);
  t.equal(passwordIn(answer.text), undefined);
});

test('a file nobody has and a file one may not have are the same answer', async (t) => {
  const { agent } = await site(t);
  const unknown = await ask(agent, '/805ec0aaaaaa.cfg');
  const nothing = await ask(agent, '/no-such-file');
  t.equal(unknown.status, 404);
  t.same(unknown, nothing);
});

test('who tries MACs gets nothing more, not even what it could have had (T36)', async (t) => {
  const { agent, notices } = await site(t);
  const decoys = decoyMacs(agent, t);
  for (let n = 0; n < 50; n += 1) {
    const tried = `805ec0${(0x500000 + n).toString(16)}`;
    if (decoys.includes(tried)) continue;
    t.equal((await ask(agent, `/${tried}.cfg`)).status, 404);
  }
  t.equal((await ask(agent, file)).status, 404, 'its own file too');
  await until('the controller is told', () => notices().some((one) => /enumerated/.test(one)));
});

test('a phone behind the router of one that tries MACs is challenged, and its login opens its file', async (t) => {
  const { agent } = await site(t, { plain: true, routed: true });
  const password = passwordIn((await ask(agent, file)).text);
  for (let n = 0; n < 12; n += 1) await ask(agent, `/805ec0${(0x500000 + n).toString(16)}.cfg`);
  const [own, unknown] = [await ask(agent, file), await ask(agent, '/805ec0aaaaaa.cfg')];
  t.same([own.status, unknown.status, own.text, unknown.text], [401, 401, '', '']);
  t.same(Object.keys(own.headers), Object.keys(unknown.headers), 'nobody learns which one exists');
  const proven = await ask(agent, file, `805ec0000001:${password}`);
  t.equal(passwordIn(proven.text), password);
});

/** The decoys of this box, as only it can tell. */
function decoyMacs(agent: RunningAgent, t: Test): string[] {
  const box = openBox(join(t.testdirName, 'agent'));
  const grant = readGrant(box);
  const phones = agent.tables.plan.get('plan')?.plan.phones ?? [];
  const keyring = Keyring.open(box.keyFile, Buffer.from(grant?.fingerprintKey ?? '', 'base64url'));
  const decoys = decoysOf(phones, (text) => keyring.fingerprint(text));
  return [...decoys.keys()].map((one) => one.replaceAll(':', ''));
}

test('T44 a decoy looks like a phone, opens nothing, and is told at once', async (t) => {
  const { agent, notices } = await site(t);
  const [decoy = ''] = decoyMacs(agent, t);
  const lure = await ask(agent, `/${decoy}.cfg`);
  const password = passwordIn(lure.text);
  t.ok(password, 'it holds a login');
  t.not(passwordIn((await ask(agent, file)).text), password, 'that is nobody’s');
  await until('the controller is told', () => notices().some((one) => /decoy-asked/.test(one)));
});

test('T44 a later REGISTER as a decoy is told at once', async (t) => {
  const { agent, notices } = await site(t);
  const [decoy = ''] = decoyMacs(agent, t);
  const told = (word: string) => notices().some((one) => one.includes(word));
  const phone = createSocket('udp4').bind(0, '127.0.0.1');
  t.teardown(() => phone.close());
  const register = [
    'REGISTER sip:127.0.0.1 SIP/2.0',
    'Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKd1',
    `From: <sip:${decoy}@127.0.0.1>;tag=1`,
    `To: <sip:${decoy}@127.0.0.1>`,
    'Call-ID: decoy@127.0.0.1',
    'CSeq: 1 REGISTER',
    'Content-Length: 0',
  ];
  phone.send(`${register.join('\r\n')}\r\n\r\n`, agent.ports.sip, '127.0.0.1');
  await until('the controller is told', () => told('asks over SIP as the decoy'));
});

test('T44 who tries the login of a decoy for the file of a phone is told at once', async (t) => {
  const { agent, notices } = await site(t);
  const [decoy = ''] = decoyMacs(agent, t);
  await ask(agent, file, `${decoy}:${'0'.repeat(16)}`);
  const told = () => notices().some((one) => one.includes('logs in as the decoy'));
  await until('the controller is told', told);
});

test('T44 where no login leaves in clear a decoy is answered as the phone that it is a twin of', async (t) => {
  const { agent } = await site(t, { plain: false, routed: false });
  const [decoy = ''] = decoyMacs(agent, t);
  const [lure, own] = [await ask(agent, `/${decoy}.cfg`), await ask(agent, file)];
  t.same([lure.status, lure.text, lure.headers], [own.status, own.text, own.headers]);
  t.equal(passwordIn(lure.text), undefined);
});
