import { createHash } from 'node:crypto';
import type { Mac } from '@ringwave/protocol/units';
import { acceptedSecrets } from '../../agent/core/rotation.ts';
import type { AgentEvent, Credential, SealedSecret } from '../../agent/core/state.ts';
import type { Random } from './random.ts';
import type { Timeline } from '../../rehearsal/timeline.ts';

// What people at a site do, hour by hour.

const HOUR = 3_600_000;

interface Box {
  isUp(): boolean;
  submit(event: AgentEvent): void;
}

/** Now and then somebody dials for help, or a technician freezes the site for some hours. */
export function troubleAtSite(
  box: Box,
  { random, timeline }: { readonly random: Random; readonly timeline: Timeline },
): void {
  const call = { kind: 'emergency-call', source: 'asterisk' } as const;
  if (random.chance(0.02)) {
    box.submit({ ...call, state: 'began' });
    whenUp(random.whole(60_000, 20 * 60_000), () => box.submit({ ...call, state: 'ended' }));
  }
  if (random.chance(0.01)) {
    box.submit({ kind: 'freeze-read', reason: 'work in the cabinet' });
    whenUp(random.whole(HOUR, 6 * HOUR), () => box.submit({ kind: 'freeze-read', reason: null }));
  }

  function whenUp(wait: number, tell: () => void): void {
    timeline.after(wait, () => (box.isUp() ? tell() : whenUp(HOUR, tell)));
  }
}

/** A phone that has its configuration is seen registered by somebody who is asked, unless it restarts before. */
export function registersSoon(
  box: Pick<Box, 'submit'>,
  mac: Mac,
  { timeline, isUp }: { readonly timeline: Timeline; readonly isUp: () => boolean },
): void {
  timeline.after(20_000, () => {
    if (isUp())
      box.submit({ kind: 'registration-seen', mac, source: 'kamailio', address: '127.0.0.9' });
  });
}

/** The generation that a phone's own secret opens the door with; 0 before it has proven one. */
export function loginOf(
  row: Credential | undefined,
  holds: SealedSecret | undefined,
): number | 'refused' {
  const fits = acceptedSecrets(row).some((one) => one.sealed === holds?.sealed);
  if (fits && holds) return holds.generation;
  return row?.current ? 'refused' : 0;
}

export const fingerprintOf = (secret: string): string =>
  createHash('sha256').update(secret).digest('hex').slice(0, 32);

/** A secret that nobody was ever given. */
export const guessOf = (mac: Mac): SealedSecret => ({
  generation: 1,
  sealed: `guessed for ${mac}`,
  fingerprint: fingerprintOf('guessed'),
});
