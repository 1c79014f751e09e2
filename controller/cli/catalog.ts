import { startOfFile } from '@ringwave/firmware-catalog/io/file-start';
import { identify } from '@ringwave/firmware-catalog/identify';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import { manifestBytesMax, parseRelease } from '@ringwave/firmware-catalog/release';
import { KNOWN_VENDORS, knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import { compareVersions } from '@ringwave/firmware-catalog/version';
import { nearest } from '@ringwave/protocol/nearest';
import { reasonOf } from '@ringwave/runtime/cli-fault';
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
      const { protocol: _, ...claims } = seen;
      if (from !== undefined) {
        if (Object.keys(seen).length > 0)
          return refuse(out, `${eitherFrom} the claims of one phone`);
        return linesOf(from, out, identifyLine);
      }
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
      if (from !== undefined) {
        const isAsked = a !== undefined || Object.keys(about).length > 0;
        if (isAsked) return refuse(out, `${eitherFrom} two versions with --vendor`);
        return linesOf(from, out, compareLine);
      }
      const answer = compareLine({ ...about, a, b });
      if ('error' in answer) return refuse(out, `the comparison ${answer.error}: ${howToCompare}`);
      if (about.vendor !== undefined) warnOfStranger(about.vendor, out);
      const { order } = answer.ok as { order: string };
      await out.write(json ? `${JSON.stringify({ order })}\n` : `${order}\n`);
    });
}

const eitherFrom = '--from reads each line of a file by itself: give either --from or';
const howToCompare = 'write it like compare --vendor Yealink 66.85.0.5 66.86.0.15';

/** The answer stands, equal or incomparable; but a name written wrongly should not look like an answer. */
function warnOfStranger(vendor: string, out: CliOutput): void {
  if (knowledgeOf(vendor)) return;
  const names = KNOWN_VENDORS.map(({ name }) => name);
  const close = nearest(vendor, names);
  const next = close === undefined ? `known are ${names.join(', ')}` : `did you mean ${close}?`;
  out.fail(`nobody here orders versions of ${JSON.stringify(vendor.slice(0, 40))}: ${next}`);
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
    .argument('<manifest>', 'a JSON file of the form release.schema.json; - reads standard input')
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
  if (path === '-') return beginning(out.input);
  try {
    return (await startOfFile(path, manifestBytesMax + 1)).toString('utf8');
  } catch (error) {
    cannotRead(out, path, error);
    return undefined;
  }
}

/** As much as shows that it is too long. */
async function beginning(input: AsyncIterable<Uint8Array>): Promise<string> {
  const blocks: Uint8Array[] = [];
  let length = 0;
  for await (const block of input) {
    blocks.push(block);
    length += block.length;
    if (length > manifestBytesMax) break;
  }
  return Buffer.concat(blocks).toString('utf8', 0, manifestBytesMax + 1);
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
  const what = `${path} cannot be read (${reasonOf(error)})`;
  refuse(out, `${what}: give the name of a file, or - for standard input`);
}

function refuse(out: CliOutput, message: string): void {
  out.fail(message);
  out.exitWith(2);
}
