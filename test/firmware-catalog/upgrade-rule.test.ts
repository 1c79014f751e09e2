import { parseRules, type UpgradeRule } from '@ringwave/firmware-catalog/upgrade-rule';
import { type KnownVersion, rulesProblems } from '@ringwave/firmware-catalog/rules-check';
import { fits } from '@ringwave/firmware-catalog/upgrade-edge';
import * as fc from 'fast-check';
import { test } from 'tap';

const floor = {
  id: 'snom-floor',
  kind: 'floor',
  vendor: 'snom',
  models: ['D7*'],
  to: { from: '10.0.0.0' },
  needs: { from: '8.9.3.60' },
  reason: 'the boot code changes',
  source: 'release notes of 10.0',
};

const file = (...rules: unknown[]) => ({ schema: 'ringwave/constraints/1', rules });

function parsed(...rules: unknown[]): readonly UpgradeRule[] {
  const read = parseRules(file(...rules));
  if (!read.rules) throw new Error(JSON.stringify(read.problems));
  return read.rules;
}

const problems = (...rules: unknown[]): string[] =>
  rulesProblems(parsed(...rules)).map(({ path, reason }) => `${path} ${reason}`);

test('a rule is read with its vendor spelled as the catalogue spells it', (t) => {
  t.same(parsed(floor), [{ ...floor, vendor: 'Snom' }]);
  t.same(parseRules(JSON.stringify(file(floor))).rules, parsed(floor));
  t.end();
});

test('every problem of a file is told at once, with the rule and the next step', (t) => {
  const { problems: found } = parseRules(
    file(
      { ...floor, kind: 'flor' },
      { ...floor, vendor: 'Snim' },
      { ...floor, source: '' },
      { ...floor, needs: undefined },
      { ...floor, stones: ['8.0'] },
    ),
  );
  t.same(
    found?.map(({ path }) => path),
    ['rules[0].kind', 'rules[2].source', 'rules[3].needs', 'rules[4].stones'],
  );
  t.match(found?.[0], { nextStep: 'Did you mean floor?' });
  const { problems: sense } = parseRules(file(floor, { ...floor, vendor: 'Snim' }));
  t.same(
    sense?.map(({ path, nextStep }) => `${path}: ${nextStep}`),
    ['rules[1].id: Give every rule a name of its own.', 'rules[1].vendor: Did you mean Snom?'],
  );
  t.end();
});

test('what is no rule file at all is one clear problem', (t) => {
  for (const text of ['', '[]', '{', 'null', '{"schema":"ringwave/constraints/1"}']) {
    t.ok((parseRules(text).problems?.length ?? 0) > 0, text);
  }
  t.end();
});

test('any value is read or refused, never thrown over', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      parseRules(a);
      parseRules(file(b, { ...floor, needs: a }));
    }),
    { seed: 20_261_122, numRuns: 300 },
  );
  t.end();
});

test('bounds that leave nothing, or cannot be ordered, are errors', (t) => {
  t.same(problems({ ...floor, needs: { from: '9.0.0.0', below: '8.0.0.0' } }), [
    'rule snom-floor has an empty needs: 9.0.0.0 or later and below 8.0.0.0',
  ]);
  t.same(problems({ ...floor, needs: { from: 'eight', below: '8.0.0.0' } }), [
    'rule snom-floor has bounds in needs that cannot be ordered: eight and 8.0.0.0',
  ]);
  t.same(problems({ ...floor, needs: { alike: '06.10.0004', from: '8.9.3.60' } }), [
    'rule snom-floor has an empty needs: 8.9.3.60 is not of the edition of 06.10.0004',
  ]);
  t.same(problems({ ...floor, needs: {} }), ['rule snom-floor names no versions in needs']);
  t.end();
});

test('a rule whose way in is behind its own door is an error', (t) => {
  t.same(problems({ ...floor, needs: { from: '10.1.0.0' } }), [
    'rule snom-floor can never be met: 10.1.0.0 is itself behind this rule',
  ]);
  const { to: _, needs: __, ...rest } = floor;
  const stone = {
    ...rest,
    kind: 'stone',
    from: { below: '8.0.0.0' },
    to: { from: '9.0.0.0' },
    stones: ['9.0.0.0'],
  };
  t.same(problems(stone), ['rule snom-floor can never be met: 9.0.0.0 is itself behind this rule']);
  t.end();
});

test('rules that demand each other are an error that names both', (t) => {
  const back = {
    ...floor,
    id: 'snom-back',
    to: { from: '8.0.0.0' },
    needs: { from: '10.0.0.0', below: '11.0.0.0' },
  };
  const forth = {
    ...floor,
    to: { from: '10.0.0.0', below: '11.0.0.0' },
    needs: { from: '8.0.0.0' },
  };
  t.ok(
    problems(back, forth).includes(
      'rule snom-back goes in a circle with snom-floor: each demands the other first',
    ),
  );
  t.end();
});

const version = (text: string, parts: Partial<KnownVersion> = {}): KnownVersion => ({
  vendor: 'Snom',
  models: ['D765'],
  version: text,
  ...parts,
});

test('a floor that is withdrawn itself is an error that names the rule', (t) => {
  const known = [
    version('8.7.5.48'),
    version('8.9.3.80', { isWithdrawn: true }),
    version('8.9.3.60', { isWithdrawn: true }),
    version('10.1.33.33'),
  ];
  const below = { ...floor, needs: { from: '8.9.3.60', below: '10.0.0.0' } };
  const found = rulesProblems(parsed(below), known).map(({ path, reason }) => `${path} ${reason}`);
  t.match(found[0], 'rule snom-floor leads only over 8.9.3.80, 8.9.3.60, which is withdrawn');
  t.match(found[1], /keeps 10\.1\.33\.33 of the D765 out of reach from 8\.7\.5\.48/);
  const again = known.map(({ isWithdrawn: _, ...one }) => one);
  t.same(rulesProblems(parsed(below), again), []);
  t.end();
});

test('a star stands for any signs, in linear time', (t) => {
  t.ok(fits('VVX*', 'VVX1500'));
  t.ok(fits('D7*5', 'd735'));
  t.notOk(fits('D7*5', 'D717'));
  t.notOk(fits('8851', '8851NR'));
  t.ok(fits('*', ''));
  t.notOk(fits('a*a', 'a'), 'one sign does not serve both ends');
  t.notOk(fits('*a'.repeat(20), 'a'.repeat(19)));
  t.end();
});
