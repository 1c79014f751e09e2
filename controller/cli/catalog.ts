import { open } from 'node:fs/promises';
import { identify } from '@ringwave/firmware-catalog/identify';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import { manifestBytesMax, parseRelease } from '@ringwave/firmware-catalog/release';
import { KNOWN_VENDORS } from '@ringwave/firmware-catalog/vendors/all';
import { compareVersions } from '@ringwave/firmware-catalog/version';
import { type Command, Option } from 'commander';
import { identifyLine, plainIdentity } from './catalog-identify.ts';
import { registerPath } from './catalog-path.ts';
import { registerCatalogImport } from './catalog-import.ts';
import { registerAdvisories } from './catalog-advisories.ts';
import { type Answer, answerLines, type CliOutput } from './json-lines.ts';

/** `ringwave catalog`: what the firmware catalogue knows, without a controller running. */
export function registerCatalog(program: Command, out: CliOutput): void {
  const catalog = program
    .command('catalog')
    .description(
      'ask the firmware catalogue: who a phone is, how versions order, whether a manifest is right',
    );
  registerIdentify(catalog, out);
  registerCompare(catalog, out);
  registerCheck(catalog, out);
  registerAdvisories(catalog, out);
  registerPath(catalog, out);
  registerCatalogImport(catalog, out);
}

interface IdentifyOptions {
  readonly userAgent?: string;
  readonly path?: string;
  readonly sipUserAgent?: string;
  readonly dhcpClass?: string;
  readonly protocol?: 'http' | 'tftp';
  readonly json?: boolean;
  readonly from?: string;
}

function registerIdentify(catalog: Command, out: CliOutput): void {
  catalog
    .command('identify')
    .description('say who a phone claims to be by what was seen of it')
    .option('--user-agent <text>', 'the User-Agent header of its HTTP request')
    .option('--path <path>', 'the path or file name it asked for')
    .option('--sip-user-agent <text>', 'the User-Agent header of its SIP request')
    .option('--dhcp-class <text>', 'its DHCP vendor class (option 60)')
    .addOption(new Option('--protocol <name>', 'how it was asked for').choices(['http', 'tftp']))
    .option('--json', 'print JSON')
    .option(
      '--from <file>',
      'answer each line {protocol, userAgent, path, sipUserAgent, dhcpClass} of a file; - reads standard input',
    )
    .action(async ({ from, json, ...seen }: IdentifyOptions) => {
      if (from !== undefined) return linesOf(from, out, identifyLine);
      const { protocol: _, ...claims } = seen;
      if (Object.keys(claims).length === 0) {
        return refuse(
          out,
          'nothing to identify: give --user-agent, --path, --sip-user-agent, --dhcp-class or --from',
        );
      }
      await out.write(json ? `${JSON.stringify(identify(seen))}\n` : plainIdentity(seen));
    });
}

interface CompareOptions {
  readonly vendor?: string;
  readonly model?: string;
  readonly hardware?: string;
  readonly json?: boolean;
  readonly from?: string;
}

function registerCompare(catalog: Command, out: CliOutput): void {
  catalog
    .command('compare')
    .description(
      'say whether version A is older than, the same as or newer than B, or incomparable',
    )
    .argument('[a]', 'one version')
    .argument('[b]', 'the other version')
    .option(
      '--vendor <name>',
      `whose versions: ${KNOWN_VENDORS.map(({ name }) => name).join(', ')}`,
    )
    .option('--model <name>', 'the phone they run on')
    .option('--hardware <revision>', 'its hardware revision')
    .option('--json', 'print JSON')
    .option(
      '--from <file>',
      'answer each line {vendor, model, hardware, a, b} of a file; - reads standard input',
    )
    .action(async (a: string | undefined, b: string | undefined, options: CompareOptions) => {
      const { from, json, ...about } = options;
      if (from !== undefined) return linesOf(from, out, compareLine);
      const answer = compareLine({ ...about, a, b });
      if ('error' in answer) return refuse(out, `the comparison ${answer.error}`);
      const { order } = answer.ok as { order: string };
      await out.write(json ? `${JSON.stringify({ order })}\n` : `${order}\n`);
    });
}

function compareLine(value: Readonly<Record<string, unknown>>): Answer {
  const { vendor, a, b } = value;
  if (typeof vendor !== 'string') return { error: 'names no vendor' };
  if (typeof a !== 'string' || typeof b !== 'string')
    return { error: 'needs two versions, a and b, as text' };
  const { model = null, hardware = null } = value;
  if (model !== null && typeof model !== 'string') return { error: 'has a model that is not text' };
  if (hardware !== null && typeof hardware !== 'string')
    return { error: 'has a hardware that is not text' };
  const about = {
    ...(model === null ? {} : { model }),
    ...(hardware === null ? {} : { hardware }),
  };
  return { ok: { order: compareVersions(vendor, a, b, about) } };
}

function registerCheck(catalog: Command, out: CliOutput): void {
  catalog
    .command('check')
    .description(
      'read a release manifest and print the release, or everything that is wrong with it',
    )
    .argument('<manifest>', 'a JSON file of the form release.schema.json')
    .option('--json', 'print JSON')
    .action(async (path: string, { json = false }: { json?: boolean }) => {
      const text = await readManifest(path, out);
      if (text === undefined) return;
      const { release, problems } = parseRelease(text);
      if (problems) out.exitWith(1);
      if (json) return out.write(`${JSON.stringify(release ? { release } : { problems })}\n`);
      if (problems) return out.write(problems.map(plainProblem).join(''));
      const { id, vendor, version, models, images, severity } = release;
      return out.write(
        `${id}\n${vendor} ${version} for ${models.join(', ')}: ${images.length} image(s), severity ${severity}\n`,
      );
    });
}

const plainProblem = ({ path, reason, nextStep }: Problem): string =>
  `${path === '' ? 'manifest' : path} ${reason}. ${nextStep}\n`;

async function readManifest(path: string, out: CliOutput): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      // One byte more than is read, so that the check sees that it is too long.
      const { bytesRead, buffer } = await file.read(Buffer.alloc(manifestBytesMax + 1), 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    cannotRead(out, path, error);
    return undefined;
  }
}

async function linesOf(
  from: string,
  out: CliOutput,
  answer: (value: Readonly<Record<string, unknown>>) => Answer,
): Promise<void> {
  try {
    await answerLines(from, out, answer);
  } catch (error) {
    cannotRead(out, from, error);
  }
}

function cannotRead(out: CliOutput, path: string, error: unknown): void {
  const reason = error instanceof Error ? error.message : 'unknown error';
  refuse(
    out,
    `${path} cannot be read (${reason}): give the name of a file, or - for standard input`,
  );
}

function refuse(out: CliOutput, message: string): void {
  out.fail(message);
  out.exitWith(2);
}
