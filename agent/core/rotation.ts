import { takesLogin } from '@ringwave/firmware-catalog/vendors/takes-login';
import type { CredentialMoved, Plan, PlanPhone } from '@ringwave/protocol/messages';
import type { EpochMs, Mac } from '@ringwave/protocol/units';
import { planIndex } from './plan-index.ts';
import { report } from './reporting.ts';
import type { AgentDraft, AgentEffect, Credential, SealedSecret } from './state.ts';

// One change of one phone's provisioning login. A rotation never locks a phone out: until the phone has
// logged in with the new secret, the old one stays valid; only that proof kills it.

interface Look {
  readonly plan: Plan;
  readonly changes: number;
}

/** The plan that all credentials of a table were last held against, and how the table stood then. */
const looks = new WeakMap<ReadonlyMap<string, Credential>, Look>();

/**
 * Asks for a secret for each phone whose plan wants a newer generation than it has or is being given. Looks at all
 * phones once for a plan, then at those whose credential has changed.
 */
export function startRotations(draft: AgentDraft, plan: Plan, effects: AgentEffect[]): void {
  const { credentials } = draft;
  const written = credentials.written();
  const look = looks.get(credentials.base);
  const isKnown =
    look?.plan === plan && look.changes === (credentials.changesAfter() ?? 0) - written.size;
  if (isKnown && written.size === 0) return;
  const { phones } = planIndex(plan);
  for (const mac of isKnown ? Array.from(written.keys()) : phones.keys()) {
    const phone = phones.get(mac);
    if (phone) startRotation(draft, phone, effects);
  }
  const changes = credentials.changesAfter();
  if (changes !== undefined) looks.set(credentials.base, { plan, changes });
}

/**
 * A phone may hold a secret that this box has never known: it was restored from a backup. No login of that phone would fit,
 * so it is as one that never had a secret, and gets a first one again under the same rules. What this box holds is dead.
 * Gives whether it was so.
 */
export function forgetOutlived(draft: AgentDraft, { mac, secretKnown }: PlanPhone): boolean {
  const row = draft.credentials.get(mac);
  const held = acceptedSecrets(row);
  if (!secretKnown || !row || held.length === 0) return false;
  const { generation, mark } = secretKnown;
  const isNewer = held.some((secret) => secret.generation > generation);
  const isHeld = held.some(
    (secret) => secret.generation === generation && secret.fingerprint.startsWith(mark),
  );
  if (isNewer || isHeld) return false;
  draft.credentials.remove(mac);
  draft.fetches.remove(mac);
  return true;
}

/** The number of the next secret: above every one that the phone may hold. */
const wantedGeneration = ({ credentialGeneration, secretKnown }: PlanPhone, newest: number) =>
  newest === 0 && secretKnown
    ? Math.max(credentialGeneration, secretKnown.generation + 1)
    : credentialGeneration;

function startRotation(draft: AgentDraft, phone: PlanPhone, effects: AgentEffect[]): void {
  const mac = phone.mac as Mac;
  const row = draft.credentials.get(mac) ?? { mac };
  const newest = Math.max(row.current?.generation ?? 0, row.next?.generation ?? 0, row.asked ?? 0);
  // One rotation at a time: a second new secret would make three that the phone may hold.
  const generation = wantedGeneration(phone, newest);
  if (newest >= generation || row.next || row.asked || !takesLogin(phone)) return;
  draft.credentials.put(mac, { ...row, asked: generation });
  effects.push({ kind: 'make-secret', mac, generation, vendor: phone.vendor });
}

export function secretMade(
  draft: AgentDraft,
  made: { mac: Mac; generation: number; sealed: string; fingerprint: string },
  now: EpochMs,
): void {
  const row = draft.credentials.get(made.mac);
  if (row?.asked !== made.generation) return;
  const { asked: _asked, ...rest } = row;
  const { generation, sealed, fingerprint } = made;
  const next = { generation, sealed, fingerprint, state: 'staged' as const };
  draft.credentials.put(made.mac, { ...rest, next });
  tell(draft, made.mac, next, 'staged', now);
}

/** A configuration that names this generation left the box: from now on the phone may hold it. */
export function secretServed(draft: AgentDraft, mac: Mac, generation: number, now: EpochMs): void {
  const row = draft.credentials.get(mac);
  if (row?.next?.generation !== generation || row.next.state === 'published') return;
  const next = { ...row.next, state: 'published' as const };
  draft.credentials.put(mac, { ...row, next });
  tell(draft, mac, next, 'published', now);
}

/** The phone logged in with this generation. With the new one, that is the proof that ends the old. */
export function loggedIn(draft: AgentDraft, mac: Mac, generation: number, now: EpochMs): void {
  const row = draft.credentials.get(mac);
  if (!row?.next || row.next.generation !== generation) return;
  const { state: _state, ...secret } = row.next;
  const current = { ...secret, provenAt: now };
  draft.credentials.put(mac, { mac, current });
  tell(draft, mac, current, 'proven', now);
  if (row.current) tell(draft, mac, current, 'old-dead', now);
}

function tell(
  draft: AgentDraft,
  mac: Mac,
  secret: SealedSecret,
  state: CredentialMoved['state'],
  now: EpochMs,
): void {
  const { generation, fingerprint } = secret;
  report(draft, { kind: 'credential-moved', at: now, mac, generation, state, fingerprint });
}

/** Every secret the phone may hold, newest first: all of them open the door. */
export const acceptedSecrets = (row: Credential | undefined): readonly SealedSecret[] =>
  [row?.next, row?.current].filter((secret) => secret !== undefined);

/** The one secret that a configuration names now. */
export const offeredSecret = (row: Credential | undefined): SealedSecret | undefined =>
  row?.next ?? row?.current;

/** After a restart of the box: secrets that were asked for and never arrived. */
export function owedSecrets(draft: AgentDraft, plan: Plan): AgentEffect[] {
  const { phones } = planIndex(plan);
  return [...draft.credentials.values()].flatMap(({ mac, asked }) => {
    const vendor = phones.get(mac)?.vendor;
    return asked && vendor
      ? [{ kind: 'make-secret' as const, mac, generation: asked, vendor }]
      : [];
  });
}
