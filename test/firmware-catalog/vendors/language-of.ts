import { knowledgeOf } from '@ringwave/firmware-catalog/vendors/all';
import type { ConfigLanguage } from '@ringwave/firmware-catalog/vendors/line-facts';

/** What a model's configuration is written in; throws where nobody knows it. */
export function languageOf(vendor: string, model: string): ConfigLanguage {
  const line = knowledgeOf(vendor)?.lines.find(({ hasModel }) => hasModel(model));
  if (!line || line.config === 'unknown') throw new Error(`no language of ${vendor} ${model}`);
  return line.config;
}
