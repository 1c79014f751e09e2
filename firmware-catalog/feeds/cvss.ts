import type { Score } from '../advisory-claim.ts';
import { fieldsOf, textOf } from './json-reading.ts';

const SYSTEMS: Readonly<Record<string, Score['system']>> = {
  '2.0': 'cvss-2.0',
  '3.0': 'cvss-3.0',
  '3.1': 'cvss-3.1',
  '4.0': 'cvss-4.0',
};

/** A CVSS object as CSAF and NVD carry it (`version`, `baseScore`, `vectorString`); undefined for any other. */
export function scoreOf(issuer: string, value: unknown): Score | undefined {
  const cvss = fieldsOf(value);
  const system = SYSTEMS[textOf(cvss?.['version'], 8) ?? ''];
  const score = cvss?.['baseScore'];
  if (!system || typeof score !== 'number' || !(score >= 0 && score <= 10)) return undefined;
  const vector = textOf(cvss?.['vectorString'], 200);
  return { issuer, system, score, ...(vector === undefined ? {} : { vector }) };
}
