import { type AdvisoryIndex, indexAdvisories } from '@ringwave/firmware-catalog/advisory-index';
import { type PlacedAdvisory, placeOne } from '@ringwave/firmware-catalog/advisory-placing';
import { isSameMake } from '@ringwave/firmware-catalog/product-alias';
import type { EpochMs } from '@ringwave/protocol/units';
import { isSupplement } from './claim-commands.ts';
import type { Claims } from './feed-tables.ts';
import type { ControllerTables } from './state.ts';

export interface KnownAdvisory {
  readonly placed: PlacedAdvisory;
  readonly knownAt: EpochMs | undefined;
}

/** All claims, placed. Derived from the tables, so it is never stored. */
export interface AdvisoryBoard {
  readonly advisories: ReadonlyMap<string, KnownAdvisory>;
  readonly index: AdvisoryIndex;
  /** The vulnerabilities that some claim places on a phone. */
  readonly placedOnPhones: readonly string[];
  /** How many advisories are placed on phones of this vendor; without any, nobody has looked. */
  countFor(vendor: string): number;
}

type BoardTables = Pick<ControllerTables, 'claims' | 'counters'>;

const boards = new WeakMap<
  BoardTables['claims'],
  { readonly revision: number; readonly board: AdvisoryBoard }
>();
/** A row never changes, so that what it was placed as holds as long as the row. */
const placedRows = new WeakMap<Claims, PlacedAdvisory>();

/** Built anew only when claims changed; of them only the changed ones are placed again. */
export function advisoryBoard({ claims, counters }: BoardTables): AdvisoryBoard {
  const revision = counters.get('claims') ?? 0;
  const before = boards.get(claims);
  if (before?.revision === revision) return before.board;
  const board = boardOf(claims.values());
  boards.set(claims, { revision, board });
  return board;
}

function boardOf(rows: Iterable<Claims>): AdvisoryBoard {
  const advisories = new Map<string, KnownAdvisory>();
  for (const row of rows) {
    const placed = placedRows.get(row) ?? placedFrom(row);
    placedRows.set(row, placed);
    const isPublished = row.held.some(({ by }) => !isSupplement(by));
    if (isPublished || placed.placements.length > 0) {
      advisories.set(row.id, { placed, knownAt: row.knownAt });
    }
  }
  const all = [...advisories.values()].map(({ placed }) => placed);
  const counts = new Map<string, number>();
  return {
    advisories,
    index: indexAdvisories(all),
    placedOnPhones: all.flatMap(({ id, placements }) => (placements.length > 0 ? [id] : [])),
    countFor(vendor) {
      const known = counts.get(vendor);
      if (known !== undefined) return known;
      const count = all.filter(({ placements }) =>
        placements.some((one) => isSameMake(one.vendor, vendor)),
      ).length;
      if (counts.size >= vendorsRememberedMax) counts.clear();
      counts.set(vendor, count);
      return count;
    },
  };
}

/** An inventory names some dozens of vendors. */
const vendorsRememberedMax = 1000;

const placedFrom = ({ id, held }: Claims): PlacedAdvisory =>
  placeOne(
    id,
    held.map(({ claim }) => claim),
  );
