import { identifyWithSources, type IdentityWithSources } from '@ringwave/firmware-catalog/identify';
import { makerOf } from '@ringwave/firmware-catalog/maker';
import type { ProvisioningRequest } from '@ringwave/firmware-catalog/vendors/profile';
import type { Answer } from './json-lines.ts';

const CLAIMS = ['userAgent', 'path', 'sipUserAgent', 'dhcpClass'] as const;

/** One line of many: the identity, and beside it where its facts came from. */
export function identifyLine(value: Readonly<Record<string, unknown>>): Answer {
  const seen: { -readonly [Name in (typeof CLAIMS)[number]]?: string } = {};
  for (const name of CLAIMS) {
    const claim = value[name] ?? undefined;
    if (claim === undefined) continue;
    if (typeof claim !== 'string') return { error: `has a ${name} that is not text` };
    seen[name] = claim;
  }
  const { protocol = null } = value;
  if (protocol !== null && protocol !== 'http' && protocol !== 'tftp') {
    return { error: 'has a protocol that is neither http nor tftp' };
  }
  const { identity, sources, doubts } = identifyWithSources({
    ...seen,
    protocol: protocol ?? undefined,
  });
  return { ok: { ...identity, sources, ...(doubts.length === 0 ? {} : { doubts }) } };
}

const CLAIM_WORDS = {
  'user-agent': 'User-Agent',
  'sip-user-agent': 'SIP User-Agent',
  'dhcp-class': 'DHCP class',
  path: 'path',
  'mac-prefix': 'MAC prefix',
} as const;

/** The identity for people: its facts, then where each came from, who made the phone, and what contradicts it. */
export function plainIdentity(request: ProvisioningRequest): string {
  const answer = identifyWithSources(request);
  const { vendor, model, version, mac } = answer.identity;
  const facts = Object.entries({ vendor, model, version, mac });
  const lines = facts.map(([name, value]) => `${name}: ${value ?? 'unknown'}`);
  const more = [...sourceLines(answer), ...hintLines(answer), ...makerLines(answer, request)];
  const doubts = answer.doubts.map((doubt) => `doubt: ${doubt}`);
  return [...lines, ...more, ...doubts].map((line) => `${line}\n`).join('');
}

function sourceLines({ sources }: IdentityWithSources): string[] {
  return Object.entries(sources).map(
    ([fact, { from, confidence, text }]) =>
      `${fact} from the ${CLAIM_WORDS[from]}, ${confidence}: ${text}`,
  );
}

const hintLines = ({ identity, hints: { vendors } }: IdentityWithSources): string[] =>
  identity.vendor === null && vendors.length > 0
    ? [`hint: the MAC prefix is ${vendors.join(' or ')}’s`]
    : [];

function makerLines(
  { identity }: IdentityWithSources,
  { userAgent }: ProvisioningRequest,
): string[] {
  const maker = makerOf(identity, userAgent);
  if (!maker || maker.vendor === identity.vendor) return [];
  const model = maker.model === undefined ? '' : ` ${maker.model}`;
  return [`made by: ${maker.vendor}${model} (${maker.source})`];
}
