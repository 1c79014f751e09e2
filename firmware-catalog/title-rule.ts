// How an operator tells where a vendor's titles name models and versions: `Firmware {version} for {models}`.
// No regular expressions: those of a stranger can take for ever, and these never go back.

export interface TitleRule {
  /** Which text of an entry is read. */
  readonly in: 'title' | 'link' | 'text';
  /** Literal words, with `{version}`, `{models}` and `{any}` for what stands between them. */
  readonly form: string;
}

export interface TitleRead {
  readonly version?: string;
  readonly models?: readonly string[];
}

/** Characters of a title or address that are read. */
const titleLengthMax = 1000;

/** Why a rule cannot be used; undefined when it can. */
export function ruleProblem({ form }: TitleRule): string | undefined {
  const parts = partsOf(form);
  if (!parts) return 'has a brace that is none of {version}, {models} and {any}';
  if (!parts.some(({ slot }) => slot === 'version')) return 'does not say where {version} stands';
  const isBlind = parts.some(
    ({ slot, before }, place) => slot !== '' && place > 0 && before === '',
  );
  return isBlind ? 'has two braces with nothing between them' : undefined;
}

interface Part {
  /** The words that stand before the slot. */
  readonly before: string;
  /** '' at the end of the form. */
  readonly slot: string;
}

function partsOf(form: string): Part[] | undefined {
  const parts: Part[] = [];
  let at = 0;
  for (const found of form.matchAll(/\{(version|models|any)\}/g)) {
    parts.push({ before: squeezed(form.slice(at, found.index)), slot: found[1] ?? '' });
    at = found.index + found[0].length;
  }
  parts.push({ before: squeezed(form.slice(at)), slot: '' });
  return parts.some(({ before }) => /[{}]/.test(before)) ? undefined : parts;
}

const squeezed = (text: string): string => text.toLowerCase().replaceAll(/\s+/g, ' ');

/** Undefined where the text does not have the form, or what stands for the version is none. */
export function readTitle(text: string, { form }: TitleRule): TitleRead | undefined {
  const parts = partsOf(form);
  const title = text.slice(0, titleLengthMax).replaceAll(/\s+/g, ' ').trim();
  // The same length as the title, whatever the language: only then do places in one hold in the other.
  const lower = title.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  const found = new Map<string, string>();
  let at = 0;
  let open = '';
  for (const { before, slot } of parts ?? []) {
    const isLast = slot === '' && before.trim() === '';
    const place = isLast ? title.length : lower.indexOf(before, at);
    if (place < 0) return undefined;
    if (open !== '') found.set(open, title.slice(at, place).trim());
    at = place + (isLast ? 0 : before.length);
    open = slot;
  }
  return told(found);
}

function told(found: ReadonlyMap<string, string>): TitleRead | undefined {
  const version = found.get('version')?.split(' ', 1)[0] ?? '';
  if (!/^[0-9A-Za-z][0-9A-Za-z._()+-]{0,63}$/.test(version) || !/\d/.test(version))
    return undefined;
  const models = (found.get('models') ?? '')
    .split(/\s*(?:[,;/&]|\band\b|\bor\b)\s*/)
    .filter((model) => /^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,39}$/.test(model));
  return models.length === 0 ? { version } : { version, models: [...new Set(models)] };
}
