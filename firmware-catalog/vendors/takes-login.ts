import { profileOf } from './all.ts';

/** False where no document says how a phone of this line is told a login of its own: it would never show it. */
export function takesLogin({ vendor, model }: { vendor: string; model: string }): boolean {
  const line = profileOf(vendor)?.lines.find(({ hasModel }) => hasModel(model));
  return line?.settings['provisioning-login'] !== 'unknown';
}
