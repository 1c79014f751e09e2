// Which names a technician has opened for phones that no longer start, with what, and until when.

import { problemsOf, readJson } from '@ringwave/firmware-catalog/problems';
import {
  type DurationMs,
  type EpochMs,
  laterBy,
  minutes,
  type Sha256,
} from '@ringwave/protocol/units';
import { Type } from 'typebox';
import { askedPath } from './asked-path.ts';

const Grants = Type.Array(
  Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 255 }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      lengthBytes: Type.Integer({ minimum: 1 }),
      until: Type.Integer({ minimum: 0 }),
      from: Type.String({ maxLength: 255 }),
    },
    { additionalProperties: false },
  ),
  { maxItems: 64 },
);

export interface RescueGrant {
  /** The whole path that is asked for, in this case. */
  readonly name: string;
  readonly sha256: Sha256;
  readonly lengthBytes: number;
  /** From this instant on it is not served. */
  readonly until: EpochMs;
  /** The file or release that the technician named. */
  readonly from: string;
}

/** Names open at once; a rescue needs three. */
export const rescueGrantsMax = 16;
/** A day: who opens a name and forgets it leaves nothing open. */
export const rescueMinutesMax = 24 * 60;
const grantsBytesMax = 64 * 1024;

/** Undefined for a file that cannot be read: nothing is open then. */
export function readRescueGrants(text: string): RescueGrant[] | undefined {
  const json = readJson(text, grantsBytesMax);
  if ('problems' in json || problemsOf(Grants, json.value).length > 0) return undefined;
  return json.value as RescueGrant[];
}

export const openGrants = (grants: readonly RescueGrant[], now: EpochMs): RescueGrant[] =>
  grants.filter(({ until }) => now < until);

/** A name as requests are read; undefined for one that no request can have. */
export const rescueName = (text: string): string | undefined =>
  text.length <= 255 && askedPath(text) === text ? text : undefined;

/** One name has one grant: the newer one counts. Undefined where too many are open. */
export function granted(
  grants: readonly RescueGrant[],
  grant: RescueGrant,
  now: EpochMs,
): RescueGrant[] | undefined {
  const others = openGrants(grants, now).filter(({ name }) => name !== grant.name);
  return others.length >= rescueGrantsMax ? undefined : [...others, grant];
}

/** A file written so recently was written after the clock was set: it takes a moment until that is noticed. */
const noticedWithin = minutes(2);

/**
 * The clock was set by so much: what was opened for some minutes ends as many minutes after as it would have. `writtenAt` is the
 * file's own time. Undefined where the grants were given on the new clock already.
 */
export function movedGrants(
  grants: readonly RescueGrant[],
  { by, writtenAt, now }: { by: DurationMs; writtenAt: EpochMs; now: EpochMs },
): RescueGrant[] | undefined {
  const isNew = writtenAt <= now && now < laterBy(writtenAt, noticedWithin);
  if (isNew) return undefined;
  const was = (now - by) as EpochMs;
  return openGrants(grants, was).map((grant) => ({ ...grant, until: laterBy(grant.until, by) }));
}
