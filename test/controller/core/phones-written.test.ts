import { draftOf } from '@ringwave/protocol/tables';
import { test } from 'tap';
import { phonesWritten } from '../../../controller/core/phones-written.ts';
import type { ControllerDraft, Rollout } from '../../../controller/core/state.ts';
import { after, idOf, macOf, releaseOf, rolloutOf, smallFleet } from './desk.ts';

const desk = smallFleet(4).do(
  { kind: 'rollout-create', input: rolloutOf() },
  { kind: 'rollout-approve', rollout: idOf('autumn') },
);

function written(write: (draft: ControllerDraft) => void, most = 4) {
  const draft = draftOf(desk.tables);
  write(draft);
  return phonesWritten(draft, most);
}

const rolloutWith = (own: Partial<Rollout>) => (draft: ControllerDraft) => {
  const rollout = draft.rollouts.get('autumn');
  if (rollout) draft.rollouts.put('autumn', { ...rollout, ...own });
};

/** Of so many phones the part in the rollout, told of a minute later. */
const parts = (count: number) => (draft: ControllerDraft) => {
  for (const [key, part] of [...desk.tables.progress].slice(0, count))
    draft.progress.put(key, { ...part, at: after(1) });
};

test('a step that wrote of a phone, of its rollouts or of its part leads to that phone alone', (t) => {
  t.same(written(parts(1)), new Set([macOf(1)]));
  const phone = desk.tables.phones.get(macOf(2));
  t.same(
    written((draft) => phone && draft.phones.put(macOf(2), phone)),
    new Set([macOf(2)]),
  );
  t.same(
    written((draft) => draft.assignments.put(macOf(3), [])),
    new Set([macOf(3)]),
  );
  const [key = ''] = desk.tables.progress.keys();
  t.same(
    written((draft) => draft.progress.remove(key)),
    new Set([macOf(1)]),
  );
  t.same(
    written(() => {}),
    new Set(),
  );
  t.end();
});

test('what a plan says of a rollout leads to all phones, and its counts to none', (t) => {
  const { waves = [] } = desk.tables.rollouts.get('autumn') ?? {};
  const [wave] = waves;
  if (!wave) throw new Error('no wave');
  for (const own of [
    { state: 'paused' },
    { kind: 'rollback' },
    { priority: 900 },
    { round: 2 },
    { urgency: 'idle' },
    { attemptsMax: 9 },
    { waves: [] },
    { waves: [{ ...wave, openedAt: after(1) }] },
    { waves: [{ ...wave, spec: { ...wave.spec } }] },
  ] as readonly Partial<Rollout>[])
    t.equal(written(rolloutWith(own)), undefined, Object.keys(own).join());
  t.equal(
    written((draft) => draft.rollouts.remove('autumn')),
    undefined,
  );
  t.equal(
    written((draft) => draft.releases.put(releaseOf().id, releaseOf())),
    undefined,
  );
  const counted = { ...wave, counts: { ...wave.counts, done: 3 } };
  t.same(written(rolloutWith({ waves: [counted] })), new Set());
  t.end();
});

test('where more was written than there are phones each of them is looked at', (t) => {
  t.same(written(parts(3), 3)?.size, 3);
  t.equal(written(parts(4), 3), undefined);
  t.end();
});
