import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { gateMet, isWatched, judgeWave } from './gate.ts';
import { incidentPhonesMin } from './incidents.ts';
import { hasEnded } from './progress.ts';
import {
  type ControllerDraft,
  type Progress,
  progressKey,
  type Rollout,
  type Wave,
} from './state.ts';
import { reopened, setWave } from './wave-release.ts';

// A gate has paused a rollout, and results still come: what halted a wave may no longer count. The words follow what
// counts now; going on is for a person to say.

export function followHalt(draft: ControllerDraft, id: Id, now: EpochMs): void {
  const rollout = draft.rollouts.get(id);
  if (rollout?.state !== 'paused' || rollout.paused?.by !== 'gate') return;
  const index = rollout.waves.findIndex(({ spec }) => spec.name === rollout.paused?.who);
  const wave = rollout.waves[index];
  if (!wave) return;
  const verdict = judgeWave(rollout, wave);
  const isHalted = wave.state === 'halted';
  if (verdict.kind === 'halted') {
    const { why } = verdict;
    if (isHalted ? !wave.byResults || wave.why === why : !mayHaltAgain(wave)) return;
    setWave(draft, id, index, { ...reopened(wave), state: 'halted', byResults: true, why });
    if (!isHalted) say(draft, rollout, wave, { what: 'wave halted again', why }, now);
    return;
  }
  if (!isHalted || !wave.byResults) return;
  const why = `${haltWords(rollout)}; since then ${whatChanged(draft, rollout)}`;
  setWave(draft, id, index, easedWave(rollout, index, wave));
  say(draft, rollout, wave, { what: 'halt no longer holds', why }, now);
}

const mayHaltAgain = (wave: Wave): boolean => wave.state === 'open' || isWatched(wave);

/** As it would stand had it not been halted; where nothing is left to come, a person decides as of any held wave. */
function easedWave(rollout: Rollout, index: number, wave: Wave): Wave {
  const plain = reopened(wave);
  // It had passed before its late failures: by a person, or the wave behind it is open already.
  if (wave.released) return { ...plain, state: 'passed', why: wave.released.why };
  if (rollout.waves[index + 1]?.openedAt !== undefined)
    return { ...plain, state: 'passed', why: gateMet };
  const verdict = judgeWave(rollout, wave);
  if (verdict.kind === 'held') return { ...plain, state: 'held', why: verdict.why };
  return { ...plain, why: verdict.kind === 'passed' ? gateMet : verdict.why };
}

/** What it was paused for in the first place, without what was said of it since. */
const haltWords = ({ paused }: Rollout): string => paused?.reason.split('; since then ')[0] ?? '';

function whatChanged(draft: ControllerDraft, { id }: Rollout): string {
  for (const [key, incident] of draft.incidents.written()) {
    const [rollout, site] = key.split('/');
    if (rollout !== id || !incident || incident.count < incidentPhonesMin) continue;
    return `${incident.count} failures at ${site} have become one incident, which counts once`;
  }
  const isTriedAgain = ([key, now]: [string, Progress | undefined]): boolean => {
    const before = draft.progress.base.get(key);
    return before?.rollout === id && hasEnded(before) && now !== undefined && !hasEnded(now);
  };
  if ([...draft.progress.written()].some(isTriedAgain))
    return 'a site has told that it goes on with phones that had failed';
  const hasGone = [...draft.phones.written()].some(
    ([mac, phone]) =>
      phone === undefined && draft.progress.written().has(progressKey(id, mac as Mac)),
  );
  return hasGone
    ? 'phones that had failed have left the inventory'
    : 'phones have proven their version after all';
}

/** Plans carry the reason of a pause: it changes with what holds, not with every failure more. */
function say(
  draft: ControllerDraft,
  { id }: Rollout,
  { spec }: Wave,
  { what, why }: { what: string; why: string },
  now: EpochMs,
): void {
  const rollout = draft.rollouts.get(id);
  if (!rollout?.paused) return;
  draft.rollouts.put(id, { ...rollout, paused: { ...rollout.paused, reason: why } });
  audit(draft, { at: now, who: 'ringwave', what, object: `${id}/${spec.name}`, detail: why });
}
