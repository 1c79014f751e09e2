// SIP plug and play: a phone without a server asks the group 224.0.1.75 for its profile (RFC 6080 as desk phones speak
// it). Pure; whatever arrives gives a claim or undefined.
import { type Mac, mac } from '@ringwave/protocol/units';
import { formatSip, hostPort, type SipRequest, sipHeader, sipParameter } from './message.ts';

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

/** The profile: one address, whence the phone fetches its own file as it would without this. */
export function pnpNotify(
  subscribe: SipRequest,
  own: {
    readonly from: { readonly address: string; readonly port: number };
    readonly tag: string;
    readonly branch: string;
    readonly url: string;
  },
): Buffer {
  const contact = /<([^<>\s]{1,256})>/.exec(sipHeader(subscribe, 'contact') ?? '')?.[1];
  return formatSip({
    opening: `NOTIFY ${contact ?? subscribe.uri} SIP/2.0`,
    headers: [
      ['Via', `SIP/2.0/UDP ${hostPort(own.from)};branch=z9hG4bK${own.branch};rport`],
      ['Max-Forwards', '70'],
      ['From', tagged(sipHeader(subscribe, 'to') ?? '', own.tag)],
      ['To', sipHeader(subscribe, 'from') ?? ''],
      ['Call-ID', sipHeader(subscribe, 'call-id') ?? ''],
      ['CSeq', '1 NOTIFY'],
      ['Contact', `<sip:ringwave@${hostPort(own.from)}>`],
      ['Event', 'ua-profile;effective-by=0'],
      ['Subscription-State', 'terminated;reason=timeout'],
      ['Content-Type', 'application/url'],
    ],
    body: own.url,
  });
}

/** Our side of the dialog is named once; a phone may have named it already by asking again. */
export const tagged = (to: string, tag: string): string =>
  sipParameter(to, 'tag') === undefined ? `${to};tag=${tag}` : to;
