// Names of Fanvil's images, whose form changed with the platform (firmware pages; release notes).

import type { ImageName } from './line-facts.ts';
import { withDots } from './line-parts.ts';

/**
 * `x4upro` runs on the X4U-Pro, which is sold as X4U-V2 as well; the X7-V2's is `x7upro`; `v6x` and `w600` stand for series; door
 * phones carry a small i.
 */
function named(written: string): string[] {
  const [, stem = written, edition] = /^(.*?)[-_]?(pro|v\d|lite)$/i.exec(written) ?? [];
  const model = /^i/i.test(stem)
    ? `i${stem.slice(1).toUpperCase()}`
    : stem.toUpperCase().replace(/(?<=\d)X$/, 'x');
  if (edition === undefined) return [model.replace(/00$/, 'xx')];
  if (!/^pro$/i.test(edition)) return [`${model}-${edition.toUpperCase()}`];
  const bare = model === 'X7U' ? [model, 'X7'] : [model];
  return bare.flatMap((one) => [`${one}-Pro`, `${one}-V2`]);
}

const MODEL = String.raw`(?<models>[a-z]{1,3}\d{1,3}[a-z]{0,6}(?:-v\d)?)`;
const VERSION = String.raw`(?<version>\d{1,2}(?:\.\d{1,4}){1,5})`;
/** The moment of the build; a copy's number may have come in between: `17.43 (1).48`. */
const BUILT = String.raw`[A-Za-z]{0,9}-?T\d{4}-\d{2}-\d{2}-\d{2}\.\d{2}(?: \(\d\))?\.\d{2}\.z$`;

export const fanvilImages: readonly ImageName[] = [
  {
    pattern: new RegExp(
      `^${MODEL}-(?:fanvil|unified|linkvil)-release(?:-[a-f0-9]{2}[a-f0-9]{2}(?=-[a-f\\d]{4}-))?(?:-(?:(?<hardware>\\d{4})|[a-f][a-f\\d]{3}))?(?:-[a-f][a-f\\d]{3})?-${VERSION}-${BUILT}`,
      'i',
    ),
    models: named,
    example: 'x5upro-fanvil-release-ff01-6907-2.12.22.2-krnlvUT2025-04-16-20.32.45.z',
  },
  {
    pattern: new RegExp(
      String.raw`^${MODEL}-fanvil-(?<hardware>\d{4})-full-V\d{1,2}(?:\.\d{1,2}){2}-${VERSION}-\d{3,5}-D\d{1,2}(?:\.\d{1,3}){2}-${BUILT}`,
      'i',
    ),
    models: named,
    example: 'I61-fanvil-3940-full-V0.2.2-2.12.19.9-1746-D0.29.0-T2023-04-14-10.13.47.z',
  },
  {
    pattern: new RegExp(
      String.raw`^${MODEL}-(?<hardware>\d{4})-(?:RECOVERY-)?(?<version>P\d{1,2}(?:\.\d{1,4}){1,5}-\d{1,2}(?:\.\d{1,4}){1,4})-\d{3,5}${BUILT}`,
      'i',
    ),
    models: named,
    example: 'x210-6924-P0.18.23.89-2.4.5.2-3594T2022-07-29-09.44.03.z',
  },
  {
    // `x22.3.2.4638T…` is an X2's 2.3.2.4638: the series has one digit.
    pattern:
      /^(?<models>x[2-7](?:s|g|sg|c|p|sp)?)R?(?<version>\d{1,2}(?:\.\d{1,5}){3})T\d{14}\.z$/i,
    models: named,
    example: 'x3s2.10.2.6887T20191115101938.z',
  },
  {
    pattern: /^(?<models>C\d{2})_V(?<version>\d{1,2}(?:_\d{1,4}){1,3})T\d{14}\.z$/i,
    models: named,
    version: withDots,
    example: 'C58_V2_3_431_247T20140605184312.z',
  },
  {
    pattern: new RegExp(String.raw`^${MODEL}_fanvil_${VERSION}_\d{8}(?:_update)?_full\.zip$`, 'i'),
    models: named,
    example: 'v67_fanvil_2.6.10.1992_20241023_full.zip',
  },
];
