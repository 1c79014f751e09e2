/** Characters of a path that any vendor's phone asks for; the longest known is below 200. */
const pathCharactersMax = 1024;

/**
 * The one form of a requested path, for TFTP and HTTP alike: segments joined by `/`, without a leading slash, without
 * empty or `.` segments. Undefined for what no phone asks for in good faith: `..`, control characters, a directory.
 * `text` is already decoded, once.
 */
export function askedPath(text: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for.
  if (text.length > pathCharactersMax || /[\u0000-\u001f\u007f]/.test(text)) return undefined;
  const segments = text.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.length === 0 || segments.includes('..') || /\/\.?$/.test(text)) return undefined;
  return segments.join('/');
}

/** Whether a name holds a phone's MAC, so that only that phone asks for it. Yealink's `y000000000066.cfg` is for a model. */
export const namesOnePhone = (path: string): boolean =>
  /(?!0{6})[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5}/i.test(path);
