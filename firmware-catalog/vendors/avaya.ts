// Avaya J100, 9600 and 1100/1200 SIP phones (J100 administration guide 4.x; 1200 series SIP guide 4.x).

import type { RequestedFile } from '../requested-path.ts';
import { knownOnly, macIn, ownPhoneFile } from './knowledge.ts';
import type { AgentClaim, Order, PathClaim } from './profile.ts';
import { remembered } from '../remembered.ts';
import { compareFields, compareLetters, dotted, ordered } from './version-parts.ts';
import { avayaLines } from './avaya-lines.ts';

const ouis = ['c81fea', 'b4b017', 'ccf954', '00040d', 'c81feb', 'c41f3a'];

export const avaya = knownOnly({
  name: 'Avaya',
  lines: avayaLines,
  ouis,
  agentInitials: 'am',
  readAgent,
  readFile,
  readClass: (text) =>
    /^(?:ccp\.avaya\.com|avaya)$/i.test(text)
      ? { model: null, version: null, mac: null }
      : undefined,
  compare,
});

const KNOWN_MODEL =
  /^(?:J1[2-8]9[A-Z]?|96[0-9]{2}[A-Z]{0,2}|1[12][1-6]0E?|K1[57]5|B1[67]9|H1[57]5)$/i;

/**
 * `Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:c81feae55689)`; the 1200s write their series
 * with one raw control byte after it: `AVAYA/SIP12x0\x14/04.00.04.00`; over SIP the product's full name.
 */
function readAgent(userAgent: string): AgentClaim | undefined {
  return readSlash(userAgent) ?? readFullName(userAgent);
}

function readSlash(userAgent: string): AgentClaim | undefined {
  const at = userAgent.startsWith('Mozilla/') ? userAgent.indexOf('AVAYA/') : 0;
  if (at < 0 || at > 60) return undefined;
  const found =
    /^AVAYA\/(?:SIP)?([A-Z]?\d{1,4}[A-Z]{0,2}\d?)[^\w\s.-]?[-/]([A-Z]?\d[\w.]{1,24})(?=[\s(]|$)/i.exec(
      userAgent.slice(at, at + 80),
    );
  const [, model, version] = found ?? [];
  if (model === undefined || version === undefined) return undefined;
  const mac = /\(MAC:([0-9a-f:]{12,17})\)/i.exec(userAgent)?.[1];
  return {
    model: KNOWN_MODEL.test(model) ? model.toUpperCase() : null,
    version,
    mac: mac === undefined ? null : macIn(mac),
  };
}

function readFullName(userAgent: string): AgentClaim | undefined {
  const phone =
    /^Avaya ([JKBH]?\d{3,4}[A-Z]{0,2})(?: IP (?:Phone|Deskphone))?[ /]R?(\d[\d.]{2,20})(?=\s|$)/i.exec(
      userAgent,
    );
  if (phone?.[1] !== undefined && KNOWN_MODEL.test(phone[1])) {
    const rest = userAgent.slice(phone[0].length);
    return { model: phone[1].toUpperCase(), version: phone[2] ?? null, mac: macIn(rest) };
  }
  const edition =
    /^Avaya one-X Deskphone(?: (?:SIP|Value|Edition)){0,2}[ /]+R?(\d[\d.]{2,20})(?=\s|$)/i.exec(
      userAgent,
    );
  return edition ? { model: null, version: edition[1] ?? null, mac: null } : undefined;
}

const COMMON = /^(?:J100S?upgrade\.txt|96x1S?upgrade\.txt|46xxsettings\.txt|46xxupgrade\.scr)$/i;
const phoneFile = ownPhoneFile(ouis, /^[0-9a-f]{12}\.(?:txt|cfg)$/i);

function readFile(file: RequestedFile): PathClaim | undefined {
  if (COMMON.test(file.name)) return { model: null, ownName: true };
  const model =
    /^(1[12][1-6]0E?)(?:SIP)?\.cfg$/i.exec(file.name)?.[1] ??
    /^FW_S_(J1\d9)_R\d[\d_]{1,20}\.bin$/i.exec(file.name)?.[1];
  if (model !== undefined) return { model: model.toUpperCase(), ownName: true };
  return phoneFile(file);
}

interface AvayaVersion {
  readonly fields: readonly number[];
  /** Four fields of two digits: the 1100s' and 1200s' own, and catalogues' way to write a J100's. */
  readonly isPadded: boolean;
}

const parsed = remembered((text: string): AvayaVersion | null => {
  const fields = dotted(text.replace(/^R(?=\d)/i, '').replaceAll('_', '.'), 2, 5);
  return fields ? { fields, isPadded: /^\d\d(?:[._]\d\d){3}$/.test(text) } : null;
});

/**
 * A J100's 4.1.3.0.6 is written 04.01.03.06 in catalogues, without the fourth number; a 1200's 04.01.13.00
 * ends in two zeros. Without the model a padded text is of the line that its end shows.
 */
function compare(a: string, b: string, about: { model?: string } = {}): Order {
  return ordered(a, b, (left, right) => {
    const isNortel = /^1[12]\d0E?$/i.test(about.model?.trim() ?? '');
    const unistim = compareUnistim(left, right, isNortel);
    if (unistim !== undefined) return unistim;
    const from = parsed(left);
    const to = parsed(right);
    if (!from || !to) return 'incomparable';
    if (isNortel) return compareFields(from.fields, to.fields);
    const isDesk = /^J1/i.test(about.model?.trim() ?? '');
    if (!isDesk && isSeries12(from) !== isSeries12(to)) return 'incomparable';
    return compareFields(deskFields(from), deskFields(to));
  });
}

const UNISTIM = /^(06[0-9A-Z]{2})([A-Z][0-9A-Z]{2})$/i;

/** UNIStim loads are a product and an issue, `0625` and `C39`; all products of one release have one issue. */
function compareUnistim(a: string, b: string, isOnePhone: boolean): Order | undefined {
  const [, product, issue] = UNISTIM.exec(a.toUpperCase()) ?? [];
  const [, otherProduct, otherIssue] = UNISTIM.exec(b.toUpperCase()) ?? [];
  if (issue === undefined || otherIssue === undefined) return undefined;
  return isOnePhone || product === otherProduct
    ? compareLetters(issue, otherIssue)
    : 'incomparable';
}

const isSeries12 = ({ isPadded, fields }: AvayaVersion): boolean => isPadded && fields[3] === 0;

function deskFields({ isPadded, fields }: AvayaVersion): readonly number[] {
  const [a = 0, b = 0, c = 0, build = 0] = fields;
  return isPadded && build !== 0 ? [a, b, c, 0, build] : fields;
}
