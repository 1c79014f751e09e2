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
import { checkPath } from './check-path.ts';
import { type Box, readGrant } from './box.ts';
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
  const plan = planIn(box);
  const [disk, clock, name, broker, http, certificate, tftp, base] = await Promise.all([
    diskOf(box.folder),
    clockOf(grant),
    nameOf(mqtt.hostname),
    brokerOf(mqtt),
    running && httpOf(running),
    running?.https && certificateOf(running.https),
    running && tftpOf(running),
    running?.base && checkBase(running.base, plan?.phones ?? []),
  ]);
  return {
    enrolment: well('enrolment', `agent of site ${grant.site}`),
    agent: running
      ? well('agent', `running as process ${running.pid}`)
      : wrong('agent', 'is not running', 'Start it with: ringwave-agent run'),
    disk,
    clock,
    name,
    broker,
    ...(running ? { line: lineOf(running) } : {}),
    ...(http ? { http } : {}),
    ...(certificate ? { certificate } : {}),
    ...(tftp ? { tftp } : {}),
    ...(base ? { base: { what: 'base', ...base } } : {}),
    ...storedIn(box, running),
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
    const said = `the controller at ${new URL(httpUrl).origin} does not answer: ${messageOf(error)}`;
    return wrong('clock', said, 'Check the line to the controller, its address and the firewall.');
  }
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

/** What phones are shown: the times of a certificate are the only thing of it that a clock can make wrong. */
async function certificateOf({ host, port }: Listens): Promise<Finding> {
  const socket = connectTls({ host: hostOf({ host }), port, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(answerMsMax) });
    const { valid_from: from, valid_to: until } = socket.getPeerCertificate();
    return validOn(Date.parse(from), Date.parse(until));
  } catch (error) {
    const fix = 'Look at the log of the agent; another program may hold its port.';
    return wrong('certificate', `no TLS on port ${port}: ${messageOf(error)}`, fix);
  } finally {
    socket.destroy();
  }
}

function validOn(from: number, until: number): Finding {
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  const fix =
    'See that the clock of this box is right, then restart the agent: it makes its certificate anew. One of your own (--tls-cert) has to be replaced.';
  if (Date.now() < from)
    return wrong('certificate', `begins only on ${day(from)}: phones refuse it`, fix);
  if (Date.now() >= until) return wrong('certificate', `ended on ${day(until)}`, fix);
  return well('certificate', `ends on ${day(until)}`);
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
    await response.body?.cancel();
    const said = `answers on port ${running.http}`;
    return response.ok ? well('http', said) : wrong('http', `answers ${response.status}`, fix);
  } catch (error) {
    return wrong('http', messageOf(error), fix);
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
    const isData = decodePacket(datagram)?.kind === 'data';
    const said = `a file read from port ${running.tftp}`;
    const fix = 'Look at the log of the agent; another program may hold its port.';
    return isData ? well('tftp', said) : wrong('tftp', 'answers without a file', fix);
  } catch {
    const fix = `Let UDP port ${running.tftp} and all answers from this box through its firewall.`;
    return wrong('tftp', `no answer from port ${running.tftp}`, fix);
  } finally {
    socket.close();
  }
}

const openDatabase = (box: Box): DatabaseSync | undefined =>
  existsSync(box.database)
    ? new DatabaseSync(box.database, { readOnly: true, timeout: answerMsMax })
    : undefined;

function planIn(box: Box): HeldPlan['plan'] | undefined {
  const db = openDatabase(box);
  try {
    return db && rowsOf<HeldPlan>(db, 'plan')[0]?.plan;
  } finally {
    db?.close();
  }
}

/** What the agent has stored: its plan, and which phones have shown themselves. */
function storedIn(
  box: Box,
  running: Running | undefined,
): Pick<Findings, 'plan' | 'phones' | 'sip'> {
  const db = openDatabase(box);
  if (!db) return {};
  try {
    const plan = rowsOf<HeldPlan>(db, 'plan')[0]?.plan;
    // Phones that an earlier box has seen may still be led to where it was.
    const seen = rowsOf<Sighting>(db, 'sightings').filter((one) => !one.isHearsay);
    const sip = running && sipOf(running, seen);
    const fix = 'Put its phones into the inventory: ringwave phone put';
    return {
      plan: plan
        ? well('plan', `revision ${plan.revision} with ${plan.phones.length} phones`)
        : wrong('plan', 'none has come yet', fix),
      phones: seen.length > 0 ? well('phones', `${seen.length} have asked`) : notSeen(running),
      ...(sip ? { sip } : {}),
    };
  } finally {
    db.close();
  }
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

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return `no answer in ${answerMsMax} ms`;
  return error.cause instanceof Error ? error.cause.message : error.message;
};
