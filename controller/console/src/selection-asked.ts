import type { PhoneView } from '@ringwave/protocol/views';
import { ask } from './api.ts';

// The phones that a selection means, as the controller says, or where its mistakes are.

/** 1,000 phones a page; twenty are more than the list holds. */
const pagesMax = 20;

interface Page {
  readonly phones: readonly PhoneView[];
  readonly next: string | null;
  readonly count: number;
}

/** A mistake, and the column at which it begins, from 1. */
export interface Mistake {
  readonly text: string;
  readonly column: number;
}

export interface Meant {
  readonly where: string;
  readonly macs: ReadonlySet<string>;
  /** Of the whole fleet; more than `macs` where they are very many. */
  readonly count: number;
  /** Phones by site, most first. */
  readonly sites: readonly (readonly [site: string, phones: number])[];
}

export async function phonesMeant(
  where: string,
): Promise<Meant | { readonly mistakes: readonly Mistake[] }> {
  const macs = new Set<string>();
  const sites = new Map<string, number>();
  let count = 0;
  let after: string | null = null;
  for (let page = 0; page < pagesMax; page += 1) {
    const query: URLSearchParams = new URLSearchParams({ where, limit: '1000' });
    if (after !== null) query.set('after', after);
    const answer = await ask<Page>('GET', `/api/v1/phones?${query.toString()}`);
    if (!answer.ok) return { mistakes: answer.problems.map(mistakeIn) };
    for (const { mac, site } of answer.value.phones) {
      macs.add(mac);
      sites.set(site, (sites.get(site) ?? 0) + 1);
    }
    count = answer.value.count;
    after = answer.value.next;
    if (after === null) break;
  }
  const bySize = [...sites].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return { where, macs, count, sites: bySize };
}

function mistakeIn(told: { thing: string; reason: string; next: string }): Mistake {
  const { thing, reason, next } = told;
  const column = Number(/column (\d+)$/.exec(thing)?.[1] ?? 1);
  const where = thing.startsWith('where, ') ? thing.slice('where, '.length) : thing;
  return { text: `${where}: ${reason}. ${next}`, column };
}

/** Characters shown around a mistake: a line that fits a small screen. */
const before = 16;
const behind = 14;

/** The text around a column, and under it the mark. */
export function pointedAt(text: string, column: number): string {
  const place = Math.min(column - 1, text.length);
  const from = Math.max(0, place - before);
  const to = Math.min(text.length, place + behind);
  const head = from > 0 ? '… ' : '';
  const tail = to < text.length ? ' …' : '';
  const line = `${head}${text.slice(from, to)}${tail}`;
  return `${line}\n${' '.repeat(head.length + place - from)}^`;
}
