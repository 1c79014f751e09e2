// Alcatel IP Touch phones with SIP firmware.

import { knownOnly } from './knowledge.ts';
import { numeric } from './version-parts.ts';
import { alcatelLines } from './alcatel-lines.ts';

const MODEL = /^40[0-9]8(?:EE)?$/i;

export const alcatel = knownOnly({
  name: 'Alcatel',
  lines: alcatelLines,
  ouis: ['00809f'],
  agentInitials: 'a',
  readAgent(userAgent) {
    const found =
      /^Alcatel IP Touch (\d{4}[A-Z]{0,2})(?:\/(\d{1,3}(?:\.\d{1,5}){1,3}))?(?=\s|$)/i.exec(
        userAgent,
      );
    return found?.[1] === undefined
      ? undefined
      : { model: found[1].toUpperCase(), version: found[2] ?? null, mac: null };
  },
  readFile(file) {
    const model = /^sipconfig-(\w{4,6})\.txt$/i.exec(file.name)?.[1];
    if (model === undefined) return undefined;
    return { model: MODEL.test(model) ? model.toUpperCase() : null, ownName: true };
  },
  readClass: (text) =>
    /^(?:alcatel\.(?:noe|sip|ictouch)|ictouch)\.\d$/i.test(text)
      ? { model: null, version: null, mac: null }
      : undefined,
  compare: numeric(2, 4, (text) => text.replace(/^R(?=\d)/i, '')),
});
