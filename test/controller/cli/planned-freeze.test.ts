import { registerPlannedFreeze } from '@ringwave/controller/cli/planned-freeze';
import { registerWindow } from '@ringwave/controller/cli/window';
import { Command } from 'commander';
import { type Test, test } from 'tap';
import { siteOf } from '../core/desk.ts';
import { openDoor, told } from '../io/door.ts';

/** A controller with two sites, and the commands beside it. */
async function desk(t: Test) {
  const door = await openDoor(t);
  const { engine, url, access } = door.controller;
  engine.command('ada', { kind: 'site-put', site: siteOf('lisbon') });
  const rio = siteOf('rio', { zone: 'America/Sao_Paulo', labels: { region: 'LATAM' } });
  engine.command('ada', { kind: 'site-put', site: rio });
  const given = ['--url', url, '--token', access.mintApiToken('ada')];
  const run = async (...words: readonly string[]): Promise<string> => {
    let said = '';
    const program = new Command('ringwave').exitOverride().configureOutput({ writeErr: () => {} });
    program.option('--url <url>').option('--token <token>').option('--data <folder>');
    const out = {
      write: (text: string) => void (said += text),
      fail: (text: string) => void (said += `${text}\n`),
      exitWith: () => {},
      input: (async function* none() {})(),
    };
    registerPlannedFreeze(program, out);
    registerWindow(program, out);
    try {
      await program.parseAsync([...given, ...words], { from: 'user' });
    } catch (error) {
      said += String(error);
    }
    return said;
  };
  return { run, door };
}

const fair = [
  'fair',
  '--reason',
  'trade fair',
  '--from',
  '2099-12-24',
  '--until',
  '2099-12-26T18:00',
];

test('a freeze is planned, seen in the openings of its sites, and cancelled', async (t) => {
  const { run, door } = await desk(t);
  t.equal(
    await run('freeze', 'put', ...fair),
    'freeze fair is planned for 2 sites, Thu, 24 Dec 2099, 00:00 GMT+0 to Sat, 26 Dec 2099, 21:00 GMT+0\n',
  );
  t.match(await run('freeze', 'list'), /fair +2 +2099-12-24 +2099-12-26T18:00 +ada +trade fair/);
  const range = ['--from', '2099-12-23', '--to', '2099-12-27'];
  const openings = await run('window', 'openings', '--site', 'lisbon', ...range);
  t.match(openings, /2099-12-24 is dropped: frozen by fair: trade fair/);
  t.same(openings.match(/^2099-12-\d\d lisbon/gm), ['2099-12-23 lisbon', '2099-12-27 lisbon']);
  t.match(await run('freeze', 'put', ...fair, '--where', 'site.region = LATAM'), /for 1 site,/);
  t.equal(
    (await run('window', 'openings', '--site', 'lisbon', ...range)).match(/lisbon/g)?.length,
    5,
  );
  t.equal(await run('freeze', 'remove', 'fair'), 'freeze fair removed\n');
  t.equal(door.controller.engine.tables.plannedFreezes.size, 0);
});

test('a freeze that fits no site yet says so, and is not called over', async (t) => {
  const { run } = await desk(t);
  t.equal(
    await run('freeze', 'put', ...fair, '--where', 'site.region = APAC'),
    'freeze fair is planned for 0 sites, since none fits it now\n',
  );
  t.notMatch(await run('freeze', 'list'), /over/);
});

test('a freeze that asks for a label or a site that nobody has is refused with what was meant', async (t) => {
  const { run, door } = await desk(t);
  const where = 'site.regin = LATAM or site = rioo';
  const body = { reason: 'x', from: '2099-12-24', until: '2099-12-26', where };
  t.same(told(await door.ask('PUT', '/api/v1/freezes/fair', body)), [
    '400 invalid: freeze fair: where, column 1: no site has a label regin. Expected: site.region',
    '400 invalid: freeze fair: where, column 30: no site "rioo" is known here. Expected: rio',
  ]);
  t.match(
    await run('freeze', 'put', ...fair, '--where', 'site.regin = LATAM'),
    /Expected: site\.region/,
  );
  t.equal(door.controller.engine.tables.plannedFreezes.size, 0);
});

test('what is wrong with a freeze or a range is told at once', async (t) => {
  const { run, door } = await desk(t);
  const body = { reason: 'x', from: '2099-12-24', until: 5, site: 'lisbon', where: 'modl = x' };
  t.same(told(await door.ask('PUT', '/api/v1/freezes/fair', body)), [
    '400 invalid: freeze fair: until: is 5, not text. Write it in quotes as 2026-12-24, 2026-12-24T18:00 by each site’s clock, or 2026-12-24T18:00Z.',
    '400 invalid: freeze fair: site: is not a key that is known here. Did you mean sites?',
    '400 invalid: freeze fair: where, column 1: "modl" is no field. Expected: model',
  ]);
  t.same(told(await door.ask('GET', '/api/v1/sites/lisbon/openings?from=24.12.&to=2099-02-30')), [
    '400 invalid: from: "24.12." is no day. Write it as YYYY-MM-DD.',
    '400 invalid: to: "2099-02-30" is no day. Write it as YYYY-MM-DD.',
  ]);
  t.match(await run('freeze', 'remove', 'fare'), /freeze fare does not exist/);
  const range = ['--from', '2099-12-23', '--to', '2099-12-27'];
  t.match(
    await run('window', 'openings', ...range),
    /--zone, --days, --start, --end are not given/,
  );
  const both = await run('window', 'openings', '--site', 'lisbon', '--zone', 'UTC', ...range);
  t.match(both, /--site and --zone: say two things/);
});
