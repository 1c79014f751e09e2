import type { RolloutView } from '@ringwave/protocol/views';

// What a person can do to a rollout, and what has to be said with it.

export const VERBS = [
  'approve',
  'deny',
  'pass',
  'pause',
  'resume',
  'close',
  'abort',
  'remove',
] as const;
export type Verb = (typeof VERBS)[number];

/** What is typed with a verb. REST takes reasons of 200 characters and remarks of 500. */
export interface VerbText {
  readonly key: 'reason' | 'remark' | 'breakGlass';
  readonly label: string;
  readonly isNeeded: boolean;
  readonly lengthMax: number;
}

interface VerbRule {
  readonly label: string;
  readonly isDanger?: true;
  readonly text?: VerbText;
}

export const VERB: Record<Verb, VerbRule> = {
  approve: {
    label: 'Approve',
    text: {
      key: 'remark',
      label: 'Remark (kept with the approval)',
      isNeeded: false,
      lengthMax: 500,
    },
  },
  deny: {
    label: 'Deny',
    isDanger: true,
    text: {
      key: 'remark',
      label: 'Why (needed, kept with the denial)',
      isNeeded: true,
      lengthMax: 500,
    },
  },
  pass: { label: 'Let pass' },
  pause: {
    label: 'Pause',
    text: { key: 'reason', label: 'Reason (kept in the audit)', isNeeded: false, lengthMax: 200 },
  },
  resume: { label: 'Resume' },
  close: { label: 'Close to new phones' },
  abort: {
    label: 'Abort',
    isDanger: true,
    text: {
      key: 'reason',
      label: 'Reason (needed, kept in the audit)',
      isNeeded: true,
      lengthMax: 200,
    },
  },
  remove: { label: 'Remove', isDanger: true },
};

/** In an approval without a second person the reason takes the place of the remark. */
export const BREAK_GLASS: VerbText = {
  key: 'breakGlass',
  label: 'Why nobody else can approve it (needed, kept with the approval and in the audit)',
  isNeeded: true,
  lengthMax: 500,
};

export function verbsOf({ state, waves }: RolloutView): readonly Verb[] {
  const pass: Verb[] = waves.some((wave) => wave.asks === 'person') ? ['pass'] : [];
  const close: Verb[] = waves.some((wave) => wave.dynamic) ? ['close'] : [];
  switch (state) {
    case 'draft':
      return ['remove'];
    case 'awaiting-approval':
      return ['approve', 'deny', 'remove'];
    case 'scheduled':
      return ['deny', 'abort', 'remove'];
    case 'running':
      return [...pass, 'pause', ...close, 'abort'];
    case 'paused':
      return ['resume', ...close, 'abort'];
    case 'done':
    case 'done-with-failures':
    case 'aborted':
      return [];
    default:
      return state satisfies never;
  }
}

/** Whoever proposed a rollout or changed it since: none of them can approve it. */
export const proposersOf = ({ createdBy, editors }: RolloutView): readonly string[] => [
  ...new Set([createdBy, ...editors]),
];
