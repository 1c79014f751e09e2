// Kamailio from Debian as registrar and proxy, in the foreground, on free ports, without rights.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import { programPath } from './peer.ts';
import { freeUdpPort } from './sipp.ts';

export interface Kamailio {
  readonly sipPort: number;
  readonly rpcPort: number;
  readonly folder: string;
}

const modulesFolder = (): string => {
  const found = readdirSync('/usr/lib')
    .map((name) => `/usr/lib/${name}/kamailio/modules/`)
    .find((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory());
  return found ?? '/usr/lib/kamailio/modules/';
};

const MODULES = ['tm', 'sl', 'rr', 'pv', 'textops', 'usrloc', 'registrar', 'xhttp', 'jsonrpcs'];

/** As in Kamailio's own example: a Route that ends here is taken off, and what names another host goes there. */
const settings = ({ sipPort, rpcPort }: Kamailio): string => `#!KAMAILIO
debug=0
log_stderror=yes
fork=yes
children=1
tcp_children=1
tcp_accept_no_cl=yes
auto_aliases=no
listen=udp:127.0.0.1:${sipPort}
listen=tcp:127.0.0.1:${rpcPort}
mpath="${modulesFolder()}"
${MODULES.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("jsonrpcs", "transport", 1)
modparam("usrloc", "db_mode", 0)
request_route {
  if (is_method("REGISTER")) { save("location"); exit; }
  if (loose_route()) { t_relay(); exit; }
  if (uri != myself) { remove_hf("Route"); t_relay(); exit; }
  if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
  t_relay();
}
event_route[xhttp:request] {
  if ($hu =~ "^/RPC") { jsonrpc_dispatch(); } else { xhttp_reply("404", "Not Found", "text/plain", ""); }
}
`;

async function freeTcpPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** The user and group of the package, where we may become them: a proxy needs no rights of root. */
function packageUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith('kamailio:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

export async function startKamailio(t: Test): Promise<Kamailio> {
  const folder = t.testdir({});
  const ports = { sipPort: await freeUdpPort(), rpcPort: await freeTcpPort(), folder };
  const file = join(folder, 'kamailio.cfg');
  writeFileSync(file, settings(ports));
  const user = packageUser();
  if (user) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o755);
  const arguments_ = ['-DD', '-E', '-f', file, '-Y', folder, '-w', folder, '-m', '16', '-M', '4'];
  const program = spawn(programPath('kamailio') ?? 'kamailio', arguments_, {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...user,
  });
  t.teardown(() => ended(program));
  await answers(program, ports);
  return ports;
}

async function ended(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  program.kill('SIGTERM');
  await once(program, 'exit');
}

/** Tries until its RPC answers: Kamailio does not say when it is ready. */
async function answers(program: ChildProcess, { rpcPort }: Kamailio): Promise<void> {
  let said = '';
  program.stderr?.on('data', (bytes: Buffer) => (said = `${said}${bytes.toString()}`.slice(-2000)));
  for (const until = Date.now() + 10_000; Date.now() < until; ) {
    if (program.exitCode !== null) break;
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'core.version' });
    const url = `http://127.0.0.1:${rpcPort}/RPC`;
    const answer = await fetch(url, { method: 'POST', body }).catch(() => undefined);
    if (answer?.ok) return void (await answer.text());
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`kamailio did not start: ${said}`);
}
