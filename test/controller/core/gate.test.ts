import { hours } from '@ringwave/protocol/units';
import { test } from 'tap';
import { gateProblems, judge } from '../../../controller/core/gate.ts';
import type { Gate } from '../../../controller/core/state.ts';

const gateOf = (own: Partial<Gate>): Gate => ({
  successMin: 0.95,
  failuresMax: 1,
  minSample: 3,
  soak: hours(1),
  ...own,
});
const told = (own: Partial<Gate>) =>
  gateProblems(gateOf(own)).map(({ part, reason, next }) => `${part} ${reason}. ${next}`);

const contradictions: readonly [Partial<Gate>, readonly string[]][] = [
  [{}, []],
  [{ successMin: 1, failuresMax: 0 }, []],
  [{ failedPartMax: 0, failuresMax: 0 }, []],
  [{ successMin: 1, failedPartMax: 0, failuresMax: 0 }, []],
  [{ successMin: 1, failedPartMax: 0.5, failuresMax: 0 }, []],
  // Between what halts and what passes lies what a person decides.
  [{ successMin: 0.9, failedPartMax: 0.5, failuresMax: 100 }, []],
  [{ successMin: 0.6, failedPartMax: 0.05, failuresMax: 100 }, []],
  [{ successMin: 0, failedPartMax: 1, failuresMax: 1000 }, []],
  [
    { successMin: 1, failuresMax: 5 },
    ['failuresMax permits 5 failures, but successMin 1 permits none. Give 0, or lower successMin.'],
  ],
  [
    { successMin: 1 },
    ['failuresMax permits 1 failure, but successMin 1 permits none. Give 0, or lower successMin.'],
  ],
  [
    { failedPartMax: 0, failuresMax: 2 },
    [
      'failuresMax permits 2 failures, but failedPartMax 0 permits none. Give 0, or raise failedPartMax.',
    ],
  ],
  [
    { successMin: 1, failedPartMax: 0, failuresMax: 2 },
    [
      'failuresMax permits 2 failures, but successMin 1 and failedPartMax 0 permit none. Give 0, or lower successMin and raise failedPartMax.',
    ],
  ],
];

test('a gate that permits failures by one part and none by another is refused', (t) => {
  for (const [own, expected] of contradictions) t.same(told(own), expected, JSON.stringify(own));
  t.end();
});

test('with the failures that a gate permits a wave that is large enough passes it', (t) => {
  const total = 1_000_000;
  for (const [own, expected] of contradictions) {
    const gate = gateOf(own);
    const failed = gate.failuresMax;
    const verdict = judge(gate, { total, done: total - failed, failed, skipped: 0 });
    t.equal(verdict.kind === 'passed', expected.length === 0, JSON.stringify(own));
  }
  t.end();
});
