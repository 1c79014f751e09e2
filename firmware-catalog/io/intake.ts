import { FAULTS } from '@ringwave/protocol/faults';
import { startBytes, startProblem } from '../genuine.ts';
import { ImageCheck } from '../image-check.ts';
import type { Problem } from '../problems.ts';
import { parseRelease, type Release, type ReleaseImage } from '../release.ts';
import { bytesOf, type FoundFile, type ImageFiles } from './image-files.ts';
import { startOfFile } from './file-start.ts';
import type { ImageStore } from './image-store.ts';

export type Intake =
  | {
      readonly kind: 'accepted';
      readonly release: Release;
      readonly stored: number;
      readonly alreadyHeld: number;
    }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/** An image whose file is here and is what the manifest says. */
export interface CheckedImage {
  readonly image: ReleaseImage;
  readonly file: FoundFile;
}

export type Checked =
  | { readonly kind: 'checked'; readonly images: readonly CheckedImage[] }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/**
 * Takes a release in from a manifest and its files: all images into the store, or all problems and
 * nothing. Every file is measured before the first is stored.
 */
export async function intake(
  manifest: unknown,
  { files, store }: { readonly files: ImageFiles; readonly store: ImageStore },
): Promise<Intake> {
  const { release, problems } = parseRelease(manifest);
  if (!release) return { kind: 'refused', problems };
  const checked = await checkImages(release, files);
  return checked.kind === 'refused' ? checked : storeAll(release, checked.images, store);
}

/** Measures the file of every image and looks at its beginning. */
export async function checkImages(
  release: Pick<Release, 'vendor' | 'images'>,
  files: ImageFiles,
): Promise<Checked> {
  const images: CheckedImage[] = [];
  const problems: Problem[] = [];
  for (const [place, image] of release.images.entries()) {
    const file = await files.find(image.fileName);
    const problem = 'reason' in file ? file : await fileProblem(file, image, release.vendor);
    if (problem) problems.push({ path: `images[${place}]`, ...problem });
    else if (!('reason' in file)) images.push({ image, file });
  }
  return problems.length > 0 ? { kind: 'refused', problems } : { kind: 'checked', images };
}

type Wrong = Omit<Problem, 'path'>;

async function fileProblem(
  file: FoundFile,
  image: ReleaseImage,
  vendor: string,
): Promise<Wrong | undefined> {
  const { fileName, lengthBytes } = image;
  if (file.lengthBytes !== lengthBytes) {
    const reason = `${fileName} has ${file.lengthBytes} bytes, not the ${lengthBytes} declared`;
    return wrong(reason, FAULTS['image-too-long'].advice);
  }
  const check = new ImageCheck(image);
  for await (const chunk of bytesOf(file)) check.take(chunk);
  const verdict = check.verdict();
  if (verdict.kind === 'whole') {
    return startProblem(await startOfFile(file.path, startBytes), { vendor, fileName });
  }
  const measured = verdict.kind === 'differs' ? ` (measured ${verdict.measured})` : '';
  const reason = `${fileName} does not have the digest declared${measured}`;
  return wrong(reason, FAULTS['image-digest-differs'].advice);
}

const wrong = (reason: string, nextStep: string): Wrong => ({ reason, nextStep });

async function storeAll(
  release: Release,
  images: readonly CheckedImage[],
  store: ImageStore,
): Promise<Intake> {
  const stored: ReleaseImage[] = [];
  for (const [place, { image, file }] of images.entries()) {
    const done = await store.write(bytesOf(file), image);
    if (done.kind === 'refused') {
      for (const { sha256 } of stored) await store.remove(sha256);
      const { advice } = FAULTS[done.fault];
      const problem = wrong(`${image.fileName} could not be stored: ${done.fault}`, advice);
      return { kind: 'refused', problems: [{ path: `images[${place}]`, ...problem }] };
    }
    if (done.kind === 'stored') stored.push(image);
  }
  const alreadyHeld = release.images.length - stored.length;
  return { kind: 'accepted', release, stored: stored.length, alreadyHeld };
}
