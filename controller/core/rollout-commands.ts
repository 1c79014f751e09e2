import { createHash } from 'node:crypto';
import { takesLogin } from '@ringwave/firmware-catalog/vendors/takes-login';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { progressOf, putProgress, replaceProgress } from './progress.ts';
import { conflict, notFound, refused, taken } from './refusal.ts';
import { forgetLeftOut, keepLeftOut } from './left-out.ts';
import { checkRollout } from './rollout-check.ts';
import { adjust } from './rollout-adjust.ts';
import { mayStillDiffer, rolloutDifferences } from './rollout-difference.ts';
import type { Layout } from './rollout-layout.ts';
import { unusableReleases } from './rollout-problems.ts';
import {
  type Command,
  type CommandResult,
  type ControllerDraft,
  type Refusal,
  type Rollout,
  type RolloutInput,
} from './state.ts';
import { dropLines } from './wave-line.ts';
import { type Moved, passWave } from './wave-release.ts';

// What people ask of rollouts: one is created when all its parts fit, approved by a second person as it was
// shown, and changed only before it begins.

export function createRollout(
  draft: ControllerDraft,
  asked: RolloutInput,
  who: string,
  now: EpochMs,
): CommandResult {
  const isTaken = draft.rollouts.has(asked.id);
  const { refusals, layout } = checkRollout(draft, asked, now);
  const there = conflict(`rollout ${asked.id}`, 'exists already', 'Choose another id.');
  if (isTaken || refusals.length > 0 || !layout)
    return refused(...(isTaken ? [there] : []), ...refusals);
  addRollout(draft, asked, layout, { createdBy: who }, now);
  return taken;
}

/** One whose content and id have been checked. */
export function addRollout(
  draft: ControllerDraft,
  { confirmPhones: _confirmed, ...input }: RolloutInput,
  layout: Layout,
  by: Pick<Rollout, 'createdBy' | 'editors'>,
  now: EpochMs,
): void {
  storeRollout(draft, input, layout, { ...by, createdAt: now });
  audit(draft, { at: now, who: by.createdBy, what: 'rollout created', object: input.id });
}

/**
 * Takes another content in before the start; whoever approved the old one has not approved this. Afterwards only more
 * time can be given.
 */
export function editRollout(
  draft: ControllerDraft,
  asked: RolloutInput,
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  const { confirmPhones: _confirmed, ...input } = asked;
  const present = draft.rollouts.get(input.id);
  if (present && !BEFORE_START.some((state) => state === present.state)) {
    const values = rolloutDifferences(present, input);
    if (mayStillDiffer(present, values))
      return adjust(draft, present, { input, values, who }, now, moved);
  }
  return whenState(
    draft,
    input.id,
    BEFORE_START,
    tooLate('It has begun; only a later deadline, or a new rollout, can differ'),
    (old) => {
      // Its own phones are still assigned to it; they are taken out first, so that they are counted once.
      forget(draft, old);
      const { refusals, layout } = checkRollout(draft, asked, now);
      if (refusals.length > 0 || !layout) return refusals;
      const { createdBy, createdAt } = old;
      const editors = [...editorsOf(old).filter((one) => one !== who), who];
      storeRollout(draft, input, layout, { createdBy, createdAt, editedBy: who, editors });
      const isVoid = old.state === 'scheduled' ? '; its approval is void' : '';
      const what = `rollout changed before its start${isVoid}`;
      audit(draft, { at: now, who, what, object: input.id });
      return [];
    },
  );
}

const BEFORE_START = ['draft', 'awaiting-approval', 'scheduled'] as const;

/**
 * What became of a rollout that can no longer be changed or removed. A denied one stays, so that nobody proposes it again by
 * taking the denial away; a policy would at once.
 */
const tooLate =
  (begun: string) =>
  ({ denied, startedAt, endedAt }: Rollout): string => {
    if (denied)
      return `It was denied by ${denied.who} before it began, and a denial is kept; propose what is wanted under another id`;
    if (startedAt !== undefined)
      return endedAt === undefined ? begun : 'It has ended, and its history stays';
    if (endedAt !== undefined) return 'It was ended before it began, and that is kept';
    return 'It was paused before its start. End it with: ringwave rollout abort';
  };

export function removeRollout(
  draft: ControllerDraft,
  id: Id,
  who: string,
  now: EpochMs,
): CommandResult {
  const otherwise = 'It has begun, and its history stays. End it with: ringwave rollout abort';
  return whenState(draft, id, BEFORE_START, tooLate(otherwise), (rollout) => {
    const waits = [...draft.rollouts.values()].find((one) => one.after?.includes(id));
    if (waits) {
      const reason = `is what rollout ${waits.id} waits for`;
      return conflict(`rollout ${id}`, reason, `Change or remove ${waits.id} first.`);
    }
    forget(draft, rollout);
    draft.rollouts.remove(id);
    audit(draft, { at: now, who, what: 'rollout removed before its start', object: id });
    return undefined;
  });
}

function forget(draft: ControllerDraft, rollout: Rollout): void {
  // Those of phones that are in the inventory no more are on no roster.
  for (const [key, { rollout: of, mac }] of Array.from(draft.progress.entries())) {
    if (of !== rollout.id) continue;
    draft.progress.remove(key);
    const left = (draft.assignments.get(mac) ?? []).filter((one) => one !== rollout.id);
    if (left.length > 0) draft.assignments.put(mac, left);
    else draft.assignments.remove(mac);
  }
  dropLines(draft, rollout);
  forgetLeftOut(draft, rollout.id, rollout.leftOut?.kept ?? 0);
}

function storeRollout(
  draft: ControllerDraft,
  input: RolloutInput,
  layout: Layout,
  made: Pick<Rollout, 'createdBy' | 'createdAt' | 'editedBy' | 'editors'>,
): void {
  const { members, waveOf } = layout.assignment;
  const waves = layout.waves.map((spec, index) => ({
    spec,
    state: 'closed' as const,
    counts: { total: members[index]?.length ?? 0, done: 0, failed: 0, skipped: 0 },
  }));
  const leftOut = keepLeftOut(draft, input.id, layout.leftOut);
  const rollout: Rollout = {
    ...input,
    ...made,
    state: 'awaiting-approval',
    waves,
    sites: layout.sites,
    ...(leftOut ? { leftOut } : {}),
    ...(layout.cautions.length > 0 ? { cautions: layout.cautions } : {}),
    contentHash: createHash('sha256').update(JSON.stringify(input)).digest('hex'),
    round: 1,
  };
  draft.rollouts.put(input.id, rollout);
  const alone = [input.id];
  for (const phone of layout.phones) {
    const target = layout.releaseOf(phone)?.version ?? '';
    const part = { phone, wave: waveOf(phone.mac), target };
    addPhone(draft, rollout, part, made.createdAt, alone);
  }
}

/** One phone becomes part of a rollout; its wave's total has to count it already. `alone`: the rollouts of a phone in no other. */
export function addPhone(
  draft: ControllerDraft,
  { id }: Rollout,
  { phone, wave, target }: { phone: { mac: Mac; site: Id }; wave: number; target: string },
  now: EpochMs,
  alone: readonly Id[] = [id],
): void {
  const { mac, site } = phone;
  const start = { phase: 'waiting' as const, attempt: 0, at: now, hops: none };
  replaceProgress(draft, undefined, { rollout: id, mac, site, wave, target, ...start });
  const before = draft.assignments.get(mac);
  draft.assignments.put(mac, before ? [...before, id] : alone);
}

/** Rows are never mutated, so that a million of them may hold the same list. */
const none: readonly Id[] = [];

const editorsOf = ({ editors, editedBy }: Rollout): readonly string[] =>
  editors ?? (editedBy === undefined ? [] : [editedBy]);

/** A name in capitals is no second person. */
export const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Four eyes: bound to what was shown, and never given by whoever proposed or changed it. */
export function approve(
  draft: ControllerDraft,
  command: Extract<Command, { kind: 'rollout-approve' }>,
  who: string,
  now: EpochMs,
): CommandResult {
  const { rollout: id, contentHash, remark, breakGlass } = command;
  return whenState(draft, id, ['awaiting-approval'], 'It does not wait for approval', (rollout) => {
    if (contentHash !== undefined && contentHash !== rollout.contentHash) {
      return conflict(
        `rollout ${id}`,
        'changed since it was shown for approval',
        'Read it again, then approve what it says now.',
      );
    }
    const isOwn = [rollout.createdBy, ...editorsOf(rollout)].some((one) => isSame(one, who));
    if (isOwn && breakGlass === undefined) return ownProposal(id, who);
    const unusable = unusableReleases(draft, rollout)[0];
    if (unusable) return unusable;
    draft.rollouts.put(id, {
      ...rollout,
      state: 'scheduled',
      approvedBy: who,
      ...(remark === undefined ? {} : { approvalRemark: remark }),
      ...(breakGlass === undefined ? {} : { brokeGlass: breakGlass }),
    });
    if (rollout.rotateCredentials) wantNewCredentials(draft, rollout);
    // Whoever breaks the glass says that there is no second person; his reason is never dropped.
    const what =
      breakGlass === undefined ? 'rollout approved' : 'rollout approved without a second person';
    const said = breakGlass ?? remark;
    const detail = said === undefined ? rollout.contentHash : `${rollout.contentHash} ${said}`;
    audit(draft, { at: now, who, what, object: id, detail });
    return undefined;
  });
}

const ownProposal = (id: Id, who: string): Refusal => ({
  code: 'forbidden',
  thing: `rollout ${id}`,
  reason: `was proposed or changed by ${who}, who cannot approve it as well`,
  next: 'Let somebody else approve it; in an emergency give --break-glass with the reason, which is kept.',
});

export function deny(
  draft: ControllerDraft,
  { rollout: id, remark }: { rollout: Id; remark: string },
  who: string,
  now: EpochMs,
): CommandResult {
  const states = ['awaiting-approval', 'scheduled'] as const;
  return whenState(draft, id, states, 'It does not wait for approval', (rollout) => {
    draft.rollouts.put(id, { ...rollout, state: 'aborted', endedAt: now, denied: { who, remark } });
    for (const progress of Array.from(progressOf(draft, rollout))) {
      const detail = `Denied by ${who}: ${remark}`.slice(0, 240);
      putProgress(draft, { ...progress, phase: 'skipped', at: now, detail });
      const left = (draft.assignments.get(progress.mac) ?? []).filter((one) => one !== id);
      if (left.length > 0) draft.assignments.put(progress.mac, left);
      else draft.assignments.remove(progress.mac);
    }
    audit(draft, { at: now, who, what: 'rollout denied', object: id, detail: remark });
  });
}

/** The person that a held wave asks says yes. */
export function letPass(
  draft: ControllerDraft,
  id: Id,
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  return whenState(
    draft,
    id,
    ['running'],
    'Only a running rollout has a wave that asks',
    (rollout) => {
      const index = rollout.waves.findIndex((wave) => wave.asks === 'person');
      if (index === -1) {
        const next = `See its waves with: ringwave rollout show ${id}`;
        return conflict(`rollout ${id}`, 'has no wave that waits for a person', next);
      }
      passWave(draft, id, index, `Let pass by ${who}`, now, moved);
      return undefined;
    },
  );
}

/** From now on nobody joins; it ends when the phones that it has have ended. */
export function closeRollout(
  draft: ControllerDraft,
  id: Id,
  who: string,
  now: EpochMs,
): CommandResult {
  return whenState(draft, id, ['running', 'paused'], 'It is not going on', (rollout) => {
    if (!rollout.waves.some((wave) => wave.spec.dynamic)) {
      const next = 'Nothing to do: it ends with its last phone.';
      return conflict(`rollout ${id}`, 'has no wave that late phones join', next);
    }
    const waves = rollout.waves.map((wave) => {
      const { dynamic, ...spec } = wave.spec;
      return dynamic ? { ...wave, spec, isClosed: true as const } : wave;
    });
    draft.rollouts.put(id, { ...rollout, waves });
    audit(draft, { at: now, who, what: 'rollout closed to late phones', object: id });
    return undefined;
  });
}

/**
 * Phones that already have a proven credential get the next generation; the others get their first one anyway. One that
 * cannot be told a login never has any: for it the wish alone is the occasion to be given the passwords of its base again.
 */
function wantNewCredentials(draft: ControllerDraft, rollout: Rollout): void {
  for (const { mac } of progressOf(draft, rollout)) {
    const phone = draft.phones.get(mac);
    const known =
      phone && !takesLogin(phone) ? phone.credentialGeneration : phone?.credential?.generation;
    if (!phone || known === undefined || known < phone.credentialGeneration) continue;
    draft.phones.put(mac, { ...phone, credentialGeneration: known + 1 });
  }
}

export function whenState(
  draft: ControllerDraft,
  rolloutId: Id,
  states: readonly Rollout['state'][],
  otherwise: string | ((rollout: Rollout) => string),
  act: (rollout: Rollout) => readonly Refusal[] | Refusal | undefined | void,
): CommandResult {
  const rollout = draft.rollouts.get(rolloutId);
  if (!rollout) {
    const known = [...draft.rollouts.entries()].map(([key]) => key);
    return refused(notFound('rollout', rolloutId, known));
  }
  if (!states.includes(rollout.state)) {
    return refused(
      conflict(
        `rollout ${rolloutId}`,
        `is ${rollout.state}. ${typeof otherwise === 'string' ? otherwise : otherwise(rollout)}`,
        `See it with: ringwave rollout show ${rolloutId}`,
      ),
    );
  }
  const said = act(rollout);
  const refusals = said === undefined ? [] : [said].flat();
  return refusals.length > 0 ? refused(...refusals) : taken;
}
