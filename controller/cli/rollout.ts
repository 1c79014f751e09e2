import type { LeftOutPage, PhoneWorkView, RolloutView } from '@ringwave/protocol/views';
import { CliFault } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';
import { URGENCY_WORDS } from '../core/deadline.ts';
import { ApiClient } from './api-client.ts';
import { instantFrom } from './instant.ts';
import { numberSaid, readJsonFile } from './json-file.ts';
import type { CliOutput } from './json-lines.ts';
import { localTime, print, table } from './print.ts';
import { registerRehearse } from './rehearse.ts';

interface CreateFlags {
  readonly from: string;
  readonly confirm?: string;
  readonly json?: boolean;
}
type Json = { readonly json?: boolean };
interface ShowFlags extends Json {
  readonly phones?: boolean;
  readonly leftOut?: boolean;
}

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
        table(['rollout', 'state', 'done', 'failed', 'total', 'due'], found.map(counts)),
      );
    });
  rollout
    .command('create')
    .description('create a rollout from a JSON file; it then waits for approval')
    .requiredOption('--from <file>', 'the file; - reads standard input')
    .option(...confirmOption)
    .option('--json', 'print JSON')
    .action(async (flags: CreateFlags, command: Command) => {
      const body = confirmed(await readJsonFile(flags.from), flags);
      const made = (await ApiClient.of(command).send('POST', '/rollouts', body)) as RolloutView;
      await print(out, flags.json, made, () => [
        ...shown(made),
        `next: ringwave rollout approve ${made.id}`,
      ]);
    });
  rollout
    .command('show <rollout>')
    .description('waves, gates and counts of one rollout')
    .option('--phones', 'every phone with its reason and next attempt')
    .option('--left-out', 'every phone that it selected and does not reach, and why')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: ShowFlags, command: Command) => {
      const api = ApiClient.of(command);
      const found = await api.get<RolloutView>(`/rollouts/${encodeURIComponent(id)}`);
      const leftOut = flags.leftOut ? await allLeftOut(api, id) : undefined;
      const phones = flags.phones
        ? await api.get<(PhoneWorkView & { mac: string; site: string })[]>(
            `/rollouts/${encodeURIComponent(id)}/phones`,
          )
        : undefined;
      const more = {
        ...(phones ? { phones } : {}),
        ...(leftOut ? { leftOutPhones: leftOut } : {}),
      };
      await print(out, flags.json, { ...found, ...more }, () => [
        ...shown(found),
        ...(leftOut ?? []).map(({ mac, site, why }) => `  ${mac} (${site}): ${why}`),
        ...(phones
          ? table(['mac', 'site', 'wave', 'phase', 'next', 'reason'], phones.map(phoneRow))
          : []),
      ]);
    });
  registerRehearse(rollout, out);
  registerChanges(rollout, out);
  registerExtend(rollout, out);
  registerApprove(rollout, out);
  registerVerbs(rollout, out);
}

const confirmOption = [
  '--confirm <phones>',
  'how many phones it is to reach, where these are very many',
] as const;

const confirmed = (body: unknown, { confirm }: { readonly confirm?: string }): unknown =>
  confirm === undefined ? body : { ...(body as object), confirmPhones: numberSaid(confirm) };

interface EditFlags extends CreateFlags {
  readonly contentHash?: string;
}

/** What may be done with one before it begins. */
function registerChanges(rollout: Command, out: CliOutput): void {
  rollout
    .command('preview')
    .description('what a rollout would do: its waves, and every phone that is left out and why')
    .requiredOption('--from <file>', 'the file; - reads standard input')
    .option(...confirmOption)
    .option('--json', 'print JSON')
    .action(async (flags: CreateFlags, command: Command) => {
      const body = confirmed(await readJsonFile(flags.from), flags);
      const seen = (await ApiClient.of(command).send('POST', '/rollouts/preview', body)) as Preview;
      await print(out, flags.json, seen, () => previewed(seen));
      if (!seen.ok) process.exitCode = 2;
    });
  rollout
    .command('edit <rollout>')
    .description(
      'give a rollout that has not begun another content, so that it waits for approval anew; or one that goes on a later deadline',
    )
    .requiredOption('--from <file>', 'the file; - reads standard input')
    .option(...confirmOption)
    .option('--content-hash <hash>', 'only what was read: the hash that show prints')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: EditFlags, command: Command) => {
      const body = confirmed(await readJsonFile(flags.from), flags);
      const path = `/rollouts/${encodeURIComponent(id)}`;
      const { contentHash } = flags;
      const asRead = contentHash === undefined ? {} : { 'if-match': `"${contentHash}"` };
      const after = (await ApiClient.of(command).send('PUT', path, body, asRead)) as RolloutView;
      await print(out, flags.json, after, () => shown(after));
    });
  rollout
    .command('remove <rollout>')
    .description('take back a rollout that has not begun; nothing of it stays')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: Json, command: Command) => {
      const path = `/rollouts/${encodeURIComponent(id)}`;
      const done = await ApiClient.of(command).send('DELETE', path);
      await print(out, flags.json, done, () => [`rollout ${id} removed`]);
    });
}

interface ExtendFlags extends Json {
  readonly due: string;
  readonly because?: string;
}

/** The one thing of a rollout that goes on which may differ: its content is sent again with a later deadline. */
function registerExtend(rollout: Command, out: CliOutput): void {
  rollout
    .command('extend <rollout>')
    .description('give a rollout that goes on a later deadline; its approval stands')
    .requiredOption('--due <time>', 'the later deadline; ISO 8601')
    .option('--because <text>', 'why, instead of what the deadline said before')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: ExtendFlags, command: Command) => {
      const dueAt = instantFrom('--due', flags.due);
      const api = ApiClient.of(command);
      const path = `/rollouts/${encodeURIComponent(id)}`;
      const { state } = await api.get<RolloutView>(path);
      if (notBegun.includes(state)) throw notYet(id, state);
      const content = await api.get<{ readonly deadline?: object }>(`${path}/content`);
      // Where none was there before, the controller says that none can be added.
      const { because, ...before } = { because: 'more time', ...content.deadline };
      const deadline = { ...before, dueAt, because: flags.because ?? because };
      const after = (await api.send('PUT', path, { ...content, deadline })) as RolloutView;
      await print(out, flags.json, after, () => shown(after));
    });
}

const notBegun: readonly RolloutView['state'][] = ['draft', 'awaiting-approval', 'scheduled'];

/** An edit before the start makes an approval void, which nobody expects of more time. */
const notYet = (id: string, state: RolloutView['state']): CliFault =>
  new CliFault({
    what: `rollout ${id} is ${state}`,
    why: 'it has not begun, and another deadline is another content, which is approved anew',
    next: `Change it with: ringwave rollout edit ${id} --from FILE`,
    exitCode: 5,
  });

interface ApproveFlags extends Json {
  readonly contentHash?: string;
  readonly remark?: string;
  readonly breakGlass?: string;
}

function registerApprove(rollout: Command, out: CliOutput): void {
  rollout
    .command('approve <rollout>')
    .description('let a rollout begin that somebody else proposed')
    .option('--remark <text>', 'kept with the approval')
    .option(
      '--content-hash <hash>',
      'approve only what was read: the hash that show prints; without it, what is shown first',
    )
    .option('--break-glass <reason>', 'approve your own in an emergency; the reason is kept')
    .option('--json', 'print JSON; needs --content-hash')
    .action(async (id: string, { json, ...said }: ApproveFlags, command: Command) => {
      const api = ApiClient.of(command);
      const path = `/rollouts/${encodeURIComponent(id)}`;
      if (json && said.contentHash === undefined) throw unread(id);
      const contentHash = said.contentHash ?? (await showFirst(api, path, out));
      const after = (await api.send('POST', `${path}/approve`, {
        ...said,
        contentHash,
      })) as RolloutView;
      await print(out, json, after, () =>
        said.contentHash === undefined ? [`${id}: ${after.state}`] : shown(after),
      );
    });
}

/** Gives the hash of what was shown, so that what changes from here on is not approved. */
async function showFirst(api: ApiClient, path: string, out: CliOutput): Promise<string> {
  const found = await api.get<RolloutView>(path);
  await print(out, false, found, () => shown(found));
  return found.contentHash;
}

const unread = (id: string): CliFault =>
  new CliFault({
    what: `rollout ${id}`,
    why: 'with --json nothing is shown before it is approved',
    next: `Add --content-hash with the contentHash of: ringwave rollout show ${id} --json`,
  });

function registerVerbs(rollout: Command, out: CliOutput): void {
  verb(rollout, out, 'deny', 'refuse a rollout for good', [
    ['--remark <text>', 'why; kept with the denial'],
  ]);
  const reason: Option = ['--reason <text>', 'why, for the audit'];
  verb(rollout, out, 'pause', 'start no further phone; what is in flight finishes', [reason]);
  verb(rollout, out, 'resume', 'go on; a wave that its gate had stopped is released by you');
  verb(rollout, out, 'pass', 'let the wave pass that has met its gate and asks a person');
  verb(rollout, out, 'close', 'let no late phone join any more; it ends with its last one');
  verb(rollout, out, 'abort', 'end it for good; what is in flight finishes', [
    reason,
    ['--force', 'close phones in flight, too; what they show later is kept, not applied'],
  ]);
}

type Option = readonly [flag: string, description: string];

function verb(
  parent: Command,
  out: CliOutput,
  name: string,
  description: string,
  options: readonly Option[] = [],
): void {
  const command = parent.command(`${name} <rollout>`).description(description);
  for (const [flag, about] of options) command.option(flag, about);
  command.option('--json', 'print JSON');
  command.action(async (id: string, flags: Json & Record<string, unknown>, self: Command) => {
    const { json, ...body } = flags;
    const path = `/rollouts/${encodeURIComponent(id)}/${name}`;
    const after = (await ApiClient.of(self).send('POST', path, body)) as RolloutView;
    await print(out, json, after, () => shown(after));
  });
}

interface Preview {
  readonly ok: boolean;
  readonly problems: readonly { thing: string; reason: string; next: string }[];
  readonly waves: readonly { name: string; phones: number }[];
  readonly leftOut: readonly { mac: string; site: string; why: string }[];
  readonly leftOutTotal: number;
  readonly cautions?: RolloutView['cautions'];
}

function previewed({ problems, waves, leftOut, leftOutTotal, cautions }: Preview): string[] {
  const rest = leftOutTotal - leftOut.length;
  return [
    ...problems.map(({ thing, reason, next }) => `refused: ${thing} ${reason}. ${next}`),
    ...cautioned(cautions),
    ...table(
      ['wave', 'phones'],
      waves.map(({ name, phones }) => [name, String(phones)]),
    ),
    ...(waves.length === 0
      ? []
      : leftOutTotal === 0
        ? ['left out: nobody']
        : [`left out: ${leftOutTotal}`]),
    ...leftOut.map(({ mac, site, why }) => `  ${mac} (${site}): ${why}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

const sum = (rollout: RolloutView, name: 'done' | 'failed' | 'total'): string =>
  String(rollout.waves.reduce((total, wave) => total + wave[name], 0));

const counts = (rollout: RolloutView): string[] => [
  rollout.id,
  rollout.state,
  sum(rollout, 'done'),
  sum(rollout, 'failed'),
  sum(rollout, 'total'),
  dueOf(rollout),
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
    [
      wave.paced ? `${wave.paced.waiting} wait for the pace` : '',
      wave.aside > 0 ? `${wave.aside} count as neither` : '',
      wave.why ?? '',
      wave.windows ? `only ${wave.windows.join('; ')}` : '',
    ]
      .filter((part) => part !== '')
      .join('; '),
  ]);
  return [
    `${rollout.id}: ${rollout.state}${paused}`,
    ...(rollout.after.length > 0 ? [`begins after ${rollout.after.join(', ')}`] : []),
    ...(rollout.startAt === null ? [] : [`begins ${localTime(rollout.startAt)} at the earliest`]),
    ...(rollout.deadline ? [`due ${dueOf(rollout)}`] : []),
    ...approvalOf(rollout),
    ...cautioned(rollout.cautions),
    ...leftOutOf(rollout),
    ...table(['wave', 'state', 'done', 'failed', 'skipped', 'why'], waves),
  ];
}

/** By when and why, and which rung holds now. */
function dueOf({ deadline, endedAt }: RolloutView): string {
  if (!deadline) return '-';
  const { dueAt, because, urgency } = deadline;
  const words: Readonly<Record<string, string>> = URGENCY_WORDS;
  const rung = urgency === null || endedAt !== null ? '' : `: ${words[urgency] ?? urgency}`;
  return `${localTime(dueAt)}: ${because}${rung}`;
}

/** The most frequent reasons; all of them with `--json`. */
const reasonsShown = 5;

function leftOutOf({ leftOut }: RolloutView): string[] {
  if (!leftOut) return [];
  const reasons = leftOut.reasons
    .slice(0, reasonsShown)
    .map(({ why, phones }) => `  ${phones}: ${why}`);
  return [`left out: ${leftOut.total} (name them with --left-out)`, ...reasons];
}

async function allLeftOut(api: ApiClient, id: string): Promise<LeftOutPage['phones']> {
  const all: LeftOutPage['phones'][number][] = [];
  for (let after: number | null = 0; after !== null; ) {
    const path = `/rollouts/${encodeURIComponent(id)}/left-out?limit=1000&after=${after}`;
    const page: LeftOutPage = await api.get<LeftOutPage>(path);
    all.push(...page.phones);
    after = page.next;
  }
  return all;
}

const cautioned = (cautions: RolloutView['cautions'] = []): string[] =>
  cautions.map(({ thing, reason, next }) => `caution: ${thing} ${reason}. ${next}`);

/** Who let it begin, or what whoever does shall have read. */
function approvalOf({ state, contentHash, ...rollout }: RolloutView): string[] {
  if (rollout.denied) return [`denied by ${rollout.denied.who}: ${rollout.denied.remark}`];
  if (rollout.brokeGlass) return [`approved by ${rollout.approvedBy} alone: ${rollout.brokeGlass}`];
  return state === 'awaiting-approval' ? [`content ${contentHash}`] : [];
}

const phoneRow = (phone: PhoneWorkView & { mac: string; site: string }): string[] => [
  phone.mac,
  phone.site,
  phone.wave,
  phone.phase,
  localTime(phone.nextAttemptAt),
  phone.reason,
];
