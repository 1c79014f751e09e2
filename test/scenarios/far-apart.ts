import type { Id } from '@ringwave/protocol/units';
import { type Desk, idOf, phoneOf, siteOf, smallFleet } from '../controller/core/desk.ts';

// A fleet of many small sites, whose agents come back all at once.

export const siteAt = (number: number) => idOf(`branch-${number}`);

/** Sites of one phone each. */
export function farApart(sites: number): Desk {
  const numbers = Array.from({ length: sites }, (_, nth) => nth + 1);
  const desk = smallFleet(0);
  for (const number of numbers) {
    desk.do({ kind: 'site-put', site: siteOf(siteAt(number)) });
    desk.do({ kind: 'phones-put', phones: [phoneOf(number, { site: siteAt(number) })] });
    desk.joined(siteAt(number)).seen(siteAt(number), number, '66.85.0.5');
  }
  return desk;
}

/** Its agent says hello again, with what it holds. */
export function comesBack(desk: Desk, site: Id): Desk {
  const { epoch = 0, seq = 0 } = desk.tables.agents.get(site)?.cursor ?? {};
  const held = { planRevision: desk.tables.plans.get(site)?.plan.revision ?? 0, phones: 1 };
  const about = { conn: 'c2', agentVersion: '0.1.0', clockMs: desk.now };
  const hello = {
    kind: 'hello',
    epoch,
    nextSeq: seq + 1,
    ackedSeq: seq,
    ...held,
    ...about,
  } as const;
  return desk.take({ kind: 'hello', site, hello });
}
