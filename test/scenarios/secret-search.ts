import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

// Looks for secrets in everything that lies below a folder, byte by byte, whatever the files are.

export interface Found {
  readonly file: string;
  readonly secret: string;
  readonly form: string;
}

/** A secret as it may stand in a file: as it is, and as programs write what they do not mean to be read. */
export function formsOf(secret: Buffer): ReadonlyMap<string, Buffer> {
  const forms = new Map<string, Buffer>([['plain', secret]]);
  const hex = secret.toString('hex');
  const text = (name: string, form: string) => forms.set(name, Buffer.from(form, 'latin1'));
  text('hex', hex);
  text('HEX', hex.toUpperCase());
  text('URL', encodeURIComponent(secret.toString('latin1')));
  text('every byte as URL', hex.replace(/../g, '%$&'));
  text('EVERY BYTE AS URL', hex.toUpperCase().replace(/../g, '%$&'));
  text('JSON', JSON.stringify(secret.toString('latin1')).slice(1, -1));
  forms.set('UTF-16', Buffer.from(secret.toString('latin1'), 'utf16le'));
  for (const before of [0, 1, 2]) {
    const inner = innerBase64(secret, before);
    text(`base64 after ${before}`, inner);
    text(`base64url after ${before}`, inner.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return forms;
}

/** The base64 digits that follow from the secret alone, wherever in a longer text it stands. */
function innerBase64(secret: Buffer, before: number): string {
  const digits = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
  const first = Math.ceil((before * 8) / 6);
  return digits.slice(first, Math.floor(((before + secret.length) * 8) / 6));
}

export function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.flatMap((one) => (one.isFile() ? [join(one.parentPath, one.name)] : []));
}

export function searched(
  folder: string,
  secrets: Readonly<Record<string, Buffer>>,
  isMeant: (file: string) => boolean = () => true,
): Found[] {
  const needles = Object.entries(secrets).flatMap(([secret, bytes]) =>
    [...formsOf(bytes)].map(([form, needle]) => ({ secret, form, needle })),
  );
  return filesBelow(folder).flatMap((path) => {
    const file = relative(folder, path);
    if (!isMeant(file)) return [];
    const bytes = readFileSync(path);
    return needles.flatMap(({ secret, form, needle }) =>
      bytes.includes(needle) ? [{ file, secret, form }] : [],
    );
  });
}
