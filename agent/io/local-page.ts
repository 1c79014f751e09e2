import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv4, isIPv6 } from 'node:net';
import { once } from 'node:events';
import type { EpochMs } from '@ringwave/protocol/units';
import type { LocalPhone, LocalView } from '../core/local-view.ts';

// A page for whoever stands at the box: read only, without scripts, and only for names that mean this box.

export interface LocalPageOf {
  readonly host: string;
  readonly port: number;
  readonly view: () => LocalView;
}

export interface LocalPage {
  readonly port: number;
  close(): Promise<void>;
}

/** A page asks once and a person reads it; whoever keeps a line open longer is no person. */
const requestMsMax = 5000;
const connectionsMax = 16;

export async function openLocalPage({ host, port, view }: LocalPageOf): Promise<LocalPage> {
  const server = createServer((request, response) => answer(request, response, { host, view }));
  server.requestTimeout = requestMsMax;
  server.headersTimeout = requestMsMax;
  server.maxConnections = connectionsMax;
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => closed(server),
  };
}

async function closed(server: Server): Promise<void> {
  const end = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await end;
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { host, view }: Pick<LocalPageOf, 'host' | 'view'>,
): void {
  const send = (status: number, type: string, body: string) =>
    response.writeHead(status, { ...HEADERS, 'content-type': type }).end(body);
  // A page of somebody else could reach this one by a name of its own that means this address.
  if (!isOwnName(request.headers.host, host))
    return void send(421, 'text/plain', 'Not this host.\n');
  if (request.method !== 'GET') return void send(405, 'text/plain', 'Only GET.\n');
  if (request.url === '/status.json') {
    return void send(200, 'application/json', `${JSON.stringify(view())}\n`);
  }
  if (request.url !== '/') return void send(404, 'text/plain', 'There is only one page: /\n');
  return void send(200, 'text/html; charset=utf-8', pageOf(view()));
}

/** Nobody else can have an address lead here; a name he can. */
function isOwnName(header: string | undefined, host: string): boolean {
  const name = (header ?? '').replace(/:\d{1,5}$/, '').toLowerCase();
  const isAddress = isIPv4(name) || isIPv6(/^\[(.*)\]$/.exec(name)?.[1] ?? '');
  return isAddress || name === 'localhost' || name === host.toLowerCase();
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const time = (at: EpochMs | null): string =>
  at === null ? 'never' : `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const row = (cells: readonly string[]): string =>
  `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;

const phoneRow = (phone: LocalPhone): string =>
  row([
    phone.extension ?? '',
    phone.mac,
    `${phone.vendor} ${phone.model}`,
    phone.runs ?? 'not seen yet',
    time(phone.seenAt),
    phone.phase ?? 'nothing to do',
    [phone.reason ?? '', phone.nextAttemptAt === null ? '' : `next ${time(phone.nextAttemptAt)}`]
      .filter((part) => part !== '')
      .join('; '),
  ]);

export function pageOf(view: LocalView): string {
  const { site, now, plan, line, isHalted, opening, images, unconfirmed, phones } = view;
  const seen = phones.filter((phone) => phone.isSeenHere).length;
  const facts = [
    ['Line to the controller', line],
    ['Plan', plan ? `revision ${plan.revision}, since ${time(plan.since)}` : 'none yet'],
    ['Reboot window', openingWords(opening)],
    ['Phones', `${seen} of ${phones.length} have shown themselves`],
    ['Images', `${images.held} here, ${images.wanted} on their way, ${images.failed} failed`],
    ['Reports not confirmed', String(unconfirmed)],
    ...(isHalted ? [['Halt', 'all sites are halted; no phone is started']] : []),
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ringwave ${escaped(site)}</title>
<meta name="viewport" content="width=device-width"><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc}
</style></head><body><h1>${escaped(site)}</h1><p>As of ${time(now)}.</p>
<table><tbody>${facts.map(row).join('\n')}</tbody></table><h2>Phones</h2>
<table><thead><tr><th>Extension</th><th>MAC</th><th>Model</th><th>Runs</th><th>Seen</th><th>State</th><th>Why</th></tr></thead>
<tbody>${phones.map(phoneRow).join('\n')}</tbody></table></body></html>
`;
}

function openingWords(opening: LocalView['opening']): string {
  if (!opening) return 'none known';
  return opening.isOn
    ? `open until ${time(opening.end)}`
    : `opens ${time(opening.start)}, until ${time(opening.end)}`;
}
