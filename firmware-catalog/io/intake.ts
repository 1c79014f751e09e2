import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { FAULTS } from '@ringwave/protocol/faults';
import { ImageCheck } from '../image-check.ts';
import type { Problem } from '../problems.ts';
import { parseRelease, type Release, type ReleaseImage } from '../release.ts';
import type { ImageStore } from './image-store.ts';

export type Intake =
  | {
      readonly kind: 'accepted';
      readonly release: Release;
      readonly stored: number;
      readonly alreadyHeld: number;
    }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/**
 * Takes a release in from a manifest and the folder that holds its files: all images into the store, or
 * all problems and nothing. Every file is measured before the first is stored.
 */
export async function intake(
  manifest: unknown,
  { files, store }: { readonly files: string; readonly store: ImageStore },
): Promise<Intake> {
  const { release, problems } = parseRelease(manifest);
  if (!release) return { kind: 'refused', problems };
  const wrong: Problem[] = [];
  for (const [place, image] of release.images.entries()) {
    const problem = await fileProblem(join(files, image.fileName), image);
    if (problem) wrong.push({ path: `images[${place}]`, ...problem });
  }
  return wrong.length > 0
    ? { kind: 'refused', problems: wrong }
    : storeAll(release, { files, store });
}

type Wrong = Omit<Problem, 'path'>;

async function fileProblem(path: string, image: ReleaseImage): Promise<Wrong | undefined> {
  // A link could name any file of this machine, so only plain files are read.
  const found = await lstat(path).catch(() => undefined);
  if (!found)
    return wrong(`${image.fileName} is not in the folder`, 'Put the file beside the others.');
  if (!found.isFile())
    return wrong(`${image.fileName} is no plain file`, 'Put the file itself there.');
  if (found.size !== image.lengthBytes) {
    const reason = `${image.fileName} has ${found.size} bytes, not the ${image.lengthBytes} declared`;
    return wrong(reason, FAULTS['image-too-long'].advice);
  }
  const check = new ImageCheck(image);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) check.take(chunk);
  const verdict = check.verdict();
  if (verdict.kind === 'whole') return undefined;
  const measured = verdict.kind === 'differs' ? ` (measured ${verdict.measured})` : '';
  const reason = `${image.fileName} does not have the digest declared${measured}`;
  return wrong(reason, FAULTS['image-digest-differs'].advice);
}

const wrong = (reason: string, nextStep: string): Wrong => ({ reason, nextStep });

async function storeAll(
  release: Release,
  { files, store }: { files: string; store: ImageStore },
): Promise<Intake> {
  const stored: ReleaseImage[] = [];
  for (const [place, image] of release.images.entries()) {
    const source = createReadStream(join(files, image.fileName)) as AsyncIterable<Buffer>;
    const done = await store.write(source, image);
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
