import { changesOf, draftOf } from '@ringwave/protocol/tables';
import { type EpochMs, earliest, type Id } from '@ringwave/protocol/units';
import { reviewBonds } from './bond-review.ts';
import { nextBondLook } from './bonds.ts';
import { translateAdvisories } from './claim-commands.ts';
import { takeCommand } from './commands.ts';
import { beginMissingLives } from './release-commands.ts';
import { beginRun, hasPlan, heard, takeHello, takeReport, takeWill } from './fleet.ts';
import { gateOf } from './gate.ts';
import { nextResend, resendsDue, sendPlans } from './owed.ts';
import { isAged, replan, replanWritten } from './plan.ts';
import { plansTouched } from './plan-touched.ts';
import { advance, checkAnswered, nextTimeOf } from './rollout.ts';
import { type Moved, noMoves } from './wave-release.ts';
import type {
  Command,
  ControllerDraft,
  ControllerEffect,
  ControllerEvent,
  ControllerState,
  ControllerStep,
} from './state.ts';

/**
 * What follows from one event at one instant: reads what is known, never waits, never writes. State, plans
 * and what is owed to agents change in one transaction; messages leave after it.
 */
export function stepController(
  state: ControllerState,
  event: ControllerEvent,
  now: EpochMs,
): ControllerStep {
  const draft = draftOf(state.tables);
  const effects: ControllerEffect[] = [];
  const moved = noMoves();
  const answer = take(draft, event, now, moved, effects);
  // A refused command leaves nothing behind, whatever it had begun to change.
  if (answer && !answer.result.ok) return refusedStep(state, answer, now);
  if (answer) effects.push(answer);
  const timer = settle(draft, event, now, moved);
  effects.push(...moved.asks.flatMap((ask) => checkOf(draft, ask)));
  const resend = sendPlans(draft, sitesToTell(draft, event, moved, now), now, effects);
  return { changes: changesOf(draft), effects, wakeAt: earliest(timer, resend) };
}

type Answer = Extract<ControllerEffect, { kind: 'answer' }>;

function refusedStep(state: ControllerState, answer: Answer, now: EpochMs): ControllerStep {
  const draft = draftOf(state.tables);
  const wakeAt = earliest(nextRolloutTime(draft, now), nextResend(draft));
  return { changes: [], effects: [answer], wakeAt };
}

function take(
  draft: ControllerDraft,
  event: ControllerEvent,
  now: EpochMs,
  moved: Moved,
  effects: ControllerEffect[],
): Answer | undefined {
  switch (event.kind) {
    case 'started':
      if (event.run !== undefined) beginRun(draft, event.run);
      beginMissingLives(draft, now);
      translateAdvisories(draft, now);
      return undefined;
    case 'woke':
      return undefined;
    case 'command': {
      const result = takeCommand(draft, event.command, event.who, now, moved);
      const halt = draft.halt.get('halt');
      if (event.command.kind === 'halt' && halt) effects.push({ kind: 'send-halt', halt });
      const cut = result.ok ? loginEnded(event.command) : undefined;
      if (cut) effects.push({ kind: 'cut-site', site: cut });
      return { kind: 'answer', id: event.id, result };
    }
    case 'hello':
      takeHello(draft, event.site, event.hello, now, effects);
      return undefined;
    case 'report':
      takeReport(draft, event.site, event.report, now, moved, effects);
      return undefined;
    case 'beat':
      heard(draft, event.site, now, event.beat.conn);
      hasPlan(draft, event.site, event.beat, now);
      return undefined;
    case 'last-will':
      takeWill(draft, event.site, event.will.conn, now);
      return undefined;
    case 'check-answered':
      checkAnswered(draft, event, now, moved);
      moved.rollouts.add(event.rollout);
      return undefined;
    default:
      return event satisfies never;
  }
}

/** Rollouts move, then the plans of the sites that they touched. Gives when time alone moves a rollout. */
function settle(
  draft: ControllerDraft,
  event: ControllerEvent,
  now: EpochMs,
  moved: Moved,
): EpochMs | undefined {
  const isWide = event.kind === 'woke' || event.kind === 'started' || event.kind === 'command';
  const rollouts = isWide ? [...draft.rollouts.values()].map((one) => one.id) : moved.rollouts;
  reviewBonds(draft, now, moved);
  for (const id of rollouts) advance(draft, id, now, moved);
  for (const site of plansTouched(draft, moved.sites)) moved.sites.add(site);
  for (const site of moved.sites) replanWritten(draft, site, now);
  // A site's own word is the occasion to renew its lease, so that no tick walks all sites.
  if ('site' in event && isAged(draft, event.site, now)) replan(draft, event.site, now);
  return nextRolloutTime(draft, now);
}

function nextRolloutTime(draft: ControllerDraft, now: EpochMs): EpochMs | undefined {
  let next = nextBondLook(draft);
  for (const rollout of draft.rollouts.values())
    next = earliest(next, nextTimeOf(draft, rollout, now));
  return next !== undefined && next < now ? now : next;
}

function checkOf(
  draft: ControllerDraft,
  { rollout: id, wave: index }: Moved['asks'][number],
): ControllerEffect[] {
  const rollout = draft.rollouts.get(id);
  const wave = rollout?.waves[index];
  const url = rollout && wave && gateOf(rollout, wave).askUrl;
  if (!wave || url === undefined) return [];
  const { counts, spec, question = 0 } = wave;
  const asked = { rollout: id, wave: index, question };
  return [{ kind: 'ask-check', ...asked, url, name: spec.name, counts }];
}

/** Whose plan may have to be sent: what changed of it or of its line in this step, or it is due to be sent again. */
function sitesToTell(
  draft: ControllerDraft,
  event: ControllerEvent,
  moved: Moved,
  now: EpochMs,
): Set<Id> {
  const changed = [...draft.plans.written().keys(), ...draft.presence.written().keys()] as Id[];
  const ofEvent = 'site' in event ? [event.site] : [];
  return new Set([...moved.sites, ...changed, ...resendsDue(draft, now), ...ofEvent]);
}

/** The site whose agent has a new login after this command, or none any more. */
function loginEnded(command: Command): Id | undefined {
  if (command.kind === 'site-remove') return command.site;
  return command.kind === 'agent-enrol' ? command.agent.site : undefined;
}
