import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type FoundFile, openImageFiles } from '@ringwave/firmware-catalog/io/image-files';
import { checkImages } from '@ringwave/firmware-catalog/io/intake';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import { parseRelease } from '@ringwave/firmware-catalog/release';
import { CliFault } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import { readJsonFile } from './json-file.ts';
import type { CliOutput } from './json-lines.ts';
import { print, table } from './print.ts';
import { registerDiscovered } from './release-discovered.ts';

interface ReleaseRow {
  readonly id: string;
  readonly vendor: string;
  readonly version: string;
  readonly models: readonly string[];
  readonly severity: string;
  readonly state: string;
  readonly channel: string;
}

interface ReleaseDetail extends ReleaseRow {
  readonly steps: readonly { to: string; at: number; who: string; why: string }[];
  readonly possible: readonly string[];
  readonly wouldPause: readonly string[];
}

export function registerRelease(program: Command, out: CliOutput): void {
  const release = program
    .command('release')
    .description('vendor firmware that the controller holds');
  release
    .command('list')
    .description('all releases')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }, command: Command) => {
      const found = await ApiClient.of(command).get<ReleaseRow[]>('/releases');
      await print(out, flags.json, found, () =>
        table(
          ['release', 'state', 'channel', 'vendor', 'version', 'severity', 'models'],
          found.map((one) => [
            one.id,
            one.state,
            one.channel,
            one.vendor,
            one.version,
            one.severity,
            one.models.join(' '),
          ]),
        ),
      );
    });
  release
    .command('import <manifest>')
    .description(
      'take a release in: its manifest, and its images from a folder or a bundle (zip, tar, tar.gz)',
    )
    .requiredOption('--files <path>', 'the folder or the bundle in which the image files lie')
    .option('--json', 'print JSON')
    .action(
      async (manifest: string, flags: { files: string; json?: boolean }, command: Command) => {
        const api = ApiClient.of(command);
        const document = await readJsonFile(manifest);
        await uploadImages(api, document, flags.files);
        const stored = (await api.send('POST', '/releases', document)) as ReleaseRow;
        await print(out, flags.json, stored, () => [
          `release ${stored.id} is here, its images measured; it is ${stored.state}`,
          ...(stored.state === 'verified'
            ? [`let it out to phones with: ringwave release approve ${stored.id} --why "..."`]
            : []),
        ]);
      },
    );
  registerLife(release, out);
  registerDiscovered(release, out);
  release
    .command('advisory <file>')
    .description('store a security advisory from a JSON file')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: { json?: boolean }, command: Command) => {
      const stored = (await ApiClient.of(command).send(
        'POST',
        '/advisories',
        await readJsonFile(file),
      )) as { id: string };
      await print(out, flags.json, stored, () => [`advisory ${stored.id} stored`]);
    });
}

function registerLife(release: Command, out: CliOutput): void {
  release
    .command('show <release>')
    .description('one release: every step it took, and what could be done with it')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: { json?: boolean }, command: Command) => {
      const found = await ApiClient.of(command).get<ReleaseDetail>(`/releases/${id}`);
      await print(out, flags.json, found, () => shown(found));
    });
  for (const [cause, description] of Object.entries(MOVES)) {
    release
      .command(`${cause} <release>`)
      .description(description)
      .requiredOption('--why <text>', 'the reason, kept in the audit')
      .option('--channel <name>', 'the line of delivery it belongs to')
      .option('--json', 'print JSON')
      .action(async (id: string, flags: MoveFlags, command: Command) => {
        const { why, channel, json } = flags;
        const body = { cause, why, ...(channel === undefined ? {} : { channel }) };
        const moved = (await ApiClient.of(command).send(
          'POST',
          `/releases/${id}/life`,
          body,
        )) as Moved;
        await print(out, json, moved, () => told(moved));
      });
  }
  registerEndOfLife(release, out);
}

function registerEndOfLife(release: Command, out: CliOutput): void {
  release
    .command('end-of-life <vendor> <model>')
    .description('record the last day on which the vendor mends a model')
    .requiredOption('--on <day>', 'YYYY-MM-DD')
    .requiredOption('--source <text>', 'where the vendor says so')
    .option('--json', 'print JSON')
    .action(
      async (
        vendor: string,
        model: string,
        { json, ...end }: { on: string; source: string; json?: boolean },
        command: Command,
      ) => {
        const path = `/models/${encodeURIComponent(vendor)}/${encodeURIComponent(model)}/end-of-life`;
        const stored = await ApiClient.of(command).send('PUT', path, end);
        await print(out, json, stored, () => [`${vendor} ${model} is mended until ${end.on}`]);
      },
    );
}

const MOVES = {
  lab: 'let it out to phones that a rollout names by MAC, and to no others; other rollouts that use it pause',
  approve: 'let rollouts bring it to any phone',
  prefer: 'make it the one that its channel stands for; the one before is approved still',
  demote: 'no longer prefer it',
  quarantine: 'hold it back until someone has looked; rollouts that use it pause',
  readmit: 'let it out of quarantine; it is verified then and needs approval again',
  withdraw: 'call it back for good; rollouts that use it pause',
} as const;

interface MoveFlags {
  readonly why: string;
  readonly channel?: string;
  readonly json?: boolean;
}

interface Moved {
  readonly release: ReleaseDetail;
  readonly pauses: readonly string[];
}

const told = ({ release, pauses }: Moved): string[] => [
  `release ${release.id} is ${release.state}`,
  ...pauses.map((rollout) => `rollout ${rollout} is paused by it`),
];

function shown(release: ReleaseDetail): string[] {
  const { id, vendor, version, models, state, channel, steps, possible, wouldPause } = release;
  return [
    `${id} (${vendor} ${version} for ${models.join(', ')})`,
    `is ${state}, channel ${channel}`,
    ...steps.map(
      ({ to, at, who, why }) => `  ${new Date(at).toISOString()} ${to} by ${who}: ${why}`,
    ),
    `possible: ${possible.join(', ') || 'nothing'}`,
    `calling it back would pause: ${wouldPause.join(', ') || 'no rollout'}`,
  ];
}

/** Every file is measured against the manifest before the first is sent; what breaks off goes on where it stopped. */
async function uploadImages(api: ApiClient, document: unknown, path: string): Promise<void> {
  const { release, problems } = parseRelease(document);
  if (!release) throw problemFault('the manifest', problems);
  const aside = await mkdtemp(join(tmpdir(), 'ringwave-import-'));
  try {
    const keep = release.images.map(({ fileName }) => fileName);
    const opened = await openImageFiles(path, { aside, keep });
    if (opened.kind === 'refused') throw problemFault(path, opened.problems);
    const checked = await checkImages(release, opened.files);
    if (checked.kind === 'refused') throw problemFault(path, checked.problems);
    for (const { image, file } of checked.images) await uploadImage(api, image.sha256, file);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

const problemFault = (what: string, problems: readonly Problem[]): CliFault =>
  new CliFault({
    what: `${what} cannot be taken in`,
    why: problems.map(({ path, reason }) => `${path} ${reason}`.trim()).join('; '),
    next: problems[0]?.nextStep ?? 'Correct it',
  });

/** Times an upload is taken up again. A line that breaks more often is looked at first. */
const uploadsMax = 5;

async function uploadImage(api: ApiClient, digest: string, file: FoundFile): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const { state, lengthBytes: from } = await api.get<{ state: string; lengthBytes: number }>(
      `/images/${digest}`,
    );
    if (state === 'held') return;
    const start = from < file.lengthBytes ? from : 0;
    const body = Readable.toWeb(createReadStream(file.path, { start }));
    try {
      await api.upload(`/images/${digest}`, body as ReadableStream<Uint8Array>, {
        from: start,
        lengthBytes: file.lengthBytes,
      });
    } catch (error) {
      if (tries >= uploadsMax || !(error instanceof CliFault) || error.exitCode !== 1) throw error;
    }
  }
}
