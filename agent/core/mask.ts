/** Secrets shorter than this are found in any text by chance; ours have 24 characters. */
const secretLengthMin = 8;

/** A secret as it may stand in a phone's log: as it is, and as `Authorization: Basic` carries it with its user. */
function formsOf(user: string, secret: string): string[] {
  const pair = Buffer.from(`${user}:${secret}`).toString('base64');
  return [secret, encodeURIComponent(secret), pair, pair.replace(/=+$/, '')];
}

/**
 * The bytes with every login in them overwritten, each by as many stars. A phone writes its own settings into its
 * log, and a log lies on the disk in clear.
 */
export function masked(
  body: Buffer,
  logins: readonly { readonly user: string; readonly secret: string }[],
): Buffer {
  const known = logins.filter(({ secret }) => secret.length >= secretLengthMin);
  const forms = new Set(known.flatMap(({ user, secret }) => formsOf(user, secret)));
  const result = Buffer.from(body);
  for (const form of forms) {
    const length = Buffer.byteLength(form);
    for (let at = result.indexOf(form); at >= 0; at = result.indexOf(form, at + length)) {
      result.fill('*', at, at + length);
    }
  }
  return result;
}
