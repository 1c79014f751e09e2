/**
 * Text as a terminal may have it. Whatever came from phones, agents and other controllers may hold what a terminal
 * obeys; it is written out, as JSON has it, so that JSON stays the same value. Breaks and tabs stay.
 */
export const terminalText = (text: string): string =>
  text.replaceAll(/(?![\n\t])\p{Cc}/gu, writtenOut);

/** The same for one line of several, which no value of it may end. */
export const terminalLine = (text: string): string =>
  terminalText(text)
    .replaceAll('\n', '\\n')
    .replaceAll(/[\u2028\u2029]/g, writtenOut);

const writtenOut = (sign: string): string =>
  `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
