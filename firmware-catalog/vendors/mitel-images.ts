// Names of Aastra's and Mitel's images: the fixed name that a phone asks for, and the archives of the
// download pages, most of which tell no version.

import type { ImageName } from './line-facts.ts';
import { withDots } from './line-parts.ts';
import { mitelModel } from './mitel-shapes.ts';

const named = (written: string): string[] => [mitelModel(written)];
/** `5001018` is 5.0.0.1018. */
const packed = (written: string): string => written.replace(/^(\d)(\d)(\d)(\d{4})$/, '$1.$2.$3.$4');

/** `aastra` has the models with an i, `mitel` those of the 69xx; each names the other's only where the vendor is told. */
export function mitelImages(own: 'aastra' | 'mitel'): readonly ImageName[] {
  const older = String.raw`(?:6[78]\d{2}i|9\d{3}i|5[1357]i)(?:CT)?`;
  const newer = String.raw`(?:69\d{2}[a-z]?|53\d{2})`;
  const ofModel = (model: string, isShared: boolean): ImageName[] => {
    const shared = isShared ? { isShared } : {};
    const example = model === older ? '6867i' : '6930';
    return [
      {
        pattern: new RegExp(`^(?<models>${model})\\.(?:st|tar\\.gz)$`),
        models: named,
        example: `${example}.st`,
        ...shared,
      },
      {
        pattern: new RegExp(`^(?<models>${model})-fw(?:\\.\\d{2,5})?\\.zip$`),
        models: named,
        example: `${example}-fw.zip`,
        ...shared,
      },
      {
        pattern: new RegExp(
          `^FC-\\d{6}-\\d{2}-REV\\d{1,3}_(?<models>${model})_(?<version>\\d_\\d_\\d_\\d{4})(?:_SP\\d{1,2})?(?:_HF\\d{1,2})?(?: ?\\(\\d\\)|%20%28\\d%29)?\\.zip$`,
        ),
        models: named,
        version: withDots,
        example: `FC-001318-02-REV25_${example}_3_3_1_4358_SP4_HF8.zip`,
        ...shared,
      },
      {
        pattern: new RegExp(
          `^\\d{8}rev\\d{2}(?<version>\\d{7})sp\\d(?<models>${model})\\.zip$`,
          'i',
        ),
        models: named,
        version: packed,
        example: `58015373rev035001018sp1${example}.zip`,
        ...shared,
      },
    ];
  };
  const others = own === 'aastra' ? older : newer;
  const its = own === 'aastra' ? newer : older;
  return [...archives(own), ...ofModel(others, false), ...ofModel(its, true)];
}

const archives = (own: 'aastra' | 'mitel'): readonly ImageName[] => [
  {
    pattern: /^6[78](?:XX|00)i-fw\.\d{3,4}(?:-\d{4})?\.zip$/,
    isShared: own !== 'aastra',
    example: '67XXi-fw.4365-8215.zip',
  },
  {
    pattern:
      /^mitel_sip_(?<version>\d_\d_\d_\d{4})(?:_sp\d)?_ga_all_models(?:[\w()-]{1,24})?\.zip$/i,
    version: withDots,
    isShared: own !== 'mitel',
    example: 'mitel_sip_4_2_0_2023_sp2_ga_all_models_07_2016.zip',
  },
  {
    pattern: /^lang(?:\.(?:(?<version>\d(?:\.\d){2}(?:\.\d{1,4}|_SP\d))|\d{1,4}))?\.zip$/,
    kind: 'language',
    version: (written) => written.replace('_', ' '),
    isShared: true,
    example: 'lang.4.2.0.1080.zip',
  },
  {
    pattern: /^5801456-rev\d{2}_langpacks_(?<version>\d_\d_\d_SP\d)(?:_\d)?(?:-?\(\d\))?\.zip$/i,
    kind: 'language',
    version: (written) => withDots(written).replace(/\.(?=SP)/i, ' '),
    isShared: true,
    example: '5801456-REV01_LangPacks_4_2_0_SP1.zip',
  },
  {
    pattern: /^58017085_lang_R(?<version>\d\.\d\.SP\d)_Rev\d\.zip$/i,
    kind: 'language',
    isShared: true,
    example: '58017085_lang_R6.4.SP3_Rev1.zip',
  },
  {
    pattern: /^(?:R500[ -]6800[ -])5801456REV00LangPacks\d\.zip$/i,
    kind: 'language',
    isShared: true,
    example: 'R500-6800-5801456REV00LangPacks3.zip',
  },
  {
    pattern: /^\d{8}rev\d{2}(?<version>\d{7})sp\d\d{4}lang\.zip$/i,
    kind: 'language',
    version: packed,
    isShared: true,
    example: '58015373rev035101018sp16930lang.zip',
  },
];
