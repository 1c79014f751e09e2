// What a file name means for one phone of a plan, beyond what its vendor's profile says of the name alone.

import { filled, ownWords } from '@ringwave/firmware-catalog/vendors/boot-path';
import type { VendorProfile } from '@ringwave/firmware-catalog/vendors/profile';
import type { PlanPhone } from '@ringwave/protocol/messages';
import type { Mac } from '@ringwave/protocol/units';

export const lineOf = (profile: VendorProfile, { model }: Pick<PlanPhone, 'model'>) =>
  profile.lines.find(({ hasModel }) => hasModel(model));

const nameIn = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** A file that phones of this vendor ask for only because the agent's own file names it. */
export function isOwnName(profile: VendorProfile, phone: PlanPhone, path: string): boolean {
  const boot = profile.bootFiles({ mac: phone.mac as Mac, model: phone.model });
  return !boot.some((file) => file.means === 'phone-config' && nameIn(file.path) === nameIn(path));
}

/**
 * What a phone asks for before its own file can send it past this agent: Yealink's `<mac>.boot`, Grandstream's binary settings. Of
 * phones whose own file is not made here nothing is.
 */
export function leadsElsewhere(profile: VendorProfile, phone: PlanPhone, path: string): boolean {
  const about = { mac: phone.mac as Mac, model: phone.model };
  const isMade = profile.bootFiles(about).some(({ means }) => means === 'phone-config');
  const told = lineOf(profile, phone)?.bootFiles ?? 'unknown';
  if (!isMade || told === 'unknown') return false;
  const own = told.findIndex(({ means }) => means === 'phone-config');
  const before = told.slice(0, own).map((file) => filled(file.path, ownWords(about)));
  return before.some((one) => nameIn(one) === nameIn(path));
}
