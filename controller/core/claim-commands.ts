import type { Advisory } from '@ringwave/firmware-catalog/advisory';
import type { AdvisoryClaim } from '@ringwave/firmware-catalog/advisory-claim';
import { placeOne } from '@ringwave/firmware-catalog/advisory-placing';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import type { EpochMs } from '@ringwave/protocol/units';
import { audit, nextCount } from './audit.ts';
import { type ClaimBatch, type Claims, type KeyedClaim, STORE_FAULTS } from './feed-tables.ts';
import { conflict, refused, taken } from './refusal.ts';
import type { CommandResult, ControllerDraft } from './state.ts';

// Claims stand side by side as their issuers made them, and are placed on models when they are read.

/** Vulnerabilities kept. CISA lists 1,400, phones have some hundred; 20,000 leave room for the issuers of both. */
export const vulnerabilitiesMax = 20_000;
/** Claims kept about one vulnerability; a flaw in a common library is told of by dozens of vendors. */
export const claimsOfOneMax = 64;

/** They tell more of what others found: alone they make an advisory only where they place a phone. */
const SUPPLEMENTS: readonly string[] = ['nvd', 'kev', 'epss'];
export const isSupplement = (by: string): boolean => SUPPLEMENTS.includes(by);

export interface TakenClaims {
  readonly added: number;
  readonly changed: number;
  readonly problems: readonly Problem[];
}

export function takeClaims(draft: ControllerDraft, batch: ClaimBatch, now: EpochMs): TakenClaims {
  const counts = { added: 0, changed: 0 };
  const problems: Problem[] = [];
  const byId = new Map<string, KeyedClaim[]>();
  for (const one of batch.claims) {
    const beside = byId.get(one.claim.id);
    if (beside) beside.push(one);
    else byId.set(one.claim.id, [one]);
  }
  let size = withdraw(draft, batch, byId, counts);
  for (const [id, fresh] of byId) {
    const before = draft.claims.get(id);
    if (!before && size >= vulnerabilitiesMax) {
      problems.push(full(id, `${vulnerabilitiesMax} vulnerabilities are kept`));
      continue;
    }
    const held = besides(before?.held ?? [], fresh.map(lean));
    if (held.length > claimsOfOneMax) {
      problems.push(full(id, `${claimsOfOneMax} claims about one vulnerability are kept`));
      continue;
    }
    if (before && JSON.stringify(before.held) === JSON.stringify(held)) continue;
    if (before) counts.changed += 1;
    else {
      counts.added += 1;
      size += 1;
    }
    draft.claims.put(id, rowOf({ id, held }, before, now));
  }
  if (counts.added + counts.changed > 0) nextCount(draft, 'claims');
  return { ...counts, problems };
}

const full = (id: string, reason: string): Problem => ({
  path: id,
  reason: `advisories-full: ${reason}`,
  nextStep: STORE_FAULTS['advisories-full'].advice,
});

/** One walk for a batch: takes back what its documents claim no longer, and counts what there is. */
function withdraw(
  draft: ControllerDraft,
  { documents }: ClaimBatch,
  byId: ReadonlyMap<string, readonly KeyedClaim[]>,
  counts: { changed: number },
): number {
  const read = new Set(documents);
  let size = 0;
  for (const row of draft.claims.values()) {
    size += 1;
    if (read.size === 0) continue;
    const said = new Set((byId.get(row.id) ?? []).map(({ by }) => by));
    const held = row.held.filter(({ by }) => said.has(by) || !read.has(documentOf(by)));
    if (held.length === row.held.length) continue;
    counts.changed += 1;
    if (held.length > 0) draft.claims.put(row.id, { ...row, held });
    else {
      draft.claims.remove(row.id);
      size -= 1;
    }
  }
  return size;
}

/** A document that speaks twice of one vulnerability makes two claims: `csaf acme 7` and `csaf acme 7#2`. */
const documentOf = (by: string): string => by.replace(/#\d+$/, '');

/** Gives each claim of a document its key. */
export function keyedOf(by: string, claims: readonly AdvisoryClaim[]): KeyedClaim[] {
  const times = new Map<string, number>();
  return claims.map((claim) => {
    const time = (times.get(claim.id) ?? 0) + 1;
    times.set(claim.id, time);
    return { by: time === 1 ? by : `${by}#${time}`, claim };
  });
}

/** NVD names thousands of products that are no phones; of those only the scores are kept, for claims of others. */
function lean(one: KeyedClaim): KeyedClaim {
  const { by, claim } = one;
  if (by !== 'nvd' || placeOne(claim.id, [claim]).placements.length > 0) return one;
  return { by, claim: { ...claim, products: [] } };
}

/** Who makes a claim says one thing: its newest. Documents come first, so that their titles lead. */
function besides(before: readonly KeyedClaim[], fresh: readonly KeyedClaim[]): KeyedClaim[] {
  const held = new Map(before.map((one) => [one.by, one]));
  for (const one of fresh) held.set(one.by, one);
  const rank = ({ by }: KeyedClaim): number => SUPPLEMENTS.indexOf(by);
  return [...held.values()].sort((a, b) => rank(a) - rank(b));
}

function rowOf(row: Claims, before: Claims | undefined, now: EpochMs): Claims {
  const knownAt = before?.knownAt ?? (isAdvisory(row) ? now : undefined);
  return knownAt === undefined ? row : { ...row, knownAt };
}

/** Whether the claims make an advisory: somebody published one, or a phone is placed. */
function isAdvisory({ id, held }: Claims): boolean {
  if (held.some(({ by }) => !isSupplement(by))) return true;
  return (
    placeOne(
      id,
      held.map(({ claim }) => claim),
    ).placements.length > 0
  );
}

/** An advisory document as a claim: its models and its one range, its score and its source. */
export function batchOfAdvisories(advisories: readonly Advisory[]): ClaimBatch {
  return {
    claims: advisories.map((one) => ({ by: keyOfAdvisory(one), claim: claimOfAdvisory(one) })),
    documents: advisories.map(keyOfAdvisory),
  };
}

const keyOfAdvisory = ({ id }: Advisory): string => `own ${id}`;

function claimOfAdvisory(advisory: Advisory): AdvisoryClaim {
  const { id, cve, vendor, models, affected, fixedIn, severity, cvss, source, title } = advisory;
  const issuer = issuerOf(source, vendor);
  const about = { vendor, versions: affected, ...(fixedIn ? { fixedIn: [fixedIn] } : {}) };
  return {
    id: cve ?? id,
    issuer,
    // A class without a number is no score; it stays as the words of its issuer.
    title: cvss === undefined ? `${title} (${severity}, says its issuer)` : title,
    products: models.map((product) => ({ ...about, product })),
    scores: cvss === undefined ? [] : [{ issuer, system: 'cvss-3.1', score: cvss }],
    source,
  };
}

const issuerOf = (source: string, vendor: string): string =>
  (/^https?:\/\/(?:www\.)?([a-z0-9.-]{1,100})/i.exec(source)?.[1] ?? vendor).toLowerCase();

export function putAdvisory(
  draft: ControllerDraft,
  advisory: Advisory,
  who: string,
  now: EpochMs,
): CommandResult {
  const { problems } = takeClaims(draft, batchOfAdvisories([advisory]), now);
  if (problems.length > 0) {
    const thing = `advisory ${advisory.id}`;
    return refused(...problems.map(({ reason, nextStep }) => conflict(thing, reason, nextStep)));
  }
  audit(draft, { at: now, who, what: 'advisory stored', object: advisory.id });
  return taken;
}

/** At the first start after an update: advisories stored in the earlier form become claims, none is lost. */
export function translateAdvisories(draft: ControllerDraft, now: EpochMs): void {
  const stored = [...draft.advisories.values()];
  if (stored.length === 0) return;
  const { problems } = takeClaims(draft, batchOfAdvisories(stored), now);
  const kept = new Set(problems.map(({ path }) => path));
  for (const { id, cve } of stored) if (!kept.has(cve ?? id)) draft.advisories.remove(id);
}
