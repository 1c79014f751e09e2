// Markup from outside becomes plain text: what a person reads, and nothing that a browser would run.

/** Characters of markup that are looked at, as a multiple of what is kept: tags take more room than words. */
const markupPerCharacter = 4;

/** Characters of one entity's name; the longest that is read here has five. */
const entityNameMax = 10;

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  copy: '©',
  reg: '®',
  trade: '™',
};

/** Elements whose content is never text for people, and those that begin a new line. */
const SILENT = new Set([
  'script',
  'style',
  'template',
  'noscript',
  'iframe',
  'object',
  'svg',
  'head',
]);
const BREAKS = new Set([
  'p',
  'br',
  'div',
  'li',
  'ul',
  'ol',
  'tr',
  'table',
  'h1',
  'h2',
  'h3',
  'h4',
  'hr',
]);

/**
 * The plain text of markup, at most `lengthMax` characters: tags gone, silent elements with all their
 * content, entities decoded once and once only, control characters out. Linear in the length it looks at.
 */
export function inertText(markup: string, lengthMax: number): string {
  const looked = markup.slice(0, lengthMax * markupPerCharacter);
  return plainText(decodedOnce(withoutTags(looked)), lengthMax);
}

/** Text that is no markup: only what a terminal or a page could trip over goes. */
export function plainText(text: string, lengthMax: number): string {
  return text
    .slice(0, lengthMax * markupPerCharacter)
    .toWellFormed()
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/(?![\t\n])\p{Cc}|[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu, '')
    .replaceAll(/[ \t\u00a0]+/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
    .slice(0, lengthMax)
    .toWellFormed()
    .trim();
}

/** Written by hand: a pattern over nested markup is either wrong or not linear. */
function withoutTags(markup: string): string {
  const kept: string[] = [];
  const lower = markup.toLowerCase();
  let at = 0;
  while (at < markup.length) {
    const open = markup.indexOf('<', at);
    if (open < 0) break;
    kept.push(markup.slice(at, open));
    const tag = tagAt(lower, open);
    if (tag === undefined) {
      kept.push('<');
      at = open + 1;
      continue;
    }
    if (BREAKS.has(tag.name)) kept.push('\n');
    else kept.push(' ');
    at = SILENT.has(tag.name) && !tag.closes ? endOfSilent(lower, tag) : tag.end;
  }
  kept.push(markup.slice(at));
  return kept.join('');
}

interface Tag {
  readonly name: string;
  readonly closes: boolean;
  /** The place after `>`; the end of the text where it never closes. */
  readonly end: number;
}

/** What begins at `<`; undefined where it is a mere less-than sign. */
function tagAt(lower: string, open: number): Tag | undefined {
  if (lower.startsWith('<!--', open)) {
    const close = lower.indexOf('-->', open + 4);
    return { name: '', closes: false, end: close < 0 ? lower.length : close + 3 };
  }
  const closes = lower[open + 1] === '/';
  const first = lower[open + (closes ? 2 : 1)] ?? '';
  if (!/[a-z!?]/.test(first)) return undefined;
  const begin = open + (closes ? 2 : 1);
  const close = lower.indexOf('>', begin);
  const name = /^[a-z0-9]*/.exec(lower.slice(begin, begin + 12))?.[0] ?? '';
  return { name, closes, end: close < 0 ? lower.length : close + 1 };
}

/** To the end of the closing tag; an element that never closes silences the rest. */
function endOfSilent(lower: string, { name, end }: Tag): number {
  const close = lower.indexOf(`</${name}`, end);
  if (close < 0) return lower.length;
  const after = lower.indexOf('>', close);
  return after < 0 ? lower.length : after + 1;
}

const ENTITY = new RegExp(`&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]{1,${entityNameMax}});`, 'gi');

const decodedOnce = (text: string): string =>
  text.replaceAll(ENTITY, (written, name: string) => {
    if (!name.startsWith('#')) return NAMED[name.toLowerCase()] ?? written;
    const hexadecimal = name[1] === 'x' || name[1] === 'X';
    const code = hexadecimal ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : written;
  });
