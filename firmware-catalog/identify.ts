import { requestedFile } from './requested-path.ts';
import { PROFILES } from './vendors/all.ts';
import type { Identity, ProvisioningRequest } from './vendors/profile.ts';

/**
 * Says what one request claims about the phone that sent it. The User-Agent decides the vendor; where
 * it names none, the path does, and only if a single vendor's phones use that name. Unknown stays
 * null; any field may be missing. Takes time linear in the request's length, however hostile.
 */
export function identify(request: ProvisioningRequest): Identity {
  const { userAgent } = request;
  if (userAgent !== undefined && userAgent !== '') {
    const speaker = PROFILES.find((profile) => profile.identify({ userAgent }));
    const identity = speaker?.identify(request);
    if (identity) return identity;
  }
  const claims = PROFILES.map((profile) => profile.identify(request)).filter(
    (claim) => claim !== undefined,
  );
  return (claims.length === 1 ? claims[0] : undefined) ?? nobody(request);
}

/** A MAC in the path is a claim of its own, even when nobody knows the phone. */
const nobody = (request: ProvisioningRequest): Identity => ({
  vendor: null,
  model: null,
  version: null,
  mac: requestedFile(request.path)?.mac ?? null,
});
