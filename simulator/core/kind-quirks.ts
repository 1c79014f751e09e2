// What phones of a line do at boot beyond what the catalogue's facts say of the line: which files stand in for which,
// what a loader calls itself, how TFTP is spoken. Data; sources as in the line's facts unless a comment says otherwise.

import { fileNumberOf } from '@ringwave/firmware-catalog/vendors/yealink-models';
import type { BootPath } from '@ringwave/firmware-catalog/vendors/line-facts';

/** A file asked for at boot. Words in braces as in `BootPath`. */
export interface BootStep extends BootPath {
  /** Asked for only where all of these were answered by a clean "there is none". */
  readonly ifAbsent?: readonly string[];
  /** The loader asks, under its own name and version, before the application runs. */
  readonly byLoader?: true;
}

export interface TftpHabit {
  /** Bytes of a block that are asked for; null: the option is not sent and blocks have 512. */
  readonly blockBytes: number | null;
  readonly asksLength: boolean;
}

export interface KindQuirks {
  readonly files?: readonly BootStep[];
  /** More words for paths than the phone's own. */
  readonly words?: (model: string) => Readonly<Record<string, string>>;
  readonly loader?: {
    readonly userAgent: (application: string) => string;
    readonly version: string;
  };
  readonly tftp?: TftpHabit;
  /** Absent: after all files. */
  readonly takesImage?: 'when-named';
  /** Names that it writes to the server once it has its files. */
  readonly writes?: readonly string[];
  /** What stands before a plain image name, by model. */
  readonly parts?: Readonly<Record<string, string>>;
}

const both = ['http', 'tftp'] as const;
const http = ['http'] as const;
const tftp = ['tftp'] as const;

const own = (path: string, more: Partial<BootStep> = {}): BootStep => ({
  protocols: both,
  path,
  means: 'phone-config',
  ...more,
});
const common = (path: string, more: Partial<BootStep> = {}): BootStep => ({
  ...own(path, more),
  means: 'common-config',
});
const other = (path: string, more: Partial<BootStep> = {}): BootStep => ({
  ...own(path, more),
  means: 'other',
});

/** Boot files first; the old order only where there is neither (Yealink Auto Provisioning Guide). */
const bootFile = ['/{mac}.boot', '/y000000000000.boot'] as const;

const yealink: KindQuirks = {
  files: [
    other(bootFile[0]),
    other(bootFile[1], { ifAbsent: [bootFile[0]] }),
    common('/y{number}.cfg', { ifAbsent: bootFile }),
    own('/{mac}.cfg', { ifAbsent: bootFile }),
  ],
  words: (model) => {
    const number = fileNumberOf(model);
    return number === undefined ? {} : { number: String(number).padStart(12, '0') };
  },
};

/** UC Software administrators' guide: the updater reads the master file and the image, the application the rest. */
const poly: KindQuirks = {
  files: [
    own('/{mac}.cfg', { byLoader: true }),
    common('/000000000000.cfg', { byLoader: true, ifAbsent: ['/{mac}.cfg'] }),
    other('/{mac}-license.cfg'),
    other('/{mac}-directory.xml'),
    other('/000000000000-directory.xml', { ifAbsent: ['/{mac}-directory.xml'] }),
  ],
  // The number is made up: updaters are numbered apart from applications.
  loader: {
    userAgent: (application) => application.replace(/ Type\/Application$/, ' Type/Updater'),
    version: '5.0.3.1667',
  },
  takesImage: 'when-named',
  writes: ['/{mac}-boot.log', '/{mac}-app.log'],
  parts: {
    SPIP320: '2345-12200-002',
    SPIP321: '2345-12360-001',
    SPIP330: '2345-12200-001',
    SPIP331: '2345-12365-001',
    SPIP335: '2345-12375-001',
    SPIP430: '2345-11402-001',
    SPIP450: '2345-12450-001',
    SPIP550: '2345-12500-001',
    SPIP560: '2345-12560-001',
    SPIP650: '2345-12600-001',
    SPIP670: '2345-12670-001',
    SSIP5000: '3111-30900-001',
    SSIP6000: '3111-15600-001',
    SSIP7000: '3111-40000-001',
    VVX101: '3111-40250-001',
    VVX150: '3111-48810-001',
    VVX201: '3111-40450-001',
    VVX250: '3111-48820-001',
    VVX300: '3111-46135-002',
    VVX301: '3111-48300-001',
    VVX310: '3111-46161-001',
    VVX311: '3111-48350-001',
    VVX350: '3111-48830-001',
    VVX400: '3111-46157-002',
    VVX401: '3111-48400-001',
    VVX410: '3111-46162-001',
    VVX411: '3111-48450-001',
    VVX450: '3111-48840-001',
    VVX500: '3111-44500-001',
    VVX501: '3111-48500-001',
    VVX600: '3111-44600-001',
    VVX601: '3111-48600-001',
    VVX1500: '2345-17960-001',
    VVXD60: '3111-17823-001',
  },
};

/** Before `Type/` was added to it, only the version told the updater's User-Agent from the application's. */
const soundPoint: KindQuirks = {
  ...poly,
  loader: {
    userAgent: (application) => application.replace(/ Type\/Application$/, ''),
    version: '4.4.0.0423',
  },
};

const grandstream: KindQuirks = {
  files: [
    other('/cfg{mac}'),
    own('/cfg{mac}.xml'),
    common('/cfg{lower}.xml', { ifAbsent: ['/cfg{mac}.xml'] }),
    common('/cfg.xml', { ifAbsent: ['/cfg{mac}.xml', '/cfg{lower}.xml'] }),
  ],
  // All of its names are in small letters (SIP Device Provisioning Guide).
  words: (model) => ({ lower: model.toLowerCase() }),
};

/** Loaders of that age send no options (no document names any). */
const plainTftp: TftpHabit = { blockBytes: null, asksLength: false };

const spa: KindQuirks = {
  files: [common('/spa{number}.cfg', { protocols: tftp }), own('/{mac}.xml')],
  tftp: plainTftp,
};

/** Without `security.tuz` no phone asks for encrypted files (6800 Series Administrator Guide 4.2, chapter 7). */
const mitel = (first: string): KindQuirks => ({
  files: [
    other('/security.tuz'),
    common(`/${first}.cfg`),
    common('/{model}.cfg'),
    own('/{MAC}.cfg'),
  ],
  tftp: { blockBytes: null, asksLength: true },
});

/** Common files that were read in a document, by model; other models ask for their own file alone. */
const fanvilCommon: Readonly<Record<string, string>> = {
  X4: 'f0X4hw1.100.cfg',
  X2: 'F0V00X200000.cfg',
};

/** Codes of models in the name of their common file (wazo-provd-plugins wazo-htek; the first two in Htek's own guide too). */
const htekCodes: Readonly<Record<string, string>> = {
  UC924: '0012',
  UC912: '0019',
  UC912E: '0019',
  UC912G: '0019',
  UC902: '0017',
  UC903: '0016',
  UC923: '0013',
  UC924E: '0112',
  UC926: '0010',
  UC926E: '0110',
};

/** By vendor, then by line as the facts name it; `''` for all lines of the vendor. */
export const KIND_QUIRKS: Readonly<Record<string, Readonly<Record<string, KindQuirks>>>> = {
  Yealink: { '': yealink },
  Polycom: { 'SoundPoint and SoundStation': soundPoint, '': poly },
  Grandstream: { '': grandstream },
  Cisco: {
    // An address without a scheme in option 66 is tried by TFTP first; the rule it finds there names HTTP.
    'multiplatform (MPP) and ATA 191/192': {
      files: [
        common('/{model}-3PCC.xml', { protocols: tftp }),
        own('/Cisco/CP-{model}-3PCC/{mac}.cfg', { protocols: http }),
      ],
    },
    SPA: spa,
    '7940 and 7960 with SIP firmware': { tftp: plainTftp },
    'enterprise (79xx, 89xx, 99xx, 78xx and 88xx)': {
      files: [
        other('/CTLSEP{MAC}.tlv', { protocols: tftp }),
        other('/ITLSEP{MAC}.tlv', { protocols: tftp }),
        other('/ITLFile.tlv', { protocols: tftp, ifAbsent: ['/ITLSEP{MAC}.tlv'] }),
        own('/SEP{MAC}.cnf.xml', { protocols: tftp }),
        common('/XMLDefault.cnf.xml', { protocols: tftp, ifAbsent: ['/SEP{MAC}.cnf.xml'] }),
      ],
      tftp: plainTftp,
    },
  },
  Linksys: { SPA: spa },
  Sipura: { SPA: spa },
  Aastra: { '': mitel('aastra') },
  Mitel: {
    '68xxi and 69xx with SIP firmware': mitel('startup'),
  },
  Avaya: { '1100 and 1200': { tftp: plainTftp } },
  Flyingvoice: {
    '': {
      files: [
        other(bootFile[0]),
        other(bootFile[1], { ifAbsent: [bootFile[0]] }),
        own('/{mac}.cfg', { ifAbsent: bootFile }),
      ],
    },
  },
  Htek: {
    '': {
      files: [common('/cfg{code}.xml'), other('/cfg{mac}'), own('/cfg{mac}.xml')],
      words: (model): Readonly<Record<string, string>> => {
        const code = htekCodes[model];
        return code === undefined ? {} : { code };
      },
    },
  },
  Fanvil: {
    '': {
      files: [common('/{common}'), own('/{mac}.cfg')],
      words: (model): Readonly<Record<string, string>> => {
        const name = fanvilCommon[model];
        return name === undefined ? {} : { common: name };
      },
    },
  },
};
