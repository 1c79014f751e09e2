// How Cisco spells phone firmware: `9.4(2)SR3`, `9-4-2SR3-1S`, `SIP45.9-4-2SR3-1S.loads`,
// `11.3.1-MSR3-3`, `12-0-7MPP0201-66`, `11.3.7_MPP_0001`, `P0030801SR02`, `7.4.8a`, `6.1.5(a)`.

import type { Order } from './profile.ts';
import { remembered } from '../remembered.ts';
import { compareFields, compareLetters, firstDecided, ordered, orderOf } from './version-parts.ts';

/** Software lines that number on their own and cannot be reached from each other by an upgrade. */
type Line = 'mpp' | 'enterprise' | 'small-business';

interface CiscoVersion {
  readonly line: Line;
  /** `SIP45`, `SCCP41`, `sip88xx`: the image line of a load name. */
  readonly load: string;
  readonly release: readonly number[];
  /** Empty before any maintenance release; MSR3 and SR3 are [3], MPP0201 is [2, 1]. */
  readonly maintenance: readonly number[];
  readonly notation: '' | 'sr' | 'mpp' | 'es';
  readonly letter: string;
  readonly build: readonly number[];
}

export const compareCisco = (a: string, b: string): Order =>
  ordered(a, b, (left, right) => {
    const from = parsed(left);
    const to = parsed(right);
    return from && to ? compareParsed(from, to) : 'incomparable';
  });

const parsed = remembered((text: string) => parse(text) ?? null);

function compareParsed(a: CiscoVersion, b: CiscoVersion): Order {
  if (a.line !== b.line) return 'incomparable';
  if (a.load !== '' && b.load !== '' && a.load !== b.load) return 'incomparable';
  const coarse = firstDecided(
    compareFields(a.release, b.release),
    compareMaintenance(a.maintenance, b.maintenance),
    compareLetters(a.letter, b.letter),
  );
  if (coarse !== 'same') return coarse;
  const build = compareFields(a.build, b.build);
  // Builds count anew in each notation: MSR4 build 3 says nothing of MPP0401 build 2.
  return build !== 'same' && a.notation !== b.notation ? 'incomparable' : build;
}

/** Plain comes before every maintenance release; between two of them a missing number matches any. */
function compareMaintenance(a: readonly number[], b: readonly number[]): Order {
  if (a.length === 0 || b.length === 0)
    return orderOf(Math.min(a.length, 1), Math.min(b.length, 1));
  return compareFields(a, b);
}

const LOAD = /^((?:sip|sccp|term|apps|jar|cnu|cvm|dsp|cmterm-|cmterm_)[a-z0-9_]{0,12})[.-](?=\d)/i;
const RELEASE = /^(\d{1,3})[.-](\d{1,3})(?:[.-](\d{1,3})|\((\d{1,3})\))/;

function parse(text: string): CiscoVersion | undefined {
  const isNamed = !isDigit(text.charCodeAt(0));
  const legacy = isNamed ? parseLegacy(text) : undefined;
  if (legacy) return legacy;
  const isEnded = !isDigit(text.charCodeAt(text.length - 1));
  const bare = isEnded ? text.replace(/\.loads$/i, '').replace(/_REL$/i, '') : text;
  const load = isNamed ? (LOAD.exec(bare)?.[1] ?? '') : '';
  const named = load === '' ? bare : bare.slice(load.length + 1);
  const release = RELEASE.exec(named);
  if (!release) return undefined;
  const numbers = [release[1], release[2], release[3] ?? release[4]].map(Number);
  const rest = parseRest(named.slice(release[0].length));
  if (!rest) return undefined;
  const { signed, ...parts } = rest;
  const line = lineOf(numbers, parts.notation, signed || load !== '');
  return {
    line,
    load: /^sip\d|^sccp\d|^sip\d+xx/i.test(load) ? load.toLowerCase() : '',
    release: numbers,
    ...parts,
  };
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

const MAINTENANCE =
  /^[ ._-]?(?:(M?SR)_?(\d{1,3})|MPP(?:[_-]?(\d{2})(\d{2})(?!\d))?|\((?:M?SR)(\d{1,3})\)|ES(\d{1,3}))/i;

type Rest = Pick<CiscoVersion, 'maintenance' | 'notation' | 'letter' | 'build'> & {
  signed: boolean;
};

const LETTER = /^_?(?:\(([a-z])\)|([a-z]))(?![a-z])/i;

/** What follows the three numbers: maintenance, or a letter, then the build, then `S` for signed. */
function parseRest(text: string): Rest | undefined {
  const found = MAINTENANCE.exec(text);
  const afterMaintenance = text.slice(found?.[0].length ?? 0);
  const letter = LETTER.exec(afterMaintenance);
  const isSignature = letter?.[0] === 'S';
  const tail = isSignature ? afterMaintenance : afterMaintenance.slice(letter?.[0].length ?? 0);
  const build = /^(?:[._-]\d{1,9}){0,3}/.exec(tail)?.[0] ?? '';
  const end = tail.slice(build.length);
  if (end !== '' && end !== 'S') return undefined;
  return {
    ...maintenanceOf(found),
    letter: isSignature ? '' : (letter?.[1] ?? letter?.[2] ?? '').toLowerCase(),
    build: build === '' ? [] : build.slice(1).split(/[._-]/).map(Number),
    signed: end === 'S',
  };
}

function maintenanceOf(
  found: RegExpExecArray | null,
): Pick<CiscoVersion, 'maintenance' | 'notation'> {
  if (!found) return { maintenance: [], notation: '' };
  const [, , sr, mppHigh, mppLow, bracketed, special] = found;
  const number = sr ?? bracketed;
  if (number !== undefined) return { maintenance: [Number(number)], notation: 'sr' };
  // An engineering special belongs between plain and SR1 of its release, in an order of its own.
  if (special !== undefined) return { maintenance: [0, Number(special)], notation: 'es' };
  if (mppHigh === undefined) return { maintenance: [0], notation: 'mpp' };
  return { maintenance: [Number(mppHigh), Number(mppLow)], notation: 'mpp' };
}

/**
 * Multiplatform releases are 11.1 to 11.3, 12.0 from 12.0.2 on, and all that say so; other releases
 * from 8.0 on are the enterprise phones', as are signed loads; the rest are SPA and small adapters.
 */
function lineOf(
  [major = 0, minor = 0, third = 0]: readonly number[],
  notation: CiscoVersion['notation'],
  isLoad: boolean,
): Line {
  if (notation === 'mpp') return 'mpp';
  if (major === 11 && minor >= 1 && minor <= 3) return 'mpp';
  if (major === 12 && minor === 0 && third >= 2) return 'mpp';
  return major >= 8 || isLoad ? 'enterprise' : 'small-business';
}

/** 7940 and 7960: `P00308000900` is 8.0(9), `P0S3-08-12-00` 8.12(0); one name mixes both notations. */
function parseLegacy(text: string): CiscoVersion | undefined {
  const name = text.replace(/\.(?:loads|sb2|sbn|bin)$/i, '').toUpperCase();
  if (name === 'P0030801SR02') return enterprise([8, 1, 2], [2], []);
  const digits = /^P0[0S]3(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(name);
  const dashed = /^P0[0S]3-(\d{1,2})-(\d{1,2})-(\d{1,2})$/.exec(name);
  const fields = (digits ?? dashed)?.slice(1).map(Number);
  return fields && enterprise(fields.slice(0, 3), [], fields.slice(3));
}

const enterprise = (
  release: readonly number[],
  maintenance: readonly number[],
  build: readonly number[],
): CiscoVersion => ({
  line: 'enterprise',
  load: '',
  release,
  maintenance,
  build,
  notation: maintenance.length === 0 ? '' : 'sr',
  letter: '',
});
