import type { SiteView } from '@ringwave/protocol/views';
import { CliFault } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import { instantFrom } from './instant.ts';
import type { CliOutput } from './json-lines.ts';
import { localTime, print } from './print.ts';

interface FreezeFlags {
  readonly until?: string;
  readonly lift?: boolean;
  readonly json?: boolean;
}

/** `ringwave site freeze`: headquarters asks one site for rest. */
export function registerFreeze(site: Command, out: CliOutput): void {
  site
    .command('freeze <site> [reason]')
    .description('start no phone at this site until it is lifted; what is in flight finishes')
    .option('--until <time>', 'it ends by itself then; ISO 8601')
    .option('--lift', 'let phones be started again')
    .option('--json', 'print JSON')
    .action(
      async (name: string, reason: string | undefined, flags: FreezeFlags, command: Command) => {
        const path = `/sites/${encodeURIComponent(name)}/freeze`;
        const until =
          flags.until === undefined ? {} : { until: instantFrom('--until', flags.until) };
        const api = ApiClient.of(command);
        const found = (
          flags.lift
            ? await api.send('DELETE', path)
            : await api.send('PUT', path, { reason: reasonOf(name, reason), ...until })
        ) as SiteView;
        const end =
          'until' in until ? `until ${localTime(until.until, found.zone)}` : untilLifted(name);
        await print(out, flags.json, found, () => [
          flags.lift
            ? `site ${name} is no longer frozen from here`
            : `site ${name} is frozen ${end}`,
        ]);
      },
    );
}

const untilLifted = (site: string): string => `until: ringwave site freeze ${site} --lift`;

function reasonOf(site: string, reason: string | undefined): string {
  if (reason !== undefined) return reason;
  throw new CliFault({
    what: `site ${site} is not frozen`,
    why: 'no reason was given',
    next: `ringwave site freeze ${site} "end of the quarter"`,
    exitCode: 2,
  });
}
