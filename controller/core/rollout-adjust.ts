import type { EpochMs } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { urgencyAt } from './deadline.ts';
import { instantText } from './instant-text.ts';
import { invalid, refused, taken } from './refusal.ts';
import { isNameMended, type ValueDifference } from './rollout-difference.ts';
import type { Deadline } from './rollout-state.ts';
import type { CommandResult, ControllerDraft, Rollout, RolloutInput } from './state.ts';
import type { Moved } from './wave-release.ts';

interface Adjusted {
  readonly input: RolloutInput;
  readonly values: readonly ValueDifference[];
  readonly who: string;
}

/** Takes what of a rollout that has begun may still differ; its approval stands. */
export function adjust(
  draft: ControllerDraft,
  rollout: Rollout,
  { input, values, who }: Adjusted,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  const { id, deadline: from } = rollout;
  const { deadline: to } = input;
  if (from && to && to.dueAt > from.dueAt) {
    const given = giveTime(draft, rollout, { who, from, to }, now, moved);
    if (!given.ok) return given;
  }
  const renamed = values.filter(isNameMended);
  if (renamed.length === 0) return taken;
  const waves = rollout.waves.map((wave, place) => ({
    ...wave,
    spec: { ...wave.spec, name: input.waves[place]?.name ?? wave.spec.name },
  }));
  const stored = draft.rollouts.get(id) ?? rollout;
  const because =
    stored.deadline && to ? { deadline: { ...stored.deadline, because: to.because } } : {};
  draft.rollouts.put(id, { ...stored, ...because, name: input.name, waves });
  const detail = renamed.map((one) => `${one.path}: ${JSON.stringify(one.from)}`).join(', ');
  audit(draft, { at: now, who, what: 'names put right', object: id, detail: detail.slice(0, 240) });
  return taken;
}

/** Its rungs are counted anew from its start; what is approved of it stays so. */
function giveTime(
  draft: ControllerDraft,
  rollout: Rollout,
  { who, from, to }: { readonly who: string; readonly from: Deadline; readonly to: Deadline },
  now: EpochMs,
  moved: Moved,
): CommandResult {
  const { id, startedAt = now } = rollout;
  if (to.dueAt <= now) {
    const thing = `rollout ${id}: deadline.dueAt`;
    return refused(invalid(thing, 'has passed already', 'Give a later instant.'));
  }
  const urgency = urgencyAt(to, startedAt, now);
  draft.rollouts.put(id, { ...rollout, deadline: to, urgency });
  for (const site of rollout.sites) moved.sites.add(site);
  const detail = `${instantText(from.dueAt)} to ${instantText(to.dueAt)}, ${to.because}`;
  audit(draft, { at: now, who, what: 'deadline moved to later', object: id, detail });
  return taken;
}
