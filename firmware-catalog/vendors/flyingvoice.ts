// Flyingvoice phones and adapters. Their files are named as Yealink's: the MAC prefix tells them apart.

import { brandWords, knownOnly, ownPhoneFile } from './knowledge.ts';
import { numeric } from './version-parts.ts';
import { flyingvoiceLines } from './flyingvoice-lines.ts';

const ouis = ['0021f2'];

export const flyingvoice = knownOnly({
  name: 'Flyingvoice',
  lines: flyingvoiceLines,
  ouis,
  agentInitials: 'f',
  readAgent: (userAgent) =>
    brandWords(
      userAgent,
      /^flyingvoice(?=\s)/i,
      /^[A-Z]{1,4}\d{1,4}[A-Z]{0,3}(?:[ -]?(?:Plus|Pro|V\d))?$/i,
    ),
  readFile: ownPhoneFile(ouis, /^[0-9a-f]{12}\.(?:boot|cfg|xml)$/i),
  compare: numeric(2, 5, (text) => text.replace(/^V(?=\d)/i, '')),
});
