// Finds and reads the package lists of a copy of the wazo-provd-plugins project, however its folders lie.

import { opendir, open } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Announcement } from '../announcement.ts';
import type { Problem } from '../problems.ts';
import { readPluginInfo } from '../wazo-plugin-info.ts';
import { readWazoPkgs, wazoPkgsBytesMax } from '../wazo-pkgs.ts';

/** Lists read in one go, entries looked at, and folders within folders: the project has some 300, 3,000 and 5. */
const listsMax = 10_000;
const entriesMax = 500_000;
const depthMax = 12;

export interface FolderRead {
  /** Lists found, read or not. */
  readonly lists: number;
  readonly announcements: readonly Announcement[];
  readonly problems: readonly Problem[];
}

/** Reads every list below a folder; throws what the file system says when the folder itself cannot be read. */
export async function readWazoFolder(folder: string): Promise<FolderRead> {
  const announcements: Announcement[] = [];
  const problems: Problem[] = [];
  const { paths, isWhole } = await listsBelow(folder);
  if (!isWhole) problems.push(problem('', 'holds more than is read', 'Import it in parts.'));
  for (const path of paths) {
    const source = relative(folder, path);
    const text = await textOf(path);
    if (typeof text !== 'string') {
      problems.push({ path: source, ...text });
      continue;
    }
    const plugin = await pluginAround(path);
    const about = join(folder.split(/[\\/]/).at(-1) ?? '', source);
    const read = readWazoPkgs(text, { source: about, ...(plugin ? { plugin } : {}) });
    if (!read) {
      problems.push(problem(source, 'holds no package', 'Leave it out, or look what it is.'));
      continue;
    }
    // One by one: a list may hold more than a call takes arguments.
    for (const one of read.announcements) announcements.push(one);
    for (const one of read.problems)
      problems.push({ ...one, path: `${source} ${one.path}`.trim() });
  }
  return { lists: paths.length, announcements, problems };
}

/** Paths in the order of their names, so that every run reads them alike. Links are not followed. */
async function listsBelow(folder: string): Promise<{ paths: string[]; isWhole: boolean }> {
  const paths: string[] = [];
  const folders = [{ path: folder, depth: 0 }];
  let entries = 0;
  for (let next = folders.pop(); next; next = folders.pop()) {
    for await (const entry of await opendir(next.path)) {
      entries += 1;
      if (entries > entriesMax || paths.length >= listsMax)
        return { paths: paths.sort(), isWhole: false };
      const path = join(next.path, entry.name);
      if (entry.isDirectory() && next.depth < depthMax && entry.name !== '.git') {
        folders.push({ path, depth: next.depth + 1 });
      } else if (entry.isFile() && /(?:^|[._-])pkgs[^/]*\.db$|\.pkgs$/i.test(entry.name))
        paths.push(path);
    }
  }
  return { paths: paths.sort(), isWhole: true };
}

async function textOf(path: string): Promise<string | Omit<Problem, 'path'>> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > wazoPkgsBytesMax) {
        return { reason: `has ${size} bytes`, nextStep: `At most ${wazoPkgsBytesMax} are read.` };
      }
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    const reason = `cannot be read: ${error instanceof Error ? error.message : 'unknown error'}`;
    return { reason, nextStep: 'Give this user leave to read it.' };
  }
}

/** The plugin's own description lies beside its `pkgs` folder, or beside the list. */
async function pluginAround(path: string) {
  for (const folder of [dirname(path), dirname(dirname(path))]) {
    const text = await textOf(join(folder, 'plugin-info'));
    const plugin = typeof text === 'string' ? readPluginInfo(text) : undefined;
    if (plugin) return plugin;
  }
  return undefined;
}

const problem = (path: string, reason: string, nextStep: string): Problem => ({
  path,
  reason,
  nextStep,
});
