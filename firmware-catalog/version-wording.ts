// Reads what advisories write about versions: `7800/8800 desk < 11.7(1); 8831 < 10.3(1)SR6`, `3.4 and earlier`,
// `only with ICE enabled`. What it cannot read it names; it never leaves a part out in silence.

import { remembered } from './remembered.ts';

/** A version as written, and other spellings of the same release: `R6.4.0.HF1 (R6.4.0.136)`. */
export interface VersionBound {
  readonly version: string;
  readonly also?: readonly string[];
}

/** Absent bounds are open; every bound that is given must hold. Orders are the vendor's own. */
export interface VersionRange {
  readonly from?: VersionBound;
  readonly after?: VersionBound;
  readonly below?: VersionBound;
  readonly atMost?: VersionBound;
  readonly exactly?: readonly VersionBound[];
  readonly all?: true;
}

export interface RangeClause {
  /** The product words in front of the range; empty: all products that the record names. */
  readonly products: string;
  readonly range: VersionRange;
  /** Said of this clause alone: `< 6.4.8 with ICE enabled`. */
  readonly condition?: Condition;
  /** The writer says that this range is not the whole truth: `other lines differ`. */
  readonly isPartial?: true;
}

/** What must also hold for a phone to be exposed. */
export interface Condition {
  readonly words: string;
  /** Settings that decide it, where the words name ones that phones can be asked for; all must hold. */
  readonly needs: readonly { readonly setting: string; readonly is: 'on' | 'off' }[];
}

export interface VersionReading {
  readonly clauses: readonly RangeClause[];
  readonly conditions: readonly Condition[];
  readonly unread: readonly { readonly wording: string; readonly reason: string }[];
}

/** Characters read of one wording; the longest cell of a bulletin has under 500. */
export const versionWordingMax = 2000;
/** Clauses and words of one wording; a bulletin lists some lines, each with a few words. */
const clausesMax = 60;
const wordsMax = 80;

export function readVersions(wording: string): VersionReading {
  if (wording.length > versionWordingMax) {
    const reason = `is longer than ${versionWordingMax} characters`;
    return {
      clauses: [],
      conditions: [],
      unread: [{ wording: `${wording.slice(0, 80)}…`, reason }],
    };
  }
  return readWhole(wording);
}

const readWhole = remembered((wording: string): VersionReading => {
  const reading = {
    clauses: [] as RangeClause[],
    conditions: [] as Condition[],
    unread: [] as { wording: string; reason: string }[],
  };
  const parts = wording.split(/[;\n]/).map((part) => part.trim());
  for (const part of parts.slice(0, clausesMax)) {
    if (part === '' || /^no (?:fix|patch|update)\b[^<>\d]*$/i.test(part)) continue;
    const read = readClause(part);
    if (typeof read === 'string')
      reading.unread.push({ wording: part.slice(0, 200), reason: read });
    else if ('needs' in read) reading.conditions.push(read);
    else reading.clauses.push(read);
  }
  if (parts.length > clausesMax) {
    reading.unread.push({ wording: '…', reason: `has more than ${clausesMax} clauses` });
  }
  if (reading.clauses.length === 0 && reading.unread.length === 0) {
    reading.unread.push({ wording, reason: 'names no version' });
  }
  return reading;
});

/** A clause, a condition, or the reason why it is neither. */
function readClause(text: string): RangeClause | Condition | string {
  const { bare, notes } = withoutNotes(text);
  if (notes.some((note) => /\bno (?:version )?range\b/i.test(note))) {
    return `the record names ${bare === '' ? 'a version' : bare} without saying which others are affected`;
  }
  if (DATE.test(bare)) return 'tells by date and not by version, and phones report no date';
  const words = bare.split(' ').filter((word) => word !== '');
  if (words.length > wordsMax) return `has more than ${wordsMax} words`;
  const { head, condition } = withoutCondition(words);
  const read = readRange(head);
  if (!read) return conditionOf(bare) ?? 'is no range of versions that can be read';
  const stated = condition ?? notes.map(conditionOf).find((one) => one !== undefined);
  return {
    products: read.products,
    range: withSpellings(read.range, notes),
    ...(stated ? { condition: stated } : {}),
    ...(notes.some(saysMore) ? { isPartial: true } : {}),
  };
}

/** A note that names further versions, or says that there are some. */
const saysMore = (note: string): boolean =>
  /\bother\b.*\bdiffer/i.test(note) || (!isVersion(note) && /\d[.(]\d|[<>≤≥]/.test(note));

/** `< 6.4.8 only with ICE enabled`: the range, and what must hold besides. */
function withoutCondition(words: readonly string[]): {
  head: readonly string[];
  condition?: Condition;
} {
  const at = words.findIndex((word) => /^(?:if|when|with|where|unless)$/i.test(word));
  if (at <= 0) return { head: words };
  const head = words.slice(0, /^only$/i.test(words[at - 1] ?? '') ? at - 1 : at);
  const condition = readRange(head) && conditionOf(words.slice(at).join(' '));
  return condition ? { head, condition } : { head: words };
}

const GOES_ON =
  /^\s*(?:and|or|&) (?:all )?(?:earlier|before|below|under|prior|previous|older|lower|later|newer|above|higher|up)\b/i;

/** Brackets after a space are notes; those of `14.3(1)SR2` belong to the version. */
function withoutNotes(text: string): { bare: string; notes: string[] } {
  const notes: string[] = [];
  const bare = text.replace(/(^|\s)\(([^()]{0,300})\)/g, (all, before: string, note: string) => {
    if (/^\s*(?:not|except|excluding)\b/i.test(note)) return all;
    // `1.0.3.2 (and below)` says where the range goes on, not something beside it.
    if (GOES_ON.test(note)) return `${before}${note}`;
    notes.push(note.trim());
    return before;
  });
  return { bare: bare.replace(/\s+/g, ' ').trim(), notes };
}

function withSpellings(range: VersionRange, notes: readonly string[]): VersionRange {
  const also = notes.filter(isVersion);
  if (also.length === 0) return range;
  const spelled = (bound: VersionBound): VersionBound => ({ ...bound, also });
  const { below, atMost, exactly } = range;
  if (atMost) return { ...range, atMost: spelled(atMost) };
  if (below) return { ...range, below: spelled(below) };
  return exactly?.length === 1 ? { ...range, exactly: exactly.map(spelled) } : range;
}

const VERSION =
  /^[vr]?\d{1,9}(?:[._-]\d{1,9}|[._-](?:hf|sp|sr|msr)\d{1,3}|\(\w{1,4}\)|(?:m?sr|es)\d{1,3}|mpp\d{0,6}|[._-][a-z]\d{1,6}|[a-z](?![a-z])){0,8}$/i;

/** A version by itself: digits with dots or brackets, perhaps with letters where vendors put them. */
export const isVersion = (word: string): boolean =>
  word.length <= 40 && VERSION.test(word) && /\d[.(_-]/.test(word);

const isNumber = (word: string): boolean => word.length <= 40 && VERSION.test(word);

type Read = { readonly products: string; readonly range: VersionRange };

function readRange(words: readonly string[]): Read | undefined {
  const tokens = merged(words);
  const allAt = tokens.findIndex((word) => /^(?:all|any|\*)$/i.test(word));
  if (allAt >= 0 && tokens.slice(allAt + 1).every((word) => PLAIN.test(word))) {
    return { products: productWords(tokens.slice(0, allAt)), range: { all: true } };
  }
  const at = tokens.findIndex((word, place) => startsRange(word, tokens[place + 1]));
  if (at < 0 || tokens.slice(0, at).some((word) => SIGN.test(word))) return undefined;
  const { head, tail } = withoutTail(tokens.slice(at));
  const before = productWords(tokens.slice(0, at));
  const after = productWords(tail);
  const range = before !== '' && after !== '' ? undefined : rangeOf(head);
  return range && { products: before || after, range };
}

const PLAIN =
  /^(?:releases?|versions?|firmwares?|software|known|published|current|and|of|the|affected|builds?|in|is|are)$/i;

const productWords = (words: readonly string[]): string =>
  words
    .filter((word) => !PLAIN.test(word) && !/^(?:all|any)$/i.test(word))
    .join(' ')
    .replace(/[:,]$/, '');

/** Words after the range that name products: `< 1.2 on T46S`; a number of branches is no product. */
function withoutTail(tokens: readonly string[]): {
  head: readonly string[];
  tail: readonly string[];
} {
  const at = tokens.findIndex((word) => /^(?:on|in|for)$/i.test(word));
  if (at < 0) return { head: tokens, tail: [] };
  const tail = tokens.slice(at + 1);
  return {
    head: tokens.slice(0, at),
    tail: /^branch(?:es)?$/i.test(tail.at(-1) ?? '') ? [] : tail,
  };
}

const SIGN = /^(?:<|<=|=<|≤|>|>=|=>|≥|=|through|thru|before|below|under|until|from|between)$/i;

/** A range starts at a sign, or at a version that cannot be a model because it has dots or brackets. */
const startsRange = (word: string, next: string | undefined): boolean =>
  isVersion(word.replace(/,$/, '')) ||
  isSpelledOut(word) ||
  (SIGN.test(word) && next !== undefined && isNumber(next.replace(/,$/, '')));

/** `V1 R0.1.0`, joined by `merged`. */
const isSpelledOut = (word: string): boolean => /^v\d{1,2}_r\d[\d.]*,?$/i.test(word);

/** Gives signs words of their own, joins `6.3 SP3 HF4` and `V1 R0.1.0`, and words that mean one sign. */
function merged(words: readonly string[]): string[] {
  const text = words
    .join(' ')
    .replace(/([<>≤≥]=?|=[<>])\s?/g, ' $1 ')
    .replace(/(\d) (sp|hf|sr) ?(\d)/gi, '$1_$2$3')
    .replace(/(\dsp\d{1,2}|_sp\d{1,2}) (hf) ?(\d)/gi, '$1_$2$3')
    .replace(/\b(v\d{1,2}) (r\d)/gi, '$1_$2')
    .replace(/\b(?:prior|previous|earlier|older|lower|less) (?:to|than) /gi, '< ')
    .replace(/\b(?:up to,? (?:and )?including|up to and incl\.?|no later than) /gi, '<= ')
    .replace(/\bup to (?=[<≤])/gi, '')
    .replace(/\bup to /gi, '<= ')
    .replace(
      /([<>≤≥]=?|\b(?:before|through|below|from|until)) (?:(?:version|release|firmware|software) ){1,3}/gi,
      '$1 ',
    )
    .replace(/\bto (?=[vr]?\d)/gi, '<= ')
    .replace(/(\d\S{0,30}) [-–] (?=[vr]?\d)/gi, '$1 <= ');
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => unmerged(word));
}

const unmerged = (word: string): string =>
  /^v\d{1,2}_r\d/i.test(word) ? word : word.replace(/_(?=sp|hf|sr)/gi, '.');

const spelledBound = (word: string): VersionBound => ({
  version: word.replace(/,$/, '').replace(/^(v\d{1,2})_(r)/i, '$1 $2'),
});

interface Bounds {
  from?: VersionBound;
  after?: VersionBound;
  below?: VersionBound;
  atMost?: VersionBound;
  exactly: VersionBound[];
}

/** Reads a range word by word; undefined at the first word that it does not know. */
function rangeOf(tokens: readonly string[]): VersionRange | undefined {
  const bounds: Bounds = { exactly: [] };
  let sign = '';
  for (const token of tokens) {
    const word = token.replace(/,$/, '');
    if (word === '' || PLAIN.test(word) || /^(?:or|&)$/i.test(word)) continue;
    let isRead = true;
    if (SIGN.test(word)) sign = word.toLowerCase();
    else if (isNumber(word) || isSpelledOut(word)) {
      isRead = placeBound(bounds, sign, spelledBound(word));
      sign = sign === 'between' ? '<=' : '';
    } else if (EARLIER.test(word)) isRead = turnOnly(bounds, 'atMost');
    else if (LATER.test(word)) isRead = turnOnly(bounds, 'from');
    else isRead = false;
    if (!isRead) return undefined;
  }
  // `1.0.3.2 and below`: a sign at the end turns back to the one version before it; any other was cut off.
  const isBackward = /^(?:before|below|under)$/.test(sign) && turnOnly(bounds, 'atMost');
  return sign === '' || isBackward ? settled(bounds) : undefined;
}

const EARLIER = /^(?:earlier|below|prior|previous|older|lower)$/i;
const LATER = /^(?:later|newer|above|higher|up|onwards?)$/i;

/** False where a second bound of one kind would hide the first. */
function placeBound(bounds: Bounds, sign: string, bound: VersionBound): boolean {
  if (sign === '' || sign === '=') {
    // `2.0.4.2 and prior, 2.42.6`: a version after a range is beside it, and not where it begins.
    const isBeside = bounds.below !== undefined || bounds.atMost !== undefined;
    return !isBeside && bounds.exactly.push(bound) <= wordsMax;
  }
  const name = SIDES[sign];
  if (name === undefined || bounds[name] !== undefined) return false;
  bounds[name] = bound;
  return true;
}

const SIDES: Readonly<Record<string, 'from' | 'after' | 'below' | 'atMost'>> = {
  '<': 'below',
  before: 'below',
  below: 'below',
  under: 'below',
  '<=': 'atMost',
  '=<': 'atMost',
  '≤': 'atMost',
  through: 'atMost',
  thru: 'atMost',
  '>': 'after',
  '>=': 'from',
  '=>': 'from',
  '≥': 'from',
  from: 'from',
  between: 'from',
};

/** `2.3 and earlier`: the version before the words was a bound; of several versions nobody knows which. */
function turnOnly(bounds: Bounds, as: 'atMost' | 'from'): boolean {
  const [only, ...more] = bounds.exactly;
  if (only === undefined || more.length > 0 || bounds[as] !== undefined) return false;
  bounds.exactly = [];
  bounds[as] = only;
  return true;
}

function settled({ exactly, ...range }: Bounds): VersionRange | undefined {
  if (range.below !== undefined && range.atMost !== undefined) return undefined;
  if (Object.keys(range).length === 0) return exactly.length > 0 ? { exactly } : undefined;
  if (exactly.length === 0) return range;
  // One plain version before an upper bound is where the range begins; more would be a list beside a range.
  const [first, ...more] = exactly;
  const isFree = range.from === undefined && range.after === undefined;
  return first && more.length === 0 && isFree ? { from: first, ...range } : undefined;
}

const SETTINGS: readonly (readonly [setting: string, words: RegExp])[] = [
  ['ice', /\bice\b/i],
  [
    'web-access',
    /\bweb[ -]?(?:access|ui|interface|server|based|management|gui)\b|\bhttps? (?:server|access)\b/i,
  ],
  [
    'cucm-registered',
    /\bcucm[ -]registered\b|\bregistered (?:to|with) (?:a |the )?(?:cisco )?(?:cucm|unified cm)\b/i,
  ],
  ['cdp', /\bcdp\b|\bdiscovery protocol\b/i],
  ['lldp', /\blldp\b/i],
  ['tr-069', /\btr-?0?69\b/i],
  ['ssh', /\bssh\b/i],
  ['telnet', /\btelnet\b/i],
  ['snmp', /\bsnmp\b/i],
  ['bluetooth', /\bbluetooth\b/i],
  ['wifi', /\bwi-?fi\b|\bwlan\b/i],
  ['xml-push', /\bxml (?:push|service|api)\b|\baction ur[il]\b/i],
  ['tls', /\btls\b/i],
  ['vpn', /\bvpn\b/i],
];

/** The settings whose state can decide whether a phone is exposed. */
export const SETTING_NAMES: readonly string[] = SETTINGS.map(([setting]) => setting);

/** Words without a version that say when a phone is concerned. */
function conditionOf(text: string): Condition | undefined {
  const isCondition =
    /^(?:only|if|when|where|requires?|with|unless|provided)\b/i.test(text) ||
    /\b(?:enabled|disabled|registered|on|off)$/i.test(text);
  if (!isCondition || text.length > 300 || /\d[.(]\d/.test(text)) return undefined;
  const settings = SETTINGS.filter(([, words]) => words.test(text)).map(([setting]) => setting);
  const isOff = /\b(?:disabled|off)\b/i.test(text);
  const isOn = /\b(?:enabled|on|registered)\b/i.test(text);
  // What is denied, or one of several, is left in words: read wrongly it would call a phone safe.
  const isPlain = !/\b(?:not|no|without|unless|or|either|neither)\b|n['’]t\b/i.test(text);
  const isClear = isPlain && isOff !== isOn;
  const needs = isClear
    ? settings.map((setting) => ({ setting, is: isOff ? ('off' as const) : ('on' as const) }))
    : [];
  return { words: text, needs };
}

const DATE =
  /\b\d{4}-\d{2}-\d{2}\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december) (?:\d{1,2},? )?\d{4}\b/i;

/** One entry of a list of fixed versions: `11.7(1) (7800/8800 desk)`, or prose. */
export interface FixedIn {
  readonly bound?: VersionBound;
  readonly products: string;
  readonly words: string;
}

export const readFixed = remembered((words: string): FixedIn => {
  const prose = { products: '', words: words.slice(0, 200) };
  // `first release after 1.8.0.12` names the last one that is not mended.
  if (words.length > versionWordingMax || DATE.test(words) || /\b(?:after|not|no)\b/i.test(words)) {
    return prose;
  }
  const { bare, notes } = withoutNotes(words);
  const tokens = merged(bare.split(' ')).map((token) => token.replace(/,$/, ''));
  const at = tokens.findIndex((token) => isVersion(token) || isSpelledOut(token));
  const rest = tokens.filter((word, place) => place !== at && !SMALL_TALK.test(word));
  const found = tokens[at];
  if (found === undefined || rest.some((word) => SIGN.test(word))) return prose;
  const also = notes.filter(isVersion);
  const bound = spelledBound(found);
  return {
    bound: also.length > 0 ? { ...bound, also } : bound,
    products: [...rest, ...notes.filter((note) => !isVersion(note))].join(' '),
    words,
  };
});

const SMALL_TALK =
  /^(?:versions?|releases?|firmware|and|or|later|newer|above|higher|fixed|in|since|from|=|>=)$/i;
