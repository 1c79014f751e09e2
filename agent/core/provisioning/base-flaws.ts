// What shows that a base file is not what a phone should read: a template that nobody filled in. Its placeholders would
// become names, addresses and passwords of phones.

import { PROFILES } from '@ringwave/firmware-catalog/vendors/all';
import type { ConfigLanguage } from '@ringwave/firmware-catalog/vendors/line-facts';
import { isWrittenIn, unreadable } from '@ringwave/firmware-catalog/vendors/overlay';
import { isWebPage } from '@ringwave/firmware-catalog/vendors/web-page';
import { withoutComments } from '@ringwave/firmware-catalog/vendors/xml-blanks';
import { isUtf16 } from './utf16.ts';

export interface BaseFlaw {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
  readonly nextStep: string;
}

/**
 * Smarty and FusionPBX `{$x}`, Jinja and Twig `{{x}}` and `{% x %}`, the shell's `${x}`, `<% x %>`, `<?php x`. What phones
 * replace by themselves is written otherwise (`$MA`, `$PN`, `[PHONE_MAC_ADDRESS]`).
 */
const PLACEHOLDER =
  /\{\$[A-Za-z_][^{}\n]{0,80}\}|\{\{[^{}\n]{1,80}\}\}|\{%[^{}\n]{1,80}%\}|\$\{[A-Za-z_][^{}\n]{0,80}\}|<%[^<>\n]{1,80}%>|<\?(?:php\b|=)/;

/** Characters of a placeholder that are shown. */
const shownMax = 40;

/** The first flaw of a configuration, as Latin-1 text; comments may say anything. */
export function templateFlaw(text: string): BaseFlaw | undefined {
  for (const [at, line] of withoutComments(text).split('\n').entries()) {
    const found = /^\s*[#;]/.test(line) ? undefined : PLACEHOLDER.exec(line)?.[0];
    if (found === undefined) continue;
    const reason = `has the placeholder ${found.slice(0, shownMax)}`;
    return { line: at + 1, reason, nextStep: 'Fill the template in, or give its finished files.' };
  }
  return undefined;
}

/** Of PHP, in text and in HTML, and of Python: a program broke off, perhaps in the middle of a file. */
const PROGRAM_ERROR =
  /^(?:<br \/>)?[ \t]*(?:<b>)?(?:PHP )?(?:(?:Fatal|Parse|Recoverable fatal|Catchable fatal) error(?:<\/b>)?:|Traceback \(most recent call last\):|Uncaught \w{1,64}:)/m;

/**
 * What was given in the place of a configuration, for people; undefined where it may be one. With `language` it is to be a whole
 * file of that language, else a part of any. `text` is its bytes as Latin-1.
 */
export function givenInstead(text: string, language?: ConfigLanguage): string | undefined {
  if (isWebPage(text)) return 'a web page';
  if (text.startsWith('\u001f\u008b')) return 'compressed bytes';
  if (isUtf16(text)) return 'text in UTF-16';
  if (/^\s*(?:\{\s*["}]|\[\s*[{"])/.test(text)) return 'JSON';
  if (PROGRAM_ERROR.test(text)) return 'the error of a program';
  return language && text.trim() !== '' && !isWrittenIn(text, language)
    ? `what is not ${language.form}`
    : undefined;
}

/** As `templateFlaw`, or that no phone that asks for this name reads the language that it is written in. */
export function baseFlaw(path: string, text: string): BaseFlaw | undefined {
  const flaw = templateFlaw(text);
  const forms = flaw ? [] : languagesFor(path);
  const written = forms.filter((language) => isWrittenIn(text, language));
  const [odd] = written.map((language) => unreadable(text, language));
  if (odd) return { ...odd, nextStep: 'Give its settings as numbered P values.' };
  if (forms.length === 0 || written.length > 0) return flaw;
  const names = Array.from(new Set(forms.map(({ form }) => form))).join(' or ');
  const line = Math.max(1, text.split('\n').findIndex((one) => one.trim() !== '') + 1);
  return { line, reason: `is not ${names}`, nextStep: 'Correct the file, or take it away.' };
}

/** The languages of the phones that look for their settings under this name. */
function languagesFor(path: string): ConfigLanguage[] {
  const asking = PROFILES.filter((profile) =>
    ['phone-config', 'common-config'].includes(profile.fileAsked(`/${path}`)?.kind ?? ''),
  );
  return asking.flatMap(({ lines }) =>
    lines.flatMap(({ config }) => (config === 'unknown' ? [] : [config])),
  );
}
