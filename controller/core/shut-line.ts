import type { Id } from '@ringwave/protocol/units';
import type { WanRule } from './site-limits.ts';
import type { Caution, ControllerDraft } from './state.ts';
import { minuteOf } from './window.ts';

const namedMax = 5;
const dayMinutes = 24 * 60;

/** Sites whose line fetches nothing at any hour: what their boxes do not hold yet never comes. */
export function shutLines(
  draft: Pick<ControllerDraft, 'sites'>,
  rollout: Id,
  sites: readonly Id[],
): readonly Caution[] {
  const shut = sites.filter((site) => isShutAllDay(draft.sites.get(site)?.wanBudget ?? []));
  if (shut.length === 0) return [];
  const [one] = shut;
  const named = shut.slice(0, namedMax).join(', ');
  const others = shut.length > namedMax ? ` and ${shut.length - namedMax} more` : '';
  const [which, fetch] =
    shut.length === 1
      ? [`site ${one}`, 'fetches nothing at any hour of the day, so its phones wait']
      : [`sites ${named}${others}`, 'fetch nothing at any hour of the day, so their phones wait'];
  const thing = `rollout ${rollout}: ${which}`;
  const reason = `${fetch} for an image that the box does not hold`;
  const next = 'Give a rule of wanBudget more than 0 bytes a second, or leave an hour without one.';
  return [{ thing, reason, next }];
}

function isShutAllDay(rules: readonly WanRule[]): boolean {
  const shut = rules.filter(({ bytesPerSecond }) => bytesPerSecond === 0);
  if (shut.length === 0) return false;
  const isShut = new Uint8Array(dayMinutes);
  for (const { start, end } of shut) {
    const [from, to] = [minuteOf(start), minuteOf(end)];
    const until = to <= from ? to + dayMinutes : to;
    for (let minute = from; minute < until; minute += 1) isShut[minute % dayMinutes] = 1;
  }
  return isShut.every((one) => one === 1);
}
