import { registerHalt } from '@ringwave/controller/cli/halt';
import { CliFault } from '@ringwave/runtime/cli-fault';
import { Command } from 'commander';
import { test } from 'tap';
import { openDoor } from '../io/door.ts';

test('a halt is lifted once; where none is in force the command line says so, and REST answers alike', async (t) => {
  const door = await openDoor(t);
  const { controller } = door;
  const run = async (...words: readonly string[]): Promise<string> => {
    let said = '';
    const program = new Command('ringwave').exitOverride();
    program.option('--url <url>').option('--token <token>').option('--data <folder>');
    registerHalt(program, {
      write: (text) => void (said += text),
      fail: (text) => void (said += `${text}\n`),
      exitWith: () => {},
      input: (async function* none() {})(),
    });
    const access = ['--url', controller.url, '--token', controller.access.mintApiToken('ada')];
    try {
      await program.parseAsync([...access, 'halt', ...words], { from: 'user' });
    } catch (error) {
      if (!(error instanceof CliFault)) throw error;
      said += `${error.exitCode}: ${error.message}`;
    }
    return said;
  };
  t.equal(await run('fire'), 'all sites are halted until: ringwave halt --lift\n');
  t.equal(await run('--lift'), 'the halt is lifted\n');
  t.match(await run('--lift'), /^5: .*nothing to lift.*no halt of all sites is in force/s);
  const lift = { halted: false, reason: 'it is over' };
  t.same((await door.ask('POST', '/api/v1/halt', lift)).body, { ok: true, wasHalted: false });
  const { tables } = controller.engine;
  t.match(
    tables.halt.get('halt'),
    { halted: false, counter: 4 },
    'a site that still stands hears it',
  );
  const halt = { halted: true, reason: 'fire' };
  await door.ask('POST', '/api/v1/halt', halt);
  t.same((await door.ask('POST', '/api/v1/halt', halt)).body, { ok: true, wasHalted: true });
});
