// Akuvox IP phones and door phones.

import { brandWords, knownOnly, ownPhoneFile } from './knowledge.ts';
import type { Order } from './profile.ts';
import { remembered } from '../remembered.ts';
import { compareFields, dotted, ordered } from './version-parts.ts';
import { akuvoxLines } from './akuvox-lines.ts';

const ouis = ['0c1105', '9c7514'];

export const akuvox = knownOnly({
  name: 'Akuvox',
  lines: akuvoxLines,
  ouis,
  agentInitials: 'a',
  readAgent: (userAgent) =>
    brandWords(
      userAgent,
      /^akuvox(?=\s)/i,
      /^(?:[SV]P-)?[A-Z]{1,3}\d{1,4}[A-Z]{0,3}(?:-[A-Z0-9]{1,4})?$/i,
    ),
  readFile: ownPhoneFile(ouis, /^[0-9a-f]{12}\.cfg$/i),
  compare: (a, b) => ordered(a, b, within),
});

const parsed = remembered((text: string) => dotted(text, 3, 5) ?? null);

/** Of four numbers the first is the product and the second the customer's branch: only builds of one branch order. */
function within(a: string, b: string): Order {
  const from = parsed(a);
  const to = parsed(b);
  if (!from || !to || from.length !== to.length) return 'incomparable';
  if (from.length > 3 && (from[0] !== to[0] || from[1] !== to[1])) return 'incomparable';
  return compareFields(from, to);
}
