// What Kamailio's `ul.lookup` tells over JSON-RPC. Pure; nothing throws.
import { epochMs } from '@ringwave/protocol/units';
import { contactOf, type Registration } from './registration.ts';

/** Contacts of one address of record that are read; a phone has one, a person's phones a handful. */
const contactsMax = 64;

/** Kamailio answers an address of record without contacts by an error, its code 500 or 404 by version. */
const notFound = 'AOR not found';

/** Undefined where this is no answer of `ul.lookup`. */
export function lookupAnswer(answer: unknown): readonly Registration[] | undefined {
  const result = at(answer, 'result');
  if (result === undefined) {
    return textAt(at(answer, 'error'), 'message').startsWith(notFound) ? [] : undefined;
  }
  const contacts = at(result, 'Contacts');
  if (!Array.isArray(contacts)) return undefined;
  return contacts.slice(0, contactsMax).flatMap((row) => {
    const contact = at(row, 'Contact');
    const expires = at(contact, 'Expires');
    const isPast = expires === 'expired' || expires === 'deleted' || Number(expires) <= 0;
    const place = contactOf(textAt(contact, 'Address'));
    // Behind NAT the address in the contact is the phone's own idea; the other is where it really is.
    const received = contactOf(textAt(contact, 'Received'));
    const userAgent = textAt(contact, 'User-Agent');
    const known = received ?? place;
    if (!known || isPast) return [];
    const refreshedAt = epochMs(Math.round(Number(at(contact, 'Last-Modified')) * 1000));
    return [
      {
        ...known,
        ...(userAgent === '' || userAgent === 'n/a' ? {} : { userAgent }),
        ...(refreshedAt ? { refreshedAt } : {}),
      },
    ];
  });
}

const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;

function textAt(value: unknown, key: string): string {
  const text = at(value, key);
  return typeof text === 'string' ? text : '';
}
