import type { PolicyDetailView, PolicyView } from '@ringwave/protocol/views';
import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import { readJsonFile } from './json-file.ts';
import type { CliOutput } from './json-lines.ts';
import { print, table } from './print.ts';

type Json = { readonly json?: boolean };

export function registerPolicy(program: Command, out: CliOutput): void {
  const policy = program
    .command('policy')
    .description('what selections of phones should run, and the rollouts that they propose');
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
    .description('one policy, how its phones stand to it, and the rollouts that it proposed')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: Json, command: Command) => {
      const path = `/policies/${encodeURIComponent(name)}`;
      const found = await ApiClient.of(command).get<PolicyDetailView>(path);
      await print(out, flags.json, found, () => shown(found));
    });
  policy
    .command('put <policy>')
    .description('store a policy from a JSON file; it proposes what its phones lack')
    .requiredOption('--from <file>', 'the file; - reads standard input')
    .option('--json', 'print JSON')
    .action(async (name: string, flags: Json & { from: string }, command: Command) => {
      const path = `/policies/${encodeURIComponent(name)}`;
      const body = await readJsonFile(flags.from);
      const stored = (await ApiClient.of(command).send('PUT', path, body)) as PolicyView;
      await print(out, flags.json, stored, () => shown(stored));
    });
  verb(
    policy,
    out,
    'approve',
    'let its rollouts begin without being asked each time, if it names you',
  );
  verb(
    policy,
    out,
    'propose',
    'propose what its phones lack, also where a rollout of it has ended',
  );
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

function verb(policy: Command, out: CliOutput, name: string, description: string): void {
  policy
    .command(`${name} <policy>`)
    .description(description)
    .option('--json', 'print JSON')
    .action(async (id: string, flags: Json, command: Command) => {
      const path = `/policies/${encodeURIComponent(id)}/${name}`;
      const after = (await ApiClient.of(command).send('POST', path)) as PolicyView;
      await print(out, flags.json, after, () => shown(after));
    });
}

function shown(found: PolicyView & Partial<PolicyDetailView>): string[] {
  const { verdicts, autoApprove, approvedAhead } = found;
  const ahead =
    autoApprove &&
    `rollouts of up to ${autoApprove.phonesMax} phones ${
      approvedAhead === null
        ? `wait until ${autoApprove.by} says: ringwave policy approve ${found.id}`
        : `are approved by ${autoApprove.by} as they are proposed`
    }`;
  return [
    ...table(HEAD, [row(found)]),
    ...(verdicts
      ? [`pass ${verdicts.pass}, fail ${verdicts.fail}, unknown ${verdicts.unknown}`]
      : []),
    ...(ahead ? [ahead] : []),
    ...found.rollouts.map(({ id, state }) => `proposed ${id}: ${state}`),
  ];
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
