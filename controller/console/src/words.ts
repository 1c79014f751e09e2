import type { PhonePhase, RolloutState, WaveState } from '@ringwave/protocol/phases';
import type { SiteView } from '@ringwave/protocol/views';
import type { IconName } from './icon-shapes.ts';

// Each state is a shape, a word and a colour; the word is the product's own. Colour alone says nothing.

export type Tone = 'wait' | 'busy' | 'hold' | 'ok' | 'bad';

/** The lists behind the counts: every phone of a rollout is in exactly one. */
export const GROUPS = ['attention', 'held', 'active', 'waiting', 'skipped', 'done'] as const;
export type Group = (typeof GROUPS)[number];

interface Sign {
  readonly icon: IconName;
  readonly tone: Tone;
}

export const PHASE_SIGN: Record<PhonePhase, Sign & { readonly group: Group }> = {
  waiting: { icon: 'ring', tone: 'wait', group: 'waiting' },
  scheduled: { icon: 'clock', tone: 'wait', group: 'waiting' },
  staged: { icon: 'box', tone: 'wait', group: 'waiting' },
  offered: { icon: 'bell', tone: 'busy', group: 'active' },
  downloading: { icon: 'down', tone: 'busy', group: 'active' },
  rebooting: { icon: 'turn', tone: 'busy', group: 'active' },
  verifying: { icon: 'lens', tone: 'busy', group: 'active' },
  done: { icon: 'check', tone: 'ok', group: 'done' },
  held: { icon: 'bars', tone: 'hold', group: 'held' },
  skipped: { icon: 'skip', tone: 'hold', group: 'skipped' },
  failed: { icon: 'cross', tone: 'bad', group: 'attention' },
  'rolled-back': { icon: 'back', tone: 'bad', group: 'attention' },
  unreachable: { icon: 'slash', tone: 'bad', group: 'attention' },
};

export const GROUP_SIGN: Record<Group, Sign & { readonly means: string }> = {
  attention: { icon: 'cross', tone: 'bad', means: 'failed, rolled back or unreachable' },
  held: { icon: 'bars', tone: 'hold', means: 'held by a call, coverage, budget or freeze' },
  active: { icon: 'down', tone: 'busy', means: 'offered, downloading, rebooting or verifying' },
  waiting: { icon: 'ring', tone: 'wait', means: 'waiting, scheduled or staged' },
  skipped: { icon: 'skip', tone: 'hold', means: 'refused by a pre-check, or taken out' },
  done: { icon: 'check', tone: 'ok', means: 'the phone itself showed the new version' },
};

export const WAVE_SIGN: Record<WaveState, Sign> = {
  closed: { icon: 'lock', tone: 'wait' },
  open: { icon: 'play', tone: 'busy' },
  soaking: { icon: 'glass', tone: 'busy' },
  passed: { icon: 'check', tone: 'ok' },
  held: { icon: 'bars', tone: 'hold' },
  halted: { icon: 'stop', tone: 'bad' },
};

export const ROLLOUT_SIGN: Record<RolloutState, Sign> = {
  draft: { icon: 'ring', tone: 'wait' },
  'awaiting-approval': { icon: 'lock', tone: 'hold' },
  scheduled: { icon: 'clock', tone: 'wait' },
  running: { icon: 'play', tone: 'busy' },
  paused: { icon: 'bars', tone: 'hold' },
  done: { icon: 'check', tone: 'ok' },
  'done-with-failures': { icon: 'cross', tone: 'bad' },
  aborted: { icon: 'stop', tone: 'bad' },
};

export const AGENT_SIGN: Record<SiteView['agent']['state'], Sign & { readonly word: string }> = {
  connected: { icon: 'dot', tone: 'ok', word: 'agent connected' },
  away: { icon: 'slash', tone: 'hold', word: 'agent away' },
  'not-enrolled': { icon: 'dashes', tone: 'wait', word: 'no agent yet' },
};

export const VERDICT_SIGN: Record<'pass' | 'fail' | 'unknown', Sign> = {
  pass: { icon: 'check', tone: 'ok' },
  fail: { icon: 'cross', tone: 'bad' },
  unknown: { icon: 'dashes', tone: 'wait' },
};

/** What a deadline permits by now, as the command line says it, too (test/controller/console/summary.test.ts). */
export const URGENCY_WORDS: Readonly<Record<string, string>> = {
  'idle-only': 'in windows, only phones that are known to be idle',
  window: 'in windows, as usual',
  'any-idle-minute': 'in any minute in which a phone is known to be idle',
  'ask-person': 'it has passed; still in any idle minute, and a person decides',
};
