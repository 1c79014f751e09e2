// Htek UC phones. Their files are named as Grandstream's: the MAC prefix tells them apart.

import { brandWords, knownOnly, ownPhoneFile } from './knowledge.ts';
import { numeric } from './version-parts.ts';
import { htekLines } from './htek-lines.ts';

const ouis = ['001fc1'];
const phoneFile = ownPhoneFile(ouis, /^(?:cfg)?[0-9a-f]{12}(?:\.xml|\.cfg|\.bin)?$/i);

export const htek = knownOnly({
  name: 'Htek',
  lines: htekLines,
  ouis,
  agentInitials: 'h',
  readAgent: (userAgent) =>
    brandWords(userAgent, /^htek(?=\s)/i, /^[A-Z]{2}\d{3}[A-Z]{0,3}(?: ?V\d)?$/i),
  readFile(file) {
    // Files of a model have its code of four digits; several models share one, so that it names none.
    if (/^cfg0[01]\d\d\.xml$/i.test(file.name)) return { model: null, ownName: true };
    if (/^fw\d{3}[A-Z]{0,2}\.rom$/i.test(file.name)) return { model: null, ownName: true };
    return phoneFile(file);
  },
  compare: numeric(3, 5, (text) => text.replace(/^V(?=\d)/i, '')),
});
