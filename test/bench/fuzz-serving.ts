// Minutes of nonsense against the file servers: the process must live, serve phones meanwhile, and not grow. Prints one
// JSON line and fails otherwise. npm run fuzz:serving [-- --minutes 10 --seed 1]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzzServing } from '../scenarios/fuzz-run.ts';

/** Bytes that a heap of V8 breathes between two collections. */
const breathMB = 16;
/** An hour: nobody means more. */
const minutesMax = 60;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
});
const seconds = Math.min(Number(values.minutes), minutesMax) * 60;
const root = mkdtempSync(join(tmpdir(), 'ringwave-fuzz-'));
writeFileSync(join(root, 'a.cfg'), 'a file of some length');
writeFileSync(join(root, 'fw.rom'), Buffer.alloc(200_000, 1));
try {
  const end = await fuzzServing({ root, seed: Number(values.seed), seconds });
  const { earlyMB = 0, lateMB = 0 } = end;
  const isFlat = lateMB <= earlyMB * 1.1 + breathMB;
  process.stdout.write(`${JSON.stringify({ bench: 'fuzz-serving', ...end, isFlat })}\n`);
  process.exitCode = end.isAlive && isFlat ? 0 : 1;
} finally {
  rmSync(root, { recursive: true });
}
