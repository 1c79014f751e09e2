// Obihai adapters and phones, Poly's since (OBi provisioning guide).

import { knownOnly, ownPhoneFile } from './knowledge.ts';
import { numeric } from './version-parts.ts';
import { obihaiLines } from './obihai-lines.ts';

const ouis = ['9cadef'];
const phoneFile = ownPhoneFile(ouis, /^(?:OBi)?[0-9a-f]{12}\.(?:xml|cfg)$/i);

export const obihai = knownOnly({
  name: 'Obihai',
  lines: obihaiLines,
  ouis,
  agentInitials: 'o',
  readAgent(userAgent) {
    const found = /^OBIHAI\/OBi(\d{3,4}[A-Z]{0,3})(?:-(\d[\d.]{2,24}))?(?=[\s(]|$)/i.exec(
      userAgent,
    );
    return found?.[1] === undefined
      ? undefined
      : { model: `OBi${found[1]}`, version: found[2] ?? null, mac: null };
  },
  readFile: phoneFile,
  compare: numeric(3, 4),
});
