// XML without the parts in which nothing is a tag. Blanks stand in their place, so that every other character stays where
// it was. A part that is never closed goes to the end, as readers of XML take it, and each is looked at once.

interface Part {
  readonly opens: string;
  readonly closes: string;
}

const COMMENT: Part = { opens: '<!--', closes: '-->' };
const CDATA: Part = { opens: '<![CDATA[', closes: ']]>' };
const PARTS = [COMMENT, CDATA];

/** Comments alone. */
export const withoutComments = (body: string): string => blanked(body, [COMMENT]);

/** Comments, and what stands in CDATA. */
export const bareOf = (body: string): string => blanked(body, PARTS);

function blanked(body: string, without: readonly Part[]): string {
  const pieces: string[] = [];
  let from = 0;
  for (;;) {
    const opens = body.indexOf('<!', from);
    if (opens < 0) break;
    const part = PARTS.find((one) => body.startsWith(one.opens, opens));
    const closes = part ? body.indexOf(part.closes, opens + part.opens.length) : opens;
    const end = closes < 0 ? body.length : closes + (part?.closes.length ?? 2);
    const isKept = !part || !without.includes(part);
    const text = body.slice(opens, end);
    pieces.push(body.slice(from, opens), isKept ? text : blanks(text));
    from = end;
  }
  return from === 0 ? body : pieces.join('') + body.slice(from);
}

/** A long comment is a long line, or many. */
const blanks = (text: string): string =>
  text
    .split('\n')
    .map(({ length }) => ' '.repeat(length))
    .join('\n');
