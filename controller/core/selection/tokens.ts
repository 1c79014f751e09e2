// Cuts the text of a selection into words, signs and quoted texts.

export interface Token {
  readonly kind: 'word' | 'quoted' | 'sign' | 'end';
  /** Of a quoted text: what is between the quotes. */
  readonly text: string;
  readonly column: number;
}

export interface WhereProblem {
  /** Where it is, counted in characters from 1. */
  readonly column: number;
  readonly message: string;
  /** What could stand there, or the nearest known word. */
  readonly expected: readonly string[];
}

const SIGN = /(?:<=|>=|!=|<>|==|[=<>~(),])/y;
const SPACE = /\s+/y;
/** Letters, digits and what versions, addresses and names are written with. */
const WORD = /[\p{L}\p{N}._:/@+*$-]+/uy;
const QUOTED = /"((?:[^"\\]|\\["\\])*)"|'((?:[^'\\]|\\['\\])*)'/uy;

/** Other people's habits for the same sign. */
const SAME_SIGN: Readonly<Record<string, string>> = { '<>': '!=', '==': '=' };

/** Half of a pair of surrogates is no character of its own. */
const lengthInCharacters = (text: string): number =>
  text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);

const characterAt = (text: string, at: number): string =>
  String.fromCodePoint(text.codePointAt(at) ?? 0);

/** The beginning of what was typed, for a message. */
export const shown = (text: string): string => text.slice(0, 40).replace(/[\ud800-\udbff]$/, '');

export function tokensOf(text: string): { tokens: Token[]; problems: WhereProblem[] } {
  const tokens: Token[] = [];
  const problems: WhereProblem[] = [];
  let at = 0;
  let column = 1;
  const next = (length: number): void => {
    column += lengthInCharacters(text.slice(at, at + length));
    at += length;
  };
  while (at < text.length) {
    const [space, found] = [matchAt(SPACE, text, at), tokenAt(text, at)];
    if (space) next(space.length);
    else if (found) {
      tokens.push({ kind: found.kind, text: found.text, column });
      next(found.length);
    } else {
      problems.push(strayAt(text, at, column));
      const meant = INSTEAD[text[at] ?? ''];
      // Read on as it was meant: what else is wrong can be told as well.
      if (meant === 'and' || meant === 'or') tokens.push({ kind: 'word', text: meant, column });
      // A quote that never closes leaves nothing behind it to read.
      next(/["']/.test(text[at] ?? '') ? text.length - at : characterAt(text, at).length);
    }
  }
  tokens.push({ kind: 'end', text: '', column });
  return { tokens, problems };
}

function tokenAt(
  text: string,
  at: number,
): { kind: 'word' | 'quoted' | 'sign'; text: string; length: number } | undefined {
  const word = matchAt(WORD, text, at);
  if (word) return { kind: 'word', text: word, length: word.length };
  const sign = matchAt(SIGN, text, at);
  if (sign) return { kind: 'sign', text: SAME_SIGN[sign] ?? sign, length: sign.length };
  const quoted = matchAt(QUOTED, text, at);
  if (!quoted) return undefined;
  return { kind: 'quoted', text: unquoted(quoted), length: quoted.length };
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

const unquoted = (quoted: string): string => quoted.slice(1, -1).replace(/\\(["'\\])/g, '$1');

const INSTEAD: Readonly<Record<string, string>> = { '&': 'and', '|': 'or', '!': 'not', '%': '*' };

function strayAt(text: string, at: number, column: number): WhereProblem {
  const sign = characterAt(text, at);
  if (/["']/.test(sign)) {
    const message = 'this quote is never closed, or has a \\ that stands before no quote and no \\';
    return { column, message, expected: [`a closing ${sign}`] };
  }
  const word = INSTEAD[sign];
  const message = `${JSON.stringify(sign)} has no meaning here`;
  return { column, message, expected: [word ?? 'a word, or the text in double quotes'] };
}
