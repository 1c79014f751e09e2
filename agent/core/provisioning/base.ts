// Where the files come from that this agent adds to: its own templates, a folder of the customer's, or the
// provisioning server of a PBX.

import { type Problem, problemsOf, readJson } from '@ringwave/firmware-catalog/problems';
import { type Static, Type } from 'typebox';

const Settings = Type.Object(
  {
    base: Type.Enum(['template', 'folder', 'upstream']),
    folder: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1024, description: 'as the path of a folder' }),
    ),
    anyCase: Type.Optional(Type.Boolean()),
    url: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s?#@]{1,1000}$',
        description: 'as an http or https URL without login and query',
      }),
    ),
    login: Type.Optional(
      Type.Object(
        {
          user: Type.String({ minLength: 1, maxLength: 256 }),
          password: Type.String({ minLength: 1, maxLength: 256 }),
        },
        { additionalProperties: false },
      ),
    ),
    hardened: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

export interface UpstreamSettings {
  readonly url: string;
  readonly login?: { readonly user: string; readonly password: string };
}

export type BaseSource =
  | { readonly kind: 'template' }
  | { readonly kind: 'folder'; readonly folder: string; readonly anyCase: boolean }
  | ({ readonly kind: 'upstream' } & UpstreamSettings);

export interface BaseSettings {
  readonly source: BaseSource;
  /** Web pages of phones are switched off, where the line's facts tell how. */
  readonly isHardened: boolean;
}

/** Bytes of the file that says so: it is short. */
const settingsBytesMax = 64 * 1024;

const OWN_KEYS = {
  template: [],
  folder: ['folder', 'anyCase'],
  upstream: ['url', 'login'],
} as const satisfies Record<string, readonly (keyof Static<typeof Settings>)[]>;

/** The file given to `--provisioning`, or everything that is wrong with it. */
export function readBaseSettings(
  text: string,
): { readonly settings: BaseSettings } | { readonly problems: readonly Problem[] } {
  const json = readJson(text, settingsBytesMax);
  if ('problems' in json) return json;
  const problems = problemsOf(Settings, json.value);
  const said = json.value as Static<typeof Settings>;
  if (problems.length === 0) problems.push(...misplaced(said));
  if (problems.length > 0) return { problems };
  return { settings: { source: sourceOf(said), isHardened: said.hardened === true } };
}

function misplaced(said: Static<typeof Settings>): Problem[] {
  const own: readonly string[] = OWN_KEYS[said.base];
  const needed = own[0];
  const missing: Problem[] =
    needed === undefined || Object.hasOwn(said, needed)
      ? []
      : [{ path: needed, reason: 'is missing', nextStep: `Add ${needed} for base ${said.base}.` }];
  const others = Object.values(OWN_KEYS)
    .flat()
    .filter((key) => Object.hasOwn(said, key) && !own.includes(key));
  const reason = `says nothing for base ${said.base}`;
  return [
    ...missing,
    ...others.map((path) => ({ path, reason, nextStep: 'Remove it, or choose its base.' })),
  ];
}

function sourceOf(said: Static<typeof Settings>): BaseSource {
  switch (said.base) {
    case 'template':
      return { kind: 'template' };
    case 'folder':
      return { kind: 'folder', folder: said.folder ?? '', anyCase: said.anyCase === true };
    case 'upstream':
      return {
        kind: 'upstream',
        url: said.url ?? '',
        ...(said.login ? { login: said.login } : {}),
      };
    default:
      return said.base satisfies never;
  }
}

/** Without `--provisioning`. */
export const ownTemplates: BaseSettings = { source: { kind: 'template' }, isHardened: false };
