import { test } from 'tap';
import { runCrowd } from './crowd-run.ts';

/**
 * Of what the agent's own server held a request, with starts within two seconds: an idle machine needs a hundredth of it. How
 * long phones stood in line follows from what else this machine does; `test/bench/crowd.ts` gives that figure.
 */
const heldP95MsMax = 1000;
/** Node itself takes 90 MB, the cache of image pieces 64 at most. */
const peakMBMax = 300;

test('five hundred phones of twelve makers start at once while twenty take an image, and all are provisioned', {
  timeout: 90_000,
}, async (t) => {
  const end = await runCrowd({
    folder: t.testdir({}),
    imageBytes: 2_000_000,
    speed: 25,
    isTimed: true,
  });
  const { p50Ms, p95Ms, maxMs, peakMB, answers } = end;
  const heldMs = end.server?.served.p95Ms ?? Infinity;
  t.comment(
    `${answers} answers, p50 ${p50Ms} ms, p95 ${p95Ms} ms, longest ${maxMs} ms, of which the agent held 19 of 20 for ${heldMs} ms; agent at most ${peakMB} MB`,
  );
  t.same(end.wrong, [], 'nobody got an error, or a file in another maker’s language');
  t.match(end, { phones: 500, vendors: 12, provisioned: 480, turnedAway: 0, withoutAnswer: 0 });
  t.match(end, { updated: 20, updaters: 20 }, 'no image starved');
  t.equal(end.seen, end.showsItself, 'the controller lists all that show themselves');
  t.ok(heldMs < heldP95MsMax, `the agent held 19 of 20 answers for ${heldMs} ms`);
  t.ok(peakMB === undefined || peakMB < peakMBMax, `the agent took ${peakMB} MB`);
  t.same(end.agentSaid, [], 'the agent had nothing to warn of');
});
