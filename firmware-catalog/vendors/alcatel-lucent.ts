// Alcatel-Lucent Enterprise 8000, M and H phones.

import { brandWords, knownOnly, ownPhoneFile } from './knowledge.ts';
import { numeric } from './version-parts.ts';
import type { Order } from './profile.ts';
import { alcatelLucentLines } from './alcatel-lucent-lines.ts';

const ouis = ['487a55', '3c28a6'];

export const alcatelLucent = knownOnly({
  name: 'Alcatel-Lucent',
  lines: alcatelLucentLines,
  ouis,
  agentInitials: 'a',
  /** `ALE 8028s-GE 1.51.52.2204 487a55023075`; the end `-CE` marks the cloud edition of the same model. */
  readAgent(userAgent) {
    const found = brandWords(
      userAgent,
      /^(?:ALE|Alcatel-Lucent)(?=\s)/i,
      /^[A-Z]{0,2}\d{1,4}[a-z]{0,2}(?:-[A-Z]{2})?$/i,
    );
    return found && { ...found, model: found.model.replace(/-CE$/i, '') };
  },
  readFile: ownPhoneFile(ouis, /^(?:config\.)?[0-9a-f]{12}\.(?:xml|cfg)$/i),
  compare,
});

const numbers = numeric(2, 5, (text) => text.replace(/^R(?=\d)/i, ''));

/** `R200.1.01.10.728` is SIP firmware and `R300.1.40.12.4180` NOE: lines that number on their own. */
function compare(a: string, b: string): Order {
  const [left, right] = [a, b].map((text) => /^R(\d{3})\./i.exec(text.trim())?.[1]);
  return left === right ? numbers(a, b) : 'incomparable';
}
