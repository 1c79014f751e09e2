import type { FaultCode } from '@ringwave/protocol/faults';
import { isFinal } from '@ringwave/protocol/phases';
import { type DurationMs, type EpochMs, type Mac, minutes } from '@ringwave/protocol/units';
import { putProgress } from './progress.ts';
import { type ControllerDraft, type Progress, progressKey } from './state.ts';

// When many phones of one site fail of the same breath, the site has a trouble and not each phone: a power
// cut, a dead switch, a line. It counts once against a gate, and is told as one thing.

/** Failures of one site that follow each other within this belong together. */
export const incidentGap: DurationMs = minutes(30);
/** Fewer than three may be chance. */
export const incidentPhonesMin = 3;
/** Kept by MAC in one row; a site has 2,000 phones at most, and a hundred tell the story. */
const phonesKeptMax = 100;

/**
 * Faults that a site's power, switches or line can be behind. Silence after a restart is not among them: a
 * release that kills phones looks like that, and each of them has to count.
 */
const OF_A_SITE: readonly FaultCode[] = [
  'phone-never-asked',
  'download-stalled',
  'image-unreachable',
];

export interface Incident {
  readonly since: EpochMs;
  readonly lastAt: EpochMs;
  /** The first phone: it counts for all, and whoever it is handed to where it fails no more. */
  readonly lead: Mac;
  readonly phones: readonly Mac[];
  readonly count: number;
}

/** Each wave has its own: one that a phone of another wave led would count in none of this wave's results. */
export const incidentKey = ({ rollout, site, wave }: Pick<Progress, 'rollout' | 'site' | 'wave'>) =>
  `${rollout}/${site}/${wave}`;

/** Takes a failed phone into the trouble of its site, when there is one; by when it failed, told however late. */
export function joinIncident(draft: ControllerDraft, progress: Progress): void {
  const { rollout, mac, fault, at } = progress;
  if (!fault || !OF_A_SITE.includes(fault)) return;
  const key = incidentKey(progress);
  const known = draft.incidents.get(key);
  const goesOn =
    known !== undefined && at - known.lastAt <= incidentGap && known.since - at <= incidentGap;
  if (!goesOn) {
    draft.incidents.put(key, { since: at, lastAt: at, lead: mac, phones: [mac], count: 1 });
    return;
  }
  // It went on meanwhile and fails of the same again; the first one of all is counted by itself then.
  if (known.phones.includes(mac)) {
    if (known.count >= incidentPhonesMin && mac !== known.lead)
      mark(draft, rollout, mac, known.lead);
    return;
  }
  const phones = [...known.phones, mac].slice(0, phonesKeptMax);
  const since = earlier(known.since, at);
  const next = { ...known, since, lastAt: later(known.lastAt, at), phones, count: known.count + 1 };
  draft.incidents.put(key, next);
  if (next.count < incidentPhonesMin) return;
  // From the third on all of them are one; those before are taken in when it becomes that.
  const joining = next.count === incidentPhonesMin ? phones : [mac];
  for (const one of joining) mark(draft, rollout, one, next.lead);
}

const earlier = (a: EpochMs, b: EpochMs): EpochMs => (a < b ? a : b);
const later = (a: EpochMs, b: EpochMs): EpochMs => (a > b ? a : b);

/** How a part stands, as it is kept or told. */
type Standing = Pick<Progress, 'phase'> & { readonly fault?: FaultCode | undefined };

/** Whether what has become of a failed phone has nothing to do with the trouble of its site: it goes on, or has ended otherwise. */
export const leavesTrouble = (before: Progress, now: Standing): boolean =>
  isFailed(before) && !isOfTrouble(now);

const isOfTrouble = ({ phase, fault }: Standing): boolean =>
  isFailed({ phase }) && fault !== undefined && OF_A_SITE.includes(fault);

export function withoutTrouble(progress: Progress): Progress {
  const { incident: _incident, leads: _leads, ...rest } = progress;
  return rest;
}

/** A phone that had failed goes on, has proven its version, or is gone: another one counts for the trouble that it led. */
export function leaveIncident(draft: ControllerDraft, before: Progress): void {
  const { mac, incident, leads } = before;
  const key = incidentKey(before);
  const known = draft.incidents.get(key);
  if (known && known.count < incidentPhonesMin) {
    if (known.phones.includes(mac)) leaveFew(draft, key, known, mac);
    return;
  }
  if (incident === undefined || (incident !== mac && !leads)) return;
  const heir = stillFailed(draft, before, incident);
  if (heir) putProgress(draft, { ...heir, leads: true });
  // With nobody left it is over, so that the next failure begins one of its own.
  else if (known?.lead === incident) draft.incidents.remove(key);
}

/** So few may yet become one: whoever failed in no trouble leads none. */
function leaveFew(draft: ControllerDraft, key: string, known: Incident, mac: Mac): void {
  const phones = known.phones.filter((one) => one !== mac);
  const [lead] = phones;
  if (lead === undefined) return draft.incidents.remove(key);
  draft.incidents.put(key, { ...known, lead, phones, count: phones.length });
}

function stillFailed(
  draft: ControllerDraft,
  { rollout, site, wave, mac }: Progress,
  incident: string,
): Progress | undefined {
  for (const one of draft.rosters.get(site) ?? []) {
    const progress = one === mac ? undefined : draft.progress.get(progressKey(rollout, one));
    if (progress?.incident === incident && progress.wave === wave && isFailed(progress))
      return progress;
  }
  return undefined;
}

const isFailed = ({ phase }: Pick<Progress, 'phase'>): boolean =>
  isFinal(phase) && phase !== 'done' && phase !== 'skipped';

function mark(draft: ControllerDraft, rollout: Progress['rollout'], mac: Mac, lead: Mac): void {
  const progress = draft.progress.get(progressKey(rollout, mac));
  if (progress && isOfTrouble(progress)) putProgress(draft, { ...progress, incident: lead });
}
