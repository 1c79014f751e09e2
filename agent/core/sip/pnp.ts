// SIP plug and play: a phone without a server asks the group 224.0.1.75 for its profile (RFC 6080 as desk phones speak
// it). Pure; whatever arrives gives a claim or undefined.
import { type Mac, mac } from '@ringwave/protocol/units';
import { formatSip, hostPort, type SipRequest, sipHeader } from './message.ts';
import { answerTo, tagged } from './unasked.ts';

export interface PnpClaim {
  readonly mac: Mac;
  readonly vendor: string | null;
  readonly model: string | null;
  readonly version: string | null;
}

/** Characters of the header that are read; a phone's own has below 200. */
const eventCharactersMax = 1024;

/** Undefined unless this is a SUBSCRIBE for ua-profile that names a MAC. */
export function pnpClaim(request: SipRequest): PnpClaim | undefined {
  const event = (sipHeader(request, 'event') ?? '').slice(0, eventCharactersMax);
  if (request.method !== 'SUBSCRIBE' || !/^ua-profile\s*(?:;|$)/i.test(event)) return undefined;
  const own = [request.uri, sipHeader(request, 'from') ?? ''].map(macIn).find(Boolean);
  if (!own) return undefined;
  const said = (name: string) =>
    new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]{1,64})"|([^;\\s"]{1,64}))`, 'i').exec(event);
  const value = (name: string) => {
    const found = said(name);
    return found?.[1] ?? found?.[2] ?? null;
  };
  return { mac: own, vendor: value('vendor'), model: value('model'), version: value('version') };
}

/** `sip:MAC%3a001565aabbcc@224.0.1.75`, with or without the word, the colon escaped or not. */
const macIn = (text: string): Mac | undefined => {
  const found = /sips?:(?:MAC(?:%3A|:)?)?([0-9a-f]{12})@/i.exec(text.slice(0, eventCharactersMax));
  return found ? mac(found[1]!) : undefined;
};

interface OwnSide {
  readonly from: { readonly address: string; readonly port: number };
  readonly tag: string;
}

const ownContact = ({ from }: OwnSide): string => `<sip:ringwave@${hostPort(from)}>`;

/** RFC 6665 section 4.2.1.1: an answer to a SUBSCRIBE says for how long it is taken, and where whoever took it is. */
export const pnpAnswer = (subscribe: SipRequest, own: OwnSide): Buffer =>
  answerTo(subscribe, {
    status: '200 OK',
    tag: own.tag,
    more: [
      ['Contact', ownContact(own)],
      ['Expires', '0'],
    ],
  });

/** Without brackets a parameter behind it is the header's, not the URI's (RFC 3261 section 20.10). */
function contactOf(subscribe: SipRequest): string | undefined {
  const text = (sipHeader(subscribe, 'contact') ?? '').replace(/^\s*"(?:[^"\\]|\\.)*"/, '');
  const found = /<([^<>\s]{1,256})>/.exec(text) ?? /^\s*(sips?:[^<>\s;,]{1,256})/i.exec(text);
  return found?.[1];
}

/** The profile: one address, whence the phone fetches its own file as it would without this. */
export function pnpNotify(
  subscribe: SipRequest,
  own: OwnSide & { readonly branch: string; readonly url: string },
): Buffer {
  return formatSip({
    opening: `NOTIFY ${contactOf(subscribe) ?? subscribe.uri} SIP/2.0`,
    headers: [
      ['Via', `SIP/2.0/UDP ${hostPort(own.from)};branch=z9hG4bK${own.branch};rport`],
      ['Max-Forwards', '70'],
      ['From', tagged(sipHeader(subscribe, 'to') ?? '', own.tag)],
      ['To', sipHeader(subscribe, 'from') ?? ''],
      ['Call-ID', sipHeader(subscribe, 'call-id') ?? ''],
      ['CSeq', '1 NOTIFY'],
      ['Contact', ownContact(own)],
      ['Event', 'ua-profile;effective-by=0'],
      ['Subscription-State', 'terminated;reason=timeout'],
      ['Content-Type', 'application/url'],
    ],
    body: own.url,
  });
}
