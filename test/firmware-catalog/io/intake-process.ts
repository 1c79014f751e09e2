// One process that takes a release in from a bundle, to be killed at any moment.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openImageFiles } from '@ringwave/firmware-catalog/io/image-files';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import { intake } from '@ringwave/firmware-catalog/io/intake';

const [folder = ''] = process.argv.slice(2);
const store = await ImageStore.open(join(folder, 'store'));
const aside = join(folder, 'store', 'incoming');
const opened = await openImageFiles(join(folder, 'bundle.zip'), { aside });
if (opened.kind === 'refused') throw new Error(JSON.stringify(opened.problems));
const end = await intake(readFileSync(join(folder, 'manifest.json'), 'utf8'), {
  files: opened.files,
  store,
});
await opened.files.close();
process.stdout.write(`${end.kind}\n`);
