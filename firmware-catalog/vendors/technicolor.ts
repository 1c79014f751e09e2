// Thomson and Technicolor ST and TB phones.

import { knownOnly, macIn } from './knowledge.ts';
import { numeric } from './version-parts.ts';
import { technicolorLines } from './technicolor-lines.ts';

export const technicolor = knownOnly({
  name: 'Technicolor',
  lines: technicolorLines,
  ouis: ['0018f6', '00147f', '001f9f'],
  agentInitials: 't',
  /** `THOMSON ST2030 hw5 fw2.74 00-14-7F-E1-47-B3`. */
  readAgent(userAgent) {
    const found =
      /^(?:thomson|technicolor) ((?:ST|TB)\d{2,4}[A-Z]?)(?: hw(\w{1,6}))?(?: fw(\d[\d.]{1,20}))?(?=\s|$)/i.exec(
        userAgent,
      );
    if (found?.[1] === undefined) return undefined;
    return {
      model: found[1].toUpperCase(),
      version: found[3] ?? null,
      mac: macIn(userAgent.slice(found[0].length)),
      ...(found[2] === undefined ? {} : { hardware: found[2] }),
    };
  },
  readFile(file) {
    const model = /^((?:ST|TB)\d{2,4}[A-Z]?)(?:_[0-9a-f]{12}|S)\.(?:txt|inf)$/i.exec(
      file.bareName,
    )?.[1];
    return model === undefined ? undefined : { model: model.toUpperCase(), ownName: true };
  },
  readClass(text) {
    const model = /^thomson ((?:ST|TB)\d{2,4}[A-Z]?)/i.exec(text)?.[1];
    return model === undefined
      ? undefined
      : { model: model.toUpperCase(), version: null, mac: null };
  },
  compare: numeric(2, 4, (text) => text.replace(/^(?:fw_?)?v?(?=\d)/i, '')),
});
