// One file of a PBX with what is managed here: the firmware of the slot, the phone's login, where it asks next, and
// hardening. All of it follows from the vendor's facts; the rest of the file stays as it was.

import type {
  ConfigLanguage,
  LineFacts,
  SettingLine,
} from '@ringwave/firmware-catalog/vendors/line-facts';
import {
  isWrittenIn,
  type Managed,
  mayHold,
  overlay,
  setsAny,
  unreadable,
  valuesIn,
} from '@ringwave/firmware-catalog/vendors/overlay';
import { holdsCodes, holdsOthersSecrets, holdsOwnSecrets, secretsIn } from './secrets-in-text.ts';

export interface Overlaying {
  readonly line: LineFacts;
  /** The file that the agent would give by itself, for the same path. */
  readonly ours: string;
  /** Whether the asker may have this phone's secrets now, as `handing` said. */
  readonly maySecrets: boolean;
  readonly isHardened: boolean;
  /** Whether it is a whole file of the phone's language, or it may be a part, a directory, a picture. */
  readonly isWhole: boolean;
}

export type Composed =
  /** `hasSecrets`: some stand in it, as far as the facts tell, and this asker may have them. */
  | { readonly kind: 'composed'; readonly body: string; readonly hasSecrets?: boolean }
  /** It holds secrets, this asker may not have them now, and the phone would lose them in a file without. */
  | { readonly kind: 'guarded' }
  | { readonly kind: 'refused'; readonly reason: string };

/** `base` as Latin-1 text: bytes of any encoding come out as they went in. */
export function composed(base: string, by: Overlaying): Composed {
  const { config } = by.line;
  if (config === 'unknown') return { kind: 'refused', reason: 'its language is unknown' };
  const isWhole = isWrittenIn(base, config);
  if (by.isWhole && !isWhole) return { kind: 'refused', reason: `it is not ${config.form}` };
  const odd = unreadable(base, config);
  if (odd) return { kind: 'refused', reason: `it ${odd.reason}` };
  const tooLong = isWhole ? longerThan(config, base) : undefined;
  if (tooLong) return tooLong;
  const hasCodes = !isWhole && holdsCodes(base, by.line);
  const hasOthers = holdsOthersSecrets(base, by.line);
  if ((hasCodes || hasOthers) && !by.maySecrets) return { kind: 'guarded' };
  const older = inOlderForm(base, by.line);
  if (older) return older;
  if (!mayHold(base, config)) {
    if (hasCodes) return { kind: 'refused', reason: `its codes are not in ${config.form}` };
    const hasOwn = holdsOwnSecrets(base, by.line);
    if (hasOwn && !by.maySecrets) return { kind: 'guarded' };
    return { kind: 'composed', body: base, ...((hasOthers || hasOwn) && { hasSecrets: true }) };
  }
  const inIt = secretsIn(base, by.line, config);
  const ownSecrets = inIt === 'unknown' ? isWhole : inIt.length > 0;
  const hasSecrets = hasCodes || hasOthers || ownSecrets;
  const found = by.maySecrets ? [] : inIt;
  if (found === 'unknown' && isWhole) return { kind: 'guarded' };
  const secrets = found === 'unknown' ? [] : found;
  if (secrets.length > 0 && by.line.absentValue !== 'keeps') return { kind: 'guarded' };
  const managed = [...managedOf(by, config), ...furtherFiles(base, by, config)];
  const settings = managed.filter((one) => one !== undefined);
  if (settings.length < managed.length) {
    return { kind: 'refused', reason: `no single key names the firmware of ${by.line.line}` };
  }
  const taken = secrets.map((name) => ({ name }));
  const done = overlay(base, config, [...taken, ...settings]);
  if (done.kind === 'refused') return done;
  const { body } = done;
  const outgrown = isWhole ? longerThan(config, body) : undefined;
  if (outgrown) return outgrown;
  return { kind: 'composed', body, ...(by.maySecrets && hasSecrets && { hasSecrets }) };
}

/** Firmware and servers could be taken out of it, but not set where the phone would look. */
function inOlderForm(base: string, line: LineFacts): Composed | undefined {
  const { olderForm: older } = line;
  const names = namesManaged(line);
  if (!older || !setsAny(base, { language: older.language, names })) return undefined;
  const reason = `it names firmware or a server in ${older.language.form}`;
  return { kind: 'refused', reason };
}

function namesManaged({ settings, ...line }: LineFacts): string[] {
  const { otherFirmwareNames = [], otherServerNames = [] } = line;
  const { firmware, 'provisioning-login': login, 'provisioning-server': server } = settings;
  const names = [firmware, login, server].flatMap(known).map(({ name }) => name);
  return [...names, ...otherFirmwareNames, ...otherServerNames];
}

/** Whether anything stands in a file of the phone's language that would be taken out or set; of what cannot be text, too. */
export const holdsManaged = (body: string, line: LineFacts): boolean =>
  holdsOwnSecrets(body, line) ||
  (line.config !== 'unknown' &&
    setsAny(body, { language: line.config, names: namesManaged(line) }));

function longerThan({ bytesMax }: ConfigLanguage, { length }: string): Composed | undefined {
  if (bytesMax === undefined || length <= bytesMax) return undefined;
  const reason = `it has ${length} bytes, and such a phone takes ${bytesMax}`;
  return { kind: 'refused', reason };
}

/** The agent's own file with what the site hardens. */
export function hardened(ours: string, line: LineFacts): string {
  if (line.config === 'unknown') return ours;
  const done = overlay(ours, line.config, hardening(line));
  return done.kind === 'overlaid' ? done.body : ours;
}

const known = (lines: readonly SettingLine[] | 'unknown'): readonly SettingLine[] =>
  lines === 'unknown' ? [] : lines;

/** What each managed key must be: as our own file says it, or not there. Undefined: no way to write it. */
function managedOf(
  { line, ours, isHardened }: Overlaying,
  config: ConfigLanguage,
): (Managed | undefined)[] {
  const { settings, otherFirmwareNames = [], otherServerNames = [] } = line;
  const lines = [
    ...known(settings.firmware),
    ...known(settings['provisioning-login']),
    ...known(settings['provisioning-server']),
  ];
  const once = lines.filter((one, at) => lines.findIndex(({ name }) => name === one.name) === at);
  return [
    ...[...otherFirmwareNames, ...otherServerNames].map((name) => ({ name })),
    ...once.map((one) => managedAs(one, ours, config)),
    ...switches(config, ours),
    ...(isHardened ? hardening(line) : []),
  ];
}

function managedAs(
  { name, written }: SettingLine,
  ours: string,
  config: ConfigLanguage,
): Managed | undefined {
  const isElement = written === undefined || written.includes('{value}</{name}>');
  // One tag with several values is more than a setting.
  if (!isElement) return undefined;
  const value = valuesIn(ours, config, name)[0];
  if (value === undefined) return { name };
  return { name, value, ...(written === undefined ? {} : { written }) };
}

/** The files that the base lists stay; ours come first in each list, because what is read first counts (Poly). */
function furtherFiles(
  base: string,
  { line: { furtherFiles: name }, ours }: Overlaying,
  config: ConfigLanguage,
): Managed[] {
  const own = name === undefined ? [] : listed(valuesIn(ours, config, name)[0]);
  if (name === undefined || own.length === 0) return [];
  const lists = new Set([name, ...ofModels(base, name)]);
  return Array.from(lists, (list) => {
    const all = new Set([...own, ...listed(valuesIn(base, config, list)[0])]);
    return { name: list, value: [...all].join(',') };
  });
}

/** Of an attribute there may be one for each model, as `APP_FILE_PATH_VVX410`; such a phone may read it in the plain one's place. */
const ofModels = (base: string, name: string): string[] =>
  Array.from(
    base.matchAll(new RegExp(`\\s(${name}_\\w{1,64})\\s{0,64}=`, 'g')),
    ([, own = '']) => own,
  );

const listed = (text = ''): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** Poly takes settings of the device only from a file that says so: its frame does. */
function switches({ line, frame }: ConfigLanguage, ours: string): Managed[] {
  if (line !== '{name}="{value}"') return [];
  const stands = [...frame.matchAll(/\s([\w-]+\.[\w.-]+)="([^"{}]*)"/g)];
  return stands.flatMap(([, name = '', value = '']) =>
    ours.includes(`${name}="${value}"`) ? [{ name, value }] : [],
  );
}

const hardening = ({ settings }: LineFacts): Managed[] =>
  known(settings['web-off']).map(({ name, value }) => ({ name, value }));
