// Linksys SPA phones and adapters, PAP2T, WIP (SPA provisioning guide).

import { knownOnly, ownPhoneFile } from './knowledge.ts';
import { compareSlashed, readSlashedAgent } from './linksys-shapes.ts';
import { linksysLines } from './linksys-lines.ts';

const ouis =
  `000c41 000e08 000f66 001217 001310 0014bf 0016b6 001839 0018f8 001a70 001c10 001d7e 001ee5 002129
  00226b 002369 00259c 20aa4b 547c69 586d8f 687f74 701f53 bc671c c47295 d0c789`.split(/\s+/);
const phoneFile = ownPhoneFile(ouis, /^(?:spa)?[0-9a-f]{12}\.(?:xml|cfg)$/i);

export const linksys = knownOnly({
  name: 'Linksys',
  lines: linksysLines,
  ouis,
  agentInitials: 'l',
  readAgent: (userAgent) => readSlashedAgent(userAgent, 'Linksys'),
  readFile(file) {
    const model = /^(spa9[0-9]{2}|spa8000|spa400|spa[23]102|pap2t)\.cfg$/i.exec(file.name)?.[1];
    return model === undefined ? phoneFile(file) : { model: model.toUpperCase(), ownName: true };
  },
  readClass(text) {
    const model = /^LINKSYS ((?:SPA|PAP|WIP|WRP)-?\d{1,4}[A-Z]{0,2})$/i.exec(text)?.[1];
    if (model === undefined) return undefined;
    return { model: model.replace('-', '').toUpperCase(), version: null, mac: null };
  },
  compare: compareSlashed,
});
