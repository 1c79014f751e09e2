// Snom desk phones and DECT M-series (settings and firmware pages of service.snom.com; DECT manuals).

import type { RequestedFile } from '../requested-path.ts';
import { knownOnly, macIn, ownPhoneFile } from './knowledge.ts';
import type { AgentClaim, Order, PathClaim } from './profile.ts';
import { remembered } from '../remembered.ts';
import { comparePatched, dotted, ordered } from './version-parts.ts';
import { snomLines } from './snom-lines.ts';

const ouis = ['000413', '00087b'];

export const snom = knownOnly({
  name: 'Snom',
  lines: snomLines,
  ouis,
  agentInitials: 'ms',
  readAgent,
  readFile,
  readClass(text) {
    const model = /^snom[ -]?([a-z]{0,3}\d{1,3}[a-z]{0,3}\d?|mp)(?![0-9a-z])/i.exec(text)?.[1];
    return model === undefined ? undefined : { model: spelled(model), version: null, mac: null };
  },
  compare,
});

const AGENT =
  /(?:^|[;(]\s?)snom[ -]?([a-z]{0,3}\d{1,3}[a-z]{0,3}\d?|mp)(?:-sip)?(?:[ /]+(\d[^\s;)]{0,60}))?(?=[\s;)]|$)/i;
/** What the boot loader of 6.5 says before it knows its model. */
const BOOT_LOADER = /^Mozilla\/\d\.\d \(compatible; snom lid \d/i;

/**
 * `Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)`,
 * with the boot code's own text after the version; over SIP `snom370/8.7.5.48`, from DECT bases
 * `Snom M900 05.20.0001 <mac>`. The closing bracket may be missing.
 */
function readAgent(userAgent: string): AgentClaim | undefined {
  const found = AGENT.exec(userAgent);
  if (found?.[1] !== undefined) {
    return { model: spelled(found[1]), version: found[2] ?? null, mac: macIn(userAgent) };
  }
  return BOOT_LOADER.test(userAgent) ? { model: null, version: null, mac: null } : undefined;
}

const spelled = (model: string): string => model.toUpperCase();

const MODEL_FILE =
  /^snom[-_]?([a-z]{0,3}\d{1,3}[a-z]{0,3}\d?|mp)(?:[-_.][\w.-]{0,80})?\.(?:html?|xml|php|bin|swu)$/i;
const DECT_IMAGE = /^(M\d{1,3})_v\d{4}_b\d{4}\.fwu$/i;
const phoneFile = ownPhoneFile(ouis, /^[0-9a-f]{12}\.(?:html?|xml|cfg|php)$/i);

function readFile(file: RequestedFile): PathClaim | undefined {
  const model = MODEL_FILE.exec(file.name)?.[1] ?? DECT_IMAGE.exec(file.name)?.[1];
  return model === undefined ? phoneFile(file) : { model: spelled(model), ownName: true };
}

interface SnomVersion {
  readonly fields: readonly number[];
  /** DECT bases and handsets write two digits, two digits, four digits. */
  readonly isPadded: boolean;
}

const parsed = remembered((text: string): SnomVersion | null => {
  const bare = text
    .replace(/^snom[a-z\d]{1,8}-/i, '')
    .replace(/\.(?:bin|swu|fwu)$/i, '')
    .replace(/-[rfjl]$/i, '')
    .replace(/-SIP$/i, '')
    .replace(/-HW\d{1,2}$/i, '');
  const fields = dotted(bare, 2, 5);
  return fields ? { fields, isPadded: /^\d{2}\.\d{2}\.\d{4}$/.test(bare) } : null;
});

/**
 * Dotted numbers, of three to five fields; the kind of image after them changes nothing. DECT and desk
 * lines number on their own, as do expansion modules, which are below 3.
 */
function compare(a: string, b: string, about: { model?: string } = {}): Order {
  return ordered(a, b, (left, right) => {
    const from = parsed(left);
    const to = parsed(right);
    if (!from || !to) return 'incomparable';
    const isDect = /^(?:snom)?[ -]?M\d{2,3}$/i.test(about.model?.trim() ?? '');
    if (!isDect && from.isPadded !== to.isPadded) return 'incomparable';
    const isModule = ({ fields }: SnomVersion): boolean => (fields[0] ?? 0) < 3;
    if (!isDect && !from.isPadded && isModule(from) !== isModule(to)) return 'incomparable';
    return comparePatched(from.fields, to.fields, 4);
  });
}
