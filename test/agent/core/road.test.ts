import { test } from 'tap';
import { Box, imageDigest, macOf, planOf, planPhone, stoneDigest } from './box.ts';

const phone = macOf(1);
const work = { rollout: 'autumn', hops: ['stone', 'target'], attemptsMax: 3, round: 1 };
const planned = (own: object = {}, revision = 1) =>
  planOf([planPhone(1, { work: { ...work, from: '66.85.0.5', ...own } })], { revision });
const ready = (version: string, own: object = {}): Box =>
  new Box()
    .take({ kind: 'plan-came', plan: planned(own) })
    .asks(phone, version)
    .hold(imageDigest, stoneDigest);
const work1 = (box: Box) => box.tables.work.get(phone);

test('a phone starts from the version that its road was planned from, however it is written', (t) => {
  t.match(work1(ready('66.85.0.5')), { phase: 'offered', hop: 0 });
  t.match(work1(ready('66.85.0.05')), { phase: 'offered', hop: 0 });
  t.match(work1(ready('66.85.0.1', { from: undefined })), { phase: 'offered', hop: 0 }, 'of old');
  t.end();
});

test('a phone that runs another one, older or between two hops, waits for a new plan and then goes on', (t) => {
  for (const version of ['66.85.0.1', '66.86.0.1']) {
    const box = ready(version);
    t.match(work1(box), {
      phase: 'staged',
      why: {
        reason: `Runs ${version}, from which its way was not planned; waits for a new plan`,
        waitingFor: 'plan',
        nextAttemptAt: null,
      },
    });
    box.take({ kind: 'plan-came', plan: planned({ from: version, hops: ['target'] }, 2) });
    t.equal(box.phase(phone), 'offered');
  }
  t.end();
});

test('a phone that shows the version of its plan again goes on at once', (t) => {
  const box = ready('66.85.0.1');
  t.equal(box.phase(phone), 'staged');
  box.wait(1).asks(phone, '66.85.0.5');
  t.equal(box.phase(phone), 'offered');
  t.end();
});

test('a phone that fell back by itself makes its stepping stone again', (t) => {
  const box = ready('66.85.0.40', { from: '66.85.0.5' });
  const shut = { kind: 'halt-came', halt: { kind: 'halt', counter: 1, halted: true, reason: 'x' } };
  t.equal(work1(box)?.hop, 1, 'it stood on the stone');
  const held = new Box()
    .take({ kind: 'plan-came', plan: planned() })
    .take(shut as never)
    .asks(phone, '66.85.0.40')
    .hold(imageDigest, stoneDigest);
  t.match(work1(held), { hop: 1 });
  held.wait(1).asks(phone, '66.85.0.5');
  held.take({ ...shut, halt: { ...shut.halt, counter: 2, halted: false } } as never);
  t.match(work1(held), { phase: 'offered', hop: 0 });
  box.wait(1).asks(phone, '66.85.0.5');
  t.match(work1(box), { phase: 'offered', hop: 0, starts: 2 }, 'also when it is woken already');
  t.end();
});

test('a phone that shows a third version when it is woken gives its slot up untouched', (t) => {
  const box = ready('66.85.0.5').wait(1).asks(phone, '66.85.0.1');
  t.match(work1(box), { phase: 'staged', failures: 0, why: { waitingFor: 'plan' } });
  t.equal(work1(box)?.deadlineAt, undefined);
  box.wait(1).asks(phone, '66.85.0.5');
  t.match(work1(box), { phase: 'offered', starts: 2 });
  t.end();
});

test('a phone that is woken on a road of an older plan is given nothing where the new plan leads another way', (t) => {
  const box = ready('66.85.0.40', { hops: ['target'], from: '66.85.0.40' });
  t.match(work1(box), { phase: 'offered', hops: ['target'] });
  box.wait(1).take({ kind: 'plan-came', plan: planned({ from: '66.85.0.5' }, 2) });
  t.match(work1(box), { phase: 'offered', hops: ['target'] }, 'until it shows itself');
  box.wait(1).asks(phone, '66.85.0.5');
  t.match(work1(box), { phase: 'scheduled', hops: ['stone', 'target'], hop: 0, starts: 1 });
  box.hold(stoneDigest);
  t.match(work1(box), { phase: 'offered', hops: ['stone', 'target'], hop: 0, starts: 2 });
  t.end();
});

test('so is one that shows no version, by the one that the plan knows of it', (t) => {
  const box = ready('66.85.0.40', { hops: ['target'], from: '66.85.0.40' });
  const lastSeen = { version: '66.85.0.5', address: '10.0.0.7', at: box.now };
  const [known] = planned({ from: '66.85.0.5' }, 2).phones;
  const moved = planOf([{ ...known, lastSeen } as typeof known & object], { revision: 2 });
  box.wait(1).tables.sightings.clear();
  box.take({ kind: 'plan-came', plan: moved });
  t.match(work1(box), { phase: 'offered', hops: ['target'] });
  box.asks(phone, null);
  t.match(work1(box), { phase: 'scheduled', hops: ['stone', 'target'], starts: 1 });
  t.end();
});

test('a phone beyond all of its road is skipped as before', (t) => {
  const box = ready('66.87.0.1');
  t.match(work1(box), { phase: 'skipped', fault: 'no-upgrade-path' });
  t.end();
});

test('of an older controller no phone is started towards a version below its own', (t) => {
  const box = ready('66.86.0.1', { from: undefined });
  t.match(work1(box), { phase: 'staged', why: { waitingFor: 'plan' } });
  t.end();
});

test('a phone is led to no release of another kind, whatever its plan says', (t) => {
  const cases = [
    [{ models: ['T46S'] }, {}, 'offered'],
    [{}, {}, 'offered'],
    [{ models: ['T48S'] }, {}, 'staged'],
    [{ vendor: 'Polycom' }, {}, 'staged'],
    [{ vendor: 'Polycom', models: ['T46S'] }, {}, 'staged'],
    [{ models: ['T46S'], hardware: ['66.0.0.1'] }, { hardware: '66.0.0.1' }, 'offered'],
    [{ models: ['T46S'], hardware: ['66.0.0.1'] }, { hardware: '66.0.0.2' }, 'staged'],
    [{ models: ['T46S'], hardware: ['66.0.0.1'] }, {}, 'staged'],
  ] as const;
  for (const [release, own, phase] of cases) {
    const plan = planOf([planPhone(1, own)]);
    const releases = plan.releases.map((one) => ({ ...one, ...release }) as typeof one);
    const box = new Box().take({ kind: 'plan-came', plan: { ...plan, releases } });
    box.asks(phone, '66.85.0.5').hold(imageDigest);
    t.equal(box.phase(phone), phase, JSON.stringify({ release, own }));
    if (phase === 'staged')
      t.match(work1(box)?.why, { reason: /which is not for a T46S; waits/, waitingFor: 'plan' });
  }
  t.end();
});

test('work that was skipped as another model begins when the plan has put the model right', (t) => {
  const plan = (model: string, revision: number) => planOf([planPhone(1, { model })], { revision });
  const box = new Box().take({ kind: 'plan-came', plan: plan('T46S', 1) });
  box.asks(phone, '66.85.0.5').hold(imageDigest);
  const wrong = new Box().take({ kind: 'plan-came', plan: plan('T48S', 1) });
  wrong.asks(phone, '66.85.0.5').hold(imageDigest);
  t.match(work1(wrong), { phase: 'skipped', fault: 'model-differs' });
  wrong.take({ kind: 'plan-came', plan: plan('T46S', 2) });
  t.equal(wrong.phase(phone), box.phase(phone));
  t.end();
});
