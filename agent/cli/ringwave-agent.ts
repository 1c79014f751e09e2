import { cliProgram, runCli } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';
import type { FreezeFlags } from './freeze.ts';
import type { RescueFlags } from './rescue.ts';
import type { RunFlags } from './run.ts';
import type { ServeFlags } from './serve.ts';
import type { WebLoginFlags } from './web-login.ts';

/** The `ringwave-agent` command. */
export const ringwaveAgent = (argv: readonly string[]): Promise<void> =>
  runCli(ringwaveAgentProgram(), argv);

/** Every verb. Each loads its own parts when it runs, so that --help is quick. */
export function ringwaveAgentProgram(): Command {
  const program = cliProgram('ringwave-agent', 'The Ringwave agent of one branch.');
  program
    .command('serve')
    .description('Serve a folder over TFTP and HTTP, for the laboratory.')
    .requiredOption('--root <folder>', 'the folder to serve')
    .option('--tftp <host:port>', 'where to listen for TFTP; port 0 takes any')
    .option('--http <host:port>', 'where to listen for HTTP; port 0 takes any')
    .option('--uploads <folder>', 'where to keep the logs that phones write; refused without')
    .option('--phones-from <networks>', 'answer only these, such as 10.20.0.0/16,10.21.4.0/24')
    .action(async (flags: ServeFlags) => {
      const { serve } = await import('./serve.ts');
      await serve(flags);
    });
  program
    .command('enroll <token>')
    .description('Make this box the agent of a site.')
    .requiredOption('--controller <url>', 'where the controller answers')
    .option('--data <folder>', 'where the agent keeps its state', './ringwave-agent-data')
    .action(async (token: string, flags: { controller: string; data: string }) => {
      const { enroll } = await import('./enroll.ts');
      await enroll(token, flags);
    });
  program
    .command('run')
    .description('Serve, wake and update the phones of this site.')
    .option('--data <folder>', 'where the agent keeps its state', './ringwave-agent-data')
    .option('--http <host:port>', 'where phones fetch files over HTTP', '0.0.0.0:80')
    .option('--tftp <host:port>', 'where phones fetch files over TFTP', '0.0.0.0:69')
    .option(
      '--sip <host:port>',
      'where NOTIFY is sent from; without it any port, by IPv6 too where phones are served over it',
    )
    .option(
      '--advertise <host>',
      'the address that phones are told, where it is not the one listened on',
    )
    .option('--https <host:port>', 'where phones fetch files over TLS 1.2 and later')
    .option('--https-old <host:port>', 'TLS 1.0 and 1.1 too, for old phones alone')
    .option('--tls-cert <file>', 'PEM; without it the agent is its own authority')
    .option('--tls-key <file>', 'PEM, of --tls-cert')
    .option('--phone-ca <file>', 'PEM; authorities whose device certificates are believed')
    .option('--lan-limit <bytes>', 'bytes a second that all phones may fetch together')
    .option('--tftp-one-port', 'answer TFTP from the port asked, where firewalls need it')
    .option('--tftp-rollover-1', 'count TFTP blocks on with 1 after 65535')
    .option('--tftp-per-address <count>', 'TFTP transfers at once for one address; 8 without')
    .option('--http-per-address <count>', 'HTTP connections at once for one address; 64 without')
    .option('--phones-from <networks>', 'answer only these, such as 10.20.0.0/16,10.21.4.0/24')
    .option('--phone-sip-port <port>', 'where phones listen for SIP', '5060')
    .option('--plain-secrets', 'let logins cross the wire in clear, to phones without TLS')
    .option('--routed-phones', 'phones may be behind a router, where their MAC cannot be seen')
    .option('--page <host:port>', 'a page for whoever stands at the box, such as 127.0.0.1:8069')
    .option('--pbx <file>', 'PBXs and how phones are woken, as docs/waking.md tells')
    .option('--pnp <host:port>', 'answer phones of the plan by SIP plug and play, on 0.0.0.0:5060')
    .option('--provisioning <file>', 'where base files come from, as docs/provisioning.md tells')
    .option('--log-level <level>', 'fatal, error, warn, info, debug or trace', 'warn')
    .action(async (flags: RunFlags) => {
      const { run } = await import('./run.ts');
      await run(flags);
    });
  addLooks(program);
  return program;
}

/** Verbs that look at what an agent keeps. */
function addLooks(program: Command): void {
  program
    .command('phones')
    .description('List the phones of the plan, and those in none that showed themselves.')
    .option('--data <folder>', 'where the agent keeps its state', './ringwave-agent-data')
    .option('--unknown', 'only phones that are in no plan')
    .option('--json', 'print JSON')
    .action(async (flags: { data: string; unknown?: boolean; json?: boolean }) => {
      const { phones } = await import('./phones.ts');
      await phones(flags);
    });
  addRescue(program);
  addWebLogin(program);
  program
    .command('freeze [reason]')
    .description(
      'Start no phone at this site until it is lifted; without a reason, say how it stands.',
    )
    .option('--lift', 'let phones be started again')
    .option('--data <folder>', 'where the agent keeps its state', './ringwave-agent-data')
    .action(async (reason: string | undefined, flags: FreezeFlags) => {
      const { freeze } = await import('./freeze.ts');
      freeze(reason, flags);
    });
  program
    .command('doctor')
    .description('Say what is wrong with this box and its lines, or that you can leave.')
    .option('--data <folder>', 'where the agent keeps its state', './ringwave-agent-data')
    .option('--json', 'print JSON')
    .action(async (flags: { data: string; json?: boolean }) => {
      const { doctor } = await import('./doctor.ts');
      await doctor(flags);
    });
}

function addRescue(program: Command): void {
  program
    .command('rescue [name]')
    .description('Serve one file under a name that broken phones ask for, for some minutes.')
    .option('--image <file>', 'the image to serve')
    .option('--release <id>', 'a release that this box holds, instead of --image')
    .option('--file <name>', 'which image of --release; its entry without')
    .option('--for <minutes>', 'how long, at most 1440', '30')
    .option('--list', 'show what is open, what was taken, and the names that are known')
    .option('--end', 'stop serving the name now')
    .option('--data <folder>', 'where the agent keeps its state', './ringwave-agent-data')
    .action(async (name: string | undefined, flags: RescueFlags) => {
      const { rescue } = await import('./rescue.ts');
      await rescue(name, flags);
    });
}

function addWebLogin(program: Command): void {
  program
    .command('web-login [vendor]')
    .description(
      'Keep the administrator of phones’ web pages, sealed; its password comes on standard input.',
    )
    .option('--user <name>', 'the administrator')
    .option('--end', 'forget the one of this vendor')
    .option('--data <folder>', 'where the agent keeps its state', './ringwave-agent-data')
    .action(async (vendor: string | undefined, flags: WebLoginFlags) => {
      const { webLogin } = await import('./web-login.ts');
      webLogin(vendor, flags);
    });
}
