// Names of Snom's published images (firmware pages of service.snom.com).

import type { ImageName } from './line-facts.ts';

/** Images of the 7xx were named without the D that their later phones carry; the D105 runs the D315's image. */
const desk = (written: string): string[] => {
  const model = written.toUpperCase();
  if (model === 'D315') return [model, 'D105'];
  const number = /^(7\d{2})$/.exec(model)?.[1];
  return number === undefined ? [model] : [number, `D${number}`];
};

const MODEL = String.raw`(?<models>[A-Z]{0,2}\d{1,3}[A-Z]{0,2}|MP)`;

export const snomDeskImages: readonly ImageName[] = [
  {
    pattern: new RegExp(
      String.raw`^snom${MODEL}-(?<version>\d{1,3}(?:\.\d{1,5}){1,4}(?:(?:\.[a-z-]{1,20})?-?\d{1,6}(?:-\d{1,6}){1,2})?)(?:-(?<hardware>HW\d{1,2}))?(?:-SIP)?-[a-z]\.(?:bin|swu)$`,
      'i',
    ),
    models: desk,
    example: 'snomD785-10.1.198.19-SIP-r.bin',
  },
  {
    pattern: new RegExp(String.raw`^snom${MODEL}-ramdisk-chained-update-[a-z]\.bin$`, 'i'),
    models: desk,
    example: 'snomD785-ramdisk-chained-update-r.bin',
  },
  {
    pattern: /^snomlang[-_](?<version>\d{1,2}(?:\.\d{1,3}){1,3})(?:\.[a-z]{1,12})?\.zip$/i,
    kind: 'language',
    example: 'snomlang-8.7.3.zip',
  },
  {
    pattern: new RegExp(
      String.raw`^snom${MODEL}-(?<version>\d{1,3}(?:\.\d{1,5}){1,4})-customizing\.tar\.gz$`,
      'i',
    ),
    kind: 'language',
    models: desk,
    example: 'snomD717-10.1.42.14-customizing.tar.gz',
  },
];

export const snomModuleImages: readonly ImageName[] = [
  {
    pattern: /^snom(?<models>UXM|D[78]C?)-(?<version>[12](?:\.\d{1,4}){2})(?:-[a-z])?\.bin$/i,
    kind: 'expansion-module',
    models: (written) =>
      /^uxm$/i.test(written) ? ['UXM', 'D3', 'D7'] : [`UXM ${written}`, `UXMC ${written}`, written],
    example: 'snomD7C-1.5.3-r.bin',
  },
];

export const snomDectImages: readonly ImageName[] = [
  {
    pattern: /^(?<models>M\d{1,3}(?:SC)?)_v(?<version>\d{4}_b\d{4})\.fwu$/i,
    version: (written) => written.replace(/^(\d\d)(\d\d)_b/i, '$1.$2.'),
    example: 'M900_v0520_b0001.fwu',
  },
];
