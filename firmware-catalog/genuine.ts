// Whether a file can be what its release says it is, by its name and its first bytes. No vendor documents a
// mark that proves an image; these checks find the wrong file, not a forged one.

import { formBytes } from './bundle.ts';
import type { Problem } from './problems.ts';
import type { Release } from './release.ts';
import { knowledgeOf } from './vendors/all.ts';
import { nameDoubts, readImageName } from './vendors/image-name.ts';

/** Bytes from the start of an image that are looked at. */
export const startBytes = formBytes;

/** Beginnings that no phone's image has: what a server sends in place of a file. */
const PAGES =
  /^\s{0,64}(?:<!doctype|<html|<head|<\?xml|\{\s*"(?:error|message|code)"|access denied|not found)/i;

/** What the name of each image says otherwise than the release: another version, other models, another maker. */
export function nameProblems(
  release: Pick<Release, 'vendor' | 'version' | 'models' | 'hardware' | 'images'>,
): Problem[] {
  return release.images.flatMap(({ fileName, models = release.models }, place) => {
    const path = `images[${place}].fileName`;
    const declared = { vendor: release.vendor, version: release.version, models };
    const doubts = nameDoubts(fileName, declared).map(({ about, declared: said, inName }) => ({
      path,
      reason: `is ${fileName}, whose name says ${about} ${inName}, not ${said}`,
      nextStep: 'Correct the manifest, or get the right file.',
    }));
    if (doubts.length > 0 || readImageName(fileName, release.vendor)) return doubts;
    const maker = readImageName(fileName)?.vendor;
    if (maker === undefined || maker === release.vendor) return [];
    const reason = `is ${fileName}, which is named as ${maker} names images, not ${release.vendor}`;
    return [{ path, reason, nextStep: 'Correct the manifest, or get the right file.' }];
  });
}

/** What the first bytes of an image show; undefined while nothing speaks against it. */
export function startProblem(
  start: Uint8Array,
  { vendor, fileName }: { readonly vendor: string; readonly fileName: string },
): Omit<Problem, 'path'> | undefined {
  const text = Buffer.from(start.subarray(0, startBytes)).toString('latin1');
  const nextStep =
    'Download it again and look at it; the server may have sent a page in its place.';
  if (PAGES.test(text))
    return { reason: `${fileName} begins as a web page or a message`, nextStep };
  const marks = marksOf(vendor, fileName);
  const head = Buffer.from(start.subarray(0, startBytes)).toString('hex');
  if (marks.length === 0 || marks.some((mark) => head.startsWith(mark))) return undefined;
  const reason = `${fileName} does not begin as an image of ${vendor} does`;
  return { reason, nextStep: 'Get it from the vendor again.' };
}

/** The documented beginnings of images with such a name; none where no document tells one. */
function marksOf(vendor: string, fileName: string): string[] {
  const names = (knowledgeOf(vendor)?.lines ?? []).flatMap(({ imageNames }) =>
    imageNames === 'unknown' ? [] : imageNames,
  );
  const fitting = names.filter(({ pattern }) => pattern.test(fileName));
  const marks = fitting.map(({ beginsWith }) => beginsWith);
  return marks.every((mark) => mark !== undefined) ? marks : [];
}
