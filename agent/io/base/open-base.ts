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
      return BaseFolder.open(source.folder, source.anyCase);
    case 'upstream': {
      const kept = await LastGood.open(join(of.folder, 'last-good'));
      const place = new URL(source.url).host;
      return new Upstream(source, {
        kept,
        told: (reason) => of.alarm('base-unusable', place, reason),
      });
    }
    default:
      return source satisfies never;
  }
}
