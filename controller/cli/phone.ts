import type { PhoneView } from '@ringwave/protocol/views';
import type { Command } from 'commander';
import { instantText } from '../core/instant-text.ts';
import { ApiClient } from './api-client.ts';
import { readJsonFile } from './json-file.ts';
import { instantFrom } from './instant.ts';
import type { CliOutput } from './json-lines.ts';
import { localTime, print, table } from './print.ts';

interface ListFlags {
  readonly site?: string;
  readonly model?: string;
  readonly vendor?: string;
  readonly phase?: string;
  readonly where?: string;
  readonly json?: boolean;
}

export function registerPhone(program: Command, out: CliOutput): void {
  const phone = program
    .command('phone')
    .description('the inventory, and why each phone is where it is');
  phone
    .command('list')
    .description('phones with what they run and where they stand')
    .option('--site <site>', 'only this site')
    .option('--vendor <vendor>', 'only this vendor')
    .option('--model <model>', 'only this model')
    .option('--phase <phase>', 'only this phase of their rollout')
    .option('--where <selection>', 'only what this selection means (docs/selection.md)')
    .option('--json', 'print JSON')
    .action(async (flags: ListFlags, command: Command) => {
      const phones = await allPhones(ApiClient.of(command), flags);
      await print(out, flags.json, phones, () =>
        table(['mac', 'site', 'model', 'running', 'phase', 'reason'], phones.map(row)),
      );
    });
  countVerb(phone, out);
  discoveredVerb(phone, out);
  phone
    .command('put')
    .description('store phones from a JSON file: a list of {mac, site, vendor, model, …}')
    .requiredOption('--from <file>', 'the file; - reads standard input')
    .option('--json', 'print JSON')
    .action(async (flags: { from: string; json?: boolean }, command: Command) => {
      const done = (await ApiClient.of(command).send(
        'POST',
        '/phones',
        await readJsonFile(flags.from),
      )) as { stored: number };
      await print(out, flags.json, done, () => [`${done.stored} phones stored`]);
    });
  phone
    .command('explain <mac>')
    .description('why this phone is where it is, what it waits for and when it is tried next')
    .option(
      '--at <time>',
      'as it will stand then, as far as is known now; a time to come, ISO 8601',
    )
    .option(
      '--where <selection>',
      'also whether this selection means it, and why (docs/selection.md)',
    )
    .option('--json', 'print JSON')
    .action(async (mac: string, flags: ExplainFlags, command: Command) => {
      const query = new URLSearchParams({
        ...(flags.at === undefined ? {} : { at: String(instantFrom('--at', flags.at)) }),
        ...(flags.where === undefined ? {} : { where: flags.where }),
      });
      const found = await ApiClient.of(command).get<Explained>(
        `/phones/${encodeURIComponent(mac)}?${query.toString()}`,
      );
      await print(out, flags.json, found, () => explained(found));
    });
  phone
    .command('remove <mac>')
    .description('take a phone out of the inventory')
    .option('--json', 'print JSON')
    .action(async (mac: string, flags: { json?: boolean }, command: Command) => {
      const done = await ApiClient.of(command).send('DELETE', `/phones/${encodeURIComponent(mac)}`);
      await print(out, flags.json, done, () => [`phone ${mac} removed`]);
    });
}

function countVerb(phone: Command, out: CliOutput): void {
  phone
    .command('count')
    .description('how many phones a selection means')
    .requiredOption('--where <selection>', 'in the selection language (docs/selection.md)')
    .option('--json', 'print JSON')
    .action(async (flags: { where: string; json?: boolean }, command: Command) => {
      const query = new URLSearchParams({ where: flags.where, limit: '1' });
      const { count } = await ApiClient.of(command).get<{ count: number }>(
        `/phones?${query.toString()}`,
      );
      await print(out, flags.json, { count }, () => [String(count)]);
    });
}

async function allPhones(
  api: ApiClient,
  { json: _json, ...filters }: ListFlags,
): Promise<PhoneView[]> {
  const phones: PhoneView[] = [];
  const query = new URLSearchParams({ ...filters, limit: '1000' });
  for (;;) {
    const page = await api.get<{ phones: PhoneView[]; next: string | null }>(
      `/phones?${query.toString()}`,
    );
    phones.push(...page.phones);
    if (!page.next) return phones;
    query.set('after', page.next);
  }
}

const row = (phone: PhoneView): string[] => [
  phone.mac,
  phone.site,
  phone.model,
  phone.running?.version ?? 'unknown',
  phone.work?.phase ?? '-',
  phone.work?.reason ?? '',
];

interface ExplainFlags {
  readonly at?: string;
  readonly where?: string;
  readonly json?: boolean;
}

function discoveredVerb(phone: Command, out: CliOutput): void {
  phone
    .command('discovered')
    .description('phones in no inventory that agents saw, with what they claim')
    .option('--site <site>', 'only this site')
    .option('--json', 'print JSON')
    .action(async (flags: { site?: string; json?: boolean }, command: Command) => {
      const query = flags.site === undefined ? '' : `?site=${encodeURIComponent(flags.site)}`;
      const found = await ApiClient.of(command).get<Found[]>(`/discovered${query}`);
      await print(out, flags.json, found, () =>
        table(
          ['mac', 'site', 'vendor', 'model', 'version', 'address', 'seen'],
          found.map(foundRow),
        ),
      );
    });
}

interface Found {
  readonly mac: string;
  readonly site: string;
  readonly vendor: string | null;
  readonly model: string | null;
  readonly version: string | null;
  readonly address: string;
  readonly via: readonly string[];
  readonly at: number;
}

const foundRow = (found: Found): string[] => [
  found.mac,
  found.site,
  found.vendor ?? '-',
  found.model ?? '-',
  found.version ?? '-',
  found.address,
  `${localTime(found.at)} (${found.via.join(', ')})`,
];

interface Explained extends PhoneView {
  readonly selection?: { readonly matches: boolean; readonly because: readonly string[] };
  readonly rollouts: readonly (NonNullable<PhoneView['work']> & { readonly rollout: string })[];
  readonly verdicts: readonly {
    readonly rule: string;
    readonly verdict: string;
    readonly evidence: string;
  }[];
}

function explained(phone: Explained): string[] {
  const seen =
    phone.seenAt === null
      ? 'never seen'
      : `last seen ${instantText(phone.seenAt)} at ${phone.address}`;
  const head = `${phone.mac}  ${phone.vendor} ${phone.model} at ${phone.site}, runs ${phone.running?.version ?? 'an unknown version'}, ${seen}`;
  const works = phone.rollouts.map((work) => {
    const next = work.nextAttemptAt ? `; next ${instantText(work.nextAttemptAt)}` : '';
    const attempt = work.attempt ? ` (attempt ${work.attempt} of ${work.attemptsMax})` : '';
    const line = `  rollout ${work.rollout}, wave ${work.wave}: ${work.phase}${attempt}. ${work.reason}${next}`;
    const chain = (work.because ?? []).map((reason) => `    because  ${reason}`);
    return [line, ...chain, ...(work.goesOnWhen ? [`    goes on when ${work.goesOnWhen}`] : [])];
  });
  const drift = phone.drift
    ? [
        `  drifted ${instantText(phone.drift.at)}: was brought to ${phone.drift.from}, shows ${phone.drift.to}`,
      ]
    : [];
  const verdicts = phone.verdicts.map(
    (one) => `  ${one.verdict.padEnd(7)} ${one.rule}: ${one.evidence}`,
  );
  const selection = phone.selection
    ? [
        `  ${phone.selection.matches ? 'is' : 'is not'} in the selection: ${phone.selection.because.join('; ')}`,
      ]
    : [];
  return [
    head,
    ...selection,
    ...(works.length > 0 ? works.flat() : ['  in no rollout']),
    ...drift,
    ...verdicts,
  ];
}
