// Cisco multiplatform phones (68xx, 78xx, 88xx with -3PCC) and ATA 191/192: what they say of themselves.

import { type RequestedFile, stationMac } from '../requested-path.ts';
import type { AgentClaim, PathClaim } from './profile.ts';

const MPP_MODELS: ReadonlySet<string> = new Set(
  `6821 6823 6825 6841 6851 6861 6871 7811 7821 7832 7841 7861 8811 8832 8841 8845 8851 8861 8865
   8875`.split(/\s+/),
);

export const isMpp = (model: string): boolean => MPP_MODELS.has(model);

/**
 * `Cisco-CP-8851-3PCC/11.3.7 (00562b043615)`; over SIP version, MAC and a random id are joined by
 * underscores: `12.0.3_dcf719f39350_1f2e`. Enterprise phones write `Cisco-CP7962G/9.4.2` over SIP.
 */
export function readCpAgent(userAgent: string): AgentClaim | undefined {
  const found = /^Cisco-CP-?(\d{4}[a-z]{0,3})(?:-3PCC)?(?:\/(\S{1,60}))?(?=\s|$)/i.exec(userAgent);
  if (found?.[1] === undefined) return undefined;
  const pieces = (found[2] ?? '').split('_').filter((piece) => piece !== '');
  const macAt = pieces.findIndex((piece) => /^[0-9a-f]{12}$/i.test(piece));
  const version = (macAt < 0 ? pieces : pieces.slice(0, macAt)).join('_');
  const brackets = bracketsOf(userAgent.slice(found[0].length));
  const inBrackets = brackets.find((text) => /^[0-9a-f:]{12,17}$/i.test(text));
  const serial = brackets.find((text) => text !== inBrackets && isSerial(text));
  return {
    model: found[1].toUpperCase(),
    version: /^\d/.test(version) ? version : null,
    mac: stationMac(pieces[macAt] ?? inBrackets ?? ''),
    ...(serial === undefined ? {} : { serial }),
  };
}

export function readMppFile(file: RequestedFile): PathClaim | undefined {
  const common = /^(?:CP-)?(\d{4})-3PCC\.(?:xml|cfg)$/i.exec(file.name)?.[1];
  if (common !== undefined) return { model: common, ownName: true };
  const folder = /^CP-(\d{4})-3PCC$/i.exec(file.folders.at(-1) ?? '')?.[1];
  if (folder !== undefined) return { model: folder, ownName: true };
  const adapter = /^(ATA19[12])(?:-(?:MPP|3PW))?\.(?:xml|cfg)$/i.exec(file.name)?.[1];
  if (adapter !== undefined) return { model: adapter.toUpperCase(), ownName: true };
  return /^(?:sip|rootfs|kern|sboot|fbi|vc4|monet)?(?:sip)?(?:68|78|88)\d?xx[.-][\w.-]{3,60}\.(?:loads|sbn|zz\.sgn)$/i.test(
    file.name,
  )
    ? { model: null, ownName: true }
    : undefined;
}

/** The texts in round brackets, at most three: a MAC and a serial number are all that is ever there. */
export function bracketsOf(text: string): string[] {
  return [...text.slice(0, 160).matchAll(/\(([^()]{1,40})\)/g)]
    .slice(0, 3)
    .map((found) => found[1] ?? '');
}

export const isSerial = (text: string): boolean => /^[A-Z0-9]{8,14}$/i.test(text);
