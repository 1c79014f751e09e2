import { invalid } from './refusal.ts';
import { pathFor } from './roads.ts';
import type { Caution, ControllerDraft, Phone, Refusal, RolloutInput } from './state.ts';

// Phones that no road leads to their release as things stand: a stepping stone is missing, or was called back. Their wave
// would skip each of them, and whoever ordered the rollout would read it afterwards.

/** Beyond so many reasons the rest is told as one. */
const reasonsMax = 10;

/** Refused where it is so of all phones; else each reason is named with how many phones it keeps. */
export function noRoads(
  draft: ControllerDraft,
  input: RolloutInput,
  phones: readonly Phone[],
): { readonly refusals: readonly Refusal[]; readonly cautions: readonly Caution[] } {
  const counts = new Map<string, number>();
  let stuck = 0;
  const whyNot = asker(draft, input);
  for (const phone of phones) {
    const why = whyNot(phone);
    if (why === undefined) continue;
    stuck += 1;
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  if (stuck === 0) return { refusals: [], cautions: [] };
  const found = [...counts].sort((a, b) => b[1] - a[1]);
  const next = 'Import and approve the releases on the way, or leave these phones out.';
  if (stuck === phones.length) {
    const reason = `selects ${stuck} phones, and none has a way to its release. First: ${found[0]?.[0]}`;
    return { refusals: [invalid(`rollout ${input.id}: selection`, reason, next)], cautions: [] };
  }
  const named = found.slice(0, reasonsMax);
  const rest = found.slice(reasonsMax).reduce((sum, [, count]) => sum + count, 0);
  const all = rest > 0 ? [...named, ['for other reasons', rest] as const] : named;
  const cautions = all.map(([why, count]) => {
    const thing = `rollout ${input.id}: ${count} phones`;
    return { thing, reason: `have no way to their release and would be skipped: ${why}`, next };
  });
  return { refusals: [], cautions };
}

/** A million phones are of few kinds, and fewer of them run one version: no key is joined for each. */
function asker(draft: ControllerDraft, input: RolloutInput): (phone: Phone) => string | undefined {
  const known = new Map<string, { readonly phone: Phone; readonly why: string | undefined }[]>();
  return (phone) => {
    // What a phone runs that nobody has seen is asked when it shows itself.
    if (!phone.running) return undefined;
    const kinds = known.get(phone.running.version) ?? [];
    const before = kinds.find((one) => isOfKind(one.phone, phone));
    if (before) return before.why;
    const path = pathFor(draft, input, phone);
    const why = path.kind === 'path' || path.kind === 'arrived' ? undefined : path.reason;
    known.set(phone.running.version, [...kinds, { phone, why }]);
    return why;
  };
}

const isOfKind = (a: Phone, b: Phone): boolean =>
  a.model === b.model && a.hardware === b.hardware && a.vendor === b.vendor;
