// Sipura SPA phones and adapters, from before Linksys.

import { knownOnly } from './knowledge.ts';
import { compareSlashed, readSlashedAgent } from './linksys-shapes.ts';
import { sipuraLines } from './sipura-lines.ts';

export const sipura = knownOnly({
  name: 'Sipura',
  lines: sipuraLines,
  ouis: [],
  agentInitials: 's',
  readAgent: (userAgent) => readSlashedAgent(userAgent, 'Sipura'),
  readFile(file) {
    // Models that Linksys did not go on to sell.
    const model = /^(spa(?:841|1000|2000|3000))\.cfg$/i.exec(file.name)?.[1];
    return model === undefined ? undefined : { model: model.toUpperCase(), ownName: true };
  },
  compare: compareSlashed,
});
