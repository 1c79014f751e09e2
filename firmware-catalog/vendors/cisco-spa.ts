// Cisco Small Business SPA phones and adapters, and ATA 19x in their own words. Linksys and Sipura
// wrote the same shapes under their own names before: those are not read here.

import { type RequestedFile, stationMac } from '../requested-path.ts';
import { bracketsOf, isSerial } from './cisco-mpp.ts';
import type { AgentClaim, PathClaim } from './profile.ts';

/** Models Cisco sold under its own name; the 9xx, 1001, 2102 and 3102 were Linksys'. */
const SPA = /^SPA(?:30[13]|50[1-9]G|51[24]G|525G2?|1[12]2|232D)$/;

export const isSpa = (model: string): boolean => SPA.test(model);

/**
 * `Cisco/SPA504G-7.4.9c (001565000000)(CCQ162306EA)`: MAC, then serial number. A single bracket is the
 * serial number, even where it looks like a MAC. `Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)`.
 */
export function readSlashAgent(userAgent: string): AgentClaim | undefined {
  const found =
    /^Cisco\/((?:SPA|ATA|WRP|PAP|WIP)-?\d{1,4}[a-z]{0,2}\d?|\d{4}[a-z]{0,2})(?:-(?:MPP|3PCC|3PW))?(?:-(\d\S{0,40}))?(?=\s|$)/i.exec(
      userAgent,
    );
  if (found?.[1] === undefined) return undefined;
  const [first, second] = bracketsOf(userAgent.slice(found[0].length));
  const serial = second ?? first;
  return {
    model: found[1].replace('-', '').toUpperCase(),
    version: found[2] ?? null,
    mac: second === undefined || first === undefined ? null : stationMac(first),
    ...(serial === undefined || !isSerial(serial) ? {} : { serial }),
  };
}

/** `Cisco ATA 186  v3.2.1 atasip`. */
export function readAtaAgent(userAgent: string): AgentClaim | undefined {
  const found = /^Cisco\s+ATA\s?(\d{3})(?:\s+v?(\d{1,3}(?:\.\d{1,4}){1,3}))?(?=\s|$)/i.exec(
    userAgent,
  );
  return found?.[1] === undefined
    ? undefined
    : { model: `ATA${found[1]}`, version: found[2] ?? null, mac: null };
}

export function readSpaFile(file: RequestedFile): PathClaim | undefined {
  const named = /^(spa\d{3}[a-z]?\d?)\.cfg$/i.exec(file.name)?.[1]?.toUpperCase();
  if (named !== undefined) return isSpa(named) ? { model: named, ownName: true } : undefined;
  if (/^ATA[0-9a-f]{12}\.cnf\.xml$/i.test(file.name)) return { model: 'ATA190', ownName: true };
  const ours = file.prefix !== null && SPA_PREFIXES.includes(file.prefix);
  return ours && /^(?:spa)?[0-9a-f]{12}\.(?:xml|cfg)$/i.test(file.name)
    ? { model: null, ownName: false }
    : undefined;
}

export const SPA_PREFIXES = ['002699', '00da55', '00e16d', '10bd18', '503de5', '8843e1', '0002fd'];
