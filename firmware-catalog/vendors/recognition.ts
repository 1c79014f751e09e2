import type { Mac } from '@ringwave/protocol/units';
import { prefixOf, type RequestedFile, requestedFile } from '../requested-path.ts';
import type {
  AgentClaim,
  Identity,
  PathClaim,
  ProvisioningRequest,
  Recogniser,
  VendorName,
} from './profile.ts';

/** Characters read of a User-Agent; the longest known of any phone is under 200. */
export const userAgentLengthMax = 512;

/**
 * Merges what the User-Agent and the path of one request claim. The User-Agent names vendor and model;
 * the path is the better source for the MAC. Where no User-Agent came, the path names the vendor if only
 * one vendor's phones use that name. A User-Agent that nobody knows leaves to the path only those names
 * that no other vendor uses: several vendors copy Yealink's and Grandstream's file names.
 */
export function recognise(
  recognisers: readonly Recogniser[],
  request: ProvisioningRequest,
): Identity | undefined {
  const userAgent = cleanAgent(request.userAgent);
  const file = requestedFile(request.path);
  if (readable(userAgent)) {
    for (const { vendor, readAgent, readFile } of recognisers) {
      const agent = readAgent(userAgent);
      if (agent) return merged(vendor, agent, file && readFile(file), file?.mac ?? agent.mac);
    }
  }
  return file && byName(recognisers, file, userAgent);
}

function byName(
  recognisers: readonly Recogniser[],
  file: RequestedFile,
  userAgent: string,
): Identity | undefined {
  const claims = recognisers.flatMap(({ vendor, readFile }) => {
    const path = readFile(file);
    const stands = userAgent === '' || (path?.ownName === true && !TOOLS.test(userAgent));
    return path && stands ? [{ vendor, path }] : [];
  });
  const [only, ...others] = claims;
  return only && others.length === 0
    ? merged(only.vendor, undefined, only.path, file.mac)
    : undefined;
}

/** True where the MAC's prefix is known to be another maker's; an unknown prefix rejects nobody. */
export function isForeignMac(mac: Mac | null): boolean {
  return mac !== null && OTHER_MAKERS.has(prefixOf(mac));
}

function merged(
  vendor: VendorName,
  agent: AgentClaim | undefined,
  path: PathClaim | undefined,
  mac: Mac | null,
): Identity {
  const candidates = agent ? undefined : path?.modelCandidates;
  return {
    vendor,
    model: agent?.model ?? path?.model ?? null,
    version: agent?.version ?? null,
    mac,
    ...(agent?.hardware === undefined ? {} : { hardware: agent.hardware }),
    ...(agent?.serial === undefined ? {} : { serial: agent.serial }),
    ...(agent?.versionKind === undefined ? {} : { versionKind: agent.versionKind }),
    ...(candidates === undefined ? {} : { modelCandidates: candidates }),
  };
}

/** Some proxies and logs keep the quotes around a header's value. */
function cleanAgent(userAgent: string | undefined): string {
  const trimmed = (userAgent ?? '').slice(0, userAgentLengthMax + 1).trim();
  const quoted = /^(["'])(.*)\1$/.exec(trimmed);
  return quoted?.[2] === undefined ? trimmed : quoted[2].trim();
}

/** A person with a tool is no phone, whatever file is asked for. */
const TOOLS = /^(?:curl|wget|mozilla|python|go-http|libwww|java|okhttp|axios|postman|httpie)\b/i;

const readable = (userAgent: string): boolean =>
  userAgent !== '' && userAgent.length <= userAgentLengthMax;

/**
 * Prefixes of makers whose phones ask for files named as Yealink, Poly or Grandstream name theirs
 * (Snom, Fanvil, Mitel, Gigaset, Avaya, Panasonic, Htek, Akuvox, AudioCodes, Sangoma, Nethesis,
 * Flyingvoice, Obihai, Digium, Patton, Konftel, Spectralink and others; IEEE registry, hints only).
 */
const OTHER_MAKERS: ReadonlySet<string> = new Set(
  `000413 00087b 00a859 0c383e 00085d 08000f 1400e9 7c2f80 589ec6 002104 14b370 c81feb c81fea b4b017
   ccf954 00040d 0080f0 bcc342 080023 001fc1 0c1105 9c7514 00908f 005058 e0e656 0021f2 9cadef 000fd3
   00a0ba 00177d 001d29 000590 0001e3 0013a9 00907a 009033 487a55 3c28a6`.split(/\s+/),
);
