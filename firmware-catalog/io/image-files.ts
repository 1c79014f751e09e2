// Where the files of a release lie before they are taken in: in a folder, or in a vendor's bundle.

import { createReadStream } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleFile, usualBundleLimits } from '../bundle.ts';
import type { Problem } from '../problems.ts';
import { openBundle } from './open-bundle.ts';

export interface FoundFile {
  readonly path: string;
  readonly lengthBytes: number;
}

export interface ImageFiles {
  /** The plain file of this name, or why there is none. */
  find(fileName: string): Promise<FoundFile | Omit<Problem, 'path'>>;
  close(): Promise<void>;
}

export type OpenedFiles =
  | { readonly kind: 'files'; readonly files: ImageFiles }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/** A folder, or a bundle that is opened under `aside`. `keep` names images that are archives themselves. */
export async function openImageFiles(
  path: string,
  { aside, keep = [] }: { readonly aside: string; readonly keep?: readonly string[] },
): Promise<OpenedFiles> {
  const found = await stat(path).catch(() => undefined);
  if (!found) {
    const nextStep = 'Name the folder or the bundle that holds the images.';
    return { kind: 'refused', problems: [{ path, reason: 'is not there', nextStep }] };
  }
  if (found.isDirectory()) return { kind: 'files', files: folderFiles(path) };
  const bundle = await openBundle(path, { aside, keep, limits: usualBundleLimits });
  if (bundle.kind === 'refused') {
    const problems = bundle.problems.map((one) => ({ ...one, path: within(path, one.path) }));
    return { kind: 'refused', problems };
  }
  return { kind: 'files', files: bundleFiles(bundle.files, () => bundle.close()) };
}

const within = (bundle: string, path: string): string =>
  path === '' ? bundle : `${bundle}: ${path}`;

export const folderFiles = (folder: string): ImageFiles => ({
  async find(fileName) {
    const path = join(folder, fileName);
    // A link could name any file of this machine, so only plain files are read.
    const found = await lstat(path).catch(() => undefined);
    if (!found) return wrong(`${fileName} is not in the folder`, 'Put the file beside the others.');
    if (!found.isFile()) return wrong(`${fileName} is no plain file`, 'Put the file itself there.');
    return { path, lengthBytes: found.size };
  },
  close: async () => {},
});

function bundleFiles(files: readonly BundleFile[], close: () => Promise<void>): ImageFiles {
  return {
    async find(fileName) {
      const named = files.filter((one) => one.fileName === fileName);
      const [first] = named;
      if (!first) {
        const some = files.slice(0, 5).map((one) => one.fileName);
        return wrong(
          `${fileName} is not in the bundle`,
          `It holds ${some.join(', ') || 'nothing'}.`,
        );
      }
      if (named.every(({ sha256 }) => sha256 === first.sha256)) {
        return { path: first.place, lengthBytes: first.lengthBytes };
      }
      const places = named.map(({ name }) => name).join(', ');
      return wrong(
        `${fileName} is in the bundle several times: ${places}`,
        'Unpack the right one.',
      );
    },
    close,
  };
}

const wrong = (reason: string, nextStep: string): Omit<Problem, 'path'> => ({ reason, nextStep });

/** The bytes of a found file, in pieces. */
export const bytesOf = ({ path }: FoundFile): AsyncIterable<Buffer> =>
  createReadStream(path) as AsyncIterable<Buffer>;
