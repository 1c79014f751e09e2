import { callPartAt, hoursOfWeek } from '@ringwave/protocol/call-hours';
import type { Id, Mac } from '@ringwave/protocol/units';
import type { PhoneCallHours } from './site-tables.ts';

interface CallTables {
  readonly rosters: { get(site: string): readonly Mac[] | undefined };
  readonly callHours: { get(mac: string): PhoneCallHours | undefined };
}

/** The part of a site's phones that are in a call in an hour of the week, as they were counted; undefined where none was. */
export function callHistory(tables: CallTables): (site: Id, hour: number) => number | undefined {
  const known = new Map<Id, readonly (number | undefined)[]>();
  return (site, hour) => {
    const found = known.get(site) ?? ofSite(tables, site);
    known.set(site, found);
    return found[hour];
  };
}

function ofSite({ rosters, callHours }: CallTables, site: Id): readonly (number | undefined)[] {
  const texts = (rosters.get(site) ?? []).flatMap((mac) => callHours.get(mac)?.hours ?? []);
  return Array.from({ length: hoursOfWeek }, (_, hour) => {
    const parts = texts.flatMap((text) => callPartAt(text, hour) ?? []);
    return parts.length === 0
      ? undefined
      : parts.reduce((sum, part) => sum + part, 0) / parts.length;
  });
}
