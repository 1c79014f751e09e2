// Digium D phones: their DHCP class carries the version, with underscores for dots.

import { knownOnly, ownPhoneFile } from './knowledge.ts';
import type { AgentClaim } from './profile.ts';
import { numeric } from './version-parts.ts';
import { digiumLines } from './digium-lines.ts';

const ouis = ['000fd3'];
const phoneFile = ownPhoneFile(ouis, /^[0-9a-f]{12}\.(?:cfg|xml)$/i);

export const digium = knownOnly({
  name: 'Digium',
  lines: digiumLines,
  ouis,
  agentInitials: 'd',
  readAgent: (userAgent) =>
    read(/^Digium (D\d{2})(?: (\d{1,3}(?:[._]\d{1,6}){1,4}))?(?=\s|$)/i, userAgent),
  readFile: (file) =>
    /^digium$/i.test(file.folders.at(-1) ?? '') && /^[0-9a-f]{12}\.cfg$/i.test(file.bareName)
      ? { model: null, ownName: true }
      : phoneFile(file),
  readClass(text) {
    const whole = read(/^digium_(D\d{2})_(\d{1,3}(?:_\d{1,6}){1,4})$/i, text);
    if (whole) return whole;
    // A class without its version was cut, and a cut model may be another.
    return /^digium(?:_|$)/i.test(text) ? { model: null, version: null, mac: null } : undefined;
  },
  compare: numeric(2, 5, (text) => text.replaceAll('_', '.')),
});

function read(shape: RegExp, text: string): AgentClaim | undefined {
  const found = shape.exec(text);
  if (found?.[1] === undefined) return undefined;
  const version = found[2]?.replaceAll('_', '.') ?? null;
  return { model: found[1].toUpperCase(), version, mac: null };
}
