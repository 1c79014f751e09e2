import { changesOf, draftOf } from '@ringwave/protocol/tables';
import { type EpochMs, earliest } from '@ringwave/protocol/units';
import { callsCounted } from './call-hours.ts';
import { noteController } from './clock-check.ts';
import { clockJumped } from './clock-jump.ts';
import { fetchOf, imageFailed, imageHeld, imageLost } from './image-needs.ts';
import { phoneClaimed } from './discovered.ts';
import {
  configServed,
  imageBegan,
  imageLeft,
  phoneAsked,
  registrationSeen,
  wakeAnswered,
} from './phone-events.ts';
import { emergencyCall, endHolds, freezeRead } from './holds.ts';
import { takePlan, retell } from './plan-intake.ts';
import { nextEdge } from './plan-index.ts';
import { nextOpening, openingNow } from './queue.ts';
import { setRates } from './rates.ts';
import { raise, strangerAsked } from './provisioning/strangers.ts';
import { macContested, secretBrokeOff, secretOffered } from './provisioning/secret-guard.ts';
import { deliveryOf, greet, report, sendDue, takeAck } from './reporting.ts';
import { loggedIn, owedSecrets, secretMade, startRotations } from './rotation.ts';
import { graceEnds, mayWakeAgain, serveQueue, timeOut } from './slots.ts';
import { wakeOf } from './turns.ts';
import type {
  AgentDraft,
  AgentEffect,
  AgentEvent,
  AgentState,
  AgentStep,
  HeldPlan,
} from './state.ts';

/**
 * What follows from one event at one instant. Reads what is known, never waits, never writes: the shell
 * commits `changes`, folds them in, performs `effects` and calls again at `wakeAt`.
 */
export function stepAgent(state: AgentState, event: AgentEvent, now: EpochMs): AgentStep {
  const draft = draftOf(state.tables);
  const effects: AgentEffect[] = [];
  take(draft, state, event, now, effects);
  const held = draft.plan.get('plan');
  const timers = held ? advance(draft, held, now, effects) : [];
  timers.push(sendDue(draft, state.version, now, effects));
  return { changes: changesOf(draft), effects, wakeAt: earliest(...timers) };
}

function take(
  draft: AgentDraft,
  state: AgentState,
  event: AgentEvent,
  now: EpochMs,
  effects: AgentEffect[],
): void {
  switch (event.kind) {
    case 'started':
      draft.resumed.put('resumed', now);
      // Kept over several restarts until a controller has answered: a backup may have been put back before the first of them.
      draft.firstSeq.put('firstSeq', draft.firstSeq.get('firstSeq') ?? deliveryOf(draft).nextSeq);
      if (event.frozen !== undefined) {
        freezeRead(draft, { kind: 'freeze-read', reason: event.frozen }, now);
      }
      return resume(draft, now, effects);
    case 'woke':
      return undefined;
    case 'clock-jumped':
      return clockJumped(draft, { by: event.by, version: state.version }, now, effects);
    case 'link-up':
      return greet(draft, event.conn, state.version, now, effects);
    case 'link-down':
      // A late word about an earlier connection must not end the present one.
      if (draft.link.get('link')?.conn === event.conn) draft.link.remove('link');
      return undefined;
    case 'acked':
      noteController(draft, event.ack, now);
      if (takeAck(draft, event.ack)) retell(draft, now);
      return undefined;
    case 'plan-came':
      return takePlan(draft, event.plan, now);
    case 'plan-refused':
      return report(draft, {
        kind: 'agent-fault',
        at: now,
        fault: event.fault,
        detail: event.detail,
      });
    case 'halt-came':
      if (event.halt.counter > (draft.halt.get('halt')?.counter ?? 0)) {
        draft.halt.put('halt', event.halt);
      }
      return undefined;
    default:
      return takeAtSite(draft, event, now);
  }
}

type ControllerWord =
  | 'started'
  | 'woke'
  | 'clock-jumped'
  | 'link-up'
  | 'link-down'
  | 'acked'
  | 'plan-came'
  | 'plan-refused'
  | 'halt-came';

/** What is seen on the site itself: images, phones, calls, and whoever stands at the box. */
function takeAtSite(
  draft: AgentDraft,
  event: Exclude<AgentEvent, { readonly kind: ControllerWord }>,
  now: EpochMs,
): void {
  switch (event.kind) {
    case 'image-held':
      return imageHeld(draft, event.digest, event.fetchedBytes, now);
    case 'image-lost':
      return imageLost(draft, event.digest, now);
    case 'image-failed':
      return imageFailed(draft, event.digest, event.fault, now);
    case 'phone-asked':
      loggedIn(draft, event.mac, event.generation, now);
      return phoneAsked(draft, event, now);
    case 'image-began':
    case 'image-progressed':
      return imageBegan(draft, event, now);
    case 'image-left':
      return imageLeft(draft, event, now);
    case 'wake-answered':
      return wakeAnswered(draft, event, now);
    case 'registration-seen':
      return registrationSeen(draft, event, now);
    case 'secret-offered':
      return secretOffered(draft, event, now);
    case 'secret-broke-off':
      return secretBrokeOff(draft, event);
    case 'mac-contested':
      return macContested(draft, event, now);
    case 'config-served':
      return configServed(draft, event, now);
    case 'stranger-asked':
      return strangerAsked(draft, event, now);
    case 'phone-claimed':
      return phoneClaimed(draft, event, now);
    case 'alarm-raised':
      return raise(draft, event, now);
    case 'emergency-call':
      return emergencyCall(draft, event, now);
    case 'freeze-read':
      return freezeRead(draft, event, now);
    case 'calls-counted':
      return callsCounted(draft, event, now);
    case 'secret-made':
      return secretMade(draft, event, now);
    default:
      return event satisfies never;
  }
}

/** What time and the plan demand, whatever the event was. Gives the instants that matter next. */
function advance(
  draft: AgentDraft,
  { plan }: HeldPlan,
  now: EpochMs,
  effects: AgentEffect[],
): (EpochMs | undefined)[] {
  const deadline = timeOut(draft, now);
  startRotations(draft, plan, effects);
  const rates = setRates(draft, plan, now, effects);
  const holds = endHolds(draft, plan, now);
  const queue = serveQueue(draft, plan, now, effects);
  const opening = openingNow(plan, now);
  const edge = (opening?.end ?? nextOpening(plan, now)?.start) as EpochMs | undefined;
  return [deadline, rates, holds, queue, edge, nextEdge(plan, now), graceEnds(draft, now)];
}

/** Effects are re-derived from state, so a crash between commit and effect loses nothing. */
function resume(draft: AgentDraft, now: EpochMs, effects: AgentEffect[]): void {
  const plan = draft.plan.get('plan')?.plan;
  if (!plan) return;
  for (const row of draft.images.values()) {
    if (row.state === 'wanted' && row.retryAt === undefined) effects.push(fetchOf(row, plan));
  }
  for (const work of draft.work.values()) {
    if (work.phase !== 'offered' || work.woken !== false) continue;
    if (mayWakeAgain(draft, plan, work, now)) effects.push(...wakeOf(draft, work));
  }
  effects.push(...owedSecrets(draft, plan));
}
