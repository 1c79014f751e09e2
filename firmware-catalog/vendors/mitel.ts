// Mitel 68xx and 69xx phones under Mitel's own name, and 53xx and 69xx with MiNET firmware by their class.

import { knownOnly, ownPhoneFile } from './knowledge.ts';
import { compareMitel, mitelModel, mitelModelFile, readMitelAgent } from './mitel-shapes.ts';
import { mitelLines } from './mitel-lines.ts';

const ouis = ['1400e9', '08000f'];
const phoneFile = ownPhoneFile(ouis, /^(?:MN_)?[0-9a-f]{12}\.(?:cfg|tuz)$/i);

export const mitel = knownOnly({
  name: 'Mitel',
  lines: mitelLines,
  ouis,
  agentInitials: 'm',
  readAgent: (userAgent) => readMitelAgent(userAgent, 'Mitel'),
  readFile(file) {
    const claim = mitelModelFile(file);
    return claim ? (claim.model?.includes('i') ? undefined : claim) : phoneFile(file);
  },
  readClass(text) {
    const found = /^(?:MitelIPPhone ?|MINET_)(\d{4}i?)?/i.exec(text);
    if (!found) return /^ipphone\.mitel\.com$/i.test(text) ? NOBODY : undefined;
    return {
      model: found[1] === undefined ? null : mitelModel(found[1]),
      version: null,
      mac: null,
    };
  },
  compare: compareMitel,
});

const NOBODY = { model: null, version: null, mac: null };
