import type { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import { OwnHosts } from '@ringwave/firmware-catalog/io/own-hosts';
import { openGuarded, parseUrl } from '@ringwave/firmware-catalog/io/polite-fetch';
import type { ReleaseImage } from '@ringwave/firmware-catalog/release';

/** 30 min for one image: 300 MB at 170 kB/s; the next run resumes. */
const imageFetchMsMax = 30 * 60_000;

export interface ImageParts {
  readonly images: ImageStore;
  /** The address of the list that names the image. */
  readonly list: string;
  /** Whether that list lies inside the network, as it was when first reached. */
  readonly isInside: boolean | undefined;
  readonly signal: AbortSignal;
}

/** Undefined when the image is held, else why it is not. */
export async function fetchImage(
  image: ReleaseImage,
  { images, list, isInside, signal }: ImageParts,
): Promise<string | undefined> {
  if (await images.has(image.sha256)) return undefined;
  const own = parseUrl(list);
  const at = own && parseUrl(image.url ?? '', own);
  if (!at) return 'the manifest names no address for it';
  const from = await images.partialLength(image.sha256);
  try {
    // An image may lie on another host than its list, and never inside the network unless the list does.
    const response = await openGuarded(at, {
      headers: from > 0 ? { range: `bytes=${from}-` } : {},
      own: new OwnHosts([own], isInside),
      signal: AbortSignal.any([signal, AbortSignal.timeout(imageFetchMsMax)]),
    });
    if (response.statusCode !== 200 && response.statusCode !== 206) {
      response.destroy();
      return `the server answers ${response.statusCode}`;
    }
    const about = { sha256: image.sha256, lengthBytes: image.lengthBytes };
    const begin = response.statusCode === 206 ? from : 0;
    const stored = await images
      .append(response, { ...about, from: begin })
      .finally(() => response.destroy());
    if (stored.kind === 'partial') return 'the line broke; the rest follows';
    return stored.kind === 'refused' ? stored.fault : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
