import { toNetascii } from '../core/tftp/netascii.ts';
import type { Served, ServedImage } from './file-source.ts';
import { netasciiView } from './netascii-view.ts';

/** What one transfer sends. `shared` is absent for bytes rendered for one phone, which no cache may keep. */
export interface Content {
  readonly image: ServedImage;
  readonly shared?: ServedImage;
}

export async function contentOf(served: Served, mode: string): Promise<Content | undefined> {
  if (served.kind === 'image') {
    if (mode !== 'netascii') return { image: served, shared: served };
    try {
      return { image: await netasciiView(served), shared: served };
    } catch (error) {
      served.release?.();
      throw error;
    }
  }
  // TFTP has no login: what needs one does not exist here.
  if (served.kind !== 'bytes') return undefined;
  const body = mode === 'netascii' ? toNetascii(served.body) : served.body;
  const read = (offset: number, length: number) => body.subarray(offset, offset + length);
  return { image: { kind: 'image', etag: '', lengthBytes: body.length, read } };
}
