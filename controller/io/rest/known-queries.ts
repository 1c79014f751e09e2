import { nearest } from '@ringwave/protocol/nearest';
import type { FastifyRequest } from 'fastify';
import { inSeconds } from '../../core/in-seconds.ts';
import { invalid } from '../../core/refusal.ts';
import type { Refusal } from '../../core/state.ts';
import { instantMax } from './inputs.ts';

/**
 * What each route takes behind the question mark; the others take nothing. A misspelt name that was ignored would answer
 * for more than was asked.
 */
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  '/api/v1/advisories': ['review', 'after'],
  '/api/v1/announcements': ['vendor', 'model', 'flag', 'after', 'limit'],
  '/api/v1/compliance': ['format', 'site'],
  '/api/v1/discovered': ['site'],
  '/api/v1/live': ['epoch', 'since'],
  '/api/v1/phones': ['site', 'vendor', 'model', 'phase', 'where', 'after', 'limit'],
  '/api/v1/phones/:mac': ['at', 'where'],
  '/api/v1/rollouts/:rollout/left-out': ['after', 'limit'],
  '/api/v1/sites/:site/openings': ['from', 'to'],
};

/** What is wrong with a request's query as such; what its values mean is its route's own question. */
export function queryRefusals({ query, routeOptions }: FastifyRequest): Refusal[] {
  const taken = TAKEN[routeOptions.url ?? ''] ?? [];
  return Object.entries(query as Record<string, unknown>).flatMap(([name, value]) => {
    const thing = `query ${name.slice(0, 64)}`;
    if (!taken.includes(name)) return [invalid(thing, 'is not taken here', nextFor(name, taken))];
    // Node reads a repeated name as a list.
    if (typeof value !== 'string') return [invalid(thing, 'stands there twice', 'Give it once.')];
    if (name === 'limit' && !/^[1-9]\d{0,8}$/.test(value))
      return [invalid(thing, 'is no whole number above 0', 'Give how many a page shall hold.')];
    return name === 'at' ? instantRefusals(thing, value) : [];
  });
}

function instantRefusals(thing: string, value: string): Refusal[] {
  const at = /^\d{1,13}$/.test(value) ? Number(value) : undefined;
  if (at !== undefined && at <= instantMax) {
    const said = inSeconds(thing, at);
    return said ? [said] : [];
  }
  const reason = `is ${JSON.stringify(value.slice(0, 40))}, which is no instant`;
  const next = 'Write it in milliseconds since 1970, up to the end of the year 2199.';
  return [invalid(thing, reason, next)];
}

function nextFor(name: string, taken: readonly string[]): string {
  const near = nearest(name, taken);
  if (near !== undefined) return `Did you mean ${near}?`;
  return taken.length === 0 ? 'Leave it out.' : `Taken are: ${taken.join(', ')}.`;
}
