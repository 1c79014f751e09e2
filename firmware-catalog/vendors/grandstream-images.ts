// Names of Grandstream's images: release archives, and the fixed names that phones ask for (firmware pages).

import type { ImageName } from './line-facts.ts';

const SERIES = String.raw`(?:GXP|GRP|GXV|GXW|GHP|GAC|GDS|GSC|GBX|GXE|HT|WP|DP|BT|UCM)`;

/** `GXP16xx` and `HT80xV2` stand for several models: the small x is any digit. */
const series = (written: string): string[] =>
  written.split('_').map((word) => word.toUpperCase().replace(/(?<=\d)X+/, (x) => x.toLowerCase()));

export const grandstreamImages: readonly ImageName[] = [
  {
    pattern: new RegExp(
      String.raw`^Release_(?<models>${SERIES}\d{2,4}x{0,3}[A-Z]{0,3}(?:V\d)?(?:_[A-Z]{2,4}\d{0,4}x{0,2}){0,3})_(?<version>\d{1,3}(?:\.\d{1,5}){3})\.(?:zip|tar\.gz)$`,
      'i',
    ),
    models: series,
    example: 'Release_GXP2170_1.0.11.57.zip',
  },
  {
    pattern: new RegExp(
      String.raw`^(?<models>${SERIES}\d{2,4}x{0,2}[a-z]{0,2}(?:v\d)?)fw\.bin$`,
      'i',
    ),
    models: series,
    example: 'gxp2170fw.bin',
  },
  {
    pattern: /^(?:GXP_Language_Pack|Language_Pack_[A-Z0-9]{3,10})\.zip$/i,
    kind: 'language',
    example: 'GXP_Language_Pack.zip',
  },
  { pattern: /^RingTone-pack\.zip$/i, kind: 'ringtone', example: 'RingTone-pack.zip' },
];
