import type { Command } from 'commander';
import type { AdvisoryDetail, AdvisoryView } from '../core/advisory-view.ts';
import { ApiClient } from './api-client.ts';
import type { CliOutput } from './json-lines.ts';
import { print, table } from './print.ts';

export function registerAdvisory(program: Command, out: CliOutput): void {
  const advisory = program
    .command('advisory')
    .description('vulnerabilities as they are placed on phones, with their dates');
  advisory
    .command('list')
    .description('all advisories, the most urgent first')
    .option('--review', 'only those with a part that a person must read')
    .option('--json', 'print JSON')
    .action(async (flags: { review?: boolean; json?: boolean }, command: Command) => {
      const query = flags.review ? '?review=1' : '';
      const found = await ApiClient.of(command).get<AdvisoryView[]>(`/advisories${query}`);
      await print(out, flags.json, found, () => listed(found, flags.review === true));
    });
  advisory
    .command('show <advisory>')
    .description('one advisory: who says what, when it is due, and which phones are exposed')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: { json?: boolean }, command: Command) => {
      const path = `/advisories/${encodeURIComponent(id)}`;
      const found = await ApiClient.of(command).get<AdvisoryDetail>(path);
      await print(out, flags.json, found, () => shown(found));
    });
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

function listed(found: readonly AdvisoryView[], withReviews: boolean): string[] {
  const byDate = [...found].sort((a, b) => a.priority.dueAt - b.priority.dueAt);
  const rows = byDate.map(({ id, priority, scores, reviews, products, title }) => [
    id,
    `${day(priority.dueAt)}${priority.isOverdue ? ' overdue' : ''}`,
    priority.rule,
    scores.length === 0 ? '-' : String(Math.max(...scores.map(({ score }) => score))),
    String(reviews.length),
    products.length > 0 ? products.slice(0, 3).join(', ') : (title ?? '').slice(0, 80),
  ]);
  const lines = table(['advisory', 'due', 'rule', 'score', 'reviews', 'products'], rows);
  if (!withReviews) return lines;
  const reviews = byDate.flatMap(({ id, reviews }) =>
    reviews.map(
      ({ issuer, wording, reason }) => `${id} ${issuer}: ${JSON.stringify(wording)}: ${reason}`,
    ),
  );
  return [...lines, ...reviews];
}

function shown(one: AdvisoryDetail): string[] {
  const { priority, exploited, likelihood, exposed } = one;
  const kev = priority.kevDueOn ? `; CISA’s date for US agencies: ${priority.kevDueOn}` : '';
  return [
    `${one.id}${one.title === null ? '' : ` ${one.title}`}`,
    `due ${day(priority.dueAt)}${priority.isOverdue ? ' (overdue)' : ''} by rule ${priority.rule}, ${priority.words}${kev}`,
    priority.actionWords,
    ...one.scores.map(({ issuer, system, score }) => `score ${score} (${system}) by ${issuer}`),
    ...(exploited ? [`attacks are known: ${exploited.issuer}`] : []),
    ...(likelihood ? [`chance of attacks ${likelihood.chance} (EPSS of ${likelihood.on})`] : []),
    ...one.products.map((product) => `placed on ${product}`),
    ...one.reviews.map(
      ({ issuer, wording, reason }) =>
        `needs review (${issuer}): ${JSON.stringify(wording)}: ${reason}`,
    ),
    ...one.sources.map((source) => `source ${source}`),
    ...exposed.models.map(
      ({ vendor, model, phones }) =>
        `${vendor} ${model}: ${Object.entries(phones)
          .filter(([, count]) => count > 0)
          .map(([verdict, count]) => `${count} ${verdict}`)
          .join(', ')}`,
    ),
    ...exposed.phones.map(
      ({ mac, site, version, verdict, words }) =>
        `  ${mac} at ${site}, ${version ?? 'version unseen'}: ${verdict}, ${words}`,
    ),
    ...(exposed.phonesLeftOut > 0 ? [`  and ${exposed.phonesLeftOut} more phones`] : []),
  ];
}
