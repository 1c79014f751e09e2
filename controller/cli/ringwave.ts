import { cliProgram, runCli } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';
import { registerApply } from './apply.ts';
import { registerAdvisory } from './advisory.ts';
import { registerCatalog } from './catalog.ts';
import { registerWindow } from './window.ts';
import { registerCompliance } from './compliance.ts';
import { registerController } from './controller.ts';
import { registerDemo } from './demo.ts';
import { registerFeed } from './feed.ts';
import { registerHalt } from './halt.ts';
import { registerPlannedFreeze } from './planned-freeze.ts';
import { registerPhone } from './phone.ts';
import { registerPolicy } from './policy.ts';
import { registerRelease } from './release.ts';
import { registerRollout } from './rollout.ts';
import { registerSite } from './site.ts';
import { standardOutput } from './standard-output.ts';

const EXAMPLES = `
Examples:
  ringwave demo                                  a controller, three agents and 60 phones on this machine
  ringwave controller run --data ./ringwave-data the controller itself
  ringwave site put lisbon --from lisbon.json
  ringwave rollout show autumn --json
  ringwave catalog identify --user-agent "Yealink SIP-T46S 66.86.0.15 80:5e:c0:12:34:56"
`;

/** The `ringwave` command. */
export const ringwave = (argv: readonly string[]): Promise<void> => runCli(ringwaveProgram(), argv);

/** Every noun and verb. Heavy parts are loaded by the verbs that need them, so that --help is quick. */
export function ringwaveProgram(): Command {
  const program = cliProgram(
    'ringwave',
    'Keeps fleets of desk phones on the firmware they should run.',
  );
  program
    .option('--url <url>', 'the controller to talk to (RINGWAVE_URL)')
    .option('--token <token>', 'an API token of that controller (RINGWAVE_TOKEN)')
    .option('--data <folder>', 'the data folder of a controller on this machine (RINGWAVE_DATA)')
    .option('--as <name>', 'who acts, for the audit and for four eyes (RINGWAVE_AS)')
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES);
  const out = standardOutput();
  registerDemo(program);
  registerController(program, out);
  registerSite(program, out);
  registerPhone(program, out);
  registerRelease(program, out);
  registerAdvisory(program, out);
  registerFeed(program, out);
  registerRollout(program, out);
  registerHalt(program, out);
  registerPlannedFreeze(program, out);
  registerPolicy(program, out);
  registerApply(program, out);
  registerCatalog(program, out);
  registerWindow(program, out);
  registerCompliance(program, out);
  return program;
}
