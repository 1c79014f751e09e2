import type { EpochMs } from '@ringwave/protocol/units';
import {
  approve,
  closeRollout,
  createRollout,
  deny,
  editRollout,
  letPass,
  removeRollout,
  whenState,
} from './rollout-commands.ts';
import { abort, pause, resume } from './rollout-end.ts';
import { unusableReleases } from './rollout-problems.ts';
import type { Command, CommandResult, ControllerDraft } from './state.ts';
import type { Moved } from './wave-release.ts';

// Which command of a rollout is taken by what, and in which of its states.

type RolloutCommand = Extract<Command, { kind: `rollout-${string}` }>;

export const isRolloutCommand = (command: Command): command is RolloutCommand =>
  command.kind.startsWith('rollout-');

export function takeRolloutCommand(
  draft: ControllerDraft,
  command: RolloutCommand,
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  switch (command.kind) {
    case 'rollout-create':
      return createRollout(draft, command.input, who, now);
    case 'rollout-edit':
      return editRollout(draft, command.input, who, now, moved);
    case 'rollout-remove':
      return removeRollout(draft, command.rollout, who, now);
    case 'rollout-approve':
      return approve(draft, command, who, now);
    case 'rollout-deny':
      return deny(draft, command, who, now);
    case 'rollout-pass':
      return letPass(draft, command.rollout, who, now, moved);
    case 'rollout-close':
      return closeRollout(draft, command.rollout, who, now);
    case 'rollout-pause':
      return whenState(
        draft,
        command.rollout,
        ['running'],
        'Only a running rollout can be paused',
        (rollout) =>
          pause(draft, rollout.id, { by: 'person', who, reason: command.reason }, now, moved),
      );
    case 'rollout-resume':
      return whenState(
        draft,
        command.rollout,
        ['paused'],
        'Only a paused rollout can be resumed',
        (rollout) =>
          unusableReleases(draft, rollout)[0] ?? resume(draft, rollout.id, who, now, moved),
      );
    case 'rollout-abort':
      return whenState(
        draft,
        command.rollout,
        ['draft', 'awaiting-approval', 'scheduled', 'running', 'paused'],
        'It has ended already',
        (rollout) => {
          const { reason, force = false } = command;
          return abort(draft, rollout.id, { who, reason, force }, now, moved);
        },
      );
    default:
      return command satisfies never;
  }
}
