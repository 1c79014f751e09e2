import { cliProgram, runCli } from './cli-fault.ts';

/** The `ringwave-agent` command. Each command loads its own parts when it runs, so that --help is quick. */
export async function ringwaveAgent(argv: readonly string[]): Promise<void> {
  const program = cliProgram('ringwave-agent', 'The Ringwave agent of one branch.');
  program
    .command('serve')
    .description('Serve a folder read-only over TFTP and HTTP, for the laboratory.')
    .requiredOption('--root <folder>', 'the folder to serve')
    .option('--tftp <host:port>', 'where to listen for TFTP; port 0 takes any')
    .option('--http <host:port>', 'where to listen for HTTP; port 0 takes any')
    .action(async (flags: { root: string; tftp?: string; http?: string }) => {
      const { serve } = await import('./serve.ts');
      await serve(flags);
    });
  await runCli(program, argv);
}
