import { KNOWN_VENDORS, knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import { nearest } from '@ringwave/protocol/nearest';
import { isFinal } from '@ringwave/protocol/phases';
import type { EpochMs, Id, Mac } from '@ringwave/protocol/units';
import { audit } from './audit.ts';
import { bondProblems, leaveBond, noteBond } from './bonds.ts';
import { leaveIncident, withoutTrouble } from './incidents.ts';
import { allTiedTo } from './pairs.ts';
import { putProgress } from './progress.ts';
import { invalid, notFound, refused, siteIds, taken } from './refusal.ts';
import { lookAnew, rerouteAsStored } from './reroute.ts';
import {
  type CommandResult,
  type ControllerDraft,
  type Phone,
  type PhoneInput,
  type Progress,
  progressKey,
  type Refusal,
} from './state.ts';
import { joinDynamicWaves } from './wave-joining.ts';
import { type Moved, tryAgain } from './wave-release.ts';

// The inventory: phones are stored, carried to other sites and removed, and what rollouts want of them goes with it.

/** 2,000 phones on one site: what a signed plan can carry. */
export const sitePhonesMax = 2000;

export function putPhones(
  draft: ControllerDraft,
  phones: readonly PhoneInput[],
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  const problems = phones.flatMap((phone) => phoneProblems(draft, phone));
  if (problems.length > 0) return refused(...problems);
  const loosened = phones.flatMap((phone) => loosenedBy(draft, phone));
  for (const phone of phones) {
    const before = draft.phones.get(phone.mac);
    putPhone(draft, phone, now, moved);
    if (!before) rejoin(draft, phone.mac, now, moved);
    if (before && isOtherKind(before, phone)) rerouteAsStored(draft, phone.mac, now, moved);
  }
  tryAgain(draft, loosened, now, moved);
  const tooLong = bondProblems(draft);
  if (tooLong.length > 0) return refused(...tooLong);
  // Who no longer needs another one may join now.
  const stored = [...phones.map(({ mac }) => mac), ...loosened];
  joinDynamicWaves(draft, stored, now, moved);
  for (const site of moved.sites) {
    const count = draft.rosters.get(site)?.length ?? 0;
    if (count > sitePhonesMax) {
      return refused(
        invalid(
          `site ${site}`,
          `would have ${count} phones, at most ${sitePhonesMax} fit one plan`,
          'Split the branch into several sites.',
        ),
      );
    }
  }
  const object = phones.length === 1 ? (phones[0]?.mac ?? '') : `${phones.length} phones`;
  audit(draft, { at: now, who, what: 'phones stored', object });
  return taken;
}

/** It would be stored without a word, and never served, updated or judged. */
function vendorProblem({ mac, vendor }: PhoneInput): Refusal | undefined {
  if (knowledgeOf(vendor)) return undefined;
  const near = nearest(
    vendor,
    KNOWN_VENDORS.map((one) => one.name),
  );
  const next = near ? `Did you mean ${near}?` : 'Vendors are listed in docs/vendors.md.';
  return invalid(`phone ${mac}: vendor`, `nobody here knows a vendor ${vendor}`, next);
}

function phoneProblems(draft: ControllerDraft, phone: PhoneInput): Refusal[] {
  const { mac, coverageGroup: group } = phone;
  const site = draft.sites.get(phone.site);
  const problems: Refusal[] = [];
  if (!site) {
    const unknown = notFound('site', phone.site, siteIds(draft));
    problems.push({ ...unknown, thing: `phone ${mac}: site ${phone.site}` });
  }
  const ofVendor = vendorProblem(phone);
  if (ofVendor) problems.push(ofVendor);
  if (site && group && !site.coverage.some((one) => one.id === group)) {
    const reason = `site ${site.id} has no coverage group ${group}`;
    const next = 'Add the group to the site first.';
    problems.push(invalid(`phone ${mac}: coverageGroup`, reason, next));
  }
  return problems;
}

/** Phones that may go on without this one once it is stored so, and the phone itself. */
function loosenedBy(draft: ControllerDraft, { mac, site, pair, bond }: PhoneInput): readonly Mac[] {
  const before = draft.phones.get(mac);
  if (!before) return [];
  const isSame = before.bond === bond && before.pair === pair && before.site === site;
  return isSame ? [] : [mac, ...allTiedTo(draft, before)];
}

function putPhone(draft: ControllerDraft, input: PhoneInput, now: EpochMs, moved: Moved): void {
  const before = draft.phones.get(input.mac);
  const { running, seenAt, credential, settled, drift } = before ?? {};
  const hasMoved = before !== undefined && before.site !== input.site;
  const moves = (before?.moves ?? 0) + (hasMoved ? 1 : 0);
  // At another site the same address is another phone's: nobody is woken there before this one was seen.
  const address = before?.site === input.site ? before.address : undefined;
  const isSameKind = before && !isOtherKind(before, input);
  const hardware = isSameKind ? before.hardware : undefined;
  const kept = {
    ...(hardware ? { hardware } : {}),
    ...(running ? { running } : {}),
    ...(seenAt ? { seenAt } : {}),
    ...(address ? { address } : {}),
    ...(credential ? { credential } : {}),
    ...(settled ? { settled } : {}),
    ...(drift ? { drift } : {}),
    ...(moves > 0 ? { moves } : {}),
  };
  const phone: Phone = {
    ...input,
    ...(input.hardware === undefined ? {} : { hardwareSaid: input.hardware }),
    ...kept,
    credentialGeneration: before?.credentialGeneration ?? 1,
  };
  draft.phones.put(input.mac, phone);
  noteBond(draft, before, phone);
  if (before && before.site !== input.site) {
    leaveRoster(draft, before);
    moveWork(draft, phone);
    endInFlight(draft, phone.mac, now, 'Came to another site after its rollout had ended');
  }
  const roster = draft.rosters.get(input.site) ?? [];
  if (!before || before.site !== input.site) draft.rosters.put(input.site, [...roster, input.mac]);
  moved.sites.add(input.site);
  if (before) moved.sites.add(before.site);
}

const whileRemoved = 'Removed from the inventory';

/** Back in the inventory, it is part again of what goes on or is to begin, as if its wave had never met it. */
function rejoin(draft: ControllerDraft, mac: Mac, now: EpochMs, moved: Moved): void {
  const phone = draft.phones.get(mac);
  if (!phone) return;
  const { site } = phone;
  let moves = 0;
  for (const { id, endedAt } of draft.rollouts.values()) {
    const part = endedAt === undefined ? draft.progress.get(progressKey(id, mac)) : undefined;
    if (!part?.removed) continue;
    // Its site may have a memory of the work that it had before it was removed.
    moves = Math.max(moves, part.removed.moves + 1);
    draft.phones.put(mac, { ...phone, moves });
    const { wave, target } = part;
    const fresh = { phase: 'waiting' as const, attempt: 0, at: now, hops: [] };
    draft.assignments.put(mac, [...(draft.assignments.get(mac) ?? []), id]);
    nameSite(draft, id, site);
    const rollout = draft.rollouts.get(id);
    const again: Progress = { rollout: id, mac, site, wave, target, ...fresh };
    if (rollout) lookAnew(draft, rollout, again, now, moved);
  }
}

/** What of an ended rollout was still under way ends here: no site speaks of it any more. */
function endInFlight(draft: ControllerDraft, mac: Mac, now: EpochMs, detail: string): void {
  for (const { id, endedAt } of draft.rollouts.values()) {
    const part = endedAt === undefined ? undefined : draft.progress.get(progressKey(id, mac));
    if (!part || isFinal(part.phase)) continue;
    const { waiting: _waiting, ...rest } = part;
    putProgress(draft, { ...rest, phase: 'skipped', at: now, detail });
  }
}

/** A rollout asks the sites that it names. */
function nameSite(draft: ControllerDraft, id: Id, site: Id): void {
  const rollout = draft.rollouts.get(id);
  if (!rollout || rollout.sites.includes(site)) return;
  draft.rollouts.put(id, { ...rollout, sites: [...rollout.sites, site].sort() });
}

/** Its hardware counts where it is said: what the phone shows of it stays as it is. */
const isOtherKind = (before: Phone, { vendor, model, hardware }: PhoneInput): boolean =>
  before.vendor !== vendor ||
  before.model !== model ||
  (hardware !== undefined && before.hardware !== hardware && before.hardwareSaid !== hardware);

/** What rollouts want of a phone goes with it: its new site reports the rest. */
function moveWork(draft: ControllerDraft, { mac, site }: Phone): void {
  for (const id of draft.assignments.get(mac) ?? []) {
    const rollout = draft.rollouts.get(id);
    const progress = draft.progress.get(progressKey(id, mac));
    if (!rollout || !progress) continue;
    // Whose trouble it was stays behind, and somebody there counts for it.
    const leads = progress.leads === true || progress.incident === mac;
    putProgress(draft, { ...(leads ? withoutTrouble(progress) : progress), site });
    if (leads) leaveIncident(draft, progress);
    nameSite(draft, id, site);
  }
}

function leaveRoster(draft: ControllerDraft, { site, mac }: Phone): void {
  const roster = draft.rosters.get(site) ?? [];
  draft.rosters.put(
    site,
    roster.filter((one) => one !== mac),
  );
}

export function removePhone(
  draft: ControllerDraft,
  mac: Mac,
  who: string,
  now: EpochMs,
  moved: Moved,
): CommandResult {
  const phone = draft.phones.get(mac);
  if (!phone)
    return refused({
      code: 'not-found',
      thing: `phone ${mac}`,
      reason: 'does not exist',
      next: 'List them with: ringwave phone list',
    });
  const parts = (draft.assignments.get(mac) ?? []).flatMap(
    (rollout) => draft.progress.get(progressKey(rollout, mac)) ?? [],
  );
  for (const progress of parts) {
    const removed = { moves: phone.moves ?? 0 };
    putProgress(draft, { ...progress, phase: 'skipped', at: now, detail: whileRemoved, removed });
    leaveIncident(draft, progress);
  }
  endInFlight(draft, mac, now, whileRemoved);
  const tied = allTiedTo(draft, phone);
  leaveBond(draft, phone);
  draft.assignments.remove(mac);
  leaveRoster(draft, phone);
  draft.phones.remove(mac);
  draft.callHours.remove(mac);
  tryAgain(draft, tied, now, moved);
  joinDynamicWaves(draft, tied, now, moved);
  audit(draft, { at: now, who, what: 'phone removed', object: mac });
  moved.sites.add(phone.site);
  return taken;
}
