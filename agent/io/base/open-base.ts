import { join } from 'node:path';
import type { FaultCode } from '@ringwave/protocol/faults';
import type { BaseSettings } from '../../core/provisioning/base.ts';
import type { BaseReader } from './base-file.ts';
import { BaseFiles } from './base-files.ts';
import { BaseFolder } from './base-folder.ts';
import { LastGood } from './last-good.ts';
import { Upstream } from './upstream.ts';

export interface BaseOf {
  /** Where the agent keeps its state. */
  readonly folder: string;
  readonly settings: BaseSettings;
  alarm(fault: FaultCode, place: string, detail: string): void;
}

/** Rejects with Node's own error where the folder of the settings is missing. */
export async function openBase(of: BaseOf): Promise<BaseFiles> {
  const { isHardened } = of.settings;
  const alarm: BaseOf['alarm'] = (fault, place, detail) => of.alarm(fault, place, detail);
  return new BaseFiles({ reader: await readerOf(of), isHardened, alarm });
}

async function readerOf(of: BaseOf): Promise<BaseReader | undefined> {
  const { source } = of.settings;
  switch (source.kind) {
    case 'template':
      return undefined;
    case 'folder':
      return folderOf(source, of);
    case 'upstream': {
      const kept = await LastGood.open(join(of.folder, 'last-good'));
      const place = new URL(source.url).host;
      return new Upstream(source, {
        kept,
        told: (reason, fault) => of.alarm(fault, place, reason),
      });
    }
    default:
      return source satisfies never;
  }
}

/** Files that cannot be used are named when the folder is opened, not when their phones need them; the others are served. */
async function folderOf(
  { folder, anyCase }: Extract<BaseSettings['source'], { kind: 'folder' }>,
  of: BaseOf,
): Promise<BaseReader> {
  const opened = await BaseFolder.open(folder, anyCase);
  // No phone waits for this: a folder may hold thousands.
  void nameFlaws(opened, folder, of);
  return opened;
}

async function nameFlaws(opened: BaseFolder, folder: string, of: BaseOf): Promise<void> {
  let named = 0;
  const alarm = (place: string, reason: string) => of.alarm('base-unusable', place, reason);
  const flawed = (path: string, reason: string) => {
    named += 1;
    if (named <= namedMax) alarm(path, reason);
  };
  await opened.check(flawed).catch((error: unknown) => alarm(folder, String(error)));
  const more = named - namedMax;
  if (more > 0) alarm(folder, `${more} further files of ${folder} cannot be used`);
}

/** Files named one by one. A template for all phones that was never filled in is as many as there are phones. */
const namedMax = 16;
