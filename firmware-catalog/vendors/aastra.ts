// Aastra 67xx, 68xx and 9xxx phones, as they name themselves before Mitel's own.

import { knownOnly, ownPhoneFile } from './knowledge.ts';
import { compareMitel, mitelModel, mitelModelFile, readMitelAgent } from './mitel-shapes.ts';
import { aastraLines } from './aastra-lines.ts';

const ouis = ['00085d'];
const phoneFile = ownPhoneFile(ouis, /^[0-9a-f]{12}\.(?:cfg|tuz)$/i);

export const aastra = knownOnly({
  name: 'Aastra',
  lines: aastraLines,
  ouis,
  agentInitials: 'a',
  readAgent: (userAgent) => readMitelAgent(userAgent, 'Aastra'),
  readFile(file) {
    if (/^(?:aastra|startup)\.(?:cfg|tuz)$|^security\.tuz$/i.test(file.name))
      return { model: null, ownName: false };
    const claim = mitelModelFile(file);
    // The 69xx came under the new name and have no i.
    return claim ? (claim.model?.includes('i') ? claim : undefined) : phoneFile(file);
  },
  readClass(text) {
    const found = /^AastraIPPhone(\d{2,4}i?(?: ?CT)?)?$/i.exec(text);
    if (!found) return undefined;
    return {
      model: found[1] === undefined ? null : mitelModel(found[1]),
      version: null,
      mac: null,
    };
  },
  compare: compareMitel,
});
