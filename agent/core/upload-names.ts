// Which files phones may write. A vendor's profile lists the names that its phones upload, with `{mac}` for the phone's
// own twelve digits: nothing else is taken, so no upload can be mistaken for a file that is served.
import { type Mac, mac } from '@ringwave/protocol/units';

export interface UploadNamed {
  /** As it is kept: lower case, one segment, made of letters, digits, `-`, `_` and `.` alone. */
  readonly name: string;
  readonly mac: Mac;
}

/** `path` is as `askedPath` gives it. Undefined for a name that no pattern allows. */
export function uploadNamed(path: string, patterns: readonly string[]): UploadNamed | undefined {
  const name = path.toLowerCase();
  const [digits] = /[0-9a-f]{12}/.exec(name) ?? [];
  const owner = digits && mac(digits);
  if (!owner || !/^[a-z0-9_.-]{1,100}$/.test(name)) return undefined;
  const isAllowed = patterns.some((one) => one.toLowerCase().replace('{mac}', digits) === name);
  return isAllowed ? { name, mac: owner } : undefined;
}
