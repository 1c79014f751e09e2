import { profileOf } from '@ringwave/firmware-catalog/vendors/all';
import type { AgentTables } from '../state.ts';
import { type UploadNamed, uploadNamed } from '../upload-names.ts';

/** A phone of this site's plan may write what its vendor's profile names, and its own files only. */
export function phoneUpload(tables: AgentTables, path: string): UploadNamed | undefined {
  const phones = tables.plan.get('plan')?.plan.phones ?? [];
  const digits = /[0-9a-f]{12}/i.exec(path)?.[0].toLowerCase();
  const phone = phones.find(({ mac }) => mac.replaceAll(':', '') === digits);
  return phone && uploadNamed(path, profileOf(phone.vendor)?.uploads ?? []);
}
