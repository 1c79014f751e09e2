import type { Hello } from '@ringwave/protocol/messages';
import { test } from 'tap';
import type { Agent } from '../../../controller/core/state.ts';
import { Desk, idOf, macOf, smallFleet } from './desk.ts';

// The controller's own disk was lost and an older copy put back: agents know more of it than it does.

const lisbon = idOf('lisbon');

/** As the desk stood at some instant: rows are never mutated. */
function copyOf(desk: Desk): Desk {
  const copy = new Desk();
  for (const [name, rows] of Object.entries(desk.tables)) {
    const table = copy.tables[name as keyof Desk['tables']] as Map<string, unknown>;
    for (const [key, value] of rows as Map<string, unknown>) table.set(key, value);
  }
  copy.now = desk.now;
  return copy;
}

const says = (desk: Desk, own: Partial<Hello>): Desk =>
  desk.take({
    kind: 'hello',
    site: lisbon,
    hello: {
      kind: 'hello',
      conn: 'c2',
      epoch: desk.tables.agents.get('lisbon')?.cursor.epoch ?? null,
      nextSeq: 1000,
      planRevision: 0,
      phones: 0,
      agentVersion: '0.1.0',
      clockMs: desk.now,
      ...own,
    },
  });

const ackOf = (desk: Desk) => {
  const sent = desk.effects.find((effect) => effect.kind === 'send-ack');
  return sent?.kind === 'send-ack' ? sent.ack : undefined;
};

test('an agent that was acknowledged more than is known here begins a new series, and tells all again', (t) => {
  const desk = smallFleet(2);
  const old = copyOf(desk);
  desk.seen(lisbon, 1, '66.86.0.15');
  const { epoch = 0, seq = 0 } = desk.tables.agents.get('lisbon')?.cursor ?? {};
  says(old, { epoch, ackedSeq: seq });
  t.match(ackOf(old), { seq: 0, conn: 'c2' });
  t.ok((ackOf(old)?.epoch ?? 0) > epoch);
  t.equal(old.tables.phones.get(macOf(1))?.running?.version, '66.85.0.5', 'until it is told');
  t.end();
});

test('an agent that knows what is known here goes on with its numbers', (t) => {
  const desk = smallFleet(2);
  const cursor = desk.tables.agents.get('lisbon')?.cursor;
  says(desk, { ackedSeq: cursor?.seq ?? 0 });
  t.match(ackOf(desk), { ...cursor });
  t.end();
});

test('numbers that fit begin a new series where another controller acknowledged the last of them', (t) => {
  const desk = smallFleet(2).take({ kind: 'started', run: 'first' });
  const old = copyOf(desk);
  const { seq = 0 } = desk.tables.agents.get('lisbon')?.cursor ?? {};
  old.take({ kind: 'started', run: 'copy' });
  says(old, { ackedSeq: seq, ackedBy: 'first' });
  t.match(
    ackOf(old),
    { seq, run: 'copy' },
    'what was acknowledged before the copy was made counts',
  );
  desk.take({ kind: 'started', run: 'first again' });
  says(desk, { ackedSeq: seq, ackedBy: 'first' });
  t.match(ackOf(desk), { seq, run: 'first again' }, 'a restart of its own begins nothing anew');
  says(desk, { ackedSeq: seq, ackedBy: 'copy' });
  t.match(ackOf(desk), { seq: 0, run: 'first again' });
  t.end();
});

test('a new series never has the number of one that the agent had after the older copy was made', (t) => {
  const desk = smallFleet(1);
  const epoch = (desk.tables.agents.get('lisbon')?.cursor.epoch ?? 0) + 7;
  says(desk, { epoch, ackedSeq: 3 });
  t.equal(ackOf(desk)?.epoch, epoch + 1);
  t.end();
});

test('a box restored after that begins a series above the one that it had meanwhile', (t) => {
  const desk = smallFleet(1);
  const first = desk.tables.agents.get('lisbon')?.cursor.epoch ?? 0;
  says(desk, { epoch: first + 7, ackedSeq: 3 });
  const second = ackOf(desk)?.epoch ?? 0;
  desk.tables.agents.set('lisbon', {
    ...(desk.tables.agents.get('lisbon') as Agent),
    cursor: { epoch: second, seq: 115 },
  });
  says(desk, { epoch: second - 1, nextSeq: 31, ackedSeq: 30 });
  t.match(ackOf(desk), { epoch: second + 1, seq: 0 });
  t.match(desk.tables.agents.get('lisbon')?.cursor, { epoch: second + 1, seq: 0 });
  t.end();
});

test('the next stop of all sites counts above what agents were told of, if that can be', (t) => {
  const stop = (counter: number) => {
    const desk = says(smallFleet(1), { halt: { counter, halted: false } });
    desk.do({ kind: 'halt', halted: true, reason: 'fire' });
    return desk.tables.halt.get('halt')?.counter;
  };
  t.equal(stop(0), 1);
  t.equal(stop(12), 13);
  t.equal(stop(2 ** 52), 1, 'a box that claims so many is not believed');
  t.end();
});

test('a stop ordered since the older copy is said again above what an agent was told of', (t) => {
  const saidAgain = (halt: { counter: number; halted: boolean }) => {
    const desk = smallFleet(1).do({ kind: 'halt', halted: true, reason: 'fire' });
    says(desk, { halt });
    return desk.tables.halt.get('halt')?.counter;
  };
  t.equal(saidAgain({ counter: 1, halted: true }), 1, 'it has this one');
  t.equal(saidAgain({ counter: 1, halted: false }), 2, 'it had an end by the same number');
  t.equal(saidAgain({ counter: 5, halted: false }), 6);
  t.end();
});

test('an agent that holds a later plan than any made here gets a newer one, as soon as it says so', (t) => {
  const desk = smallFleet(1);
  const revision = () => desk.tables.plans.get('lisbon')?.plan.revision ?? 0;
  const beat = { kind: 'beat' as const, conn: 'c1', clockMs: desk.now, outboxDepth: 0 };
  const later = revision() + 5;
  desk.take({ kind: 'beat', site: lisbon, beat: { ...beat, planRevision: later } });
  t.equal(revision(), later + 1);
  t.ok(desk.effects.some((effect) => effect.kind === 'send-plan'));
  desk.take({ kind: 'beat', site: lisbon, beat: { ...beat, planRevision: revision() } });
  t.notOk(desk.wakeAt, 'a plan that it says it has is not sent again');
  t.end();
});

test('an agent that holds another plan by the number of the one made here gets a newer one', (t) => {
  const asked = (planUntil?: (made: number) => number) => {
    const desk = smallFleet(1);
    const { revision = 0, startUntil = 0 } = desk.tables.plans.get('lisbon')?.plan ?? {};
    const until = planUntil && { planUntil: planUntil(startUntil) };
    says(desk, { planRevision: revision, ...until });
    return (desk.tables.plans.get('lisbon')?.plan.revision ?? 0) - revision;
  };
  t.equal(
    asked((made) => made + 1),
    1,
    'made by a second controller',
  );
  t.equal(
    asked((made) => made),
    0,
  );
  t.equal(asked(), 0, 'an earlier agent does not say');
  t.end();
});
