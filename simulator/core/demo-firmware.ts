// The firmware of the demo fleet: vendors, models, versions, file names and lengths as the vendors publish
// them; the bytes are made up. Where a vendor publishes an archive only, its length is the archive's, or for
// Poly, whose archive holds the images of twelve models, a twelfth of it.

import type { DemoImage } from './demo-image.ts';

/** One line of phones that share their firmware. */
export interface FirmwareLine {
  readonly vendor: string;
  readonly models: readonly string[];
  /** MAC prefix, bare: one of the vendor's own. */
  readonly oui: string;
  /** What its phones run before the rollout; the first is the usual one. */
  readonly runs: readonly string[];
  readonly target: DemoRelease;
  /** A release on the way for phones too old for the target. */
  readonly stone?: DemoRelease & { readonly runs: string };
}

export interface DemoRelease {
  readonly vendor: string;
  readonly version: string;
  readonly models: readonly string[];
  readonly severity: 'none' | 'low' | 'medium' | 'high' | 'critical';
  readonly notes: string;
  readonly fromAtLeast?: string;
  /** The first one is the one a configuration names. `sha256` is that of `demoImage`. */
  readonly images: readonly (Pick<DemoImage, 'fileName' | 'lengthBytes' | 'parts'> & {
    readonly sha256: string;
  })[];
}

const yealinkModels = ['T46S', 'T48S', 'T42S', 'T41S'];

const yealink: FirmwareLine = {
  vendor: 'Yealink',
  models: ['T46S', 'T42S'],
  oui: '805ec0',
  runs: ['66.85.0.5', '66.84.0.125'],
  target: {
    vendor: 'Yealink',
    version: '66.86.0.15',
    models: yealinkModels,
    severity: 'medium',
    notes: 'One image for the T46S, T48S, T42S and T41S.',
    images: [
      {
        fileName: 'T46S(T48S,T42S,T41S)-66.86.0.15.rom',
        lengthBytes: 23_192_144,
        sha256: 'b17b7faf7c54af39b36eb715521c3e398c0a8a395d6fa159e8c9816636b8f9b0',
      },
    ],
  },
};

const polycom: FirmwareLine = {
  vendor: 'Polycom',
  models: ['VVX450'],
  oui: '64167f',
  runs: ['6.3.0.14929'],
  target: {
    vendor: 'Polycom',
    version: '6.4.6.2656',
    models: ['VVX450'],
    severity: 'low',
    notes: 'UC Software 6.4.6, the part for hardware 3111-48840-001.',
    images: [
      {
        fileName: '3111-48840-001.sip.ld',
        lengthBytes: 82_109_888,
        sha256: '96b03b343c2c892adf6bcd44f2d4856c3ae781489beaf280f7a1b9bd5abc8fea',
      },
    ],
  },
};

const grandstreamModels = ['GXP1610', 'GXP1615', 'GXP1620', 'GXP1625', 'GXP1628', 'GXP1630'];

const grandstream: FirmwareLine = {
  vendor: 'Grandstream',
  models: ['GXP1630', 'GXP1628'],
  oui: 'c074ad',
  runs: ['1.0.7.13'],
  target: {
    vendor: 'Grandstream',
    version: '1.0.7.81',
    models: grandstreamModels,
    severity: 'critical',
    notes: 'Closes CVE-2026-2329. Phones below 1.0.7.13 take that release first.',
    fromAtLeast: '1.0.7.13',
    images: [
      {
        fileName: 'gxp1600fw.bin',
        lengthBytes: 13_752_026,
        sha256: 'fb7f7a119a4db1faa7848b6d799ddeb8abbee672cdf2a487e91dbe974d146f30',
      },
    ],
  },
  stone: {
    vendor: 'Grandstream',
    version: '1.0.7.13',
    models: grandstreamModels,
    severity: 'none',
    notes: 'The release between 1.0.4 and 1.0.7.81.',
    runs: '1.0.4.138',
    images: [
      {
        fileName: 'gxp1600fw.bin',
        lengthBytes: 13_426_259,
        sha256: 'b5ae6845eecc30e7f1c0fee5d3b687d66dea5b8320718be1e1133f3d893e10fe',
      },
    ],
  },
};

const ciscoVersion = '12-0-7MPP0201-66';
const ciscoParts = [
  {
    fileName: `sboot78xx.${ciscoVersion}.sbn`,
    lengthBytes: 373_108,
    sha256: '752ada17fa1b9c921e5e6f4969dac1444f8d9630ee134fdabeb2e75df54fd3ef',
  },
  {
    fileName: `kern78xx.${ciscoVersion}.sbn`,
    lengthBytes: 3_094_444,
    sha256: '438d5cbf85cf39b28a70ef150125c7c591f475e61e372f6c9f37688b038698ee',
  },
  {
    fileName: `rootfs78xx.${ciscoVersion}.sbn`,
    lengthBytes: 46_661_972,
    sha256: '21a3ca8a719b725bdd66bbad28d33089a517a3559d6de0c26f8694331a00fc11',
  },
];

const cisco: FirmwareLine = {
  vendor: 'Cisco',
  models: ['7841', '7861'],
  oui: '00562b',
  runs: ['11-3-1MSR3-3', '12-0-1MPP0001-245'],
  target: {
    vendor: 'Cisco',
    version: ciscoVersion,
    models: ['7811', '7821', '7841', '7861'],
    severity: 'high',
    notes: 'Multiplatform firmware 12.0.7: a load file and the three parts that it lists.',
    images: [
      {
        fileName: `sip78xx.${ciscoVersion}.loads`,
        lengthBytes: 4096,
        parts: ciscoParts.map((part) => part.fileName),
        sha256: '3581260df9e36bfffc497d2f1ae27099c25188951c9d0145ae7f2b89fd5bf2f4',
      },
      ...ciscoParts,
    ],
  },
};

export const demoLines = { yealink, polycom, grandstream, cisco } as const;

export const demoReleases: readonly DemoRelease[] = Object.values(demoLines).flatMap(
  ({ stone, target }: FirmwareLine) => (stone ? [stone, target] : [target]),
);

/** The images of a release as `demoImage` makes them. */
export const imagesOf = ({ vendor, version, images }: DemoRelease): readonly DemoImage[] =>
  images.map(({ fileName, lengthBytes, parts }) => ({
    vendor,
    version,
    fileName,
    lengthBytes,
    ...(parts ? { parts } : {}),
  }));

/** As a release manifest writes it (`ringwave/release/1`). */
export const manifestOf = (release: DemoRelease) => {
  const { vendor, version, models, severity, notes, fromAtLeast, images } = release;
  return {
    schema: 'ringwave/release/1',
    vendor,
    version,
    models,
    images: images.map(({ fileName, lengthBytes, sha256 }) => ({ fileName, sha256, lengthBytes })),
    ...(images[0] ? { entry: images[0].fileName } : {}),
    severity,
    notes,
    ...(fromAtLeast === undefined ? {} : { requires: { fromAtLeast } }),
  } as const;
};

/** CVE record and the vendor's own fixed version. */
export const demoAdvisory = {
  id: 'CVE-2026-2329',
  cve: 'CVE-2026-2329',
  vendor: 'Grandstream',
  models: grandstreamModels,
  affected: { below: '1.0.7.81' },
  fixedIn: '1.0.7.81',
  severity: 'critical',
  cvss: 9.3,
  source: 'https://www.cve.org/CVERecord?id=CVE-2026-2329',
  title: 'Grandstream GXP1600 series before 1.0.7.81',
} as const;
