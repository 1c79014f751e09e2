// Writes the parts of docs/ that follow from code (`npm run docs`).
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GENERATED, renewed, SCHEMAS } from './reference.ts';

for (const [name, schema] of Object.entries(SCHEMAS)) {
  const file = join(import.meta.dirname, '..', name);
  writeFileSync(file, `${JSON.stringify(schema(), null, 1)}\n`);
}
for (const [name, part] of Object.entries(GENERATED)) {
  const file = join(import.meta.dirname, '..', name);
  const text = renewed(readFileSync(file, 'utf8'), part());
  if (text === undefined) throw new Error(`${name} has no place for its generated part`);
  writeFileSync(file, text);
}
