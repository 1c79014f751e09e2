import type { PolicyView } from '@ringwave/protocol/views';
import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import type { CliOutput } from './json-lines.ts';
import { print, table } from './print.ts';

type Json = { readonly json?: boolean };

export function registerPolicy(program: Command, out: CliOutput): void {
  const policy = program
    .command('policy')
    .description('what selections of phones should run; stored with ringwave apply');
  policy
    .command('list')
    .description('all policies, and how many phones each means now')
    .option('--json', 'print JSON')
    .action(async (flags: Json, command: Command) => {
      const found = await ApiClient.of(command).get<PolicyView[]>('/policies');
      await print(out, flags.json, found, () => table(HEAD, found.map(row)));
    });
  policy
    .command('show <policy>')
    .description('one policy')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: Json, command: Command) => {
      const path = `/policies/${encodeURIComponent(name)}`;
      const found = await ApiClient.of(command).get<PolicyView>(path);
      await print(out, flags.json, found, () => table(HEAD, [row(found)]));
    });
  policy
    .command('remove <policy>')
    .description('forget a policy; phones and rollouts stay as they are')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: Json, command: Command) => {
      const path = `/policies/${encodeURIComponent(name)}`;
      const done = await ApiClient.of(command).send('DELETE', path);
      await print(out, flags.json, done, () => [`policy ${name} removed`]);
    });
}

const HEAD = ['policy', 'runs', 'deadlines in days', 'phones', 'where'];

const row = ({ id, channel, release, deadlines, phones, where }: PolicyView): string[] => [
  id,
  release ?? `channel ${channel}`,
  Object.entries(deadlines)
    .map(([severity, days]) => `${severity} ${days}`)
    .join(', ') || 'none',
  String(phones),
  where,
];
