// Gigaset DECT bases and managers N510, N720, N870 and Maxwell desk phones (provisioning wiki of Gigaset pro).

import type { RequestedFile } from '../requested-path.ts';
import { knownOnly, macIn, ownPhoneFile } from './knowledge.ts';
import type { AgentClaim, Order, PathClaim } from './profile.ts';
import { remembered } from '../remembered.ts';
import { compareFields, dotted, orderOf, ordered } from './version-parts.ts';
import { gigasetLines } from './gigaset-lines.ts';

const ouis = ['7c2f80', '589ec6', '002104', '14b370', '0021e0'];

export const gigaset = knownOnly({
  name: 'Gigaset',
  lines: gigasetLines,
  ouis,
  agentInitials: 'gnmcsad',
  readAgent,
  readFile,
  compare,
});

/**
 * `N510 IP PRO/42.250.00.000.000;7C2F806257D7`, `N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605;Handset=3`,
 * `Maxwell 3 PRO/82.2.18.4-release;…`; some lines put the maker's name before. The build is a commit's name.
 */
function readAgent(userAgent: string): AgentClaim | undefined {
  const found =
    /^(?:Gigaset[ -](?=[A-Z])|(?=N\d{3}[A-Z]? |Maxwell |[A-Z]{1,2}\d{3}[A-Z]? IP))([A-Z][A-Za-z0-9]{1,9}(?: [A-Za-z0-9]{1,8}){0,3})\/([^\s;+]{3,40})([^\s;]{0,60})/i.exec(
      userAgent,
    );
  const [all, model, version] = found ?? [];
  if (all === undefined || model === undefined || version === undefined || !/^\d/.test(version)) {
    return undefined;
  }
  return { model, version, mac: macIn(userAgent.slice(all.length, all.length + 40)) };
}

/** The folder is the product: 42 an N510; 70 is an N720's manager and its bases alike. */
const PRODUCTS: Readonly<Record<string, string>> = { '42': 'N510 IP PRO' };
const phoneFile = ownPhoneFile(ouis, /^[0-9a-f]{12}\.(?:xml|cfg)$/i);

function readFile(file: RequestedFile): PathClaim | undefined {
  if (/^(?:master|baselines)\.bin$/i.test(file.name) && /^\d{2}$/.test(file.folders[0] ?? '')) {
    return { model: PRODUCTS[file.folders[0] ?? ''] ?? null, ownName: true };
  }
  const merkur = /^merkur\d{3}(?:_(\d{2}))?\.bin$/i.exec(file.name);
  if (merkur) return { model: PRODUCTS[merkur[1] ?? ''] ?? null, ownName: true };
  return phoneFile(file);
}

const parsed = remembered((text: string): readonly number[] | null => {
  const bare = text
    .replace(/\+build\.[0-9a-z]{1,40}$/i, '')
    .replace(/-(?:release|build\.[0-9a-z]{1,40})$/i, '');
  return dotted(bare.replace(/^(\d{1,3}\.)V(?=\d)/i, '$1'), 2, 5) ?? null;
});

/** The first number is the product; then the release, written short (42.258) or with zeros to its end. */
function compare(a: string, b: string): Order {
  return ordered(a, b, (left, right) => {
    const from = parsed(left);
    const to = parsed(right);
    if (!from || !to || orderOf(from[0] ?? 0, to[0] ?? 0) !== 'same') return 'incomparable';
    return compareFields(from, to);
  });
}
