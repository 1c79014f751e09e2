// Advisories collected by hand: a JSON list of `{cve, vendor, models, affected, fixedIn, cvss, ...}` with wordings as
// bulletins have them. Each becomes a claim; a record that is not one is named, and the others still count.

import { epochMs } from '@ringwave/protocol/units';
import { Type } from 'typebox';
import type { AdvisoryClaim, ClaimedProduct, Score } from './advisory-claim.ts';
import { type Problem, problemsOf } from './problems.ts';

/** Records of one file; all phone vulnerabilities ever published are some thousands. */
export const recordsMax = 100_000;

const text = (maxLength: number) => Type.String({ maxLength });

const AdvisoryRecord = Type.Object({
  cve: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$',
    description: 'as CVE-YYYY-NNNN',
  }),
  vendor: text(100),
  models: Type.Array(text(500), { maxItems: 500 }),
  affected: Type.Optional(text(2000)),
  fixedIn: Type.Optional(Type.Array(text(500), { maxItems: 100 })),
  cvss: Type.Optional(Type.Unknown()),
  kev: Type.Optional(Type.Unknown()),
  source: Type.Optional(text(2000)),
  class: Type.Optional(text(40)),
  scoreBasis: Type.Optional(Type.Unknown()),
  note: Type.Optional(Type.Unknown()),
});

interface RecordRead {
  readonly cve: string;
  readonly vendor: string;
  readonly models: readonly string[];
  readonly affected?: string;
  readonly fixedIn?: readonly string[];
  readonly cvss?: unknown;
  readonly kev?: unknown;
  readonly source?: string;
  readonly scoreBasis?: unknown;
  readonly note?: unknown;
}

export interface RecordsRead {
  readonly claims: readonly AdvisoryClaim[];
  readonly problems: readonly Problem[];
}

/** Reads a list of records, or `{ "advisories": [...] }`. */
export function readAdvisoryRecords(value: unknown): RecordsRead {
  const list = Array.isArray(value)
    ? value
    : (value as { advisories?: unknown } | null | undefined)?.advisories;
  if (!Array.isArray(list) || list.length > recordsMax) {
    const reason = Array.isArray(list) ? `has ${list.length} records` : 'is no list of advisories';
    const nextStep = `Give a JSON list of at most ${recordsMax} records.`;
    return { claims: [], problems: [{ path: '', reason, nextStep }] };
  }
  const claims: AdvisoryClaim[] = [];
  const problems: Problem[] = [];
  for (const [place, entry] of list.entries()) {
    const record = knownPart(entry);
    const wrong = problemsOf(AdvisoryRecord, record);
    problems.push(...wrong.map((one) => ({ ...one, path: `[${place}].${one.path}` })));
    if (wrong.length === 0) claims.push(claimOf(record as RecordRead));
  }
  return { claims, problems };
}

/** Collectors keep more beside: only what is read here is held against the form, and null is absence. */
function knownPart(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry;
  const known = Object.keys(AdvisoryRecord.properties);
  return Object.fromEntries(
    Object.entries(entry).filter(([key, value]) => known.includes(key) && value !== null),
  );
}

function claimOf(record: RecordRead): AdvisoryClaim {
  const { cve, vendor, models, affected = '', fixedIn = [], source = '', kev, note } = record;
  const product = (named: string): ClaimedProduct => ({
    vendor,
    product: named,
    versions: affected,
    fixedIn,
  });
  return {
    id: cve,
    issuer: issuerOf(source, vendor),
    ...(typeof note === 'string' && note !== '' ? { title: note.slice(0, 500) } : {}),
    products: models.length > 0 ? models.map(product) : [product('')],
    scores: scoresOf(record),
    ...(kev === true ? { exploited: exploitedSince(note) } : {}),
    source,
  };
}

/** `KEV since 2021-11-03` in the note; a flag alone says that attacks are known, and not since when. */
function exploitedSince(note: unknown): NonNullable<AdvisoryClaim['exploited']> {
  const day = /\bKEV since (\d{4}-\d{2}-\d{2})\b/.exec(typeof note === 'string' ? note : '')?.[1];
  const since = epochMs(Date.parse(`${day ?? ''}T00:00:00Z`));
  return since === undefined ? {} : { since };
}

/** The host that published it; without an address, the vendor whose bulletin it names. */
function issuerOf(source: string, vendor: string): string {
  const host = /^https?:\/\/(?:www\.)?([a-z0-9.-]{1,100})/i.exec(source)?.[1];
  return (host ?? vendor).toLowerCase();
}

/** `cna-v3.1`, `vendor-v3.1 (CISA-ADP says 6.5)`: who gave the score, in which system, and who gave another. */
function scoresOf({ cvss, scoreBasis }: RecordRead): Score[] {
  if (typeof cvss !== 'number' || !(cvss >= 0 && cvss <= 10)) return [];
  const basis = typeof scoreBasis === 'string' ? scoreBasis.slice(0, 200) : '';
  const [, who = '', version = ''] = /^([a-z][a-z-]*?)-?v(\d(?:\.\d)?)/i.exec(basis) ?? [];
  const system = SYSTEMS[version] ?? 'cvss-3.1';
  const issuer = who === '' ? 'unnamed' : who.toLowerCase();
  const [, other, score] =
    /\(([A-Za-z][A-Za-z -]{0,30}) says (\d{1,2}(?:\.\d)?)\)/.exec(basis) ?? [];
  return [
    { issuer, system, score: cvss },
    ...(other === undefined ? [] : [{ issuer: other.toLowerCase(), system, score: Number(score) }]),
  ];
}

const SYSTEMS: Readonly<Record<string, Score['system']>> = {
  '2': 'cvss-2.0',
  '2.0': 'cvss-2.0',
  '3.0': 'cvss-3.0',
  '3.1': 'cvss-3.1',
  '4': 'cvss-4.0',
  '4.0': 'cvss-4.0',
};
