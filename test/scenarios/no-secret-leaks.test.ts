import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { type Mac, mac } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import { basicHeader, type Login } from '../../simulator/core/digest-login.ts';
import { askFrom } from '../../simulator/core/boot-round.ts';
import { NotifyDesk } from '../../simulator/core/notify-desk.ts';
import { kindOf } from '../../simulator/core/phone-kinds.ts';
import { boundIn, portIn } from '../../simulator/demo/ports.ts';
import { openSipPort } from '../../simulator/io/sip-port.ts';
import type { RunningController } from '../../controller/main.ts';
import { filesBelow, formsOf, searched } from './secret-search.ts';
import { alwaysOpen, Api, enrolAgent, startController, storeRelease, until } from './site.ts';

// Every login that an agent hands out, and every one that is tried at it, is looked for in all that the agent leaves
// behind: data folder, log at its most talkative, temporary files, what it says when it dies. Only its sealed form may
// be there.

interface Phone {
  readonly mac: Mac;
  readonly vendor: string;
  readonly model: string;
  readonly version: string;
  login?: Login;
}

const phone = (vendor: string, model: string, version: string, own: string): Phone => ({
  vendor,
  model,
  version,
  mac: mac(own)!,
});

/** One of every maker whose phones are given a login; how a Gigaset, Linksys, Sipura or Panasonic is told one is not known. */
const phones: readonly Phone[] = [
  phone('Yealink', 'T46S', '66.85.0.5', '805ec0000001'),
  phone('Polycom', 'VVX411', '6.4.6.2656', '64167f000001'),
  phone('Cisco', '8851', '12-0-7MPP0201-66', '00562b000001'),
  phone('Grandstream', 'GXP2170', '1.0.11.57', '000b82000001'),
  phone('Snom', 'D785', '10.1.198.19', '000413000001'),
  phone('Mitel', '6867i', '6.2.0.1012', '08000f000001'),
  phone('Aastra', '6731i', '3.3.1.4365', '00085d000001'),
  phone('Htek', 'UC926', '2.0.4.2', '001fc1000001'),
];
const [yealink, poly] = [phones[0]!, phones[1]!];

/** Tried by somebody who does not have them. */
const tried = { guessed: 'Gu3ssedByNobody0815', inTheQuery: 'Qu3ryPassw0rd4711xyz' };

const program = fileURLToPath(new URL('../../agent/bin/ringwave-agent.js', import.meta.url));

class AgentProcess {
  readonly child: ChildProcess;
  httpPort = 0;
  readonly ended: Promise<unknown>;

  private constructor(folder: string, sipPort: number) {
    const any = '127.0.0.1:0';
    const sip = ['--sip', any, '--phone-sip-port', String(sipPort)];
    const flags = ['--http', any, '--tftp', any, ...sip, '--plain-secrets'];
    const said = join(folder, 'said');
    mkdirSync(said, { recursive: true });
    this.child = spawn(
      process.execPath,
      [program, 'run', '--data', join(folder, 'data'), ...flags, '--log-level', 'trace'],
      {
        cwd: said,
        env: { ...process.env, TMPDIR: said, HOME: said },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.ended = once(this.child, 'exit');
    for (const name of ['stdout', 'stderr'] as const) {
      this.child[name]?.pipe(createWriteStream(join(said, `${name}-${this.child.pid}.txt`)));
    }
  }

  static async start(folder: string, sipPort: number): Promise<AgentProcess> {
    const agent = new AgentProcess(folder, sipPort);
    const [ready] = (await once(createInterface({ input: agent.child.stdout! }), 'line')) as [
      string,
    ];
    agent.httpPort = portIn(boundIn(ready)['http']);
    return agent;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.httpPort}${path}`, init);
  }

  /** One boot over HTTP, as far as files go: gives the login it was told, if any. */
  async boot(one: Phone): Promise<Login | undefined> {
    const kind = kindOf(one.vendor, one.model)!;
    const server = { protocol: 'http', host: '127.0.0.1', port: this.httpPort, path: '/' } as const;
    const paths = kind.files(one, 'http').filter(({ means }) => means === 'phone-config');
    const todo = paths.map(({ path }) => path);
    let told: Login | undefined;
    for (let path = todo.shift(); path !== undefined; path = todo.shift()) {
      const userAgent = kind.userAgent(one, 'application') ?? '';
      const headers = {
        'user-agent': userAgent,
        ...(one.login ? { authorization: basicHeader(one.login) } : {}),
      };
      const answer = await this.ask(path, { headers });
      const { include = [], provisioning } = kind.readConfig(await answer.text(), one);
      todo.push(...include.flatMap((name) => askFrom(name, server)?.path ?? []));
      told = provisioning ?? told;
    }
    return told;
  }
}

const logins = new Map<string, Buffer>();
const remember = (one: Phone, login: Login | undefined): void => {
  if (!login) return;
  one.login = login;
  logins.set(`${one.vendor} ${login.password.slice(0, 2)}…`, Buffer.from(login.password));
};

async function site(folder: string): Promise<{ controller: RunningController; api: Api }> {
  const controller = await startController(join(folder, 'controller'));
  const api = new Api(controller);
  await api.must('PUT', '/sites/lisbon', alwaysOpen);
  const rows = phones.map(({ mac, vendor, model }) => ({ mac, site: 'lisbon', vendor, model }));
  await api.must('POST', '/phones', rows);
  await enrolAgent(api, controller, 'lisbon', join(folder, 'agent', 'data'));
  return { controller, api };
}

const stateOf = (controller: RunningController, { mac }: Phone) =>
  controller.engine.tables.phones.get(mac)?.credential;

async function provisionAll(agent: AgentProcess, controller: RunningController): Promise<void> {
  for (const one of phones) {
    await until(`${one.vendor} has a secret`, () => stateOf(controller, one));
    remember(one, await agent.boot(one));
    await agent.boot(one);
    await until(`${one.vendor} proved it`, () => stateOf(controller, one)?.state === 'proven');
  }
}

/** The Yealink's SIP side: it believes a NOTIFY only with its login, so that the agent has to use it. */
async function sipSide(t: Test): Promise<{ port: number; proven: () => boolean }> {
  const desk = new NotifyDesk(kindOf(yealink.vendor, yealink.model)!.wakes, 'seed');
  const habit = { kind: 'challenges' } as const;
  let hasProven = false;
  const sip = await openSipPort({ address: '127.0.0.1', port: 0 }, (bytes, from) => {
    const login = yealink.login ? { login: yealink.login } : {};
    const answer = desk.answer(bytes, { from, habit, ...login, userAgent: 'Yealink SIP-T46S' });
    if (answer) sip.send(answer.answer, from);
    const isProof = /^authorization:/im.test(bytes.toString('latin1'));
    if (isProof && answer?.notify?.wants === 'reboot') hasProven = true;
  });
  t.teardown(() => sip.close());
  return { port: sip.port, proven: () => hasProven };
}

/** A rollout that gives the Yealink a second login while its first still works. */
async function rotate(
  agent: AgentProcess,
  controller: RunningController,
  api: Api,
  isWoken: () => boolean,
): Promise<void> {
  const { id } = await storeRelease(api, '66.86.0.15', Buffer.from('an image'));
  await api.must('POST', '/rollouts', {
    id: 'autumn',
    releases: [id],
    waves: [{ name: 'all' }],
    gate: { soakMinutes: 0, minSample: 1 },
    rotateCredentials: true,
  });
  await api.approve('autumn');
  await until('it was woken by its login', isWoken);
  await until('there is a second login', () => stateOf(controller, yealink)?.generation === 2);
  remember(yealink, await agent.boot(yealink));
  await agent.boot(yealink);
  await until('it is proven', () => stateOf(controller, yealink)?.state === 'proven');
}

/** What goes wrong in a branch: guesses, passwords in the wrong place, floods of one file, a cut upload. */
async function misbehave(agent: AgentProcess): Promise<void> {
  const guess = { user: '805ec0000001', password: tried.guessed };
  const own = '/805ec0000001.cfg';
  for (let time = 0; time < 8; time += 1) {
    await agent.ask(own, { headers: { authorization: basicHeader(guess) } });
    await agent.ask(own);
    await agent.boot(yealink);
  }
  await agent.ask(`/servlet?key=AutoP&password=${tried.inTheQuery}`);
  await agent.ask(`/nothing/here?p=${tried.inTheQuery}`);
  await agent.ask(own, { method: 'POST', body: `p=${tried.guessed}` });
  const echo = `prov|password ${poly.login?.password ?? ''} refused\n`;
  await agent.ask('/64167f000001-app.log', { method: 'PUT', body: echo });
  await agent.ask('/%00%ff', { headers: { authorization: `Bearer ${tried.guessed}` } });
}

/** Its database is taken away from it: the step fails, and the process ends with what it has to say. */
async function crash(agent: AgentProcess, folder: string): Promise<unknown> {
  const file = join(folder, 'agent', 'data', 'agent.sqlite');
  const database = new DatabaseSync(file, { timeout: 5000 });
  database.exec('BEGIN IMMEDIATE');
  agent.boot(poly).catch(() => {});
  const [code] = (await agent.ended) as [number];
  database.exec('ROLLBACK');
  database.close();
  return code;
}

test('no login is anywhere in what an agent leaves behind, whatever happened to it', {
  timeout: 120_000,
}, async (t) => {
  const folder = t.testdir({});
  const all = join(folder, 'agent');
  const { controller, api } = await site(folder);
  t.teardown(() => controller.close());
  const sip = await sipSide(t);
  const first = await AgentProcess.start(all, sip.port);
  t.teardown(() => void first.child.kill());
  await provisionAll(first, controller);
  t.equal(logins.size, phones.length, 'each maker’s phone learnt one');
  await rotate(first, controller, api, sip.proven);
  t.equal(logins.size, phones.length + 1, 'and one of them a second');
  await misbehave(first);
  const inFlight = phones.map((one) => first.boot(one).catch(() => {}));
  await first.end('SIGKILL');
  await Promise.all(inFlight);

  const secrets = {
    ...Object.fromEntries(logins),
    ...Object.fromEntries(Object.entries(tried).map(([name, word]) => [name, Buffer.from(word)])),
  };
  const knownFolders = searched(all, { mac: Buffer.from(yealink.mac) }).map(({ file }) => file);
  t.ok(knownFolders.includes('data/agent.sqlite-wal'), 'the search reads the journal');
  t.ok(searched(all, { word: Buffer.from('http listens') }).length > 0, 'and the log');
  t.same(searched(all, secrets, isOwnWriting), [], 'killed outright');
  t.ok(
    filesBelow(all).some((file) => file.endsWith('-wal')),
    'its journal was there to be read',
  );

  const second = await AgentProcess.start(all, sip.port);
  t.teardown(() => void second.child.kill());
  const path = '/805ec0000001.cfg';
  const headers = { authorization: basicHeader(yealink.login!) };
  t.not((await second.ask(path, { headers })).status, 401, 'it knows the logins still');
  t.equal(await crash(second, folder), 70);
  const lastWords = filesBelow(join(all, 'said')).map((file) => readFileSync(file, 'utf8'));
  t.ok(
    lastWords.some((text) => /database is locked/.test(text)),
    'it said why it ended',
  );
  t.same(searched(all, secrets, isOwnWriting), [], 'crashed');

  const third = await AgentProcess.start(all, sip.port);
  t.teardown(() => void third.child.kill());
  await third.boot(yealink);
  await third.end('SIGTERM');
  t.same(searched(all, secrets, isOwnWriting), [], 'stopped');
  t.same(searched(join(all, 'data', 'uploads'), secrets), [], 'uploads');
  t.same(searched(join(folder, 'controller'), secrets), [], 'nor has the controller any');
  keepsItsOwn(t, all);
});

/** Logs that phones upload are the phones' words. */
const isOwnWriting = (file: string): boolean => !file.startsWith('data/uploads/');

/** What the box itself needs to open lies in files that its own user alone may read, each in one place. */
function keepsItsOwn(t: Test, all: string): void {
  const data = join(all, 'data');
  const grant = JSON.parse(readFileSync(join(data, 'grant.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const own = ['mqttPassword', 'imageToken', 'fingerprintKey'].flatMap((name) =>
    typeof grant[name] === 'string' ? [[name, Buffer.from(grant[name])] as const] : [],
  );
  t.ok(own.length >= 2, 'the grant holds passwords');
  const elsewhere = (file: string) => file !== 'data/grant.json' && file !== 'data/seal.key';
  const sealKey = readFileSync(join(data, 'seal.key'));
  t.same(searched(all, { ...Object.fromEntries(own), sealKey }, elsewhere), []);
  for (const name of ['grant.json', 'seal.key']) {
    t.equal(statSync(join(data, name)).mode & 0o077, 0, `${name} is for its owner alone`);
  }
}

test('the search finds a secret in every form it knows, in any file', (t) => {
  const folder = t.testdir({ deep: {} });
  const secret = Buffer.from('Pa55-word+9/x');
  let place = 0;
  for (const [form, bytes] of formsOf(secret)) {
    const file = join(folder, 'deep', `${(place += 1)}.bin`);
    writeFileSync(file, Buffer.concat([Buffer.of(0, 255), bytes, Buffer.of(7)]));
    t.ok(
      searched(folder, { secret }).some((one) => one.form === form),
      form,
    );
  }
  for (const before of ['', 'a', 'ab', 'abc']) {
    const file = join(folder, 'deep', 'login.txt');
    writeFileSync(file, Buffer.from(`${before}${secret.toString()}tail`).toString('base64'));
    const found = searched(folder, { secret }).filter((one) => one.file.endsWith('login.txt'));
    t.ok(found.length > 0, `base64 behind '${before}'`);
  }
  writeFileSync(join(folder, 'innocent'), 'nothing');
  t.notOk(searched(folder, { secret }).some(({ file }) => file === 'innocent'));
  t.end();
});
