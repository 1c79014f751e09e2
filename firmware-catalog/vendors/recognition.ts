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

/** Characters read of DHCP option 60: its length is one byte. */
export const dhcpClassLengthMax = 255;

/**
 * Merges what was seen of one phone. The User-Agent names vendor and model, over HTTP before SIP, then
 * the DHCP class; the path is the better source for the MAC. Where no User-Agent came, the path names the
 * vendor if only one vendor's phones use that name. A User-Agent that nobody knows leaves to the path only
 * those names that no other vendor uses: several vendors copy Yealink's and Grandstream's file names.
 */
export function recognise(
  recognisers: readonly Recogniser[],
  request: ProvisioningRequest,
): Identity | undefined {
  const userAgent = cleanAgent(request.userAgent);
  const file = requestedFile(request.path);
  let claim = readAgents(recognisers, userAgent);
  if (request.sipUserAgent !== undefined) {
    claim = together(claim, readAgents(recognisers, cleanAgent(request.sipUserAgent)));
  }
  if (request.dhcpClass !== undefined) {
    claim = together(claim, readClasses(recognisers, request.dhcpClass));
  }
  if (!claim) return file && byName(recognisers, file, userAgent);
  const { recogniser, agent } = claim;
  return merged(recogniser.vendor, agent, file?.mac ?? agent.mac);
}

interface Claim {
  readonly recogniser: Recogniser;
  readonly agent: AgentClaim;
}

function readAgents(recognisers: readonly Recogniser[], userAgent: string): Claim | undefined {
  if (!readable(userAgent)) return undefined;
  const initial = userAgent.charAt(0).toLowerCase();
  for (const recogniser of recognisers) {
    if (recogniser.agentInitials?.includes(initial) === false) continue;
    const agent = recogniser.readAgent(userAgent);
    if (agent) return { recogniser, agent };
  }
  return undefined;
}

function readClasses(recognisers: readonly Recogniser[], dhcpClass: string): Claim | undefined {
  if (dhcpClass.length > dhcpClassLengthMax) return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Cisco phones end the class with NUL bytes.
  const text = dhcpClass.replace(/\0{1,4}$/, '').trim();
  if (text === '') return undefined;
  for (const recogniser of recognisers) {
    const agent = recogniser.readClass?.(text);
    if (agent) return { recogniser, agent };
  }
  return readAgents(recognisers, text);
}

/** The first claim decides; a later one of the same vendor and model says what the first left out. */
function together(first: Claim | undefined, later: Claim | undefined): Claim | undefined {
  if (!first || !later) return first ?? later;
  if (first.recogniser !== later.recogniser) return first;
  const { model, version, mac } = first.agent;
  if (model !== null && later.agent.model !== null && model !== later.agent.model) return first;
  const agent = {
    ...later.agent,
    ...first.agent,
    model: model ?? later.agent.model,
    version: version ?? later.agent.version,
    mac: mac ?? later.agent.mac,
  };
  return { recogniser: first.recogniser, agent };
}

function byName(
  recognisers: readonly Recogniser[],
  file: RequestedFile,
  userAgent: string,
): Identity | undefined {
  const isTool = userAgent !== '' && TOOLS.test(userAgent);
  if (isTool) return undefined;
  let only: { vendor: VendorName; path: PathClaim } | undefined;
  for (const { vendor, readFile } of recognisers) {
    const path = readFile(file);
    if (!path || (userAgent !== '' && !path.ownName)) continue;
    if (only) return undefined;
    only = { vendor, path };
  }
  return only && merged(only.vendor, only.path, file.mac);
}

/** True where the MAC's prefix is known to be another maker's; an unknown prefix rejects nobody. */
export function isForeignMac(mac: Mac | null): boolean {
  return mac !== null && OTHER_MAKERS.has(prefixOf(mac));
}

/** One claim of what the phone is; a User-Agent is never completed from the name of a file that models share. */
function merged(vendor: VendorName, claim: AgentClaim | PathClaim, mac: Mac | null): Identity {
  const { serial, versionKind } = claim as Partial<AgentClaim>;
  const { modelCandidates } = claim as Partial<PathClaim>;
  return {
    vendor,
    model: claim.model,
    version: 'version' in claim ? claim.version : null,
    mac,
    ...(claim.hardware === undefined ? {} : { hardware: claim.hardware }),
    ...(serial === undefined ? {} : { serial }),
    ...(versionKind === undefined ? {} : { versionKind }),
    ...(modelCandidates === undefined ? {} : { modelCandidates }),
  };
}

/** Some proxies and logs keep the quotes around a header's value. */
function cleanAgent(userAgent: string | undefined): string {
  if (userAgent === undefined) return '';
  const trimmed = userAgent.slice(0, userAgentLengthMax + 1).trim();
  if (!trimmed.startsWith('"') && !trimmed.startsWith("'")) return trimmed;
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
