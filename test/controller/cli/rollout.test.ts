import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerRollout } from '@ringwave/controller/cli/rollout';
import { Command } from 'commander';
import { type Test, test } from 'tap';
import { localTime } from '../../../controller/cli/print.ts';
import { idOf, phoneOf, releaseOf, siteOf } from '../core/desk.ts';
import { openDoor } from '../io/door.ts';

/** A controller with so many phones that a release fits and two that none does, and `ringwave rollout` beside it. */
async function desk(t: Test, phones: number) {
  const { controller, folder } = await openDoor(t);
  const numbers = Array.from({ length: phones }, (_, nth) => nth + 1);
  const others = [201, 202].map((number) => phoneOf(number, { model: 'T58' }));
  for (const command of [
    { kind: 'site-put', site: siteOf('lisbon') },
    { kind: 'release-put', release: releaseOf() },
    { kind: 'release-move', release: releaseOf().id, cause: 'approve', why: 'tried' },
    { kind: 'phones-put', phones: [...numbers.map((number) => phoneOf(number)), ...others] },
  ] as const)
    controller.engine.command('ada', command);
  const access = ['--url', controller.url, '--token', controller.access.mintApiToken('ada')];
  const run = async (...words: readonly string[]): Promise<string> => {
    let said = '';
    const program = new Command('ringwave').exitOverride();
    program.option('--url <url>').option('--token <token>').option('--data <folder>');
    registerRollout(program, {
      write: (text) => void (said += text),
      fail: (text) => void (said += `${text}\n`),
      exitWith: () => {},
      input: (async function* none() {})(),
    });
    try {
      await program.parseAsync([...access, 'rollout', ...words], { from: 'user' });
    } catch (error) {
      said += String(error);
    }
    return said;
  };
  const file = (own: object): string => {
    const path = join(folder, 'autumn.json');
    const body = { id: 'autumn', releases: [releaseOf().id], waves: [{ name: 'all' }], ...own };
    writeFileSync(path, JSON.stringify(body));
    return path;
  };
  return { run, file, controller };
}

test('a rollout shows how many it leaves out and why, and names them when asked', async (t) => {
  const { run, file } = await desk(t, 2);
  await run('create', '--from', file({}));
  const shown = await run('show', 'autumn');
  t.match(
    shown,
    /left out: 2 \(name them with --left-out\)\n {2}2: No release of the rollout is for/,
  );
  t.notMatch(shown, /80:5e:c0:00:00:c9/);
  const named = await run('show', 'autumn', '--left-out');
  t.match(
    named,
    / {2}80:5e:c0:00:00:c9 \(lisbon\): No release of the rollout is for a Yealink T58/,
  );
});

test('a rollout with a deadline says which rung holds now, also when it has passed', async (t) => {
  const { run, file, controller } = await desk(t, 2);
  const { engine } = controller;
  const dueAt = engine.clock.now() + 366 * 86_400_000;
  const due = `due ${localTime(dueAt)}: CVE-2026-0001`;
  await run('create', '--from', file({ deadline: { dueAt, because: 'CVE-2026-0001' } }));
  const lineIn = async () =>
    (await run('show', 'autumn')).split('\n').find((it) => it.startsWith('due'));
  t.equal(await lineIn(), due, 'before its start none does');
  engine.command('grace', { kind: 'rollout-approve', rollout: idOf('autumn') });
  t.equal(await lineIn(), `${due}: in windows, only phones that are known to be idle`);
  const stored = engine.tables.rollouts.get(idOf('autumn'));
  t.ok(stored);
  if (stored) engine.tables.rollouts.set(idOf('autumn'), { ...stored, urgency: 'ask-person' });
  t.equal(
    await lineIn(),
    `${due}: it has passed; still in any idle minute, and a person decides`,
    'as the console says it',
  );
});

test('very many phones are confirmed by their number when a rollout is made, changed or looked at', async (t) => {
  const { run, file, controller } = await desk(t, 120);
  const wanted = /would reach 120 of 122 phones/;
  t.match(await run('preview', '--from', file({})), wanted);
  process.exitCode = 0;
  t.match(await run('create', '--from', file({})), wanted);
  t.equal(controller.engine.tables.rollouts.size, 0);
  t.notMatch(await run('preview', '--from', file({}), '--confirm', '120'), wanted);
  t.match(await run('create', '--from', file({}), '--confirm', '120'), /autumn: awaiting-approval/);
  t.match(await run('edit', 'autumn', '--from', file({ name: 'A' })), wanted);
  t.notMatch(
    await run('edit', 'autumn', '--from', file({ name: 'A' }), '--confirm', '120'),
    wanted,
  );
});

test('every fault of a file is printed at once', async (t) => {
  const { run, file } = await desk(t, 2);
  const said = await run('create', '--from', file({ after: ['autumn'], pace: { perMinute: '5' } }));
  t.match(said, /pace\.perMinute is "5", not a number/);
  t.match(said, /after waits in a circle/);
});

test('a rollout that goes on is given a later deadline by one command, and no earlier one', async (t) => {
  const { run, file, controller } = await desk(t, 2);
  const { engine } = controller;
  const dueAt = Math.floor(engine.clock.now() / 60_000) * 60_000 + 86_400_000;
  const at = (days: number) => new Date(dueAt + days * 86_400_000).toISOString();
  const due = (days: number, because: string) =>
    `due ${localTime(dueAt + days * 86_400_000)}: ${because}: in windows, only phones`;
  const own = { waves: undefined, preset: 'canary-tenth-rest' };
  await run('create', '--from', file({ ...own, deadline: { dueAt, because: 'CVE-2026-0001' } }));
  t.match(
    await run('extend', 'autumn', '--due', at(1)),
    /rollout autumn is awaiting-approval: .*Change it with: ringwave rollout edit autumn --from FILE/,
  );
  engine.command('grace', { kind: 'rollout-approve', rollout: idOf('autumn') });
  t.match(await run('extend', 'autumn', '--due', at(2)), due(2, 'CVE-2026-0001'));
  t.match(await run('extend', 'autumn', '--due', at(3), '--because', 'strike'), due(3, 'strike'));
  t.match(
    await run('extend', 'autumn', '--due', at(1)),
    /rollout autumn is running\. It has begun; only a later deadline, or a new rollout, can differ/,
  );
  t.match(await run('extend', 'autumn', '--due', 'soon'), /--due soon: is no time/);
  t.match(await run('extend', 'autum', '--due', at(9)), /Did you mean autumn\?/);
  await run('create', '--from', file({ id: 'winter' }));
  engine.command('grace', { kind: 'rollout-approve', rollout: idOf('winter') });
  t.match(
    await run('extend', 'winter', '--due', at(9)),
    /winter is running\. It has begun; only a/,
  );
  const stored = engine.tables.rollouts.get(idOf('autumn'));
  t.match(stored, { state: 'running', approvedBy: 'grace', deadline: { because: 'strike' } });
});

test('a key that stands twice in a file is refused before it is sent', async (t) => {
  const { run, file } = await desk(t, 1);
  const path = file({});
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('{', '{"priority":1,"priority":900,'));
  t.match(await run('create', '--from', path), /autumn\.json: priority: stands there twice\. Keep/);
});

test('a file that is not UTF-8 is refused before it is sent', async (t) => {
  const { run, file, controller } = await desk(t, 1);
  const { rollouts } = controller.engine.tables;
  const path = file({ name: 'Straße' });
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text, 'latin1');
  t.match(
    await run('create', '--from', path),
    /autumn\.json: is not UTF-8 \(line 1\)\. Save it as UTF-8\./,
  );
  t.equal(rollouts.size, 0);
  writeFileSync(path, `\ufeff${text}`);
  t.match(await run('create', '--from', path), /autumn/);
  t.match([...rollouts.values()], [{ name: 'Straße' }], 'a mark of order is none');
});

test('a rehearsal begins when it is told to, and a time that is none is refused before it is sent', async (t) => {
  const { run, file, controller } = await desk(t, 1);
  const at = Math.floor(controller.engine.clock.now() / 60_000) * 60_000 + 86_400_000;
  const flags = ['--seeds', '1', '--days', '1'];
  const said = await run('rehearse', file({}), '--from', new Date(at).toISOString(), ...flags);
  t.equal(said.split('\n')[0], `autumn, rehearsed from ${localTime(at)} in 1 runs`);
  t.match(await run('rehearse', file({}), '--from', 'soon'), /--from soon: is no time/);
});

test('a rehearsal that does not end in time says so once, and a number that is none is named as typed', async (t) => {
  const { run, file } = await desk(t, 2);
  const told = await run('rehearse', file({}), '--seeds', '2', '--days', '1');
  t.equal(
    told.split('\n')[1],
    'half of the runs, or more, do not end within the days looked ahead',
    'no agent is enrolled, so nothing begins',
  );
  t.notMatch(told, /sites that end last/, 'nobody has one');
  const wrong = await run('rehearse', file({}), '--seeds', 'few', '--failed-part', '3');
  t.match(wrong, /seeds is "few", not a whole number/);
  t.match(wrong, /failedPart is 3/);
});

test('an approval shows first what it approves, and approves that content alone', async (t) => {
  const { run, file, controller } = await desk(t, 2);
  await run('create', '--from', file({}));
  const hash = controller.engine.tables.rollouts.get(idOf('autumn'))?.contentHash ?? '';
  const alone = ['--break-glass', 'nobody else is here'];
  const blind = await run('approve', 'autumn', '--json', ...alone);
  t.match(blind, /with --json nothing is shown before it is approved/);
  await run('edit', 'autumn', '--from', file({ name: 'edited' }));
  const late = await run('approve', 'autumn', '--content-hash', hash, ...alone);
  t.match(late, /changed since it was shown for approval/);
  t.equal(controller.engine.tables.rollouts.get(idOf('autumn'))?.state, 'awaiting-approval');
  const now = controller.engine.tables.rollouts.get(idOf('autumn'))?.contentHash ?? '';
  t.not(now, hash);
  const said = await run('approve', 'autumn', ...alone);
  t.match(said, new RegExp(`^autumn: awaiting-approval\n(.*\n)*content ${now}\n(.*\n)*WAVE`));
  t.match(said, /\nautumn: running\n$/);
});

test('of two who edit a rollout at once the second is told, and nothing of the first is taken back', async (t) => {
  const { run, file, controller } = await desk(t, 2);
  const stored = () => controller.engine.tables.rollouts.get(idOf('autumn'));
  await run('create', '--from', file({}));
  const read = stored()?.contentHash ?? '';
  await run('edit', 'autumn', '--from', file({ priority: 900 }), '--content-hash', read);
  t.equal(stored()?.priority, 900);
  const late = ['edit', 'autumn', '--from', file({ name: 'Autumn' }), '--content-hash', read];
  t.match(await run(...late), /rollout autumn has changed since it was read: it is what ada said/);
  t.match(stored(), { priority: 900, name: 'autumn' });
  const { url, access } = controller;
  const headers = { authorization: `Bearer ${access.mintApiToken('grace')}` };
  const content = await fetch(`${url}/api/v1/rollouts/autumn/content`, { headers });
  t.equal(content.headers.get('etag'), `"${stored()?.contentHash}"`);
  await run('edit', 'autumn', '--from', file({ name: 'Autumn' }));
  t.equal(stored()?.name, 'Autumn', 'who says nothing of what he has read changes it all the same');
});
