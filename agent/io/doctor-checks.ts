import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { connect, isIP, isIPv6 } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { connect as connectTls } from 'node:tls';
import type { EnrolmentGrant } from '@ringwave/protocol/enrolment';
import { freeBytes } from '@ringwave/runtime/io/disk-room';
import type { Finding, Findings } from '../core/doctor.ts';
import { decodePacket, encodeRequest } from '../core/tftp/packet.ts';
import type { HeldPlan, Sighting } from '../core/state.ts';
import { checkBase } from './base/base-check.ts';
import { checkPath, checkText } from './check-path.ts';
import { type Box, damagedState, readGrant } from './box.ts';
import type { Listens } from './phone-servers.ts';
import { type Running, runningIn } from './running-file.ts';

// What `ringwave-agent doctor` looks at. Every check ends in time and changes nothing.

/** Each answer from the network; a technician waits at the box. */
const answerMsMax = 3000;
/** Two of the largest images. */
const diskBytesMin = 2 * 1024 ** 3;
/** Windows are kept by the clock; a certificate needs it too. */
const clockMsMax = 60_000;

const well = (what: string, said: string): Finding => ({ what, state: 'well', said });
const wrong = (what: string, said: string, fix: string): Finding => ({
  what,
  state: 'wrong',
  said,
  fix,
});

export async function examine(box: Box): Promise<Findings> {
  const grant = grantOf(box);
  if ('state' in grant) return { enrolment: grant };
  const running = runningIn(box.folder);
  const mqtt = new URL(grant.mqttUrl);
  const stored = storedIn(box);
  const plan = stored && 'seen' in stored ? stored.plan : undefined;
  const [disk, clock, name, broker, http, https, tftp, base] = await Promise.all([
    diskOf(box.folder),
    clockOf(grant),
    namesOf([mqtt.hostname, new URL(grant.httpUrl).hostname]),
    brokerOf(mqtt),
    running && httpOf(running),
    running?.https && httpsOf(running.https),
    running && tftpOf(running),
    running?.base && checkBase(running.base, plan?.phones ?? []),
  ]);
  return {
    enrolment: well('enrolment', `agent of site ${grant.site}`),
    agent: running
      ? well('agent', `running as process ${running.pid}`)
      : wrong('agent', 'is not running', 'Start it with: ringwave-agent run'),
    disk,
    ...(stored && 'state' in stored ? { state: stored } : {}),
    name,
    clock,
    broker,
    ...(running ? { line: lineOf(running) } : {}),
    ...(http ? { http } : {}),
    ...(https ? { https } : {}),
    ...(tftp ? { tftp } : {}),
    ...(base ? { base: { what: 'base', ...base } } : {}),
    ...(stored && 'seen' in stored ? toldBy(stored, running) : {}),
  };
}

function grantOf(box: Box): EnrolmentGrant | Finding {
  const fix = 'Enrol it with: ringwave-agent enroll TOKEN --controller URL';
  try {
    return readGrant(box) ?? wrong('enrolment', 'this box is not enrolled', fix);
  } catch (error) {
    return wrong('enrolment', messageOf(error), fix);
  }
}

async function diskOf(folder: string): Promise<Finding> {
  const fix = `Make ${folder} writable for this user, with 2 GiB free.`;
  try {
    await access(folder, constants.W_OK);
    const free = await freeBytes(folder);
    const said = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${folder}`;
    return free >= diskBytesMin ? well('disk', said) : wrong('disk', said, fix);
  } catch (error) {
    return wrong('disk', messageOf(error), fix);
  }
}

/** The controller's own clock, by the Date of any answer it gives (RFC 9110, section 6.6.1). */
async function clockOf({ httpUrl }: EnrolmentGrant): Promise<Finding> {
  try {
    const signal = AbortSignal.timeout(answerMsMax);
    const response = await fetch(new URL('/health', httpUrl), { signal, redirect: 'manual' });
    await response.body?.cancel();
    const theirs = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(theirs)) throw new Error('its answer carries no date');
    const apart = Math.abs(Date.now() - theirs);
    const said = `${Math.round(apart / 1000)} s apart from the controller's`;
    if (apart <= clockMsMax) return well('clock', said);
    return wrong('clock', said, 'Set the clock of this box; let it follow an NTP server.');
  } catch (error) {
    const isSeenFrom = `by the clock of this box (${new Date().toISOString()})`;
    const code = codeOf(error);
    if (code === 'CERT_NOT_YET_VALID') {
      const said = `the controller's certificate is not valid yet ${isSeenFrom}`;
      return wrong('clock', said, 'Set the clock of this box; let it follow an NTP server.');
    }
    if (code === 'CERT_HAS_EXPIRED') {
      const said = `the controller's certificate has expired ${isSeenFrom}`;
      const fix =
        "Set the clock of this box if it is ahead; if not, renew the controller's certificate.";
      return wrong('clock', said, fix);
    }
    const said = `the controller at ${new URL(httpUrl).origin} does not answer: ${messageOf(error)}`;
    return wrong('clock', said, 'Check the line to the controller, its address and the firewall.');
  }
}

/** The first of them that is not known, or the first. */
async function namesOf([first = '', ...others]: readonly string[]): Promise<Finding> {
  const more = Array.from(new Set(others)).filter((one) => one !== first);
  const found = await Promise.all([first, ...more].map(nameOf));
  return found.find(({ state }) => state === 'wrong') ?? found[0]!;
}

async function nameOf(host: string): Promise<Finding> {
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0) return well('name', `${host} is an address`);
  try {
    const { address } = await lookup(host);
    return well('name', `${host} is ${address}`);
  } catch (error) {
    return wrong(
      'name',
      messageOf(error),
      `Check the DNS server of this box: it must know ${host}.`,
    );
  }
}

async function brokerOf({ hostname, port, protocol }: URL): Promise<Finding> {
  const at = port === '' ? (protocol === 'mqtts:' ? 8883 : 1883) : Number(port);
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: at });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(answerMsMax) });
    return well('broker', `${hostname}:${at} takes connections`);
  } catch (error) {
    const said = `${hostname}:${at} does not: ${messageOf(error)}`;
    return wrong('broker', said, `Let this box reach ${hostname} port ${at}.`);
  } finally {
    socket.destroy();
  }
}

const hostOf = ({ host }: Pick<Running, 'host'>): string =>
  host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;

async function httpOf(running: Running): Promise<Finding> {
  const fix = 'Look at the log of the agent; another program may hold its port.';
  try {
    const signal = AbortSignal.timeout(answerMsMax);
    const host = hostOf(running);
    const url = `http://${isIPv6(host) ? `[${host}]` : host}:${running.http}/${checkPath}`;
    const response = await fetch(url, { signal });
    const isOurs = response.headers.get('content-length') === String(checkText.length);
    if (response.ok && isOurs && (await response.text()) === checkText)
      return well('http', `answers on port ${running.http}`);
    await response.body?.cancel();
    const what = response.ok ? 'something else' : String(response.status);
    return wrong('http', `port ${running.http} answers ${what}`, fix);
  } catch (error) {
    return wrong('http', messageOf(error), fix);
  }
}

/** Whether phones can be served over TLS; which authority they trust is theirs to know. */
async function httpsOf({ host, port }: Listens): Promise<Finding> {
  const fix = 'Look at the log of the agent; another program may hold its port.';
  const socket = connectTls({ host: hostOf({ host }), port, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(answerMsMax) });
    const { valid_from: from, valid_to: until } = socket.getPeerCertificate();
    if (Date.parse(until) < Date.now()) {
      const said = `the certificate on port ${port} ended on ${until}`;
      const renew =
        'Give the agent another one with --tls-cert, and start it again; its own it makes anew then.';
      return wrong('https', said, renew);
    }
    if (Date.parse(from) > Date.now()) {
      const said = `the certificate on port ${port} begins only on ${from}: phones refuse it`;
      return wrong('https', said, 'Set the clock of this box, and start the agent again.');
    }
    return well('https', `TLS on port ${port}, with a certificate until ${until}`);
  } catch (error) {
    return wrong('https', `port ${port}: ${messageOf(error)}`, fix);
  } finally {
    socket.destroy();
  }
}

/** Reads a file from the agent as a phone does (RFC 1350): the answer comes from another port. */
async function tftpOf(running: Running): Promise<Finding> {
  const socket = createSocket(isIPv6(hostOf(running)) ? 'udp6' : 'udp4');
  try {
    const signal = AbortSignal.timeout(answerMsMax);
    const request = {
      kind: 'read' as const,
      fileName: checkPath,
      mode: 'octet',
      options: new Map(),
    };
    socket.send(encodeRequest(request), running.tftp, hostOf(running));
    const [datagram] = (await once(socket, 'message', { signal })) as [Buffer];
    const packet = decodePacket(datagram);
    const isOurs =
      packet?.kind === 'data' && Buffer.from(packet.data).toString('latin1') === checkText;
    const said = `a file read from port ${running.tftp}`;
    const fix = 'Look at the log of the agent; another program may hold its port.';
    return isOurs ? well('tftp', said) : wrong('tftp', 'answers without its file', fix);
  } catch {
    const fix = `Let UDP port ${running.tftp} and all answers from this box through its firewall.`;
    return wrong('tftp', `no answer from port ${running.tftp}`, fix);
  } finally {
    socket.close();
  }
}

interface Stored {
  readonly plan?: HeldPlan['plan'];
  /** Phones that have shown themselves to this box. */
  readonly seen: readonly Sighting[];
}

/** What the agent has stored; undefined where it has never run, or makes its tables in this moment. */
function storedIn(box: Box): Stored | Finding | undefined {
  if (!existsSync(box.database)) return undefined;
  try {
    const db = new DatabaseSync(box.database, { readOnly: true, timeout: answerMsMax });
    try {
      const plan = rowsOf<HeldPlan>(db, 'plan')[0]?.plan;
      // Phones that an earlier box has seen may still be led to where it was.
      const seen = rowsOf<Sighting>(db, 'sightings').filter((one) => !one.isHearsay);
      return { ...(plan && { plan }), seen };
    } finally {
      db.close();
    }
  } catch (error) {
    if (messageOf(error).startsWith('no such table')) return undefined;
    return wrong('state', `${box.database}: ${messageOf(error)}`, damagedState(box.folder));
  }
}

function toldBy({ plan, seen }: Stored, running: Running | undefined): Findings {
  const sip = running && sipOf(running, seen);
  const fix = 'Put its phones into the inventory: ringwave phone put';
  return {
    plan: plan
      ? well('plan', `revision ${plan.revision} with ${plan.phones.length} phones`)
      : wrong('plan', 'none has come yet', fix),
    phones: seen.length > 0 ? well('phones', `${seen.length} have asked`) : notSeen(running),
    ...(sip ? { sip } : {}),
  };
}

/** Phones that nothing of this box reaches when they are to be woken. */
function sipOf({ sipHost }: Running, seen: readonly Sighting[]): Finding | undefined {
  if (sipHost === undefined || isIPv6(sipHost)) return undefined;
  const count = seen.filter(({ address }) => isIPv6(address)).length;
  if (count === 0) return undefined;
  const have = count === 1 ? 'has an IPv6 address' : 'have IPv6 addresses';
  const said = `${count} of the phones ${have}, and NOTIFY leaves by IPv4 alone`;
  return wrong('sip', said, 'Start the agent with --sip [::]:0: it then wakes phones of both.');
}

/** The agent's own line: a broker that takes connections may still refuse this box's login. */
function lineOf({ line }: Running): Finding {
  if (line === 'answered') return well('line', 'the controller answers this agent');
  if (line) {
    const { down } = line;
    const isRefused = /not authori[sz]ed|bad user ?name/i.test(down);
    const fix = isRefused
      ? 'The controller does not know the login of this box any more. Enrol it anew with a token of its site: ringwave-agent enroll TOKEN --controller URL'
      : 'See what is wrong above it; then the log of the agent, and whether another box is enrolled for this site.';
    return wrong('line', `the agent has none to the controller: ${down}`, fix);
  }
  const said = 'the controller has not answered this agent yet';
  const fix = 'Wait half a minute and ask again; then look at the log of the controller.';
  return { what: 'line', state: 'unknown', said, fix };
}

const rowsOf = <Row>(db: DatabaseSync, kind: string): Row[] =>
  db
    .prepare('SELECT body FROM row WHERE kind = ?')
    .all(kind)
    .map((row) => JSON.parse(String(row['body'])) as Row);

function notSeen(running: Running | undefined): Finding {
  const port = running && running.http !== 80 ? `:${running.http}` : '';
  const isAny = !running || running.host === '0.0.0.0' || running.host === '::';
  const own = isAny ? 'ADDRESS-OF-THIS-BOX' : running.host;
  const host = isIPv6(own) ? `[${own}]` : own;
  const option = `DHCP option 66 = http://${host}${port}/`;
  return {
    what: 'phones',
    state: 'unknown',
    said: `${option} not seen yet: no phone has asked`,
    fix: `Set ${option} (Cisco: option 150, Poly and others: 160) in the voice VLAN, and restart one phone.`,
  };
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return `no answer in ${answerMsMax} ms`;
  return error.cause instanceof Error ? error.cause.message : error.message;
};
