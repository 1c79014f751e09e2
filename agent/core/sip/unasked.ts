// What is told to whoever asks us something: we ask phones and are asked nothing, so every request is refused, by the
// answer that its RFC has for it. Nothing is kept of it.
import { formatSip, type SipRequest, sipHeader, sipHeaders, sipParameter } from './message.ts';

/** RFC 3261 section 8.2.6: an answer repeats these. */
const REPEATED = [
  ['via', 'Via'],
  ['from', 'From'],
  ['to', 'To'],
  ['call-id', 'Call-ID'],
  ['cseq', 'CSeq'],
] as const;

/** Our side of the dialog is named once; a phone may have named it already by asking again. */
export const tagged = (to: string, tag: string): string =>
  sipParameter(to, 'tag') === undefined ? `${to};tag=${tag}` : to;

/** RFC 3261 section 8.1.1: what lacks any of these cannot be answered. */
export const isAnswerable = (request: SipRequest): boolean =>
  REPEATED.every(([name]) => sipHeader(request, name) !== undefined);

/** The answer `status` to a request, such as `200 OK`. `tag` names our side where nothing named it before. */
export const answerTo = (
  request: SipRequest,
  { status, tag, more = [] }: { status: string; tag?: string; more?: readonly SipLine[] },
): Buffer =>
  formatSip({
    opening: `SIP/2.0 ${status}`,
    headers: [
      ...REPEATED.flatMap(([name, as]) =>
        sipHeaders(request, name).map(
          (value): SipLine => [as, name === 'to' && tag !== undefined ? tagged(value, tag) : value],
        ),
      ),
      ...more,
    ],
  });

type SipLine = readonly [name: string, value: string];

/**
 * Undefined for what no answer is due to: an ACK (RFC 3261 section 17), and what lacks the headers that an answer
 * repeats (section 8.1.1). A NOTIFY of no subscription of ours gets 481 (RFC 6665 section 4.1.3), as a CANCEL of nothing
 * does (RFC 3261 section 9.2); any other method 405 with the one that we know (section 8.2.1).
 */
export function refusalOf(request: SipRequest, tag: string): Buffer | undefined {
  if (request.method === 'ACK' || !isAnswerable(request)) return undefined;
  const isOfNothing = request.method === 'NOTIFY' || request.method === 'CANCEL';
  return isOfNothing
    ? answerTo(request, { status: '481 Subscription Does Not Exist', tag })
    : answerTo(request, { status: '405 Method Not Allowed', tag, more: [['Allow', 'NOTIFY']] });
}

/**
 * Whether a NOTIFY belongs to the dialog that our SUBSCRIBE began (RFC 6665 section 4.1.3). Its Call-ID is known to be
 * ours; the tag of its To is ours too, and its event is the one that was asked for.
 */
export function tellsOf(
  request: SipRequest,
  { tag, event }: { readonly tag: string; readonly event: string },
): boolean {
  const said = sipHeader(request, 'event') ?? '';
  const isEvent = said.split(';', 1)[0]?.trim().toLowerCase() === event.toLowerCase();
  return (
    request.method === 'NOTIFY' && isEvent && sipParameter(sipHeader(request, 'to'), 'tag') === tag
  );
}
