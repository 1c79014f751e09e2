import type { Mac } from '@ringwave/protocol/units';
import type { ControllerDraft, Rollout } from './state.ts';

/**
 * Phones of which this step may have changed what a plan says. Undefined where each has to be looked at: what all follow from has
 * changed, or more rows were written than the `most` phones of a site.
 */
export function phonesWritten(draft: ControllerDraft, most: number): ReadonlySet<Mac> | undefined {
  const { phones, assignments, progress, rollouts, releases } = draft;
  if (releases.written().size > 0) return undefined;
  for (const [id, rollout] of rollouts.written()) {
    if (!isWorkAlikeFor(rollouts.base.get(id), rollout)) return undefined;
  }
  const rows = phones.written().size + assignments.written().size + progress.written().size;
  if (rows > most) return undefined;
  const macs = new Set([...phones.written().keys(), ...assignments.written().keys()] as Mac[]);
  for (const [key, part] of progress.written()) {
    const one = part ?? progress.base.get(key);
    if (one) macs.add(one.mac);
  }
  return macs;
}

/** Whatever of a rollout decides which phones have work in it, and what a plan says of that. Its counts do not. */
const isWorkAlikeFor = (a: Rollout | undefined, b: Rollout | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.state === b.state &&
  a.kind === b.kind &&
  a.priority === b.priority &&
  a.round === b.round &&
  a.urgency === b.urgency &&
  a.attemptsMax === b.attemptsMax &&
  a.waves.length === b.waves.length &&
  a.waves.every(
    ({ spec, openedAt }, place) =>
      spec === b.waves[place]?.spec && openedAt === b.waves[place].openedAt,
  );
