import { FLAG_CODES } from '@ringwave/firmware-catalog/announcement';
import { nearest } from '@ringwave/protocol/nearest';
import { PHONE_PHASES } from '@ringwave/protocol/phases';
import { mac } from '@ringwave/protocol/units';
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

/** Parameters that take one of a few words. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  flag: FLAG_CODES,
  format: ['json', 'csv'],
  phase: PHONE_PHASES,
  review: ['1', 'true', '0', 'false'],
};

interface Form {
  readonly isWhole: (value: string) => boolean;
  readonly what: string;
  readonly next: string;
}

const NUMBER: Form = {
  isWhole: (value) => /^\d{1,15}$/.test(value),
  what: 'whole number',
  next: 'Give the one that the answer before ended with.',
};

const MAC: Form = {
  isWhole: (value) => mac(value) === value,
  what: 'MAC as a page ends with',
  next: 'Give the `next` of the page before, such as 80:5e:c0:12:34:56.',
};

/** Where an answer goes on; of ids each text has its place in their order, whether it is known or not. */
const GOES_ON: Readonly<Record<string, Form>> = {
  '/api/v1/live since': NUMBER,
  '/api/v1/phones after': MAC,
  '/api/v1/rollouts/:rollout/left-out after': NUMBER,
};

/** What is wrong with a request's query as such; what its values mean is its route's own question. */
export function queryRefusals({ query, routeOptions }: FastifyRequest): Refusal[] {
  const route = routeOptions.url ?? '';
  const taken = TAKEN[route] ?? [];
  return Object.entries(query as Record<string, unknown>).flatMap(([name, value]) => {
    const thing = `query ${name.slice(0, 64)}`;
    if (!taken.includes(name)) return [invalid(thing, 'is not taken here', nextFor(name, taken))];
    // Node reads a repeated name as a list.
    if (typeof value !== 'string') return [invalid(thing, 'stands there twice', 'Give it once.')];
    return valueRefusals({ route, name, thing, value });
  });
}

interface Given {
  readonly route: string;
  readonly name: string;
  readonly thing: string;
  readonly value: string;
}

function valueRefusals({ route, name, thing, value }: Given): Refusal[] {
  if (name === 'limit' && !/^[1-9]\d{0,8}$/.test(value))
    return [invalid(thing, 'is no whole number above 0', 'Give how many a page shall hold.')];
  if (name === 'at') return instantRefusals(thing, value);
  const words = WORDS[name];
  if (words && !words.includes(value))
    return [invalid(thing, `is ${shown(value)}, which does not exist`, oneOf(value, words))];
  const form = GOES_ON[`${route} ${name}`];
  // Empty: from the beginning.
  if (value === '' || !form || form.isWhole(value)) return [];
  return [invalid(thing, `is ${shown(value)}, which is no ${form.what}`, form.next)];
}

const shown = (value: string): string => JSON.stringify(value.slice(0, 40));

function oneOf(value: string, words: readonly string[]): string {
  const near = nearest(value, words);
  const hint = near === undefined ? '' : `Did you mean ${near}? `;
  return `${hint}Write one of: ${words.join(', ')}.`;
}

function instantRefusals(thing: string, value: string): Refusal[] {
  const at = /^\d{1,13}$/.test(value) ? Number(value) : undefined;
  if (at !== undefined && at <= instantMax) {
    const said = inSeconds(thing, at);
    return said ? [said] : [];
  }
  const reason = `is ${shown(value)}, which is no instant`;
  const next = 'Write it in milliseconds since 1970, up to the end of the year 2199.';
  return [invalid(thing, reason, next)];
}

function nextFor(name: string, taken: readonly string[]): string {
  const near = nearest(name, taken);
  if (near !== undefined) return `Did you mean ${near}?`;
  return taken.length === 0 ? 'Leave it out.' : `Taken are: ${taken.join(', ')}.`;
}
