// Names of Cisco's published images: archives as downloaded, and the files that phones ask for
// (release notes of MPP 11.3 to 12.0, of the 79xx loads 8.3 to 9.4, and of SPA 7.4 to 7.6).

import type { ImageName } from './line-facts.ts';
import { listed, withDots } from './line-parts.ts';

const ARCHIVE_END = String.raw`(?:_REL)?\.(?:zip|tar|cop\.sgn|k3\.cop\.sgn|zz\.sgn|bin)$`;
const SERIES = String.raw`\d{2,4}[xX]{0,2}[A-Z]?(?:[_-]\d{2,4}[xX]{0,2}[A-Z]?){0,3}`;

const series = (written: string): string[] =>
  listed(written).map((word) => word.replace(/X+$/, (x) => x.toLowerCase()));

export const ciscoMppImages: readonly ImageName[] = [
  {
    pattern: new RegExp(
      String.raw`^cmterm-(?<models>${SERIES})\.(?<version>\d{1,2}-\d{1,2}-\d{1,2}(?:MSR|MPP)[\dA-Z-]{1,16})${ARCHIVE_END}`,
    ),
    models: series,
    example: 'cmterm-88xx.12-0-7MPP0201-66_REL.zip',
  },
  {
    pattern:
      /^sip(?<models>\d{2,4}x{0,2})\.(?<version>\d{1,2}-\d{1,2}-\d{1,2}(?:SR\d{1,2})?(?:MSR|MPP)[\dA-Z-]{1,16})\.loads$/i,
    models: series,
    example: 'sip88xx.12-0-7MPP0201-66.loads',
  },
  {
    pattern:
      /^(?<models>ATA19x)\.(?<version>\d{1,2}-\d{1,2}-\d{1,2}(?:MSR|MPP)[\dA-Z-]{1,16})\.(?:zip|img|bin)$/i,
    example: 'ATA19x.11-1-0MPP0401-002.zip',
  },
  {
    pattern:
      /^cmterm-[\dx_]{4,24}\.(?<version>\d{1,2}-\d{1,2}-\d{1,2}(?:MSR|MPP)[\dA-Z-]{1,16})-Locale-\d{1,3}\.zip$/i,
    kind: 'language',
    example: 'cmterm-68xx_78xx_88xx.11-3-1MPP-697-Locale-1.zip',
  },
];

const RELEASE = String.raw`(?<version>\d{1,2}-\d{1,2}-\d{1,2}(?:-\d{1,3})?(?:SR\d{1,2})?(?:-\d{1,3})?S?)`;

/** A load's number is the first model it was made for: 45 is a 7945's, and a 7965's as well. */
const load = (written: string): string[] =>
  (LOAD_MODELS[written] ?? (written.length === 2 ? [`79${written}`] : [written])).map(String);

const LOAD_MODELS: Readonly<Record<string, readonly string[]>> = {
  '11': ['7911', '7906'],
  '41': ['7941', '7961'],
  '42': ['7942', '7962'],
  '45': ['7945', '7965'],
  '70': ['7970', '7971'],
};

export const ciscoEnterpriseImages: readonly ImageName[] = [
  {
    pattern: new RegExp(
      String.raw`^cmterm[-_](?<models>${SERIES}|ata\d{3})(?:-s[cp]{3}|-sip)?[.-]${RELEASE}(?:-s[cp]{3})?${ARCHIVE_END}`,
      'i',
    ),
    models: series,
    example: 'cmterm-7945_7965-sccp.9-4-2SR3-1.zip',
  },
  {
    pattern: new RegExp(String.raw`^(?:SIP|SCCP)(?<models>\d{2,4}x?)\.${RELEASE}\.loads$`, 'i'),
    models: load,
    example: 'SIP45.9-4-2SR3-1S.loads',
  },
  {
    pattern: /^term(?<models>\d{2})\.default\.loads$/i,
    models: load,
    example: 'term45.default.loads',
  },
  {
    pattern: /^P0(?:S3|03)-?(?<version>\d{1,2}-\d{1,2}-\d{2}|\d{8})\.(?:loads|sb2|sbn|bin)$/i,
    example: 'P0S3-8-12-00.loads',
  },
  {
    pattern:
      /^(?:po|CME)-locale-(?:[a-z]{2}_[A-Z]{2}|combined_network)-(?:k3-)?(?<version>\d{1,2}(?:\.\d{1,4}){2,3})(?:-\d{1,2})?\.(?:cop\.sgn|tar)$/,
    kind: 'language',
    example: 'po-locale-fr_FR-9.3.1.1000-1.cop.sgn',
  },
];

const SPA_VERSION = String.raw`(?<version>\d{1,2}(?:[.-]\d{1,3}){2}(?:SR\d{1,2}|[a-z](?=[_.])|_[a-z](?=_))?)`;
const spaVersion = (written: string): string => withDots(written.replace(/_(?=[a-z])/i, ''));

/** `spa50x-30x` are the 50x and the 30x. */
const spas = (written: string): string[] =>
  listed(written).map((word) => (/^\d/.test(word) ? `SPA${word}` : word).replace(/(?<=\d)X$/, 'x'));

export const spaImages = (isShared: boolean): readonly ImageName[] => {
  const shared = isShared ? { isShared } : {};
  return [
    {
      pattern: new RegExp(
        String.raw`^(?<models>(?:spa|pap|wip)\d{1,4}[a-z]{0,2}\d?(?:[-_](?:spa)?\d{2,4}[a-z]?){0,3})[-_]{1,2}v?${SPA_VERSION}(?:_XU|_[a-z])?(?:_fw)?\.(?:zip|bin)$`,
        'i',
      ),
      version: spaVersion,
      models: spas,
      example: 'spa50x-30x-7-5-2b.bin',
      ...shared,
    },
    {
      pattern: /^(?<models>SPA8800)_Rel_(?<version>\d{3})\.zip$/i,
      version: (written) => written.split('').join('.'),
      example: 'SPA8800_Rel_617.zip',
      ...shared,
    },
    {
      pattern:
        /^cisco:flowid=\d{1,9},mdfid=\d{1,12},softwareid=\d{1,12},release=(?<version>\d{1,2}(?:\.\d{1,3}){2}[a-z]?)$/,
      example: 'cisco:flowid=5301,mdfid=282724651,softwareid=282463651,release=7.5.5',
      ...shared,
    },
    {
      pattern: new RegExp(
        String.raw`^(?:\d{1,6}-)?(?:spa\d{1,3}[a-z]\d?_){1,4}${SPA_VERSION}_Dicts\.zip$`,
        'i',
      ),
      kind: 'language',
      version: spaVersion,
      example: 'SPA30x_SPA50x_7.5.5_Dicts.zip',
      ...shared,
    },
    {
      pattern:
        /^(?:\d{1,6}-)?spa\d{1,2}x?\d{0,2}x?(?:_30x)?(?:_Dictionaries)?_v(?<version>\d{3})\.zip$/i,
      kind: 'language',
      version: (written) => written.split('').join('.'),
      example: 'SPA9X2_Dictionaries_v615.zip',
      ...shared,
    },
  ];
};
