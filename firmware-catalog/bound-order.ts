// Sets a phone's version against a bound of an advisory, in the vendor's own order. Advisories write bounds more
// loosely than phones report versions; where the looseness could decide, the answer is 'incomparable'.

import { namesOf } from './product-alias.ts';
import { remembered } from './remembered.ts';
import { knowledgeOf } from './vendors/all.ts';
import type { Order } from './vendors/profile.ts';
import { numeric } from './vendors/version-parts.ts';
import type { VersionBound } from './version-wording.ts';

export interface PhoneVersion {
  readonly vendor: string;
  readonly model: string;
  readonly version: string;
  readonly hardware?: string;
}

/** How the phone's version stands to the bound; spellings of one release must not contradict each other. */
export function orderAgainst(phone: PhoneVersion, bound: VersionBound): Order {
  let decided: Order = 'incomparable';
  for (const spelling of [bound.version, ...(bound.also ?? [])]) {
    const order = orderTo(phone, spelling);
    if (order === 'incomparable') continue;
    if (decided !== 'incomparable' && decided !== order) return 'incomparable';
    decided = order;
  }
  return decided;
}

function orderTo(phone: PhoneVersion, spelling: string): Order {
  const span = spanOf(`${phone.vendor}\n${spelling}`);
  if (span === null) return compared(phone, spelling);
  const low = compared(phone, span.low);
  return low === compared(phone, span.high) ? low : 'incomparable';
}

function compared(phone: PhoneVersion, bound: string): Order {
  const { vendor, model, version, hardware } = phone;
  const known = knowledgeOf(vendor);
  const about = { model, ...(hardware === undefined ? {} : { hardware }) };
  const order = known ? known.compare(version, bound, about) : plainOrder(vendor)(version, bound);
  return order === 'same' && isCoarser(version, bound) ? 'incomparable' : order;
}

/** 5.9.6 stands for all its builds: on which side of 5.9.6.2327 this one is, it does not say. */
const isCoarser = (version: string, bound: string): boolean =>
  bound.length > version.length &&
  bound.startsWith(version) &&
  /^[._-]/.test(bound.slice(version.length));

const ORDERS = new Map<number, (a: string, b: string) => Order>();

/** For vendors whose phones the catalogue does not know: dotted numbers, where their aliases say how many. */
function plainOrder(vendor: string): (a: string, b: string) => Order {
  const fields = namesOf(vendor)?.fields;
  if (fields === undefined) return (a, b) => (a.trim() === b.trim() ? 'same' : 'incomparable');
  const order =
    ORDERS.get(fields) ?? numeric(2, fields, (text) => text.replace(/^[VR](?=\d)/i, ''));
  ORDERS.set(fields, order);
  return order;
}

interface Span {
  readonly low: string;
  readonly high: string;
}

/** The first and the last build that a loose spelling can mean; null where the vendor's order reads it itself. */
const spanOf = remembered((joined: string): Span | null => {
  const at = joined.indexOf('\n');
  return SPANS[joined.slice(0, at)]?.(joined.slice(at + 1)) ?? null;
});

const SPANS: Readonly<Record<string, (spelling: string) => Span | undefined>> = {
  /** `14.2` is some release 14.2(n). */
  Cisco: (text) =>
    /^\d{1,3}\.\d{1,3}$/.test(text) ? { low: `${text}(0)`, high: `${text}(999)` } : undefined,
  Mitel: mitelSpan,
  Aastra: mitelSpan,
};

/**
 * `6.3.SP3.HF4` is a build of 6.3.3 whose number only Mitel knows, `R6.4.0.HF1` one of 6.4.0. A service pack of
 * three numbers (`R6.4.0.SP4`) is some build of them.
 */
function mitelSpan(text: string): Span | undefined {
  const found = /^R?(\d{1,2}\.\d{1,2})(\.\d{1,2})?(?:\.?SP(\d{1,2}))?(\.?HF\d{1,2})?$/i.exec(text);
  const [, release = '', third, pack, hotfix] = found ?? [];
  if (!found || (third === undefined && pack === undefined)) return undefined;
  const isWhole = pack === undefined && hotfix === undefined;
  if (isWhole) return undefined;
  const whole = `${release}${third ?? `.${Number(pack)}`}`;
  // Without a hotfix `6.3 SP3` is all of 6.3.3, as `6.3.3` is.
  return third === undefined && hotfix === undefined
    ? { low: whole, high: whole }
    : { low: `${whole}.0`, high: `${whole}.99999` };
}
