// Whom a request over SIP speaks of: whoever registers, calls, or logs in.
import { type SipRequest, sipHeader, sipHeaders } from './message.ts';

/** Characters of a user's name; what is longer is nobody that is known here. */
const nameMax = 64;

const USER = new RegExp(`sips?:([^@;>\\s]{1,${nameMax}})@`, 'i');
const LOGIN = new RegExp(`username\\s{0,8}=\\s{0,8}"([^"]{1,${nameMax}})"`, 'i');

/** Each once; none where none is told. */
export function namedUsers(request: SipRequest): readonly string[] {
  const addresses = ['from', 'to', 'contact'].map((name) => sipHeader(request, name) ?? '');
  const logins = ['authorization', 'proxy-authorization'].flatMap((name) =>
    sipHeaders(request, name),
  );
  const named = [
    ...addresses.map((text) => USER.exec(text)?.[1]),
    ...logins.map((text) => LOGIN.exec(text)?.[1]),
  ];
  return [...new Set(named.filter((user) => user !== undefined))];
}
