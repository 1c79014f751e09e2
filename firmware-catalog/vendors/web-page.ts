// What web servers and PHP put before, or in place of, what was asked for.

import { withoutComments } from './xml-blanks.ts';

/** `body` as Latin-1 text. Comments and an XML declaration may stand before the page. */
export const isWebPage = (body: string): boolean =>
  /^(?:\u00ef\u00bb\u00bf)?\s*(?:<\?xml\b[^<>]{0,200}>\s*)?<(?:!doctype\s+html|html|head|body|br|b|script)\b/i.test(
    withoutComments(body),
  );
