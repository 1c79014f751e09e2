// Panasonic KX-UT, KX-HDV, KX-NT and KX-TGP phones (administrator guides).

import type { RequestedFile } from '../requested-path.ts';
import { knownOnly, macIn } from './knowledge.ts';
import type { AgentClaim, PathClaim } from './profile.ts';
import { isForeignMac } from './recognition.ts';
import { numeric } from './version-parts.ts';
import { panasonicLines } from './panasonic-lines.ts';

const ouis = ['0080f0', 'bcc342', '080023'];

export const panasonic = knownOnly({
  name: 'Panasonic',
  lines: panasonicLines,
  ouis,
  agentInitials: 'p',
  readAgent,
  readFile,
  readClass: (text) =>
    /^panasonic$/i.test(text) ? { model: null, version: null, mac: null } : undefined,
  compare: numeric(2, 4),
});

/** `Panasonic_KX-UT113/01.133 (0080f0c8c381)`; a MAC of eleven digits has been seen and is none. */
function readAgent(userAgent: string): AgentClaim | undefined {
  const found =
    /^Panasonic[_ -](KX-[A-Z]{2,4}\d{2,4}[A-Z0-9]{0,4})(?:[/_ ](\d{1,3}(?:\.\d{1,5}){1,3}))?(?=[\s(]|$)/i.exec(
      userAgent,
    );
  if (found?.[1] === undefined) return undefined;
  const bracket = /\(([0-9a-f:-]{12,17})\)/i.exec(userAgent.slice(found[0].length))?.[1];
  return {
    model: found[1].toUpperCase(),
    version: found[2] ?? null,
    mac: bracket === undefined ? null : macIn(bracket),
  };
}

function readFile(file: RequestedFile): PathClaim | undefined {
  if (/^ConfigCommon\.cfg$/i.test(file.name)) return { model: null, ownName: true };
  const model = /^(KX-[A-Z]{2,4}\d{2,4}[A-Z0-9]{0,4})\.cfg$/i.exec(file.name)?.[1];
  if (model !== undefined) return { model: model.toUpperCase(), ownName: true };
  if (/^(?:UT|HDV|TGP|NT)[\dx]{2,8}-\d{2}\.\d{3}\w{0,8}\.fw$/i.test(file.name)) {
    return { model: null, ownName: true };
  }
  const isOwn = /^Config[0-9a-f]{12}\.cfg$/i.test(file.bareName) && file.mac !== null;
  const ours = file.prefix !== null && ouis.includes(file.prefix);
  return isOwn && (ours || !isForeignMac(file.mac)) ? { model: null, ownName: false } : undefined;
}
