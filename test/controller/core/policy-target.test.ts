import { test } from 'tap';
import { approvedAt } from '../../../controller/core/policy-target.ts';
import { releaseOf, smallFleet } from './desk.ts';

test('a release is due from its approval, whatever was preferred since', (t) => {
  const desk = smallFleet(1);
  const release = releaseOf().id;
  const out = desk.now;
  const at = () => approvedAt(desk.tables.lives.get(release));
  const move = (cause: 'prefer' | 'demote' | 'quarantine' | 'readmit' | 'approve') =>
    desk.wait(60).do({ kind: 'release-move', release, cause, why: 'tried' });
  t.equal(at(), out);
  move('prefer');
  t.equal(at(), out);
  move('demote');
  t.equal(at(), out, 'it was out all the time');
  move('quarantine');
  move('readmit');
  move('approve');
  t.equal(at(), desk.now, 'and was let out anew');
  t.end();
});
