import { makerOf } from './maker.ts';
import { prefixOf, requestedFile } from './requested-path.ts';
import { KNOWN_VENDORS } from './vendors/all.ts';
import { isPrintable } from './vendors/config-text.ts';
import type { ClaimKind } from './vendors/line-facts.ts';
import type { Identity, ProvisioningRequest } from './vendors/profile.ts';
import { recognise } from './vendors/recognition.ts';

const recognisers = KNOWN_VENDORS.map(({ recogniser }) => recogniser);

/**
 * Says what that which was seen of a phone claims about it, over all vendors known here. Unknown stays
 * null, any field may be missing, and a MAC in the path is a claim of its own, even when nobody knows
 * the phone. Takes time linear in the request's length, however hostile.
 */
export function identify(request: ProvisioningRequest): Identity {
  return (
    recognise(recognisers, request) ?? {
      vendor: null,
      model: null,
      version: null,
      mac: requestedFile(request.path)?.mac ?? null,
    }
  );
}

/** Where one fact of an identity was read. All of it can be forged: confidence is that of the reading. */
export interface ClaimSource {
  readonly from: ClaimKind;
  /**
   * `certain`: the phone says it of itself in its maker's own form; `likely`: by a name or text that tenants
   * replace and makers share; `hint`: by what several models or makers have in common.
   */
  readonly confidence: 'certain' | 'likely' | 'hint';
  /** The beginning of the claim, without control characters. */
  readonly text: string;
}

type Fact = 'vendor' | 'model' | 'version' | 'mac';

export interface IdentityWithSources {
  readonly identity: Identity;
  readonly sources: { readonly [Name in Fact]?: ClaimSource };
  /** Makers who own the MAC's prefix: who it may be where nothing else names a vendor. */
  readonly hints: { readonly vendors: readonly string[] };
  /** What contradicts what, in words. */
  readonly doubts: readonly string[];
}

/** Characters of a claim that are told again; the longest name of a phone has about so many. */
export const claimTextMax = 80;

interface Claim {
  readonly from: ClaimKind;
  readonly words: string;
  readonly text: string;
  readonly identity: Identity;
}

/** As `identify`, and where each fact came from and which claims disagree. Some times slower; for people. */
export function identifyWithSources(request: ProvisioningRequest): IdentityWithSources {
  const identity = identify(request);
  const claims = claimsOf(request);
  const owners = prefixOwners(identity);
  return {
    identity,
    sources: {
      ...sourceOf('vendor', identity, claims),
      ...sourceOf('model', identity, claims),
      ...sourceOf('version', identity, claims),
      ...sourceOf('mac', identity, claims),
    },
    hints: { vendors: owners },
    doubts: doubtsOf(identity, claims, owners),
  };
}

/** Each claim read by itself, in the order in which they are believed. */
function claimsOf({ userAgent, sipUserAgent, dhcpClass, path }: ProvisioningRequest): Claim[] {
  const seen: readonly (readonly [ClaimKind, string, string | undefined, ProvisioningRequest])[] = [
    ['user-agent', 'the User-Agent', userAgent, { userAgent }],
    ['sip-user-agent', 'the SIP User-Agent', sipUserAgent, { sipUserAgent }],
    ['dhcp-class', 'the DHCP class', dhcpClass, { dhcpClass }],
    ['path', 'the path', path, { path }],
  ];
  return seen.flatMap(([from, words, text, alone]) =>
    text === undefined || text === '' ? [] : [{ from, words, text, identity: identify(alone) }],
  );
}

function sourceOf(
  fact: Fact,
  identity: Identity,
  claims: readonly Claim[],
): IdentityWithSources['sources'] {
  if (identity[fact] === null) return {};
  // The path is the better source for the MAC: servers name files by it.
  const order = fact === 'mac' ? claims.toSorted(pathFirst) : claims;
  const claim = order.find((one) => one.identity[fact] === identity[fact]);
  if (!claim) return {};
  const { from, text } = claim;
  return { [fact]: { from, confidence: confidenceIn(fact, claim), text: told(text) } };
}

const pathFirst = (a: Claim, b: Claim): number =>
  Number(b.from === 'path') - Number(a.from === 'path');

function confidenceIn(fact: Fact, { from, identity }: Claim): ClaimSource['confidence'] {
  if (fact === 'model' && identity.modelCandidates) return 'hint';
  if (from === 'path') return fact === 'mac' ? 'certain' : 'likely';
  return from === 'user-agent' ? 'certain' : 'likely';
}

/** One line of text, whatever was sent. */
const told = (text: string): string =>
  Array.from(text.slice(0, claimTextMax), (sign) => (isPrintable(sign) ? sign : '\u00b7')).join('');

function prefixOwners({ mac }: Identity): string[] {
  if (mac === null) return [];
  const prefix = prefixOf(mac);
  return KNOWN_VENDORS.filter(({ ouis }) => ouis.includes(prefix)).map(({ name }) => name);
}

function doubtsOf(
  identity: Identity,
  claims: readonly Claim[],
  owners: readonly string[],
): string[] {
  return [
    ...prefixDoubt(identity, claims, owners),
    ...vendorDoubts(identity, claims),
    ...factDoubts('model', identity, claims),
    ...factDoubts('mac', identity, claims),
  ].slice(0, doubtsMax);
}

/** Doubts told of one phone; there are four claims of four facts. */
const doubtsMax = 12;

function prefixDoubt(
  identity: Identity,
  claims: readonly Claim[],
  owners: readonly string[],
): string[] {
  const { vendor, mac } = identity;
  const maker = makerOf(identity)?.vendor;
  const isOwn = owners.some((owner) => owner === vendor || owner === maker);
  const holder = claims.toSorted(pathFirst).find((claim) => claim.identity.mac === mac);
  const speaker = claims.find((claim) => claim.identity.vendor === vendor);
  if (vendor === null || owners.length === 0 || isOwn || !holder || !speaker) return [];
  const owner = owners.join(' or ');
  return [`${holder.words}’s MAC prefix is ${owner}’s, ${speaker.words} says ${vendor}`];
}

/** A path names its vendor by the MAC's prefix or by a name of its own; only the latter is another claim. */
function vendorDoubts(identified: Identity, claims: readonly Claim[]): string[] {
  const { vendor } = identified;
  const maker = makerOf(identified)?.vendor;
  const speaker = claims.find((claim) => claim.identity.vendor === vendor);
  if (vendor === null || !speaker) return [];
  return claims.flatMap(({ words, from, identity }) => {
    const other = identity.vendor;
    const byPrefix = from === 'path' && identity.mac !== null && identity.model === null;
    if (other === null || other === vendor || other === maker || byPrefix) return [];
    return [`${words} says ${other}, ${speaker.words} says ${vendor}`];
  });
}

function factDoubts(fact: 'model' | 'mac', identity: Identity, claims: readonly Claim[]): string[] {
  const value = identity[fact];
  const speaker = claims.find((claim) => claim.identity[fact] === value);
  if (value === null || !speaker) return [];
  return claims.flatMap(({ words, identity: other }) => {
    const said = other[fact];
    const isOther = said !== null && said !== value && other.vendor === identity.vendor;
    const isShared = fact === 'model' && (other.modelCandidates?.includes(value) ?? false);
    return isOther && !isShared
      ? [`${words} says ${fact} ${said}, ${speaker.words} says ${value}`]
      : [];
  });
}
