import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerPolicy } from '@ringwave/controller/cli/policy';
import { Command } from 'commander';
import { type Test, test } from 'tap';
import { phoneOf, releaseOf, siteOf } from '../core/desk.ts';
import { openDoor, told } from '../io/door.ts';

/** A controller with two phones of one model and an approved release, and `ringwave policy` beside it. */
async function desk(t: Test) {
  const door = await openDoor(t);
  const { engine, url, access } = door.controller;
  for (const command of [
    { kind: 'site-put', site: siteOf('lisbon') },
    { kind: 'release-put', release: releaseOf() },
    { kind: 'release-move', release: releaseOf().id, cause: 'approve', why: 'tried' },
    { kind: 'phones-put', phones: [phoneOf(1), phoneOf(2)] },
  ] as const)
    engine.command('ada', command);
  const run = async (who: string, ...words: readonly string[]): Promise<string> => {
    let said = '';
    const program = new Command('ringwave').exitOverride().configureOutput({ writeErr: () => {} });
    program.option('--url <url>').option('--token <token>').option('--data <folder>');
    program.option('--as <name>');
    registerPolicy(program, {
      write: (text: string) => void (said += text),
      fail: (text: string) => void (said += `${text}\n`),
      exitWith: () => {},
      input: (async function* none() {})(),
    });
    const given = ['--url', url, '--token', access.mintApiToken('key'), '--as', who];
    try {
      await program.parseAsync([...given, 'policy', ...words], { from: 'user' });
    } catch (error) {
      said += String(error);
    }
    return said;
  };
  const file = (own: object): string => {
    const path = join(door.folder, 'fixes.json');
    const body = { where: 'vendor = Yealink', channel: 'stable', deadlines: { high: 30 } };
    writeFileSync(path, JSON.stringify({ ...body, ...own }));
    return path;
  };
  return { door, run, file };
}

test('a policy is stored, proposes a rollout, and says how its phones stand to it', async (t) => {
  const { run, file } = await desk(t);
  const put = await run('ada', 'put', 'fixes', '--from', file({ preset: 2 }));
  t.match(put, /proposed fixes-yealink-t46s-66-86-0-15-\w+: awaiting-approval/);
  const shown = await run('ada', 'show', 'fixes');
  t.match(shown, /pass 0, fail 0, unknown 2/);
  t.match(shown, /fixes +channel stable +high 30 +2 +vendor = Yealink/);
  t.match(await run('ada', 'propose', 'fixes'), /proposes nothing/);
});

test('who approves ahead is asked by name, and is not whoever wrote it', async (t) => {
  const { run, file } = await desk(t);
  const autoApprove = { by: 'grace', phonesMax: 10 };
  const put = await run('ada', 'put', 'fixes', '--from', file({ autoApprove }));
  t.match(put, /up to 10 phones wait until grace says: ringwave policy approve fixes/);
  t.match(await run('ada', 'approve', 'fixes'), /was written by ada, who cannot approve it/);
  t.match(await run('mallory', 'approve', 'fixes'), /is approved by grace, and not by mallory/);
  t.match(
    await run('grace', 'approve', 'fixes'),
    /up to 10 phones are approved by grace as they are proposed/,
  );
});

test('what is wrong with a policy is told at once', async (t) => {
  const { door } = await desk(t);
  const body = { where: 'modl = x', preset: 'canary', autoApprove: { by: 'grace' } };
  t.same(told(await door.ask('PUT', '/api/v1/policies/fixes', body)), [
    '400 invalid: policy fixes: preset: is "canary", which is none of: canary-tenth-rest. Write one of: canary-tenth-rest.',
    '400 invalid: policy fixes: autoApprove.phonesMax: is missing. Add phonesMax.',
    '400 invalid: policy fixes: where, column 1: "modl" is no field. Expected: model',
    '400 invalid: policy fixes: channel: names neither channel nor release. Give a channel, or one release.',
  ]);
});
