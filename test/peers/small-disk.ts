import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

export interface SmallDisk {
  readonly folder: string;
  grow(bytes: number): void;
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
  };
}
