import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemsOf, readJson } from '@ringwave/firmware-catalog/problems';
import { writeOwnFile } from '@ringwave/runtime/io/own-file';
import { type Static, Type } from 'typebox';
import type { Keyring } from './keyring.ts';
import type { WebLogin } from './phone-http.ts';

// The administrators of phones' web pages, sealed with the key of the box: a copied file says nothing.

const Kept = Type.Array(
  Type.Object(
    {
      vendor: Type.String({ minLength: 1, maxLength: 64 }),
      user: Type.String({ minLength: 1, maxLength: 253 }),
      sealed: Type.String({ minLength: 1, maxLength: 1024 }),
    },
    { additionalProperties: false },
  ),
  { maxItems: 16 },
);
type KeptLogin = Static<typeof Kept>[number];

/** A site has phones of a handful of vendors. */
export const webLoginsMax = 16;
const fileBytesMax = 64 * 1024;

const fileIn = (folder: string): string => join(folder, 'web-logins.json');
const sealedAs = ({ vendor, user }: { readonly vendor: string; readonly user: string }) =>
  `web login ${vendor.toLowerCase()}/${user}`;
const isOf = (vendor: string) => (one: { readonly vendor: string }) =>
  one.vendor.toLowerCase() === vendor.toLowerCase();

/** Empty where there are none, and where the file cannot be read. */
export function webLoginsIn(folder: string): readonly KeptLogin[] {
  try {
    const json = readJson(readFileSync(fileIn(folder), 'utf8'), fileBytesMax);
    if ('problems' in json || problemsOf(Kept, json.value).length > 0) return [];
    return json.value as Static<typeof Kept>;
  } catch {
    return [];
  }
}

/** One login a vendor: the newer one counts. False where too many vendors have one. */
export function keepWebLogin(
  folder: string,
  { vendor, user, password }: WebLogin & { readonly vendor: string },
  keyring: Pick<Keyring, 'sealAs'>,
): boolean {
  const others = webLoginsIn(folder).filter((one) => !isOf(vendor)(one));
  if (others.length >= webLoginsMax) return false;
  const sealed = keyring.sealAs(password, sealedAs({ vendor, user }));
  writeOwnFile(fileIn(folder), `${JSON.stringify([...others, { vendor, user, sealed }])}\n`);
  return true;
}

/** False where there was none. */
export function dropWebLogin(folder: string, vendor: string): boolean {
  const all = webLoginsIn(folder);
  const left = all.filter((one) => !isOf(vendor)(one));
  if (left.length < all.length) writeOwnFile(fileIn(folder), `${JSON.stringify(left)}\n`);
  return left.length < all.length;
}

/** Undefined where there is none, and where another box sealed it. */
export function webLoginOf(
  folder: string,
  vendor: string,
  keyring: Pick<Keyring, 'unsealAs'>,
): WebLogin | undefined {
  const kept = webLoginsIn(folder).find(isOf(vendor));
  if (!kept) return undefined;
  try {
    return { user: kept.user, password: keyring.unsealAs(kept.sealed, sealedAs(kept)) };
  } catch {
    return undefined;
  }
}
