// Names of Yealink's published images (support site, release notes of V70 to V87).

import type { ImageName } from './line-facts.ts';

const VERSION = String.raw`(?<version>(?<family>\d{1,3})(?:\.\d{1,5}){3})`;
/** A date or a purpose in brackets follows some versions: `(20211130)`, `_(Only for W80B)`. */
const ENDING = String.raw`(?:_?\([\w ]{1,40}\))? ?\.(?:rom|zip|rar|bin) ?$`;
const MODELS = String.raw`(?<models>[A-Z]{1,3}\d{1,3}[A-Z]{0,4}(?:_E\d)?(?:[-&][A-Z]\d{2}[A-Z]{1,2})?(?:\([A-Z0-9_,]{1,120}\))?)`;
/** Customer builds, system generations and roles stand between model and version. */
const MARK = String.raw`(?:-[A-Za-z][A-Za-z0-9]{1,15})?`;

/** `T4S` stands for a series; what has two digits is a model. */
const named = (written: string): string[] =>
  written.split(/[(),&-]/).filter((word) => /^[A-Z]{1,3}\d{2}/.test(word));

const image = (example: string, before = ''): ImageName => ({
  pattern: new RegExp(`^${before}${MODELS}${MARK}-${VERSION}${ENDING}`),
  models: named,
  example,
});

/** Without a model in the name: `66.86.0.15.zip`. */
const bare: ImageName = {
  pattern: new RegExp(`^${VERSION}${ENDING}`),
  isShared: true,
  example: '26.73.0.11.zip',
};

const languages: ImageName = {
  pattern:
    /^(?:Yealink_[A-Za-z_]{1,40}_)?Language_Packs(?:_for_[A-Za-z0-9_()-]{1,80})?\.(?:zip|rar)$/,
  kind: 'language',
  example: 'Language_Packs_for_T46S.zip',
};

export const yealinkDeskImages: readonly ImageName[] = [
  image('T46S(T48S,T42S,T41S)-66.86.0.15.rom'),
  bare,
  languages,
];

export const yealinkBaseImages: readonly ImageName[] = [
  image('W60B-77.85.0.20.rom'),
  image('Base-W52P-W56P-25.81.0.60.rom', 'Base-'),
  bare,
  languages,
];

export const yealinkHandsetImages: readonly ImageName[] = [
  {
    pattern: new RegExp(
      String.raw`^(?<models>(?:W\d{2}[HR]|CP930W)|Handset)${MARK}-${VERSION}${ENDING}`,
    ),
    models: named,
    kind: 'handset',
    example: 'W56H-61.85.0.20.rom',
  },
];
