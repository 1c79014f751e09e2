// Phones that show themselves on the site and are in no plan, with what they claimed. A claim is worth nothing: nothing
// is handed to such a phone because it is listed here.
import { prefixOf } from '@ringwave/firmware-catalog/requested-path';
import { KNOWN_VENDORS } from '@ringwave/firmware-catalog/vendors/all';
import { type EpochMs, laterBy, type Mac, minutes } from '@ringwave/protocol/units';
import { phoneIn } from './plan-index.ts';
import { report } from './reporting.ts';
import type { AgentDraft, AgentEvent, AgentTables, Discovered } from './state.ts';

/** Phones listed at once; beyond that the one not seen for longest is forgotten. A site has some hundred phones. */
export const discoveredMax = 512;
/** A phone that only shows itself again is written down this often: each is a write to the disk. */
export const discoveryRepeatsAfter = minutes(30);
/** Characters of a claim. */
const claimCharactersMax = 64;

export function phoneClaimed(
  draft: AgentDraft,
  event: Extract<AgentEvent, { kind: 'phone-claimed' }>,
  now: EpochMs,
): void {
  const { mac, via, address } = event;
  if (phoneIn(draft.plan.get('plan')?.plan, mac)) {
    draft.discovered.remove(mac);
    return;
  }
  const before = draft.discovered.get(mac);
  const ways = before?.via ?? [];
  const isOldNews =
    before?.address === address &&
    ways.includes(via) &&
    sameOrNull(event.version, before.version) &&
    sameOrNull(event.model, before.model) &&
    // A clock that was set back does not say how long ago that was.
    before.at <= now &&
    now < laterBy(before.at, discoveryRepeatsAfter);
  if (isOldNews) return;
  if (!before) forgetOldest(draft);
  const found: Discovered = {
    mac,
    vendor: claimed(event.vendor) ?? before?.vendor ?? null,
    model: claimed(event.model) ?? before?.model ?? null,
    version: claimed(event.version) ?? before?.version ?? null,
    address,
    via: ways.includes(via) ? ways : [...ways, via],
    firstAt: before?.firstAt ?? now,
    at: now,
  };
  draft.discovered.put(mac, found);
  if (mayTell(draft, now)) tellDiscovered(draft, found);
}

/** Told to the controller in a minute: a site moves in within one, and whoever invents MACs fills no outbox. */
export const discoveriesPerMinuteMax = 20;

/** What is not told now is told when the phone shows itself again. */
function mayTell(draft: AgentDraft, now: EpochMs): boolean {
  const recent = (draft.starts.get('discoveries') ?? []).filter(
    (at) => now < laterBy(at, minutes(1)),
  );
  if (recent.length >= discoveriesPerMinuteMax) return false;
  draft.starts.put('discoveries', [...recent, now]);
  return true;
}

export const tellDiscovered = (draft: AgentDraft, found: Discovered): void =>
  report(draft, { kind: 'phone-discovered', ...found, via: [...found.via] });

const sameOrNull = (said: string | null, known: string | null): boolean =>
  said === null || claimed(said) === known;

/** One printable line: it is shown to people. */
const claimed = (text: string | null): string | null =>
  text === null ? null : text.replace(/[^\x20-\x7e]+/g, '·').slice(0, claimCharactersMax);

function forgetOldest(draft: AgentDraft): void {
  const all = [...draft.discovered.values()];
  if (all.length < discoveredMax) return;
  const [oldest] = all.sort((a, b) => a.at - b.at);
  if (oldest) draft.discovered.remove(oldest.mac);
}

/** Makers that the MAC's prefix points to; many phones carry the prefix of another company. */
export const makersByPrefix = (mac: Mac): readonly string[] =>
  KNOWN_VENDORS.filter(({ ouis }) => ouis.includes(prefixOf(mac))).map(({ name }) => name);

/** Phones in no plan, last seen first. One that a newer plan knows is no longer among them. */
export function unknownPhones({
  plan,
  discovered,
}: Pick<AgentTables, 'plan' | 'discovered'>): readonly Discovered[] {
  const held = plan.get('plan')?.plan;
  return [...discovered.values()]
    .filter(({ mac }) => !phoneIn(held, mac))
    .sort((a, b) => b.at - a.at);
}
