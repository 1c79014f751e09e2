import { nearest } from '@ringwave/protocol/nearest';
import type { CommandResult, ControllerDraft, Refusal } from './state.ts';

// What a command answers. Every refusal names the thing, the reason and the next step.

export const taken: CommandResult = { ok: true };
export const refused = (...refusals: readonly Refusal[]): CommandResult => ({
  ok: false,
  refusals,
});
export const invalid = (thing: string, reason: string, next: string): Refusal => ({
  code: 'invalid',
  thing,
  reason,
  next,
});
export const conflict = (thing: string, reason: string, next: string): Refusal => ({
  code: 'conflict',
  thing,
  reason,
  next,
});

export function notFound(kind: string, name: string, known: readonly string[]): Refusal {
  const hint = nearest(name, known);
  const next = hint ? `Did you mean ${hint}?` : `List them with: ringwave ${kind} list`;
  return { code: 'not-found', thing: `${kind} ${name}`, reason: 'does not exist', next };
}

export const siteIds = (draft: ControllerDraft): string[] =>
  [...draft.sites.entries()].map(([key]) => key);

/** Without those of parts that cannot be read: `site lisbon: windows[0]`, `site lisbon: windows and blackout`. */
export function outside(refusals: readonly Refusal[], lacks: readonly string[]): Refusal[] {
  const partsOf = (thing: string) =>
    thing
      .slice(thing.indexOf(': ') + 2)
      .split(' and ')
      .map((part) => /^\w*/.exec(part)?.[0] ?? '');
  return refusals.filter(({ thing }) => !partsOf(thing).some((one) => lacks.includes(one)));
}
