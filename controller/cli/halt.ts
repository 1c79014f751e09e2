import { CliFault } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import type { CliOutput } from './json-lines.ts';
import { print } from './print.ts';

/** `ringwave halt`: no phone is started anywhere. */
export function registerHalt(program: Command, out: CliOutput): void {
  program
    .command('halt [reason]')
    .description('start no phone at any site until it is lifted; what is in flight finishes')
    .option('--lift', 'let phones be started again')
    .option('--json', 'print JSON')
    .action(
      async (
        reason: string | undefined,
        flags: { lift?: boolean; json?: boolean },
        command: Command,
      ) => {
        const halted = flags.lift !== true;
        if (halted && reason === undefined) {
          const next = 'ringwave halt "phones of one model do not come back"';
          throw new CliFault({
            what: 'nothing was halted',
            why: 'no reason was given',
            next,
            exitCode: 2,
          });
        }
        const body = { halted, reason: reason ?? 'Lifted' };
        const done = (await ApiClient.of(command).send('POST', '/halt', body)) as Answer;
        if (!halted && !done.wasHalted) throw nothingToLift();
        const said = halted
          ? 'all sites are halted until: ringwave halt --lift'
          : 'the halt is lifted';
        await print(out, flags.json, done, () => [said]);
      },
    );
}

interface Answer {
  readonly wasHalted: boolean;
}

const nothingToLift = (): CliFault =>
  new CliFault({
    what: 'there is nothing to lift',
    why: 'no halt of all sites is in force; the agents were told so once more',
    next: 'A site that stands still says why: ringwave site show SITE',
    exitCode: 5,
  });
