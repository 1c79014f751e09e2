import { fractionOf } from '@ringwave/protocol/keyed-hash';
import { isFinal } from '@ringwave/protocol/phases';
import {
  type DurationMs,
  type EpochMs,
  type Id,
  type Mac,
  minutes,
} from '@ringwave/protocol/units';
import { orderKey } from './pairs.ts';
import { progressOf } from './progress.ts';
import { type ControllerDraft, progressKey, type Progress, type Rollout } from './state.ts';

// The line of a paced wave: its phones in hashed order, in pieces, so that letting one go touches one piece
// and not the whole wave.

/** A piece of this many MACs is a row of 10 KiB. */
export const pieceMax = 500;
/** Passed over in one look because their sites had their share; beyond it the look ends. */
const passedOverMax = 1000;
/** How long a site's share is for. */
const shareOf: DurationMs = minutes(1);

const pieceKey = (rollout: Id, wave: number, piece: number): string =>
  `${rollout}/${wave}/${String(piece).padStart(6, '0')}`;

/** Lines up the phones of a wave that have not ended. Gives how many there are. */
export function fillLine(draft: ControllerDraft, rollout: Rollout, wave: number): number {
  const macs: { mac: Mac; rank: number }[] = [];
  for (const progress of progressOf(draft, rollout)) {
    if (progress.wave !== wave || !isToLetGo(progress)) continue;
    const { mac } = progress;
    const phone = draft.phones.get(mac);
    macs.push({ mac, rank: fractionOf(rollout.id, phone ? orderKey(phone) : mac) });
  }
  // In which order progress is read depends on how much of it there is.
  macs.sort((a, b) => a.rank - b.rank || (a.mac < b.mac ? -1 : 1));
  const line = macs.map(({ mac }) => mac);
  for (let piece = 0; piece * pieceMax < line.length; piece += 1) {
    const part = line.slice(piece * pieceMax, (piece + 1) * pieceMax);
    draft.lines.put(pieceKey(rollout.id, wave, piece), part);
  }
  draft.lineEnds.put(`${rollout.id}/${wave}`, {
    first: 0,
    end: Math.ceil(line.length / pieceMax),
  });
  return line.length;
}

/** Whatever its site says of it: one that got its work from a controller that was put back since may be held there. */
const isToLetGo = ({ phase, hops }: Progress): boolean => !isFinal(phase) && hops.length === 0;

/** A phone that comes late stands last. */
export function joinLine(draft: ControllerDraft, rollout: Id, wave: number, mac: Mac): void {
  const at = `${rollout}/${wave}`;
  const { first, end } = draft.lineEnds.get(at) ?? { first: 0, end: 0 };
  const last = draft.lines.get(pieceKey(rollout, wave, end - 1)) ?? [];
  if (end > first && last.length < pieceMax) {
    draft.lines.put(pieceKey(rollout, wave, end - 1), [...last, mac]);
    return;
  }
  draft.lines.put(pieceKey(rollout, wave, end), [mac]);
  draft.lineEnds.put(at, { first, end: end + 1 });
}

/** One that had ended waits for its turn again. */
export function standLast(draft: ControllerDraft, id: Id, { wave: index, mac }: Progress): void {
  const rollout = draft.rollouts.get(id);
  const paced = rollout?.waves[index]?.paced;
  if (!rollout || !paced) return;
  const waves = rollout.waves.map((wave, place) =>
    place === index ? { ...wave, paced: { ...paced, waiting: paced.waiting + 1 } } : wave,
  );
  draft.rollouts.put(id, { ...rollout, waves });
  joinLine(draft, id, index, mac);
}

/**
 * Takes up to `count` phones from the front, passing over those whose site has had its share within the last minute.
 * Phones that ended or left the rollout meanwhile are dropped, and said to be so.
 */
export function takeFromLine(
  draft: ControllerDraft,
  rollout: Rollout,
  wave: number,
  { count, perSite, now }: { count: number; perSite: number | undefined; now: EpochMs },
): { readonly taken: readonly Progress[]; readonly dropped: number } {
  const at = `${rollout.id}/${wave}`;
  const line = draft.lineEnds.get(at);
  if (!line || count === 0) return { taken: [], dropped: 0 };
  const share = siteShare(draft, at, perSite, now);
  const taken: Progress[] = [];
  // One that was removed and put back stands twice in it.
  const once = new Set<Mac>();
  let dropped = 0;
  let passedOver = 0;
  let { first } = line;
  for (let piece = first; piece < line.end; piece += 1) {
    const key = pieceKey(rollout.id, wave, piece);
    const left: Mac[] = [];
    for (const mac of draft.lines.get(key) ?? []) {
      if (taken.length >= count || passedOver > passedOverMax) {
        left.push(mac);
        continue;
      }
      const progress = draft.progress.get(progressKey(rollout.id, mac));
      if (!progress || !isToLetGo(progress) || progress.wave !== wave || once.has(mac))
        dropped += 1;
      else if (share.take(progress.site)) {
        taken.push(progress);
        once.add(mac);
      } else {
        passedOver += 1;
        left.push(mac);
      }
    }
    if (left.length > 0) draft.lines.put(key, left);
    else draft.lines.remove(key);
    if (left.length === 0 && piece === first) first += 1;
    if (taken.length >= count || passedOver > passedOverMax) break;
  }
  if (first === line.end) draft.lineEnds.remove(at);
  else if (first !== line.first) draft.lineEnds.put(at, { ...line, first });
  share.keep();
  return { taken, dropped };
}

/** When each site has had its phones within the last minute: any minute, so that no two shares meet where one begins. */
function siteShare(
  draft: ControllerDraft,
  at: string,
  perSite: number | undefined,
  now: EpochMs,
): { take(site: Id): boolean; keep(): void } {
  if (perSite === undefined) return { take: () => true, keep: () => {} };
  const went = new Map<string, readonly EpochMs[]>();
  for (const [site, times] of Object.entries(draft.lineShares.get(at)?.went ?? {})) {
    // A clock that was set back lets nobody wait for longer than a minute.
    const recent = times.filter((time) => time <= now && now - time < shareOf);
    if (recent.length > 0) went.set(site, recent);
  }
  return {
    take: (site) => {
      const had = went.get(site) ?? [];
      if (had.length >= perSite) return false;
      went.set(site, [...had, now]);
      return true;
    },
    keep: () => draft.lineShares.put(at, { went: Object.fromEntries(went) }),
  };
}

/** Nothing of a line is left behind when its rollout ends. */
export function dropLines(draft: ControllerDraft, rollout: Rollout): void {
  for (const [wave] of rollout.waves.entries()) {
    const at = `${rollout.id}/${wave}`;
    const line = draft.lineEnds.get(at);
    for (let piece = line?.first ?? 0; piece < (line?.end ?? 0); piece += 1) {
      draft.lines.remove(pieceKey(rollout.id, wave, piece));
    }
    draft.lineEnds.remove(at);
    draft.lineShares.remove(at);
  }
}
