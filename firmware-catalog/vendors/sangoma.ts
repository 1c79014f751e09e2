// Sangoma S and P phones. Their files are named as Grandstream's: the MAC prefix tells them apart.

import { brandWords, knownOnly, ownPhoneFile } from './knowledge.ts';
import { numeric } from './version-parts.ts';
import { sangomaLines } from './sangoma-lines.ts';

const ouis = ['005058'];

export const sangoma = knownOnly({
  name: 'Sangoma',
  lines: sangomaLines,
  ouis,
  agentInitials: 's',
  readAgent: (userAgent) =>
    brandWords(userAgent, /^sangoma(?=\s)/i, /^[A-Z]{1,2}\d{2,3}[A-Z]{0,2}$/i),
  readFile: ownPhoneFile(ouis, /^(?:cfg)?[0-9a-f]{12}\.(?:xml|cfg)$/i),
  compare: numeric(2, 5, (text) => text.replace(/^V(?=\d)/i, '')),
});
