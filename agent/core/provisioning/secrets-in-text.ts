// Whether a file holds passwords, as far as facts tell: in the language of the phone that asks for it, or in any other. A
// folder or a PBX gives a file to whoever names it, and what one maker's phones cannot read is still in clear.

import { KNOWN_VENDORS } from '@ringwave/firmware-catalog/vendors/all';
import type {
  ConfigLanguage,
  LineFacts,
  SettingLine,
} from '@ringwave/firmware-catalog/vendors/line-facts';
import { type NamesIn, setsAny, valuesIn } from '@ringwave/firmware-catalog/vendors/overlay';

/**
 * `<P34>x</P34>`, a line `P34 = x`, or one of many between ampersands, as in Grandstream's binary files. Bytes of a picture that
 * look so are one in some hundred million.
 */
const CODED = /<P\d{1,6}(?:\s[^<>]*)?>|(?:^|&)[ \t]*P\d{1,6}[ \t]*=/im;

/**
 * Whether a file sets codes of a line whose settings are codes, in whichever form: any may be a password or firmware, and a
 * phone may read what is no whole file of its language.
 */
export function holdsCodes(body: string, { settings }: LineFacts): boolean {
  const lines = [settings['sip-login'], settings.firmware].flatMap(known);
  return lines.some(({ name }) => isCode(name)) && CODED.test(body);
}

const isCode = (name: string): boolean => /^P\d+$/.test(name);

/** Which keys with secrets stand in the file; unknown where the line's facts cannot tell. */
export function secretsIn(
  base: string,
  line: LineFacts,
  config: ConfigLanguage,
): readonly string[] | 'unknown' {
  const { 'sip-login': sip, 'admin-password': admin } = line.settings;
  if (sip === 'unknown' || admin === 'unknown') return 'unknown';
  const names = passwordNames(line);
  // Codes such as P34 do not show which others hold the passwords of further accounts.
  if (names.some(isCode)) return 'unknown';
  return names.filter((name) => valuesIn(base, config, name).some((value) => value.trim() !== ''));
}

/** Those that are known. */
function passwordNames({ settings, otherPasswordNames = [] }: LineFacts): string[] {
  const lines = [settings['sip-login'], settings['admin-password']].flatMap(known);
  const told = lines.filter(({ value }) => value.includes('{password}'));
  return [...told.map(({ name }) => anyAccount(name)), ...otherPasswordNames];
}

const known = (lines: readonly SettingLine[] | 'unknown'): readonly SettingLine[] =>
  lines === 'unknown' ? [] : lines;

/** Facts tell the first account; the others differ in its number alone. */
const anyAccount = (name: string): string => name.replace(/(?<!\d)0*1(?!\d)/, '#');

/** Whether the line's own passwords stand in a file, also where that is not of its language as a whole. */
export const holdsOwnSecrets = (body: string, line: LineFacts): boolean =>
  line.config !== 'unknown' && setsAny(body, { language: line.config, names: passwordNames(line) });

/** A code as a setting of its own: behind an ampersand one may stand in any address. */
const CODE_ALONE = /<P\d{1,6}(?:\s[^<>]*)?>|^[ \t]*P\d{1,6}[ \t]*=/im;

let everyWord: readonly NamesIn[] | undefined;

/** One for each language and set of names: makers and brands share them. */
function knownWords(): readonly NamesIn[] {
  const words = new Map<string, NamesIn>();
  const add = (language: ConfigLanguage, names: readonly string[]) =>
    words.set(JSON.stringify([language.line, language.frame, names]), { language, names });
  for (const line of KNOWN_VENDORS.flatMap(({ lines }) => lines)) {
    const { config, olderForm: older } = line;
    if (older) add(older.language, older.passwordNames);
    if (config === 'unknown') continue;
    const names = passwordNames(line).filter((name) => !isCode(name));
    add(config, names);
  }
  return [...words.values()];
}

/**
 * Whether passwords stand in the file under names of other lines than `line`; undefined: of any. It is not asked whether the file is
 * in their language as a whole: a part of it is enough to read.
 */
export function holdsOthersSecrets(body: string, line?: LineFacts): boolean {
  everyWord ??= knownWords();
  const own = line && line.config !== 'unknown' ? line : undefined;
  const ownNames = own ? passwordNames(own) : [];
  if (!ownNames.some(isCode) && CODE_ALONE.test(body)) return true;
  const asked = everyWord.map(({ language, names }) => {
    // Of its own a file of the phone's language is asked by itself.
    const isOwn =
      own !== undefined && own.config !== 'unknown' && language.line === own.config.line;
    return { language, names: isOwn ? names.filter((name) => !ownNames.includes(name)) : names };
  });
  return setsAny(body, ...asked);
}

/**
 * Whether passwords stand in the file in signs of two or four bytes: `isUtf16` looks at its beginning alone, and a comment in
 * another script may stand there.
 */
export const hidesSecrets = (body: string): boolean =>
  body.includes('\0') && !holdsOthersSecrets(body) && holdsOthersSecrets(body.replaceAll('\0', ''));
