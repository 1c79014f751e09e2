import { execFileSync, spawnSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { imageBytesMax } from '@ringwave/firmware-catalog/release';
import { test } from 'tap';

const program = fileURLToPath(new URL('../../../agent/bin/ringwave-agent.js', import.meta.url));
/** Whoever waits for the end of a device would wait for ever. */
const timeout = 20_000;

test('only a plain file of the length of an image is opened for a rescue', (t) => {
  const box = t.testdir({
    agent: { 'grant.json': '{}' },
    'empty.bin': '',
    'sound.bin': 'firmware',
  });
  const rescue = (image: string) => {
    const args = [program, 'rescue', 'snom370.bin', '--image', image, '--data', join(box, 'agent')];
    return spawnSync(process.execPath, args, { encoding: 'utf8', timeout });
  };
  const [pipe, large] = [join(box, 'pipe'), join(box, 'large.bin')];
  execFileSync('mkfifo', [pipe]);
  writeFileSync(large, '');
  truncateSync(large, imageBytesMax + 1);
  const cases: [string, RegExp][] = [
    ['/dev/zero', /it is no plain file/],
    [pipe, /it is no plain file/],
    [box, /it is no plain file/],
    [large, /it is longer than the 2 GiB of an image/],
    [join(box, 'empty.bin'), /it is empty/],
    [join(box, 'none.bin'), /there is none/],
  ];
  for (const [image, why] of cases) {
    const { status, stderr } = rescue(image);
    t.equal(status, 2, image);
    t.match(stderr, why);
  }
  t.equal(rescue(join(box, 'sound.bin')).status, 0);
  t.end();
});
