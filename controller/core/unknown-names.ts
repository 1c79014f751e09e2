import { nearest } from '@ringwave/protocol/nearest';
import type { Mac } from '@ringwave/protocol/units';
import type { Caution, ControllerDraft, RolloutInput } from './state.ts';
import { cautionsMax } from './too-slow.ts';

// Names in the lists of a rollout that nobody here has. They may be meant for phones to come, so that they are told and
// not refused.

interface Part {
  /** `selection.` or `wave canary: `, before the name of the list. */
  readonly at: string;
  readonly vendors?: readonly string[] | undefined;
  readonly models?: readonly string[] | undefined;
  readonly macs?: readonly Mac[] | undefined;
}

export function unknownNames(
  draft: Pick<ControllerDraft, 'phones'>,
  { id, selection, waves }: RolloutInput,
): readonly Caution[] {
  const parts: readonly Part[] = [
    { at: 'selection.', ...selection },
    ...waves.map(({ name, models, macs }) => ({ at: `wave ${name}: `, models, macs })),
  ];
  const isNamed = parts.some(({ vendors, models }) => vendors ?? models);
  const known = isNamed ? namesOf(draft) : { vendors: [], models: [] };
  const all = parts.flatMap(({ at, vendors = [], models = [], macs = [] }): Caution[] => [
    ...unheard(`rollout ${id}: ${at}vendors`, 'vendor', vendors, known.vendors),
    ...unheard(`rollout ${id}: ${at}models`, 'model', models, known.models),
    ...macs.flatMap((mac) =>
      draft.phones.has(mac) ? [] : [stranger(`rollout ${id}: ${at}`, mac)],
    ),
  ]);
  return all.slice(0, cautionsMax);
}

function namesOf({ phones }: Pick<ControllerDraft, 'phones'>) {
  const vendors = new Set<string>();
  const models = new Set<string>();
  for (const { vendor, model } of phones.values()) {
    vendors.add(vendor);
    models.add(model);
  }
  return { vendors: [...vendors], models: [...models] };
}

const unheard = (
  thing: string,
  what: 'vendor' | 'model',
  asked: readonly string[],
  known: readonly string[],
): Caution[] =>
  asked.flatMap((name) => {
    if (known.includes(name)) return [];
    const hint = nearest(name, known);
    const next = hint ? `Did you mean ${hint}?` : 'Compare with: ringwave phone list';
    return [{ thing, reason: `names ${what} ${name}, which nobody here has`, next }];
  });

const stranger = (before: string, mac: Mac): Caution => ({
  thing: `${before}macs`,
  reason: `name phone ${mac}, which is not in the inventory`,
  next: 'List phones with: ringwave phone list',
});
