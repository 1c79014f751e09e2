import { CliFault } from '@ringwave/runtime/cli-fault';

/** Milliseconds since 1970, from what a person writes behind a flag. */
export function instantFrom(flag: string, text: string): number {
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw new CliFault({
    what: `${flag} ${text}`,
    why: 'is no time',
    next: 'Write it like 2026-12-24T02:00:00Z.',
    exitCode: 2,
  });
}
