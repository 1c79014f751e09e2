import { type EpochMs, earliest, type Id } from '@ringwave/protocol/units';
import type { MayNot } from './bonds.ts';
import { freezeSpans } from './planned-freeze.ts';
import { freezeOf, frozenWords } from './site-freeze.ts';
import type { ControllerDraft } from './state.ts';

// Whether a site starts phones at all, as far as the controller knows: partners elsewhere do not begin before it does.

/** Undefined where the site may start phones. A call for help is over in minutes, and is for its agent to know. */
export function restOf(draft: ControllerDraft, site: Id, now: EpochMs): MayNot | undefined {
  if (!draft.agents.has(site))
    return { why: 'its site has no agent yet', waitingFor: 'agent', nextAttemptAt: null };
  const frozen = freezeOf(draft, site, now);
  if (frozen) {
    const nextAttemptAt = frozen.until ?? null;
    return { why: `its site is ${frozenWords(frozen)}`, waitingFor: 'person', nextAttemptAt };
  }
  const there = draft.siteHolds.get(`${site}/freeze`);
  if (!there) return undefined;
  const why = `its site is frozen by somebody there: ${there.reason}`;
  return { why, waitingFor: 'person', nextAttemptAt: null };
}

/** When a site begins or ends to rest by time alone. */
export function restTurnsAt(draft: ControllerDraft, site: Id, now: EpochMs): EpochMs | undefined {
  const until = draft.freezes.get(site)?.until;
  const turns = [until, ...freezeSpans(draft, site, now).flatMap((one) => [one.from, one.until])];
  return earliest(...turns.filter((at) => at !== undefined && at > now));
}
