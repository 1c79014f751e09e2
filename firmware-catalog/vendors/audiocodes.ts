// AudioCodes 400HD and C400HD phones (administrator manuals 2.x and 3.x).

import { knownOnly, macIn, ownPhoneFile } from './knowledge.ts';
import type { AgentClaim } from './profile.ts';
import { numeric } from './version-parts.ts';
import { audiocodesLines } from './audiocodes-lines.ts';

const ouis = ['00908f'];
const phoneFile = ownPhoneFile(ouis, /^[0-9a-f]{12}\.(?:cfg|xml)$/i);

export const audiocodes = knownOnly({
  name: 'AudioCodes',
  lines: audiocodesLines,
  ouis,
  agentInitials: 'a',
  readAgent: (userAgent) => readBracketed(userAgent) ?? readJoined(userAgent),
  readFile: (file) =>
    /^(?:C?4\d{2}HD[A-Z]?)[\w.-]{0,60}\.img$/i.test(file.name)
      ? { model: null, ownName: true }
      : phoneFile(file),
  compare: numeric(3, 5, (text) => text.replace(/^UC_/i, '').replace(/_build_(?=\d)/i, '.')),
});

const MODEL = /^([A-Z]{0,3}\d{3}[A-Z]{0,4}|RX\d{2})(?:-(Rev\d{1,2}))?$/i;

/** `AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC)`. */
function readBracketed(userAgent: string): AgentClaim | undefined {
  const found = /^AUDC-IPPhone\/(\d[\w.]{2,40}) \(([\w-]{4,20});\s?([0-9a-f:]{12,17})\)/i.exec(
    userAgent,
  );
  const [, version, named, mac] = found ?? [];
  const [, model, hardware] = MODEL.exec(named ?? '') ?? [];
  if (version === undefined || model === undefined || mac === undefined) return undefined;
  return {
    model: model.toUpperCase(),
    version,
    mac: macIn(mac),
    ...(hardware ? { hardware } : {}),
  };
}

/** `AUDC-IPPhone-445HD_UC_3.4.8/1.0`, over SIP and from cloud images with `AUDC/3.4.6.604 ` before it. */
function readJoined(userAgent: string): AgentClaim | undefined {
  const found =
    /^(?:AUDC\/[\w.]{3,40} )?AUDC-IPPhone-([A-Z]{0,3}\d{3}[A-Z]{0,4}|RX\d{2})(?:_(?:UC_)?(\d[\d.]{2,24}(?:_build_\d{1,6})?))?(?=[/\s]|$)/i.exec(
      userAgent,
    );
  if (found?.[1] === undefined) return undefined;
  return { model: found[1].toUpperCase(), version: found[2] ?? null, mac: null };
}
