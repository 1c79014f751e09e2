// Names of Poly's images: one file a part number, and the archives they come in (UC Software release pages).

import type { ImageName } from './line-facts.ts';
import { withDots } from './line-parts.ts';
import { modelOfPart } from './polycom-parts.ts';

export const polycomPartImage: ImageName = {
  pattern: /^(?<models>\d{4}-\d{5}-\d{3})\.sip\.ld$/i,
  models: (part) => [modelOfPart(part)].filter((model) => model !== null),
  example: '3111-46161-001.sip.ld',
};

const VERSION = String.raw`(?<version>\d{1,2}[._ -]\d{1,2}[._ -]\d{1,3}(?:[._ -]\d{3,6})?[A-Z]?)`;
const RELEASE_MARKS = String.raw`(?:[_ -](?:rts|Rev)[_ -]?[A-Z\d]{1,4})?(?:[_ -][A-Z])?[_ -]release[_ -]sig(?:[_ -](?:split|combined))?\.zip$`;
const dots = (written: string): string => withDots(written.replaceAll(' ', '.'));

export const polycomArchives: readonly ImageName[] = [
  {
    pattern: new RegExp(
      String.raw`^(?:Poly(?:com)?[_ -])?UC[_ -]Software[_ -]${VERSION}${RELEASE_MARKS}`,
      'i',
    ),
    version: dots,
    example: 'Polycom_UC_Software_5_9_6_rts28_release_sig_split.zip',
  },
  {
    pattern: new RegExp(
      String.raw`^(?:spip_|ssip_|vvx_){1,3}${VERSION}(?:_legacy)?${RELEASE_MARKS}`,
      'i',
    ),
    version: dots,
    example: 'spip_ssip_vvx_3_2_4B_release_sig_split.zip',
  },
  {
    pattern: new RegExp(
      String.raw`^(?:(?:spip_|ssip_|vvx\d{0,4}_|SoundPoint_IP_){1,3}Boot(?:ROM|Block)|Polycom_UC_Updater)_${VERSION}(?:_Upgrader)?${RELEASE_MARKS}`,
      'i',
    ),
    kind: 'bootloader',
    version: dots,
    example: 'SoundPoint_IP_BootROM_4_4_0B_Upgrader_release_sig.zip',
  },
];
