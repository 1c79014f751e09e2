// Fanvil desk phones, door phones and Wi-Fi phones.

import {
  compareFanvil,
  fanvilPhoneFile,
  readFanvilAgent,
  readFanvilFile,
} from './fanvil-shapes.ts';
import { knownOnly } from './knowledge.ts';
import { fanvilLines } from './fanvil-lines.ts';

const ouis = ['00a859', '0c383e'];
const phoneFile = fanvilPhoneFile(ouis);

export const fanvil = knownOnly({
  name: 'Fanvil',
  lines: fanvilLines,
  ouis,
  agentInitials: 'f',
  readAgent: readFanvilAgent(/^fanvil(?=\s)/i),
  readFile: (file) => phoneFile(file) ?? readFanvilFile(file),
  compare: compareFanvil,
});
