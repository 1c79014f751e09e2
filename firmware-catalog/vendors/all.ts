import { aastra } from './aastra.ts';
import { akuvox } from './akuvox.ts';
import { alcatel } from './alcatel.ts';
import { alcatelLucent } from './alcatel-lucent.ts';
import { audiocodes } from './audiocodes.ts';
import { avaya } from './avaya.ts';
import { cisco } from './cisco.ts';
import { digium } from './digium.ts';
import { fanvil } from './fanvil.ts';
import { flyingvoice } from './flyingvoice.ts';
import { gigaset } from './gigaset.ts';
import { grandstream } from './grandstream.ts';
import { htek } from './htek.ts';
import { jitsi } from './jitsi.ts';
import { linksys } from './linksys.ts';
import { mitel } from './mitel.ts';
import { nethesis } from './nethesis.ts';
import { nortel } from './nortel.ts';
import { obihai } from './obihai.ts';
import { panasonic } from './panasonic.ts';
import { patton } from './patton.ts';
import { polycom } from './polycom.ts';
import type { VendorKnowledge, VendorProfile } from './profile.ts';
import { sangoma } from './sangoma.ts';
import { servedByFacts, whyNoLineServes } from './served-by-facts.ts';
import { siemens } from './siemens.ts';
import { sipura } from './sipura.ts';
import { snom } from './snom.ts';
import { spectralink } from './spectralink.ts';
import { technicolor } from './technicolor.ts';
import { yealink } from './yealink.ts';

/**
 * Every vendor whose phones are recognised and whose versions are ordered. Adding a vendor is one file,
 * imported and named here; nothing else branches on a vendor. Where several vendors' phones ask for
 * one name, the first that can be served answers a phone nobody knows.
 */
export const KNOWN_VENDORS: readonly VendorKnowledge[] = [
  yealink,
  polycom,
  cisco,
  grandstream,
  snom,
  fanvil,
  nethesis,
  aastra,
  mitel,
  gigaset,
  siemens,
  avaya,
  nortel,
  panasonic,
  htek,
  audiocodes,
  sangoma,
  digium,
  akuvox,
  flyingvoice,
  alcatel,
  alcatelLucent,
  linksys,
  sipura,
  obihai,
  technicolor,
  patton,
  spectralink,
  jitsi,
];

const hasOwnCode = (vendor: VendorKnowledge | VendorProfile): vendor is VendorProfile =>
  'renderPhoneConfig' in vendor;

/** Vendors whose phones the agent can serve: by code of their own, or by what is known of their lines. */
export const PROFILES: readonly VendorProfile[] = KNOWN_VENDORS.flatMap(
  (vendor) => (hasOwnCode(vendor) ? vendor : servedByFacts(vendor)) ?? [],
);

const named = <Vendor extends VendorKnowledge>(vendors: readonly Vendor[]) =>
  new Map<string, Vendor>(
    vendors.flatMap((vendor) => [
      [vendor.name, vendor],
      [vendor.name.toLowerCase(), vendor],
    ]),
  );

const PROFILE_BY_NAME = named(PROFILES);
const KNOWLEDGE_BY_NAME = named(KNOWN_VENDORS);

/** The profile of a vendor as catalogue data spells it, any case; undefined for vendors that cannot be served. */
export const profileOf = (vendor: string): VendorProfile | undefined =>
  PROFILE_BY_NAME.get(vendor) ?? PROFILE_BY_NAME.get(vendor.toLowerCase());

/** What is known of a vendor, any case; undefined for vendors not known here. */
export const knowledgeOf = (vendor: string): VendorKnowledge | undefined =>
  KNOWLEDGE_BY_NAME.get(vendor) ?? KNOWLEDGE_BY_NAME.get(vendor.toLowerCase());

/** The facts that are missing to serve this vendor's phones, line by line; empty for vendors that are served. */
export function whyNotServed(vendor: string): readonly string[] {
  if (profileOf(vendor)) return [];
  const known = knowledgeOf(vendor);
  return known ? whyNoLineServes(known) : ['the vendor is not known here'];
}
