import { requestedFile } from './requested-path.ts';
import { KNOWN_VENDORS } from './vendors/all.ts';
import type { Identity, ProvisioningRequest } from './vendors/profile.ts';
import { recognise } from './vendors/recognition.ts';

const recognisers = KNOWN_VENDORS.map(({ recogniser }) => recogniser);

/**
 * Says what that which was seen of a phone claims about it, over all vendors known here. Unknown stays
 * null, any field may be missing, and a MAC in the path is a claim of its own, even when nobody knows
 * the phone. Takes time linear in the request's length, however hostile.
 */
export function identify(request: ProvisioningRequest): Identity {
  return (
    recognise(recognisers, request) ?? {
      vendor: null,
      model: null,
      version: null,
      mac: requestedFile(request.path)?.mac ?? null,
    }
  );
}
