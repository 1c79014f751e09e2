// MACs that no phone of this site has, near those it has. Nobody has a reason to ask for one: who does tries
// MACs, and what it is given opens nothing.

import type { PlanPhone } from '@ringwave/protocol/messages';
import { type Mac, mac } from '@ringwave/protocol/units';

/** Decoys of each MAC prefix: a sweep through a prefix of 16 million meets one only by luck, one near a phone soon. */
const decoysPerPrefix = 4;
/** Prefixes with decoys; a site has phones of a few makers. */
const prefixesMax = 16;
/** A sweep that starts at a known phone goes up or down from it; decoys lie this near. */
const nearness = 64;

/** A decoy shows itself as this phone's twin: same maker, same model. */
export type Decoys = ReadonlyMap<Mac, PlanPhone>;

/** The same for one box and one set of phones; `keyed` gives 32 hexadecimal digits that only this box can make. */
export function decoysOf(phones: readonly PlanPhone[], keyed: (text: string) => string): Decoys {
  const taken = new Set(phones.map((phone) => phone.mac));
  const decoys = new Map<Mac, PlanPhone>();
  const byPrefix = new Map<string, PlanPhone>();
  for (const phone of [...phones].sort((a, b) => (a.mac < b.mac ? -1 : 1))) {
    const prefix = phone.mac.slice(0, 8);
    if (!byPrefix.has(prefix) && byPrefix.size < prefixesMax) byPrefix.set(prefix, phone);
  }
  for (const [prefix, twin] of byPrefix) {
    for (let nth = 0; nth < decoysPerPrefix; nth += 1) {
      const decoy = near(twin.mac, keyed(`decoy ${prefix} ${nth}`));
      if (decoy && !taken.has(decoy)) decoys.set(decoy, twin);
    }
  }
  return decoys;
}

/** A MAC of the same prefix, at most `nearness` away. */
function near(from: string, digits: string): Mac | undefined {
  const offset = (Number.parseInt(digits.slice(0, 6), 16) % (2 * nearness)) - nearness;
  const low = (Number.parseInt(from.slice(9).replaceAll(':', ''), 16) + offset) & 0xffffff;
  return mac(from.slice(0, 8).replaceAll(':', '') + low.toString(16).padStart(6, '0'));
}
