// What a technician wants to know before leaving: everything is well, or the one thing to mend first.

export interface Finding {
  readonly what: string;
  readonly state: 'well' | 'wrong' | 'unknown';
  readonly said: string;
  /** What to do about it; for findings that are not well. */
  readonly fix?: string;
}

/** Most urgent first: what comes later often follows from what is wrong before it. */
export const CHECKS = [
  'enrolment',
  'state',
  'agent',
  'disk',
  'name',
  'clock',
  'broker',
  'line',
  'http',
  'https',
  'tftp',
  'base',
  'plan',
  'phones',
  'sip',
] as const;
export type CheckName = (typeof CHECKS)[number];

export type Findings = Readonly<Partial<Record<CheckName, Finding>>>;

/** The first thing that is not well, in the order of `CHECKS`; undefined when one can leave. */
export const firstToMend = (findings: Findings): Finding | undefined =>
  CHECKS.map((name) => findings[name]).find((one) => one !== undefined && one.state !== 'well');

const SIGN = { well: 'ok', wrong: 'WRONG', unknown: '?' } as const;

/** One line for each check, and a last line that says whether one can leave. */
export function doctorLines(findings: Findings): string[] {
  const found = CHECKS.flatMap((name) => {
    const one = findings[name];
    return one ? [`${SIGN[one.state].padEnd(6)}${one.what}: ${one.said}`] : [];
  });
  const first = firstToMend(findings);
  if (!first) return [...found, 'You can leave.'];
  return [...found, `Mend this first: ${first.fix ?? first.said}`];
}
