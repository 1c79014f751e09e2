import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ringwaveProgram } from '@ringwave/controller/cli/ringwave';
import { registerAdvisory } from '@ringwave/controller/cli/advisory';
import { registerFeed } from '@ringwave/controller/cli/feed';
import { registerDiscovered } from '@ringwave/controller/cli/release-discovered';
import { readFeeds } from '@ringwave/controller/core/feed-choice';
import { runController } from '@ringwave/controller/main';
import { HostManners } from '@ringwave/firmware-catalog/io/host-manners';
import { Command } from 'commander';
import { type Test, test } from 'tap';
import { feedsOf, phoneCve, vendorWorld } from '../io/vendor-world.ts';

/** A controller that has asked all feeds of a vendor's world once, and its command line in this process. */
async function commandLine(t: Test) {
  const world = await vendorWorld(t);
  const read = readFeeds(feedsOf(world));
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  const local = { host: '127.0.0.1', port: 0 };
  const controller = await runController({
    folder: t.testdir(),
    http: local,
    mqtt: local,
    feeds: { choices: read.feeds, schedule: '0 3 * * *', manners: new HostManners({ gapMs: 0 }) },
    note: () => {},
    failed: (error) => t.fail(String(error)),
  });
  t.teardown(() => controller.close());
  await controller.feeds?.runOnce();
  const token = controller.access.mintApiToken('ada');
  const run = async (...args: readonly string[]): Promise<string> => {
    let text = '';
    const program = new Command('ringwave').exitOverride().option('--url <url>');
    program.option('--token <token>');
    const out = {
      write: (part: string) => void (text += part),
      fail: (part: string) => void (text += part),
      exitWith: () => {},
      input: (async function* () {})(),
    };
    registerFeed(program, out);
    registerAdvisory(program, out);
    registerDiscovered(program.command('release'), out);
    const access = ['--url', controller.url, '--token', token];
    await program.parseAsync([...access, ...args], { from: 'user' });
    return text;
  };
  return { run, world, controller };
}

test('feeds, their runs and a round that is asked for are told in lines', async (t) => {
  const { run, world, controller } = await commandLine(t);
  const list = await run('feed', 'list');
  t.match(list, /^FEED +KIND +LAST GOOD +NEXT +STATE +URL\nmirror +releases +\d{4}-\d\d-\d\d /);
  t.match(list, /\nkev +kev .* good +http/);
  t.match(await run('feed', 'runs', 'nvd'), /read +1 +1 +0 +1 +\d+ +\d+/);
  world.pages['/kev.json'] = 'gone';
  t.match(await run('feed', 'refresh'), 'a round over 6 feeds has begun');
  await controller.feeds?.runOnce();
  t.match(
    await run('feed', 'list'),
    /\nkev: feed-shape-changed; it began: "gone"; The feed no longer/,
  );
  t.match(JSON.parse(await run('feed', 'list', '--json')), [{ name: 'mirror' }]);
});

test('advisories are listed by date, and one shows who says what', async (t) => {
  const { run } = await commandLine(t);
  t.match(
    await run('advisory', 'list'),
    /\nCVE-2025-0001 +\d{4}-\d\d-\d\d +exploited +8\.8 +0 +Yealink T46S/,
  );
  t.equal(
    await run('advisory', 'list', '--review'),
    'ADVISORY  DUE  RULE  SCORE  REVIEWS  PRODUCTS\n',
  );
  const shown = await run('advisory', 'show', phoneCve);
  t.match(shown, /^CVE-2025-0001 Phones take orders\ndue .* by rule exploited, attacks are known/);
  t.match(shown, 'score 8.8 (cvss-3.1) by nvd@nist.gov');
  t.match(shown, 'chance of attacks 0.25 (EPSS of 2026-01-10)');
});

test('announcements are listed, and those of a file are sent to the controller', async (t) => {
  const { run } = await commandLine(t);
  t.match(
    await run('release', 'discovered', '--vendor', 'Yealink'),
    /\nYealink +66\.86\.0\.20 +firmware +- +.*no-digest.* downloads +T46S/,
  );
  const file = join(t.testdirName, 'taken.jsonl');
  const one = {
    vendor: 'Snom',
    models: ['D785'],
    version: '10.1.175.16',
    kind: 'firmware',
    files: [{ fileName: 'a.bin', sha1: 'a'.repeat(40), lengthBytes: 7 }],
    flags: [],
    notes: '',
    source: 'a list',
  };
  writeFileSync(file, `${JSON.stringify(one)}\n`);
  t.equal(
    await run('release', 'announce', file),
    '1 new, 0 with other flags, 0 known, 0 problems\n',
  );
  t.match(await run('release', 'discovered', '--vendor', 'Snom'), /10\.1\.175\.16 .* ada +D785/);
});

test('a controller does not start with a list of feeds that is wrong, and says all of it', async (t) => {
  const folder = t.testdir({
    'feeds.json': JSON.stringify([{ kind: 'kevv', url: 'x' }, { kind: 'kev' }]),
  });
  const file = join(folder, 'feeds.json');
  const run = ringwaveProgram().parseAsync(['controller', 'run', '--feeds', file], {
    from: 'user',
  });
  const error = (await run.catch((reason: unknown) => reason)) as Error;
  const text = `${error.message} ${JSON.stringify(error)}`;
  t.match(text, 'feeds[0].url is');
  t.match(text, 'feeds[0].kind is');
  t.match(text, 'feeds[1].url is missing');
});
