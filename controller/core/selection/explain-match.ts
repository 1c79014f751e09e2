import type { EpochMs } from '@ringwave/protocol/units';
import type { Phone } from '../state.ts';
import type { Answer } from './answer.ts';
import { asked, type FleetReader, matcher, reader } from './match.ts';
import { printSelection } from './print.ts';
import { kindOf, nameOf, type FieldTest, type KnownTest, type Where } from './where.ts';

export interface MatchExplained {
  readonly matches: boolean;
  /** The tests that decide it, each with what the phone shows: `model = T46S, but it is T42S`. */
  readonly because: readonly string[];
}

/** Why a phone is selected, or which parts keep it out. */
export function explainMatch(
  where: Where,
  phone: Phone,
  fleet: FleetReader,
  now: EpochMs,
): MatchExplained {
  const matches = matcher(where, fleet, now)(phone);
  return { matches, because: deciding(where, phone, fleet, now) };
}

function answerTo(where: Where, phone: Phone, fleet: FleetReader, now: EpochMs): Answer {
  switch (where.kind) {
    case 'all':
      return true;
    case 'not': {
      const inside = answerTo(where.part, phone, fleet, now);
      return inside === undefined ? undefined : !inside;
    }
    case 'and':
    case 'or': {
      const answers = where.parts.map((part) => answerTo(part, phone, fleet, now));
      const decisive = where.kind === 'or';
      if (answers.includes(decisive)) return decisive;
      return answers.includes(undefined) ? undefined : !decisive;
    }
    default:
      return asked(where, fleet, now)(phone);
  }
}

/** Of an `and` that fails, the parts that fail; of an `or` that fails, all of them. */
function deciding(where: Where, phone: Phone, fleet: FleetReader, now: EpochMs): string[] {
  switch (where.kind) {
    case 'all':
      return [];
    case 'not':
      return deciding(where.part, phone, fleet, now);
    case 'and':
    case 'or': {
      const whole = answerTo(where, phone, fleet, now);
      return where.parts
        .filter((part) => answerTo(part, phone, fleet, now) === whole)
        .flatMap((part) => deciding(part, phone, fleet, now));
    }
    default:
      return [told(where, phone, fleet, now)];
  }
}

function told(test: FieldTest | KnownTest, phone: Phone, fleet: FleetReader, now: EpochMs): string {
  const text = printSelection(test);
  const answer = asked(test, fleet, now)(phone);
  if (answer === true) return `${text}: yes`;
  const value = reader(test, fleet, now)(phone);
  const shown =
    kindOf(test.field) === 'age' && value !== undefined ? ageTold(Number(value)) : value;
  if (answer === undefined) {
    return value === undefined
      ? `${text}: its ${nameOf(test.field)} is unknown`
      : `${text}: cannot be compared with ${shown}`;
  }
  return value === undefined ? `${text}: no` : `${text}: no, it is ${shown}`;
}

const ageTold = (ms: number): string => {
  const hoursOld = ms / 3_600_000;
  return hoursOld < 48 ? `${Math.floor(hoursOld)}h` : `${Math.floor(hoursOld / 24)}d`;
};
