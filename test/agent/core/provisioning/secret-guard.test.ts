import {
  type Asker,
  fetchesMax,
  handing,
  leaseOf,
  type SecretPolicy,
} from '@ringwave/agent/core/provisioning/secret-guard';
import type { Credential, Fetches, Work } from '@ringwave/agent/core/state';
import { type EpochMs, type Mac, minutes } from '@ringwave/protocol/units';
import { test } from 'tap';
import { phoneIn } from '@ringwave/agent/core/plan-index';
import { Box, planOf, planPhone, workOf } from '../box.ts';

// The numbers are those of the security tests that each sentence answers.

const mac = '80:5e:c0:00:00:01' as Mac;
const phone = { mac, vendor: 'Yealink', model: 'T46S', credentialGeneration: 3 };
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
  canBeLed: false,
  generation: 0,
};

function given(
  asker: Partial<Asker> = {},
  {
    credential = rotating,
    taken = 0,
    takenAt = noon,
    takenBy,
    broken = 0,
    rival,
    policy = closed,
    work,
  }: {
    credential?: Credential;
    taken?: number;
    takenAt?: EpochMs;
    takenBy?: string;
    broken?: number;
    rival?: Fetches['rival'];
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
        ? [
            [
              mac,
              {
                lease,
                count: taken,
                broken,
                ...(takenBy && { address: takenBy, at: takenAt }),
                ...(rival && { rival }),
              },
            ],
          ]
        : [],
    ),
  };
  return handing(tables, phone, { ...atHome, ...asker }, { now: noon, policy });
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

test('T37: after two files in one lease there is no third, and an alarm', (t) => {
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

test('a file that broke off may be had again, a few times', (t) => {
  t.equal(fault(given({}, { taken: 3, broken: 1 })), 'later secret-fetched-often');
  t.equal(fault(given({}, { taken: 2, broken: 1 })), 'with');
  t.equal(fault(given({}, { taken: 7, broken: 7 })), 'with');
  t.equal(fault(given({}, { taken: 8, broken: 8 })), 'later secret-fetched-often', 'six, no more');
  t.end();
});

/** A box whose phone is given its first secret. */
const boxInRotation = () => {
  const box = new Box();
  box.tables.credentials.set(mac, rotating);
  const asks = (address: string, generation = 0) =>
    fault(
      handing(
        box.tables,
        phone,
        { ...atHome, address, generation },
        { now: box.now, policy: closed },
      ),
    );
  return { box, asks };
};

test('a file counts when it begins to leave, so that asking at once or breaking off gives no third', (t) => {
  const { box, asks } = boxInRotation();
  const [at, elsewhere] = ['10.0.0.7', '10.0.0.8'];
  for (const address of [at, at]) box.take({ kind: 'secret-offered', mac, address });
  t.equal(asks(at), 'later secret-fetched-often', 'while both are still on the way');
  box.take({ kind: 'secret-broke-off', mac, address: elsewhere, how: 'broken' });
  t.equal(asks(at), 'later secret-fetched-often', 'somebody else broke off');
  box.take({ kind: 'secret-broke-off', mac, address: at, how: 'broken' });
  t.equal(asks(at), 'with');
  box.take({ kind: 'secret-offered', mac, address: at });
  box.take({ kind: 'secret-broke-off', mac, address: at, how: 'unsent' });
  t.equal(asks(at), 'with', 'what never left does not count');
  box.take({ kind: 'secret-offered', mac, address: at });
  t.equal(asks(at), 'later secret-fetched-often');
  t.end();
});

test('while two devices show one MAC neither gets its secret, but who proves to be the phone', (t) => {
  const [four, six] = ['10.0.0.7', '2001:db8::7'];
  for (const [first, second] of [
    [four, '10.0.0.8'],
    [four, six],
    [six, four],
    [six, '2001:db8::8'],
  ] as const) {
    const { box, asks } = boxInRotation();
    box.take({ kind: 'secret-offered', mac, address: first });
    t.equal(asks(first), 'with', 'alone');
    t.equal(asks(second), 'later mac-claimed-twice');
    box.take({ kind: 'mac-contested', mac, address: second });
    t.equal(asks(first), 'later mac-claimed-twice', `${first}, ${second}`);
    box.take({ kind: 'mac-contested', mac, address: first });
    t.equal(box.tables.fetches.get(mac)?.rival?.address, second, 'nobody is his own rival');
    t.equal(asks(first, 3), 'with', 'it logs in');
    box.wait(9);
    t.equal(asks(first), 'later mac-claimed-twice');
    box.wait(1);
    t.equal(asks(first), 'with', 'the other asked no more');
    t.equal(asks(second), 'with', 'or the phone is there now');
  }
  const lone = { taken: 1, takenBy: four };
  t.equal(fault(given({ address: six, certificateMac: mac }, lone)), 'with', 'its maker says so');
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

test('in clear a phone is led to HTTPS by a file without its login, unless that could take one away', (t) => {
  const clear = { isPrivate: false, canBeLed: true };
  const led = { kind: 'without', isLed: true };
  for (const asker of [clear, { ...clear, protocol: 'tftp' as const }]) {
    t.match(given(asker), led, 'it keeps what is left out');
    t.match(given(asker, { credential: proven }), led);
    const loses = { ...asker, absentKeeps: false };
    t.match(given(loses), led, 'it is new, and has nothing to lose');
    t.equal(fault(given(loses, { credential: proven })), 'later secret-asked-in-clear');
    t.equal(
      fault(given(loses, { taken: 1 })),
      'later secret-asked-in-clear',
      'it may have its first login since a moment',
    );
    t.match(given({ ...asker, neighbour: null }), { kind: 'hidden' }, 'from elsewhere');
  }
  t.match(given({ canBeLed: true }), { kind: 'with' }, 'in private there is nothing to lead it to');
  t.match(given({ ...clear, absentKeeps: false }, { credential: proven }), {
    alarm: { detail: /10\.0\.0\.7, and waits until somebody sends it to HTTPS$/ },
  });
  t.match(given({ isPrivate: false, absentKeeps: false }), {
    alarm: { detail: /and waits until it is served over HTTPS, or --plain-secrets allows this$/ },
  });
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
  t.equal(fault(given({ address: '10.0.0.8', generation: 3 }, first)), 'with', 'who has it, moved');
  const longAgo = { ...first, takenAt: (noon - minutes(10)) as EpochMs };
  t.equal(fault(given({ address: '10.0.0.8' }, longAgo)), 'with', 'after a boot it may have moved');
  t.end();
});

/** A Panasonic: no document says how it is told a login. */
function bareBox() {
  const bare = planPhone(1, { vendor: 'Panasonic', model: 'KX-UT123' });
  const box = new Box();
  const plan = (credentialGeneration: number, revision: number) =>
    box.take({
      kind: 'plan-came',
      plan: planOf([{ ...bare, credentialGeneration }], { revision }),
    });
  const asks = (more: Partial<Asker> = {}, policy = closed) => {
    const asker = { ...atHome, absentKeeps: false, ...more };
    const own = phoneIn(box.tables.plan.get('plan')?.plan, mac);
    return handing(box.tables, own!, asker, { now: box.now, policy });
  };
  const takes = (address = atHome.address) => box.take({ kind: 'secret-offered', mac, address });
  plan(1, 1);
  return { box, plan, asks, takes };
}

test('a phone that cannot be told a login is made none, and its own file is never kept from it', (t) => {
  const { box, asks } = bareBox();
  t.notOk(box.effects.some(({ kind }) => kind === 'make-secret'));
  t.notOk(box.tables.credentials.has(mac));
  t.equal(asks({ isPrivate: false }).kind, 'without', 'in clear');
  t.match(asks({ protocol: 'tftp' }), {
    kind: 'without',
    alarm: { fault: 'secret-asked-in-clear' },
  });
  t.equal(asks({ neighbour: null }).kind, 'hidden', 'but elsewhere');
  t.end();
});

test('what a base holds for a phone without a login leaves in private, twice for each new wish and planned restart', (t) => {
  const { box, plan, asks, takes } = bareBox();
  const open = { kind: 'without', baseSecrets: true };
  const leftWhole = () => box.take({ kind: 'config-served', mac, generation: 0, ofBase: true });
  t.same(asks(), open, 'it is new');
  t.match(asks({ isPrivate: false }), { alarm: { fault: 'secret-asked-in-clear' } });
  t.same(asks({ isPrivate: false }, { ...closed, plain: true }), open);
  takes();
  t.match(asks({ address: '10.0.0.8' }), { alarm: { fault: 'mac-claimed-twice' } });
  t.same(asks(), open);
  takes();
  t.match(asks(), { kind: 'without', alarm: { fault: 'secret-fetched-often' } });
  box.take({ kind: 'secret-broke-off', mac, address: atHome.address, how: 'broken' });
  t.same(asks(), open, 'one of them broke off');
  takes();
  const works = (phase: Work['phase'], starts: number) =>
    box.with((draft) => draft.work.put(mac, workOf(1, { phase, starts })));
  works('offered', 1);
  t.same(asks(), open, 'it is about to restart');
  takes();
  box.take({ kind: 'secret-broke-off', mac, address: atHome.address, how: 'unsent' });
  works('done', 1);
  t.same(asks(), open, 'nothing has left whole yet');
  works('offered', 2);
  takes();
  leftWhole();
  takes();
  t.match(asks(), { alarm: { fault: 'secret-fetched-often' } });
  works('done', 2);
  const waits = {
    fault: 'base-secret-waits',
    detail: `${mac} asked for its file from 10.0.0.7, and had its passwords before; they wait for an occasion`,
  };
  t.same(asks(), { kind: 'without', alarm: waits }, 'it has what the base holds');
  t.match(asks({ further: 'a.cfg' }), { alarm: { detail: /asked for a\.cfg from/ } });
  plan(2, 2);
  t.same(asks(), open, 'headquarters wants new credentials');
  t.end();
});

test('each further file with passwords counts by itself, and there are sixteen of them at most', (t) => {
  const { box, asks } = bareBox();
  const take = (further: string) =>
    box.take({ kind: 'secret-offered', mac, address: atHome.address, further });
  for (const further of ['a.cfg', 'a.cfg']) take(further);
  t.match(asks({ further: 'a.cfg' }), { alarm: { fault: 'secret-fetched-often' } });
  t.match(asks({ further: 'b.cfg' }), { baseSecrets: true });
  t.match(asks({ further: 'constructor' }), { baseSecrets: true }, 'whatever its name');
  t.match(asks(), { baseSecrets: true }, 'its own file is another one');
  for (let nth = 1; nth < 16; nth += 1) take(`${nth}.cfg`);
  t.match(asks({ further: '15.cfg' }), { baseSecrets: true });
  t.match(asks({ further: '16.cfg' }), { alarm: { fault: 'secret-fetched-often' } });
  t.end();
});

test('a phone that turns out to be of a line with a login, or is put back, is given its first secret', (t) => {
  const { box, takes } = bareBox();
  for (const _ of [1, 2]) takes();
  const now = planPhone(1, { credentialGeneration: 1 });
  const made = () =>
    box.take({ kind: 'secret-made', mac, generation: 1, sealed: 's', fingerprint: 'f' });
  const given = () =>
    handing(box.tables, now, { ...atHome, absentKeeps: false }, { now: box.now, policy: closed });
  box.take({ kind: 'plan-came', plan: planOf([now], { revision: 2 }) });
  made();
  t.match(given(), { kind: 'with', secret: { generation: 1 } });
  for (const _ of [1, 2]) takes();
  t.match(given(), { alarm: { fault: 'secret-fetched-often' } });
  box.take({ kind: 'plan-came', plan: planOf([], { revision: 3 }) });
  box.take({ kind: 'plan-came', plan: planOf([now], { revision: 4 }) });
  made();
  t.match(given(), { kind: 'with' }, 'put back, it begins anew');
  t.end();
});
