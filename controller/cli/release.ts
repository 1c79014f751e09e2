import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CliFault, reasonOf } from '@ringwave/runtime/cli-fault';
import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import { readJsonFile } from './json-file.ts';
import type { CliOutput } from './json-lines.ts';
import { print, table } from './print.ts';

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
    .description('take a release in: its manifest, and its images from a folder')
    .requiredOption('--files <folder>', 'where the image files lie')
    .option('--json', 'print JSON')
    .action(
      async (manifest: string, flags: { files: string; json?: boolean }, command: Command) => {
        const api = ApiClient.of(command);
        const document = await readJsonFile(manifest);
        await uploadImages(api, document, flags.files);
        const stored = (await api.send('POST', '/releases', document)) as ReleaseRow;
        await print(out, flags.json, stored, () => [
          `release ${stored.id} stored, its images measured`,
          `let it out to phones with: ringwave release approve ${stored.id} --why "..."`,
        ]);
      },
    );
  registerLife(release, out);
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
  lab: 'let it out to phones that a rollout names by MAC, and to no others',
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

/** Only files that measure as the manifest says are sent; what is wrong with the manifest itself the controller says. */
async function uploadImages(api: ApiClient, document: unknown, folder: string): Promise<void> {
  const images = (document as { images?: unknown }).images;
  for (const image of Array.isArray(images) ? images : []) {
    const { fileName, sha256 } = image as { fileName?: unknown; sha256?: unknown };
    if (typeof fileName !== 'string' || typeof sha256 !== 'string') continue;
    const file = join(folder, fileName);
    const lengthBytes = await lengthOf(file);
    const measured = await digestOf(file);
    if (measured !== sha256.toLowerCase()) {
      throw new CliFault({
        what: file,
        why: `measures ${measured}, the manifest says ${sha256}`,
        next: 'Get the file again, or correct the manifest',
      });
    }
    await api.upload(
      `/images/${measured}`,
      Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>,
      lengthBytes,
    );
  }
}

async function lengthOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw new CliFault(
      {
        what: `cannot read ${file}`,
        why: reasonOf(error),
        next: 'Put the image file there, or name its folder with --files',
      },
      error,
    );
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
