import { registerPhone } from '@ringwave/controller/cli/phone';
import type { EpochMs } from '@ringwave/protocol/units';
import { Command } from 'commander';
import { type Test, test } from 'tap';
import { macOf, phoneOf, releaseOf, rolloutOf, siteOf } from '../core/desk.ts';
import { openDoor } from '../io/door.ts';

/** A phone that was heard of a minute ago, in a rollout that begins one day, and `ringwave phone explain` in this process. */
async function desk(t: Test) {
  const { engine, url, access } = (await openDoor(t)).controller;
  const release = releaseOf();
  const deadline = { dueAt: Date.UTC(2199, 0, 31, 12) as EpochMs, because: 'CVE-2026-0001' };
  const input = { ...rolloutOf(), deadline, startAt: Date.UTC(2199, 0, 1) as EpochMs };
  for (const [who, command] of [
    ['ada', { kind: 'site-put', site: siteOf('lisbon') }],
    ['ada', { kind: 'release-put', release }],
    ['ada', { kind: 'release-move', release: release.id, cause: 'approve', why: 'tried' }],
    ['ada', { kind: 'phones-put', phones: [phoneOf(1)] }],
    ['ada', { kind: 'rollout-create', input }],
    ['bob', { kind: 'rollout-approve', rollout: input.id }],
  ] as const)
    t.ok(engine.command(who, command).ok, command.kind);
  const phone = engine.tables.phones.get(macOf(1));
  const seenAt = (engine.clock.now() - 60_000) as EpochMs;
  if (phone) engine.tables.phones.set(phone.mac, { ...phone, seenAt, address: '192.0.2.1' });
  return async (...words: readonly string[]): Promise<string> => {
    let said = '';
    const program = new Command('ringwave').exitOverride();
    program.option('--url <url>').option('--token <token>').option('--data <folder>');
    registerPhone(program, {
      write: (text: string) => void (said += text),
      fail: (text: string) => void (said += `${text}\n`),
      exitWith: () => {},
      input: (async function* none() {})(),
    });
    const given = ['--url', url, '--token', access.mintApiToken('ada')];
    await program.parseAsync([...given, 'phone', 'explain', macOf(1), ...words], { from: 'user' });
    return said;
  };
}

test('every time that explains a phone is written alike', async (t) => {
  const explain = await desk(t);
  const said = await explain();
  const at = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d UTC`;
  t.match(said, new RegExp(`last seen ${at} at 192\\.0\\.2\\.1\n`));
  t.match(said, /has not begun; next 2199-01-01 01:00 UTC\n/);
  t.match(
    said,
    /because {2}Rollout autumn is scheduled, due 2199-01-31 12:00 UTC \(CVE-2026-0001\)/,
  );
  t.match(said, new RegExp(`because {2}Site lisbon: .* next opening ${at}|its opening is on`));
  t.match(said, new RegExp(`seen-within-24-h: Last request ${at} from 192`));
  t.notMatch(said.replaceAll(new RegExp(at, 'g'), ''), /GMT| \d\d:\d\d|\d{4}-\d\d-\d\d/);
});

test('at a time ahead a phone is not called silent for what nobody has heard yet', async (t) => {
  const explain = await desk(t);
  t.match(await explain('--at', '2190-01-01T00:00:00Z'), /pass +seen-within-24-h/);
});
