import type { EpochMs } from '@ringwave/protocol/units';
import type { PhoneView } from '@ringwave/protocol/views';
import type { FastifyReply } from 'fastify';
import { explainMatch, type MatchExplained } from '../../core/selection/explain-match.ts';
import { parseSelection } from '../../core/selection/parse.ts';
import { whereRefusal, whereRefusals } from '../../core/selection/selected.ts';
import { chain, type FieldName, type Where } from '../../core/selection/where.ts';
import type { Phone, Refusal } from '../../core/state.ts';
import { phoneView } from '../../core/views.ts';
import { refuseAll } from './answer.ts';
import type { RestParts } from './rest-parts.ts';

// `GET /phones?where=`: the phones of a selection, page by page, with their number.

/** The older filters, which say the same. */
const ALSO_ASKED = ['site', 'vendor', 'model'] as const satisfies FieldName[];

export async function selectedPage(
  { engine }: RestParts,
  reply: FastifyReply,
  query: Record<string, string>,
  limit: number,
): Promise<FastifyReply | { phones: PhoneView[]; next: string | null; count: number }> {
  const { tables } = engine;
  if (query['phase'] !== undefined) {
    const reason = 'stands beside where';
    const next = 'Write it into where: rollout = NAME and phase = ...';
    return refuseAll(reply, [{ code: 'invalid', thing: 'phase', reason, next }]);
  }
  const read = parseSelection(query['where'] ?? '');
  const after = query['after'];
  // Names are looked for in the whole fleet: once, and not on each page.
  const fleet = after === undefined ? tables : undefined;
  const refusals = whereRefusals('where', query['where'] ?? '', fleet);
  if (!read.ok || refusals.length > 0) return refuseAll(reply, refusals);
  const now = engine.clock.now();
  const where = chain('and', [read.selection, ...alsoAsked(query)]);
  const page = { limit, ...(after === undefined ? {} : { after }) };
  const [macs, count] = [
    await engine.phones.macs(where, now, page),
    await engine.phones.count(where, now),
  ];
  const phones = macs.flatMap((mac) => {
    const phone = tables.phones.get(mac);
    return phone ? [phoneView(tables, phone, now)] : [];
  });
  return { phones, next: macs.length === limit ? (macs.at(-1) ?? null) : null, count };
}

/** Whether the selection means this phone, and the tests that decide it. */
export function explainedIn(
  { engine: { tables } }: RestParts,
  phone: Phone,
  text: string,
  now: EpochMs,
): MatchExplained | { refusals: Refusal[] } {
  const read = parseSelection(text);
  if (!read.ok) return { refusals: read.problems.map((one) => whereRefusal('where', one)) };
  return explainMatch(read.selection, phone, tables, now);
}

const alsoAsked = (query: Record<string, string>): Where[] =>
  ALSO_ASKED.flatMap((name): Where[] => {
    const text = query[name];
    if (text === undefined) return [];
    const field = { of: 'field', name } as const;
    return [{ kind: 'test', field, column: 1, operator: '=', values: [{ text, column: 1 }] }];
  });
