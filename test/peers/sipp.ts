// sipp plays phones and strangers: it parses and writes SIP, and computes digests, with code of its own.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';

const repeated =
  '[last_Via:]\n[last_From:]\n[last_To:];tag=[call_number]\n[last_Call-ID:]\n[last_CSeq:]';

/** An answer to what was received last. */
export const answer = (status: string, more = ''): string =>
  sent(`SIP/2.0 ${status}\n${repeated}\n${more}Content-Length: 0`);

/** A message of the scenario's own. */
export const sent = (text: string): string => `<send><![CDATA[\n${text}\n\n]]></send>`;

export const asked = (method: string, inside = ''): string =>
  `<recv request="${method}">${inside}</recv>`;

/** Two seconds are plenty on one machine; without an answer by then the scenario fails. */
export const answered = (status: number): string => `<recv response="${status}" timeout="2000"/>`;

export const scenario = (...steps: string[]): string =>
  `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="peer">\n${steps.join('\n')}\n</scenario>\n`;

/** A request that nobody asked for, from wherever the sipp that sends it is. */
export const unasked = (method: string, more: Record<string, string> = {}): string => {
  const headers: Record<string, string> = {
    Via: 'SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]',
    'Max-Forwards': '70',
    From: '<sip:stranger@[local_ip]:[local_port]>;tag=[call_number]',
    To: '<sip:ringwave@[remote_ip]:[remote_port]>',
    'Call-ID': '[call_id]',
    CSeq: `1 ${method}`,
    ...more,
  };
  const { body = '', ...lines } = headers;
  const text = Object.entries(lines).map(([name, value]) => `${name}: ${value}`);
  const opening = `${method} sip:ringwave@[remote_ip]:[remote_port] SIP/2.0`;
  return `<send><![CDATA[\n${[opening, ...text, 'Content-Length: [len]'].join('\n')}\n\n${body}\n]]></send>`;
};

export async function freeUdpPort(address = '127.0.0.1'): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

export interface Sipp {
  readonly port: number;
  /** 0 where the whole scenario went as written. */
  readonly ended: Promise<number>;
}

interface SippOptions {
  readonly address?: string;
  readonly port?: number;
  /** Where it speaks to, of a scenario that speaks first. */
  readonly to?: number;
  /** Of a call that others began; sipp hears nothing of any other than its own. */
  readonly callId?: string;
}

/** Runs one call of a scenario. */
export async function startSipp(
  t: Test,
  text: string,
  { address = '127.0.0.1', port, to, callId }: SippOptions = {},
): Promise<Sipp> {
  const folder = mkdtempSync(join(t.testdir({}), 'sipp-'));
  writeFileSync(join(folder, 'peer.xml'), text);
  const own = port ?? (await freeUdpPort(address));
  const call = callId === undefined ? [] : ['-cid_str', callId];
  const target = to === undefined ? [] : [`127.0.0.1:${to}`];
  const usual = ['-sf', 'peer.xml', '-i', address, '-p', `${own}`, '-m', '1', '-nostdin'];
  const sipp = spawn('sipp', [...usual, ...call, ...target], { cwd: folder, stdio: 'ignore' });
  t.teardown(() => sipp.kill());
  const ended = once(sipp, 'exit').then(([status]) => Number(status));
  return { port: own, ended };
}
