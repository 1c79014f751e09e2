// A security notice, and whether it concerns a phone. Ranges are in the vendor's own order of versions.

import { linePattern } from '@ringwave/protocol/schema-words';
import { type Static, Type } from 'typebox';
import { type Problem, problemsOf, readJson } from './problems.ts';
import { SEVERITIES, type Severity } from './release.ts';
import { profileOf } from './vendors/all.ts';
import { compareVersions } from './version.ts';

/** Bytes of one advisory's text; the longest public one has under 100 KiB. */
export const advisoryBytesMax = 1024 ** 2;

const Line = (maxLength: number) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: linePattern,
    description: 'as one line without control characters',
  });
const Bound = Type.Optional(Line(64));

export const AdvisoryDocument = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$' }),
    cve: Type.Optional(
      Type.String({ pattern: '^CVE-\\d{4}-\\d{4,9}$', description: 'as CVE-YYYY-NNNN' }),
    ),
    vendor: Line(32),
    models: Type.Array(Line(40), {
      minItems: 1,
      maxItems: 256,
      description: 'model',
    }),
    affected: Type.Object(
      { below: Bound, atMost: Bound, from: Bound },
      { additionalProperties: false },
    ),
    fixedIn: Bound,
    severity: Type.Enum([...SEVERITIES]),
    cvss: Type.Optional(Type.Number({ minimum: 0, maximum: 10 })),
    source: Line(2000),
    title: Line(500),
  },
  { additionalProperties: false },
);

export interface Advisory extends Static<typeof AdvisoryDocument> {
  readonly severity: Severity;
}

export type ParsedAdvisory =
  | { readonly advisory: Advisory; readonly problems?: undefined }
  | { readonly advisory?: undefined; readonly problems: readonly Problem[] };

/** Reads an advisory, text or already parsed; gives it or every problem at once. */
export function parseAdvisory(document: unknown): ParsedAdvisory {
  const read =
    typeof document === 'string' ? readJson(document, advisoryBytesMax) : { value: document };
  if ('problems' in read) return read;
  const problems = problemsOf(AdvisoryDocument, read.value);
  if (problems.length > 0) return { problems };
  const advisory = read.value as Advisory;
  const { below, atMost, from } = advisory.affected;
  if (below === undefined && atMost === undefined && from === undefined) {
    const reason = 'names no version, so nobody can say which phones are meant';
    return { problems: [{ path: 'affected', reason, nextStep: 'Give below, atMost or from.' }] };
  }
  return { advisory: { ...advisory, vendor: profileOf(advisory.vendor)?.name ?? advisory.vendor } };
}

export type Exposure = 'affected' | 'not-affected' | 'unknown';

/**
 * Whether a phone is in an advisory's range. A version nobody has seen, or that cannot be ordered
 * against a bound, is 'unknown', which never counts as safe.
 */
export function exposure(
  { vendor, models, affected }: Pick<Advisory, 'vendor' | 'models' | 'affected'>,
  phone: {
    readonly vendor: string;
    readonly model: string;
    readonly version: string | null;
    readonly hardware?: string;
  },
): Exposure {
  if (vendor !== phone.vendor || !models.includes(phone.model)) return 'not-affected';
  const { version } = phone;
  if (version === null) return 'unknown';
  const inside = (bound: string | undefined, orders: readonly string[]): Exposure => {
    if (bound === undefined) return 'affected';
    const about = phone.hardware === undefined ? {} : { hardware: phone.hardware };
    const order = compareVersions(vendor, version, bound, { model: phone.model, ...about });
    if (order === 'incomparable' || (order === 'same' && isCoarser(version, bound)))
      return 'unknown';
    return orders.includes(order) ? 'affected' : 'not-affected';
  };
  const verdicts = [
    inside(affected.from, ['same', 'newer']),
    inside(affected.below, ['older']),
    inside(affected.atMost, ['older', 'same']),
  ];
  if (verdicts.includes('not-affected')) return 'not-affected';
  return verdicts.includes('unknown') ? 'unknown' : 'affected';
}

/** 5.9.6 stands for all its builds: on which side of 5.9.6.2327 this one is, it does not say. */
const isCoarser = (version: string, bound: string): boolean =>
  bound.length > version.length && bound.startsWith(version);
