import type { PhoneWorkView, RolloutView } from '@ringwave/protocol/views';
import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import { readJsonFile } from './json-file.ts';
import type { CliOutput } from './json-lines.ts';
import { localTime, print, table } from './print.ts';

interface CreateFlags {
  readonly from: string;
  readonly confirm?: string;
  readonly json?: boolean;
}
type Json = { readonly json?: boolean };

export function registerRollout(program: Command, out: CliOutput): void {
  const rollout = program
    .command('rollout')
    .description('staged rollouts: create, approve, watch, stop');
  rollout
    .command('list')
    .description('all rollouts')
    .option('--json', 'print JSON')
    .action(async (flags: Json, command: Command) => {
      const found = await ApiClient.of(command).get<RolloutView[]>('/rollouts');
      await print(out, flags.json, found, () =>
        table(['rollout', 'state', 'done', 'failed', 'total'], found.map(counts)),
      );
    });
  rollout
    .command('create')
    .description('create a rollout from a JSON file; it then waits for approval')
    .requiredOption('--from <file>', 'the file; - reads standard input')
    .option('--confirm <phones>', 'how many phones it is to reach, where these are very many')
    .option('--json', 'print JSON')
    .action(async (flags: CreateFlags, command: Command) => {
      const body = await readJsonFile(flags.from);
      const made = (await ApiClient.of(command).send(
        'POST',
        '/rollouts',
        flags.confirm === undefined
          ? body
          : { ...(body as object), confirmPhones: Number(flags.confirm) },
      )) as RolloutView;
      await print(out, flags.json, made, () => [
        ...shown(made),
        `next: ringwave rollout approve ${made.id}`,
      ]);
    });
  rollout
    .command('show <rollout>')
    .description('waves, gates and counts of one rollout')
    .option('--phones', 'every phone with its reason and next attempt')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: { phones?: boolean; json?: boolean }, command: Command) => {
      const api = ApiClient.of(command);
      const found = await api.get<RolloutView>(`/rollouts/${encodeURIComponent(id)}`);
      const phones = flags.phones
        ? await api.get<(PhoneWorkView & { mac: string; site: string })[]>(
            `/rollouts/${encodeURIComponent(id)}/phones`,
          )
        : undefined;
      await print(out, flags.json, phones ? { ...found, phones } : found, () => [
        ...shown(found),
        ...(phones
          ? table(['mac', 'site', 'wave', 'phase', 'next', 'reason'], phones.map(phoneRow))
          : []),
      ]);
    });
  verb(rollout, out, 'approve', 'let a rollout begin');
  verb(rollout, out, 'pause', 'start no further phone; what is in flight finishes', true);
  verb(rollout, out, 'resume', 'go on; a wave that its gate had stopped is released by you');
  verb(rollout, out, 'abort', 'end it for good; what is in flight finishes', true);
}

function verb(
  parent: Command,
  out: CliOutput,
  name: string,
  description: string,
  takesReason = false,
): void {
  const command = parent
    .command(`${name} <rollout>`)
    .description(description)
    .option('--json', 'print JSON');
  if (takesReason) command.option('--reason <text>', 'why, for the audit');
  command.action(async (id: string, flags: { reason?: string; json?: boolean }, self: Command) => {
    const body = flags.reason === undefined ? {} : { reason: flags.reason };
    const after = (await ApiClient.of(self).send(
      'POST',
      `/rollouts/${encodeURIComponent(id)}/${name}`,
      body,
    )) as RolloutView;
    await print(out, flags.json, after, () => shown(after));
  });
}

const sum = (rollout: RolloutView, name: 'done' | 'failed' | 'total'): string =>
  String(rollout.waves.reduce((total, wave) => total + wave[name], 0));

const counts = (rollout: RolloutView): string[] => [
  rollout.id,
  rollout.state,
  sum(rollout, 'done'),
  sum(rollout, 'failed'),
  sum(rollout, 'total'),
];

function shown(rollout: RolloutView): string[] {
  const paused = rollout.paused
    ? ` by ${rollout.paused.by} (${rollout.paused.who}): ${rollout.paused.reason}`
    : '';
  const waves = rollout.waves.map((wave) => [
    wave.name,
    wave.state,
    `${wave.done}/${wave.total}`,
    String(wave.failed),
    String(wave.skipped),
    wave.why ?? '',
  ]);
  return [
    `${rollout.id}: ${rollout.state}${paused}`,
    ...table(['wave', 'state', 'done', 'failed', 'skipped', 'why'], waves),
  ];
}

const phoneRow = (phone: PhoneWorkView & { mac: string; site: string }): string[] => [
  phone.mac,
  phone.site,
  phone.wave,
  phone.phase,
  localTime(phone.nextAttemptAt),
  phone.reason,
];
