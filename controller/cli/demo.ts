import { CliFault } from '@ringwave/runtime/cli-fault';
import { untilStopped } from '@ringwave/runtime/until-stopped';
import { type Command, Option } from 'commander';

interface DemoFlags {
  readonly seed: string;
  readonly sites: string;
  readonly phones: string;
  readonly speed: string;
  readonly port: string;
  readonly scenario: 'smooth' | 'trouble';
  readonly exit?: boolean;
  readonly json?: boolean;
  readonly keep?: string;
}

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'a controller, agents and virtual phones on this machine, and one rollout through them',
    )
    .option(
      '--exit',
      'end when the rollout has ended; exit 0 only when every phone proves its new version',
    )
    .option('--json', 'one JSON line a change, and one with the totals at the end')
    .option('--seed <number>', 'the same number tells the same story', '1')
    .option('--sites <number>', 'how many branches', '3')
    .option('--phones <number>', 'how many phones in all', '60')
    .option('--speed <factor>', 'how much faster than the wall the demo’s clock runs', '120')
    .option('--port <port>', 'where the console listens; 0 takes any port', '0')
    .addOption(
      new Option(
        '--scenario <name>',
        'smooth: all goes well; trouble: some phones cannot be updated',
      )
        .choices(['smooth', 'trouble'])
        .default('smooth'),
    )
    .option('--keep <folder>', 'keep all data in this folder')
    .action(async (flags: DemoFlags) => demo(flags));
}

async function demo(flags: DemoFlags): Promise<void> {
  const { runDemo } = await import('@ringwave/simulator/demo/run-demo');
  const stop = new AbortController();
  void untilStopped().then(() => stop.abort());
  const options = {
    seed: whole('--seed', flags.seed, { least: 0, most: 2 ** 31 }),
    sites: whole('--sites', flags.sites, { least: 1, most: 200 }),
    phones: whole('--phones', flags.phones, { least: 1, most: 10_000 }),
    speed: whole('--speed', flags.speed, { least: 1, most: 1000 }),
    port: whole('--port', flags.port, { least: 0, most: 65_535 }),
    scenario: flags.scenario,
    exit: flags.exit === true,
    json: flags.json === true,
    ...(flags.keep ? { keep: flags.keep } : {}),
    signal: stop.signal,
    out: process.stdout,
  };
  if (options.phones < options.sites) {
    throw new CliFault({
      what: '--phones',
      why: `${options.phones} phones cannot stand at ${options.sites} sites`,
      next: 'Give at least one phone a site',
    });
  }
  try {
    const end = await runDemo(options);
    process.exitCode = end.ok || !options.exit ? 0 : end.state === 'paused' ? 7 : 6;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = 130;
  }
}

function whole(
  flag: string,
  text: string,
  { least, most }: { least: number; most: number },
): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new CliFault({
    what: `cannot read ${flag} ${text}`,
    why: `it is not a whole number from ${least} to ${most}`,
    next: `Write for example ${flag} ${Math.max(least, 1)}`,
  });
}
