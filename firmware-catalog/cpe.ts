/** The parts of a CPE name that say whose product and which version it is. */
export interface Cpe {
  readonly part: 'h' | 'o' | 'a';
  readonly vendor: string;
  readonly product: string;
  /** With the update joined to it (`11.7(1)` and `sr1` are one version); `*` is any, `-` none. */
  readonly version: string;
}

const CPE_MAX = 2000;

/** Reads a formatted CPE 2.3 name, or a CPE 2.2 URI; undefined for other text. Linear in its length. */
export function parseCpe(text: string): Cpe | undefined {
  if (text.length > CPE_MAX) return undefined;
  const is23 = text.startsWith('cpe:2.3:');
  if (!is23 && !text.startsWith('cpe:/')) return undefined;
  const fields = fieldsOf(text.slice(is23 ? 8 : 5));
  const [part, vendor, product, version = '*', update = '*'] = is23 ? fields : fields.map(decoded);
  if ((part !== 'h' && part !== 'o' && part !== 'a') || !vendor || !product) return undefined;
  const isPlain = update === '*' || update === '-' || update === '' || version === '*';
  return { part, vendor, product, version: isPlain ? version || '*' : version + update };
}

/** Parted by colons, but for those that a backslash makes plain. */
function fieldsOf(text: string): string[] {
  const fields: string[] = [];
  let field = '';
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? '';
    if (sign === '\\' && at + 1 < text.length) {
      at += 1;
      field += text[at];
    } else if (sign === ':') {
      fields.push(field);
      field = '';
    } else field += sign;
  }
  return [...fields, field];
}

function decoded(field: string): string {
  try {
    return decodeURIComponent(field);
  } catch {
    return field;
  }
}
