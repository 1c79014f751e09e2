// Writes the parts of docs/ that follow from code (`npm run docs`).
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GENERATED, renewed } from './reference.ts';

for (const [name, part] of Object.entries(GENERATED)) {
  const file = join(import.meta.dirname, '..', name);
  const text = renewed(readFileSync(file, 'utf8'), part());
  if (text === undefined) throw new Error(`${name} has no place for its generated part`);
  writeFileSync(file, text);
}
