import { CliFault } from '@ringwave/runtime/cli-fault';

/** The text of a file. Bytes of another encoding would stand for signs that nobody wrote, and be stored so. */
export function utf8Text(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const [before = ''] = new TextDecoder().decode(bytes).split('\ufffd', 1);
    const why = `is not UTF-8 (line ${before.split('\n').length})`;
    throw new CliFault({ what: file, why, next: 'Save it as UTF-8' });
  }
}
