// Reads JSON of others without trusting its shape: every reader gives undefined for what is not there.

type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;

/** The list, at most `max` of it; nothing where there is none. */
export const listOf = (value: unknown, max: number): readonly unknown[] =>
  Array.isArray(value) ? value.slice(0, max) : [];

/** Text, cut to a length that is shown; undefined for other values and for empty text. */
export const textOf = (value: unknown, max: number): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, max) : undefined;

/** The objects of a list. */
export const recordsOf = (value: unknown, max: number): readonly Fields[] =>
  listOf(value, max).flatMap((one) => {
    const fields = fieldsOf(one);
    return fields ? [fields] : [];
  });

export function parsedObject(body: string): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(body.startsWith('\ufeff') ? body.slice(1) : body));
  } catch {
    return undefined;
  }
}

export const CVE_ID = /^CVE-\d{4}-\d{4,19}$/;

/** Characters of an issuer's number, a title and an address that are kept. */
export const idMax = 120;
export const titleMax = 500;
export const addressMax = 2000;
