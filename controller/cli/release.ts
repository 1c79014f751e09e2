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
          ['release', 'vendor', 'version', 'severity', 'models'],
          found.map((one) => [one.id, one.vendor, one.version, one.severity, one.models.join(' ')]),
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
        await print(out, flags.json, stored, () => [`release ${stored.id} stored`]);
      },
    );
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
