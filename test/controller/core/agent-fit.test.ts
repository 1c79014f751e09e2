import { test } from 'tap';
import { fits } from '../../../controller/core/agent-fit.ts';

test('an agent fits its controller within the same minor version before 1.0, and an unreadable version is unknown', async (t) => {
  t.equal(fits('0.1.9'), true);
  t.equal(fits('0.2.0'), false);
  t.equal(fits('1.0.0'), false);
  t.equal(fits('1'), null);
  t.equal(fits(undefined), null);
});
