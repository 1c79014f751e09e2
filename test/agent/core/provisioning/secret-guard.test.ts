import {
  type Asker,
  fetchesMax,
  handing,
  leaseOf,
  type SecretPolicy,
} from '@ringwave/agent/core/provisioning/secret-guard';
import type { Credential, Work } from '@ringwave/agent/core/state';
import { type EpochMs, type Mac, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';

// The numbers are those of the security tests that each sentence answers.

const mac = '80:5e:c0:00:00:01' as Mac;
const noon = Date.UTC(2026, 10, 22, 12) as EpochMs;
const secret = { generation: 3, sealed: 'sealed', fingerprint: 'f' };
const proven: Credential = { mac, current: { ...secret, provenAt: 0 as EpochMs } };
const rotating: Credential = { mac, next: { ...secret, state: 'staged' } };
const closed: SecretPolicy = { plain: false, routed: false };
const atHome: Asker = {
  protocol: 'http',
  address: '10.0.0.7',
  isPrivate: true,
  neighbour: mac,
  certificateMac: null,
  absentKeeps: true,
  generation: 0,
};

function given(
  asker: Partial<Asker> = {},
  {
    credential = rotating,
    taken = 0,
    takenAt = noon,
    takenBy,
    policy = closed,
    work,
  }: {
    credential?: Credential;
    taken?: number;
    takenAt?: EpochMs;
    takenBy?: string;
    policy?: SecretPolicy;
    work?: Work;
  } = {},
) {
  const lease = leaseOf(credential, work, noon) ?? 'none';
  const tables = {
    credentials: new Map([[mac, credential]]),
    work: new Map(work ? [[mac, work]] : []),
    fetches: new Map(
      taken > 0
        ? [[mac, { lease, count: taken, ...(takenBy && { address: takenBy, at: takenAt }) }]]
        : [],
    ),
  };
  return handing(tables, { mac }, { ...atHome, ...asker }, { now: noon, policy });
}

const fault = (answer: ReturnType<typeof given>): string =>
  `${answer.kind} ${'alarm' in answer ? (answer.alarm?.fault ?? '') : ''}`.trim();

test('in a lease the phone itself gets its secret in private', (t) => {
  t.match(given(), { kind: 'with', secret: { generation: 3 } });
  t.equal(fault(given({ address: '127.0.0.1', neighbour: null })), 'with', 'from this machine');
  t.end();
});

test('T34: TFTP never carries a secret', (t) => {
  t.equal(fault(given({ protocol: 'tftp' })), 'without');
  t.equal(fault(given({ protocol: 'tftp' }, { policy: { plain: true, routed: true } })), 'without');
  t.end();
});

test('T35: the right MAC from the wrong neighbour is hidden and raises an alarm', (t) => {
  const other = 'aa:bb:cc:00:00:01' as Mac;
  const answer = given({ neighbour: other });
  t.equal(fault(answer), 'hidden secret-asked-from-elsewhere');
  t.match(answer, {
    alarm: { detail: /10\.0\.0\.7, which is a device with MAC aa:bb:cc:00:00:01/ },
  });
  t.equal(fault(given({ neighbour: null })), 'hidden secret-asked-from-elsewhere');
  const routed = { plain: false, routed: true };
  t.equal(fault(given({ neighbour: null }, { policy: routed })), 'with');
  t.equal(
    fault(given({ neighbour: other }, { policy: routed })),
    'hidden secret-asked-from-elsewhere',
  );
  t.end();
});

test('T37: after two whole files in one lease there is no third, and an alarm', (t) => {
  t.equal(fault(given({}, { taken: fetchesMax - 1 })), 'with');
  t.equal(fault(given({}, { taken: fetchesMax })), 'later secret-fetched-often');
  t.equal(
    fault(given({ generation: 3 }, { taken: fetchesMax })),
    'with',
    'who holds it learns nothing',
  );
  t.equal(fault(given({ generation: 3 }, { taken: 8 })), 'later secret-fetched-often');
  t.end();
});

test('T38: outside a lease absence keeps the secret, or the phone comes back later', (t) => {
  t.equal(fault(given({}, { credential: proven })), 'without');
  t.equal(fault(given({ absentKeeps: false }, { credential: proven })), 'later');
  t.end();
});

test('T39: the certificate of another phone opens nothing', (t) => {
  const other = '80:5e:c0:00:00:02' as Mac;
  t.equal(fault(given({ certificateMac: other })), 'hidden certificate-of-another');
  t.equal(
    fault(given({ certificateMac: mac, neighbour: null })),
    'with',
    'its own shows its place',
  );
  t.end();
});

test('T40: in clear no secret leaves, unless the site allows it', (t) => {
  t.equal(fault(given({ isPrivate: false })), 'without');
  t.equal(fault(given({ isPrivate: false, absentKeeps: false })), 'later secret-asked-in-clear');
  t.equal(fault(given({ isPrivate: false }, { policy: { plain: true, routed: false } })), 'with');
  t.end();
});

test('a lease is a rotation, the ten minutes after its proof, or a planned restart', (t) => {
  const work = { rollout: 'autumn', starts: 2, phase: 'rebooting' } as unknown as Work;
  t.equal(
    leaseOf(undefined, work, noon),
    undefined,
    'without a secret there is nothing to hand over',
  );
  t.equal(leaseOf(rotating, undefined, noon), 'rotation 3');
  t.equal(leaseOf(proven, undefined, noon), undefined);
  t.equal(leaseOf(proven, work, noon), 'restart autumn 2 of 3');
  t.equal(leaseOf(proven, { ...work, phase: 'scheduled' }, noon), undefined);
  const fresh = { mac, current: { ...secret, provenAt: (noon - minutes(9)) as EpochMs } };
  t.equal(leaseOf(fresh, undefined, noon), 'rotation 3', 'the same lease as before the proof');
  t.equal(leaseOf(fresh, undefined, (noon + minutes(2)) as EpochMs), undefined);
  t.end();
});

test('a phone that has no secret yet gets its file without one', (t) => {
  t.equal(fault(given({}, { credential: { mac } })), 'without');
  t.end();
});

test('of two devices with one MAC the second gets no secret, and an alarm names both', (t) => {
  const first = { taken: 1, takenBy: '10.0.0.7' };
  t.equal(fault(given({ address: '10.0.0.8' }, first)), 'later mac-claimed-twice');
  t.match(given({ address: '10.0.0.8' }, first), {
    alarm: { detail: `${mac} took its login at 10.0.0.7 and now asks for it from 10.0.0.8` },
  });
  t.equal(fault(given({ address: '10.0.0.7' }, first)), 'with', 'the first is not disturbed');
  t.equal(fault(given({ address: '10.0.0.8', generation: 3 }, first)), 'with', 'who has it, moved');
  t.equal(fault(given({ address: '2001:db8::7' }, first)), 'with', 'a phone of two families');
  const longAgo = { ...first, takenAt: (noon - minutes(10)) as EpochMs };
  t.equal(fault(given({ address: '10.0.0.8' }, longAgo)), 'with', 'after a boot it may have moved');
  t.end();
});
