/** Capabilities of one plugin that are read; the largest plugin names some 60 phones. */
const capabilitiesMax = 2000;

export interface PluginInfo {
  readonly vendor?: string;
  readonly models: readonly string[];
}

/**
 * The phones a plugin of the wazo-provd-plugins project is for, from its `plugin-info`, whose capabilities
 * are named `Vendor, Model, Version`; undefined when the text is none.
 */
export function readPluginInfo(text: string): PluginInfo | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const capabilities = (value as { capabilities?: unknown } | null)?.capabilities;
  if (typeof capabilities !== 'object' || capabilities === null) return undefined;
  const named = Object.keys(capabilities)
    .slice(0, capabilitiesMax)
    .map((name) => name.split(',').map((part) => part.trim()));
  const vendors = new Set(named.map(([vendor]) => vendor ?? ''));
  const models = new Set(named.flatMap(([, model = '']) => (model === '' ? [] : [model])));
  const [vendor = ''] = vendors;
  const isOne = vendors.size === 1 && vendor !== '';
  return { ...(isOne ? { vendor } : {}), models: [...models].slice(0, 256) };
}
