import { randomBytes } from 'node:crypto';
import { downTopic, shardFilter, shardOf, upTopic } from '@ringwave/protocol/topics';
import { type Id, seconds } from '@ringwave/protocol/units';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';

// Tries on a broker what the wire needs of it (the broker-neutral profile: MQTT 3.1.1, clean sessions,
// QoS 1, exact filters or one trailing #, a last will, nothing retained, nothing shared). Run before a
// controller is moved to a broker, and by the tests on mosquitto.

/** 5 s for one exchange: a broker in the next room answers in milliseconds. */
const answerLimit = seconds(5);

export interface BrokerLogin {
  readonly username: string;
  readonly password: string;
}

export interface CheckLogins {
  readonly controller: BrokerLogin;
  /** Two sites' logins; nothing of theirs is disturbed but their connection while the check runs. */
  readonly sites: readonly [BrokerLogin, BrokerLogin];
}

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen instead. */
  readonly detail?: string;
}

interface Line {
  readonly client: MqttClient;
  readonly got: { readonly topic: string; readonly payload: Buffer }[];
}

/** A connection that has what one check needs, and is gone after it. */
type Open = (login: BrokerLogin, options?: IClientOptions) => Promise<Line>;

interface Bench {
  readonly open: Open;
  readonly logins: CheckLogins;
  readonly near: Id;
  readonly far: Id;
}

const CHECKS: readonly (readonly [string, (bench: Bench) => Promise<string | undefined>])[] = [
  ['a message at QoS 1 reaches the controller through its shard filter', upThroughShard],
  ['a message at QoS 1 reaches a site through its own subtree', downToSite],
  ['a message for all reaches every site', downToAll],
  ['an exact filter delivers as well', exactFilter],
  ['messages of one site keep their order', orderOfOneSite],
  ['64 KiB go up whole', async (bench) => whole(bench, 'up', 64 * 1024)],
  ['128 KiB go down whole', async (bench) => whole(bench, 'down', 128 * 1024)],
  ['a clean session keeps nothing for who was away', cleanSession],
  ['a lost connection publishes its last will', lastWill],
  ['a wrong password is refused', wrongPassword],
  ['a site cannot read what goes to another', foreignRead],
  ['a site cannot write for another, nor downwards', foreignWrite],
];

/** Runs all checks in order; a check that cannot be made has failed and says why. */
export async function checkBroker(url: string, logins: CheckLogins): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const [name, check] of CHECKS) {
    const lines: MqttClient[] = [];
    const open: Open = (login, options) => openLine(url, login, lines, options);
    const [near, far] = logins.sites.map((login) => login.username as Id) as [Id, Id];
    const detail = await check({ open, logins, near, far }).catch((error: Error) => error.message);
    for (const client of lines) client.end(true);
    results.push(detail === undefined ? { name, ok: true } : { name, ok: false, detail });
  }
  return results;
}

async function openLine(
  url: string,
  login: BrokerLogin,
  lines: MqttClient[],
  options: IClientOptions = {},
): Promise<Line> {
  const client = mqtt.connect(url, {
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: answerLimit,
    clientId: login.username,
    ...login,
    ...options,
  });
  lines.push(client);
  const line: Line = { client, got: [] };
  client.on('message', (topic, payload) => line.got.push({ topic, payload }));
  await new Promise<void>((done, failed) => {
    client.once('connect', () => done());
    client.once('error', failed);
    client.once('close', () => failed(new Error('the broker closed the connection')));
  });
  client.on('error', () => {});
  return line;
}

const follow = async ({ client }: Line, ...filters: string[]): Promise<void> => {
  await client.subscribeAsync(filters, { qos: 1 });
};

const say = async ({ client }: Line, topic: string, payload: string | Buffer): Promise<void> => {
  await client.publishAsync(topic, payload, { qos: 1 });
};

/** Undefined once `line` holds `count` messages; otherwise what it holds when patience ends. */
async function holds(line: Line, count: number): Promise<string | undefined> {
  if (line.got.length >= count) return undefined;
  return new Promise((done) => {
    const finish = (detail?: string) => {
      clearTimeout(timer);
      line.client.off('message', look);
      done(detail);
    };
    const look = () => line.got.length >= count && finish();
    const timer = setTimeout(() => finish(`${line.got.length} of ${count} arrived`), answerLimit);
    line.client.on('message', look);
  });
}

async function upThroughShard({ open, logins, near }: Bench): Promise<string | undefined> {
  const controller = await open(logins.controller);
  await follow(controller, shardFilter(shardOf(near)));
  await say(await open(logins.sites[0]), upTopic(near, 'd'), 'up');
  return holds(controller, 1);
}

async function downToSite({ open, logins, near }: Bench): Promise<string | undefined> {
  const agent = await open(logins.sites[0]);
  await follow(agent, `fw/v1/dn/${near}/#`);
  await say(await open(logins.controller), downTopic(near, 'plan'), 'down');
  return holds(agent, 1);
}

async function downToAll({ open, logins }: Bench): Promise<string | undefined> {
  const agents = [await open(logins.sites[0]), await open(logins.sites[1])];
  for (const agent of agents) await follow(agent, 'fw/v1/dn/all/#');
  await say(await open(logins.controller), 'fw/v1/dn/all/halt', 'for all');
  const missing = await Promise.all(agents.map((agent) => holds(agent, 1)));
  return missing.find((detail) => detail !== undefined);
}

async function exactFilter({ open, logins, near }: Bench): Promise<string | undefined> {
  const agent = await open(logins.sites[0]);
  await follow(agent, downTopic(near, 'plan'));
  await say(await open(logins.controller), downTopic(near, 'plan'), 'down');
  return holds(agent, 1);
}

async function orderOfOneSite({ open, logins, near }: Bench): Promise<string | undefined> {
  const controller = await open(logins.controller);
  await follow(controller, shardFilter(shardOf(near)));
  const agent = await open(logins.sites[0]);
  const expected = Array.from({ length: 100 }, (_, nth) => String(nth));
  await Promise.all(expected.map((text) => say(agent, upTopic(near, 'd'), text)));
  const missing = await holds(controller, expected.length);
  if (missing !== undefined) return missing;
  const got = controller.got.map(({ payload }) => payload.toString('utf8'));
  const wrong = got.findIndex((text, nth) => text !== expected[nth]);
  return wrong === -1 ? undefined : `${got[wrong]} arrived in place ${wrong}`;
}

async function whole(bench: Bench, way: 'up' | 'down', length: number) {
  const { open, logins, near } = bench;
  const controller = await open(logins.controller);
  const agent = await open(logins.sites[0]);
  const [from, to] = way === 'up' ? [agent, controller] : [controller, agent];
  await follow(to, way === 'up' ? shardFilter(shardOf(near)) : `fw/v1/dn/${near}/#`);
  const payload = randomBytes(length);
  await say(from, way === 'up' ? upTopic(near, 'd') : downTopic(near, 'plan'), payload);
  const missing = await holds(to, 1);
  if (missing !== undefined) return missing;
  return to.got[0]?.payload.equals(payload) ? undefined : 'other bytes arrived';
}

async function cleanSession({ open, logins, near }: Bench): Promise<string | undefined> {
  const before = await open(logins.sites[0]);
  await follow(before, `fw/v1/dn/${near}/#`);
  await before.client.endAsync();
  const controller = await open(logins.controller);
  await say(controller, downTopic(near, 'plan'), 'while away');
  const after = await open(logins.sites[0]);
  await follow(after, `fw/v1/dn/${near}/#`);
  await say(controller, downTopic(near, 'plan'), 'back');
  const missing = await holds(after, 1);
  const first = after.got[0]?.payload.toString('utf8');
  return missing ?? (first === 'back' ? undefined : `'${first}' was kept`);
}

async function lastWill({ open, logins, near }: Bench): Promise<string | undefined> {
  const controller = await open(logins.controller);
  await follow(controller, shardFilter(shardOf(near)));
  const will = { topic: upTopic(near, 'lwt'), payload: Buffer.from('gone'), qos: 1, retain: false };
  const agent = await open(logins.sites[0], { will } as IClientOptions);
  agent.client.stream.destroy();
  return holds(controller, 1);
}

async function wrongPassword({ open, logins }: Bench): Promise<string | undefined> {
  const wrong = { ...logins.sites[0], password: randomBytes(24).toString('base64url') };
  return open(wrong).then(
    () => 'it was let in',
    () => undefined,
  );
}

/** A refusal may look like success, so what counts is what becomes visible before a message that may. */
async function foreignRead({ open, logins, near, far }: Bench): Promise<string | undefined> {
  const controller = await open(logins.controller);
  for (const filter of [`fw/v1/dn/${far}/#`, downTopic(far, 'plan'), 'fw/v1/#', '#']) {
    const spy = await open(logins.sites[0]);
    // Some brokers end the connection for asking; then nothing is visible either.
    await follow(spy, filter).catch(() => {});
    const isOpen = await follow(spy, `fw/v1/dn/${near}/#`).then(
      () => true,
      () => false,
    );
    await say(controller, downTopic(far, 'plan'), 'secret');
    if (!isOpen) continue;
    await say(controller, downTopic(near, 'plan'), 'own');
    const missing = await holds(spy, 1);
    const leaked = spy.got.find(({ topic }) => topic === downTopic(far, 'plan'));
    if (leaked ?? missing) return leaked ? `${filter} showed ${leaked.topic}` : missing;
    spy.client.end(true);
  }
  return undefined;
}

async function foreignWrite({ open, logins, near, far }: Bench): Promise<string | undefined> {
  const controller = await open(logins.controller);
  await follow(controller, shardFilter(shardOf(far)), shardFilter(shardOf(near)));
  const victim = await open(logins.sites[1]);
  await follow(victim, `fw/v1/dn/${far}/#`);
  for (const topic of [upTopic(far, 'd'), downTopic(far, 'plan')]) {
    const forger = await open(logins.sites[0]);
    const ended = new Promise<void>((done) => forger.client.once('close', () => done()));
    await Promise.race([say(forger, topic, 'forged').catch(() => {}), ended]);
    forger.client.end(true);
  }
  await say(victim, upTopic(far, 'd'), 'own');
  await say(controller, downTopic(far, 'plan'), 'own');
  const missing = (await holds(controller, 1)) ?? (await holds(victim, 1));
  const forged = [...controller.got, ...victim.got].find(({ payload }) =>
    payload.equals(Buffer.from('forged')),
  );
  return forged ? `${forged.topic} carried a forged message` : missing;
}
