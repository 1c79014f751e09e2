const QUOTE = 34;
const BACKSLASH = 92;

/** An object or a list that is open, with what has been read of it. */
interface Open {
  /** Absent in a list. */
  readonly keys?: Set<string>;
  step: string | number;
}

/**
 * The path of the first key that stands twice in one object, such as `waves[0].count`. JavaScript takes the last of
 * them, and whoever wrote both is not asked which was meant. The text is JSON already.
 */
export function doubledKey(text: string): string | undefined {
  const open: Open[] = [];
  let said = '';
  for (let at = 0; at < text.length; at += 1) {
    const inner = open.at(-1);
    switch (text[at]) {
      case '"': {
        const end = endOfText(text, at);
        said = text.slice(at, end + 1);
        at = end;
        break;
      }
      case '{':
        open.push({ keys: new Set(), step: '' });
        break;
      case '[':
        open.push({ step: 0 });
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        if (typeof inner?.step === 'number') inner.step += 1;
        break;
      case ':':
        if (!inner?.keys) break;
        inner.step = JSON.parse(said) as string;
        if (inner.keys.has(inner.step)) return pathOf(open);
        inner.keys.add(inner.step);
        break;
      default:
    }
  }
  return undefined;
}

/** The place of the quote that ends the text which begins at `from`. */
function endOfText(text: string, from: number): number {
  let at = from + 1;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return at;
}

/** Of a path that is very deep only the end says anything. */
const stepsShown = 20;

const pathOf = (open: readonly Open[]): string =>
  open
    .slice(-stepsShown)
    .map(({ step }) => (typeof step === 'number' ? `[${step}]` : `.${step.slice(0, 60) || '""'}`))
    .join('')
    .replace(/^\./, '');
