import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDiskFull } from '@ringwave/runtime/io/disk-room';
import type { Test } from 'tap';

export interface SmallDisk {
  readonly folder: string;
  grow(bytes: number): void;
  /** Takes everything that is free, into the file `filling`. */
  fill(): void;
}

/** A disk of so many bytes of its own. Undefined, and the test skipped, where this user may not mount one. */
export function smallDisk(t: Test, bytes: number): SmallDisk | undefined {
  // Not in the test's own folder, which is emptied before the disk is taken out.
  const folder = mkdtempSync(join(tmpdir(), 'ringwave-disk-'));
  const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'pipe' });
  try {
    mount('-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder);
  } catch {
    rmdirSync(folder);
    const said = 'needs the right to mount';
    if (process.env['RINGWAVE_REQUIRE_PEERS'] === '1') t.fail(said);
    else t.pass(said, { skip: said });
    return undefined;
  }
  t.teardown(() => {
    execFileSync('umount', ['--lazy', folder]);
    rmdirSync(folder);
  });
  return {
    folder,
    grow: (to) => void mount('-o', `remount,size=${to}`, folder),
    fill: () => fill(join(folder, 'filling')),
  };
}

function fill(file: string): void {
  for (const bytes of [1024 ** 2, 4096]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes, 1), { flag: 'a' });
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
  }
}
