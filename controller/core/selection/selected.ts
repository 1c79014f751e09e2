import type { EpochMs } from '@ringwave/protocol/units';
import { invalid } from '../refusal.ts';
import type { ControllerDraft, Phone, Refusal, Selection } from '../state.ts';
import { selects } from '../waves.ts';
import { phonesWithin } from './bounds.ts';
import { unknownWords } from './known-words.ts';
import { matcher, type Matches } from './match.ts';
import { parseSelection, type WhereProblem } from './parse.ts';
import { unreadVersions } from './unread-versions.ts';
import type { Where } from './where.ts';

// Selections as rollouts and policies use them: read, checked against the fleet, and turned into phones.

type Fleet = Pick<ControllerDraft, 'sites' | 'phones' | 'rosters' | 'progress' | 'rollouts'>;

/**
 * What is wrong with the text of a selection, each problem at its column; with `fleet`, names nobody has too. Stricter than
 * the reader, which still takes what was stored before; of a text that is stored already (`isStored`) no version is too odd.
 */
export function whereRefusals(
  thing: string,
  text: string,
  fleet?: Parameters<typeof unknownWords>[1],
  {
    isStored = false,
    shownBy = fleet?.phones,
  }: { readonly isStored?: boolean; readonly shownBy?: Parameters<typeof unreadVersions>[1] } = {},
): Refusal[] {
  const read = parseSelection(text);
  const where = read.ok ? read.selection : read.readable;
  const unread = where && !isStored ? unreadVersions(where, shownBy) : [];
  const unknown = [...unread, ...(fleet && where ? unknownWords(where, fleet) : [])].sort(byColumn);
  if (read.ok) return unknown.map((problem) => whereRefusal(thing, problem));
  // A test that is wrong in itself is told once.
  const told = new Set(read.problems.map(({ column }) => column));
  const problems = [...read.problems, ...unknown.filter(({ column }) => !told.has(column))];
  return problems.sort(byColumn).map((problem) => whereRefusal(thing, problem));
}

const byColumn = (a: WhereProblem, b: WhereProblem): number => a.column - b.column;

export const whereRefusal = (thing: string, { column, message, expected }: WhereProblem): Refusal =>
  invalid(`${thing}, column ${column}`, message, `Expected: ${expected.join(', ')}`);

/** Text that was checked before: it stands in the state, or `whereRefusals` let it pass. */
function checked(text: string): Where {
  const read = parseSelection(text);
  if (!read.ok) throw new Error(`a stored selection cannot be read: ${text}`);
  return read.selection;
}

const everyPhone: Where = { kind: 'all' };

/** The phones of a selection, from the rosters that it can reach. */
export function selectedPhones(fleet: Fleet, selection: Selection, now: EpochMs): Phone[] {
  return [...phonesWithin(whereOf(selection), fleet)].filter(means(fleet, selection, now));
}

const whereOf = ({ where }: Selection): Where =>
  where === undefined ? everyPhone : checked(where);

/** A selection, its lists and its words, as one test for many phones. */
export function means(fleet: Fleet, selection: Selection, now: EpochMs): Matches {
  const isListed = selects(selection);
  const matches = matcher(whereOf(selection), fleet, now);
  return (phone) => isListed(phone) && matches(phone);
}

/** For the waves of one rollout: which phones a wave's own selection fits. */
export const waveMatches =
  (fleet: Fleet, now: EpochMs) =>
  (where: string): Matches =>
    matcher(checked(where), fleet, now);
