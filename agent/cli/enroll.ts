import { enrol } from '../io/enrol.ts';
import { openBox, readGrant, storeGrant } from '../io/box.ts';
import { CliFault } from '@ringwave/runtime/cli-fault';

/** Makes this box the agent of the token's site and pins the controller's keys. */
export async function enroll(
  token: string,
  flags: { controller: string; data: string },
): Promise<void> {
  if (!URL.canParse(flags.controller)) {
    throw new CliFault({
      what: `cannot read --controller ${flags.controller}`,
      why: 'it is not a URL',
      next: 'Write for example --controller https://ringwave.example.org',
    });
  }
  const result = await enrol(token, flags.controller);
  if (!result.ok) {
    const [what, next] = result.problem.split(/: (.*)/s);
    throw new CliFault({
      what: 'not enrolled',
      why: what ?? result.fault,
      next: (next ?? '').replace(/\.$/, ''),
    });
  }
  const box = openBox(flags.data);
  const before = readGrant(box);
  storeGrant(box, result.grant);
  const was =
    before && before.site !== result.grant.site ? ` (was the agent of ${before.site})` : '';
  process.stdout.write(
    `enrolled as the agent of ${result.grant.site}${was}; start it with: ringwave-agent run --data ${flags.data}\n`,
  );
}
