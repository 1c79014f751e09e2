/** Bytes at the front of a file that are looked at: some lines of settings; a picture has its header there. */
const headBytes = 512;

/**
 * Whether a file is text in UTF-16: by its first two bytes (Unicode Standard 23.8), else by a zero beside most of its first
 * signs, always on one side. `text` is its bytes as Latin-1.
 */
export function isUtf16(text: string): boolean {
  if (/^(?:\u00ff\u00fe|\u00fe\u00ff)/.test(text)) return true;
  const pairs = text.slice(0, headBytes).match(/[\s\S]{2}/g) ?? [];
  // Letters of other scripts have no zero; names of settings do.
  return [/^[\t\n\r -~]\0$/, /^\0[\t\n\r -~]$/].some(
    (sign) => pairs.filter((pair) => sign.test(pair)).length * 2 > pairs.length,
  );
}
