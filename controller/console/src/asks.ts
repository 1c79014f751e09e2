import type { PhoneView, RolloutView, SiteView } from '@ringwave/protocol/views';
import type { LiveView } from './live-view.ts';
import { withoutCommand } from './gate-parts.ts';
import { pausedBy, totalsOf } from './summary.ts';
import { counted } from './time-text.ts';
import { proposersOf, type Verb } from './verbs.ts';

// What waits for a person: questions that nothing answers by itself, with what answers them.

export type Ask =
  | {
      readonly kind: 'rollout';
      readonly rollout: RolloutView;
      readonly text: string;
      readonly answers: readonly Verb[];
    }
  | { readonly kind: 'freeze'; readonly site: SiteView; readonly text: string }
  | { readonly kind: 'phones'; readonly reason: string; readonly count: number };

/** Reasons told of phones; more of them are found in the list. */
const reasonsMax = 5;

/** `shown` asks in its own panel; its phones are asked for here. */
export function asksOf(
  view: Pick<LiveView, 'rollouts' | 'sites'>,
  shown: RolloutView | undefined,
  phones: readonly PhoneView[],
): readonly Ask[] {
  const rollouts = [...view.rollouts.values()].filter((one) => one.id !== shown?.id);
  const asked = rollouts
    .sort((a, b) => b.createdAt - a.createdAt)
    .flatMap((rollout) => askOf(rollout) ?? []);
  const frozen = [...view.sites.values()].flatMap(freezeAsk);
  return [...asked, ...frozen, ...(shown ? phoneAsks(shown, view, phones) : [])];
}

/** What this rollout asks of a person; undefined where it goes on by itself or has ended. */
function askOf(rollout: RolloutView): Ask | undefined {
  const asks = (text: string, answers: readonly Verb[]): Ask => ({
    kind: 'rollout',
    rollout,
    text,
    answers,
  });
  const { name, state, paused, waves } = rollout;
  if (state === 'awaiting-approval') {
    const others = proposersOf(rollout).join(' or ');
    return asks(`${name} waits for approval by another person than ${others}`, ['approve', 'deny']);
  }
  if (state === 'paused')
    return asks(`${name} is paused by ${pausedBy(rollout)}: ${paused?.reason ?? ''}`, [
      'resume',
      'abort',
    ]);
  const wave = waves.find((one) => one.asks === 'person');
  if (state === 'running' && wave) {
    const why = withoutCommand(wave.why ?? 'Gate met');
    return asks(`Wave ${wave.name} of ${name} is held. ${why}`, ['pass']);
  }
  if (!isOverdue(rollout)) return undefined;
  const left = counted(openIn(rollout), 'phone is', 'phones are');
  return asks(`The deadline of ${name} has passed and ${left} not done`, ['abort']);
}

/** Its deadline has passed, and it has not ended. */
export const isOverdue = ({ deadline, endedAt }: RolloutView): boolean =>
  deadline?.urgency === 'ask-person' && endedAt === null;

/** Phones whose part has not ended. */
export function openIn(rollout: RolloutView): number {
  const { total, done, failed, skipped } = totalsOf(rollout);
  const aside = rollout.waves.reduce((sum, wave) => sum + wave.aside, 0);
  return total - done - failed - skipped - aside;
}

/** A freeze without an end holds until somebody lifts it. */
function freezeAsk(site: SiteView): Ask[] {
  const freeze = frozenFromHere(site);
  if (!freeze || freeze.until !== null) return [];
  return [{ kind: 'freeze', site, text: `${site.name} starts no phone. ${freeze.reason}` }];
}

export const frozenFromHere = ({ holds = [] }: SiteView) =>
  holds.find((one) => one.hold === 'headquarters-freeze');

/** Phones of a running rollout that wait for a person each by itself, by reason, most phones first. */
function phoneAsks(
  shown: RolloutView,
  { sites }: Pick<LiveView, 'sites'>,
  phones: readonly PhoneView[],
): Ask[] {
  if (shown.state !== 'running') return [];
  const counts = new Map<string, number>();
  for (const { site, work } of phones) {
    const of = sites.get(site);
    if (work?.waitingFor !== 'person' || (of && frozenFromHere(of))) continue;
    counts.set(work.reason, (counts.get(work.reason) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, reasonsMax)
    .map(([reason, count]) => ({ kind: 'phones', reason, count }));
}
