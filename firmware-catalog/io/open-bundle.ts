import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type BundleLimits, usualBundleLimits } from '../bundle.ts';
import type { Problem } from '../problems.ts';
import type { Unpacked, UnpackJob } from './unpack.ts';

/** Megabytes of the worker's heap: it holds names and one piece of a file, never a file. */
const heapMegabytesMax = 128;

export interface OpenBundleOptions {
  /** A folder in which a folder of its own is made. */
  readonly aside: string;
  readonly limits?: Partial<BundleLimits>;
  /** File names that are images though they look like bundles. */
  readonly keep?: readonly string[];
}

export type OpenedBundle = Unpacked & { close(): Promise<void> };

/**
 * Opens a zip, tar or tar.gz with what is inside it, in a thread of its own, under limits of time, memory,
 * length and depth. All of it or every reason why not. The caller closes it, which takes the files away.
 */
export async function openBundle(
  path: string,
  { aside, limits = {}, keep = [] }: OpenBundleOptions,
): Promise<OpenedBundle> {
  await mkdir(aside, { recursive: true });
  const into = await mkdtemp(join(aside, 'bundle-'));
  const close = () => rm(into, { recursive: true, force: true });
  const job = { path, into, keep, limits: { ...usualBundleLimits, ...limits } };
  const unpacked = await inWorker(job);
  if (unpacked.kind === 'refused') await close();
  return { ...unpacked, close };
}

async function inWorker(job: UnpackJob): Promise<Unpacked> {
  const worker = new Worker(new URL('./bundle-worker.ts', import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
  });
  const { promise, resolve } = Promise.withResolvers<Unpacked>();
  const timer = setTimeout(() => resolve(refused(tooSlow(job))), job.limits.timeMs);
  worker.once('message', (unpacked: Unpacked) => resolve(unpacked));
  worker.once('error', (error) =>
    resolve(refused(`cannot be read: ${error instanceof Error ? error.message : 'unknown'}`)),
  );
  worker.once('exit', () => resolve(refused('cannot be read: its reader ended early')));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

const tooSlow = ({ limits }: UnpackJob): string => `took more than ${limits.timeMs} ms to open`;

const refused = (reason: string): { kind: 'refused'; problems: readonly Problem[] } => ({
  kind: 'refused',
  problems: [
    { path: '', reason, nextStep: 'Unpack it by hand and import the images from a folder.' },
  ],
});
