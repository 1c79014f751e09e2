import { test } from 'tap';
import { acceptedSecrets, offeredSecret, startRotations } from '../../../agent/core/rotation.ts';
import type { AgentEffect } from '../../../agent/core/state.ts';
import { Random } from '../../sim/random.ts';
import { Box, macOf, planOf, planPhone } from './box.ts';

const mac = macOf(1);
const phoneWanting = (credentialGeneration: number) => {
  const { work: _work, ...phone } = planPhone(1, { credentialGeneration });
  return phone;
};
const planWanting = (generation: number, revision = generation) =>
  planOf([phoneWanting(generation)], { revision });
const made = (generation: number) => ({
  kind: 'secret-made' as const,
  mac,
  generation,
  sealed: `sealed ${generation}`,
  fingerprint: String(generation).padStart(32, '0'),
});
const accepted = (box: Box) =>
  acceptedSecrets(box.tables.credentials.get(mac)).map((it) => it.generation);
const told = (box: Box) =>
  box
    .outbox()
    .flatMap((it) => (it.kind === 'credential-moved' ? [`${it.generation} ${it.state}`] : []));

test('a first secret is made, offered, and proven by the phone that logs in with it', (t) => {
  const box = new Box().take({ kind: 'plan-came', plan: planWanting(1) });
  t.match(box.effects, [{ kind: 'make-secret', mac, generation: 1, vendor: 'Yealink' }]);
  t.notMatch(box.wait(1).effects, [{ kind: 'make-secret' }], 'asked for once');
  box.take(made(1));
  t.same(accepted(box), [1]);
  box.take({ kind: 'config-served', mac, generation: 1 });
  box.asks(mac, null, 1);
  t.match(box.tables.credentials.get(mac), { current: { generation: 1, provenAt: box.now } });
  t.same(told(box), ['1 staged', '1 published', '1 proven']);
  t.end();
});

test('the old secret opens the door until the new one is proven, and not a moment longer', (t) => {
  const box = new Box()
    .take({ kind: 'plan-came', plan: planWanting(1) })
    .take(made(1))
    .asks(mac, null, 1);
  box.take({ kind: 'plan-came', plan: planWanting(2) }).take(made(2));
  t.same(accepted(box), [2, 1]);
  t.equal(
    offeredSecret(box.tables.credentials.get(mac))?.generation,
    2,
    'a new file names the new one',
  );
  box.asks(mac, null, 1);
  t.same(accepted(box), [2, 1], 'a login with the old one proves nothing of the new');
  box.asks(mac, null, 2);
  t.same(accepted(box), [2]);
  t.same(told(box).slice(-2), ['2 proven', '2 old-dead']);
  t.end();
});

test('one rotation at a time: a newer wish waits for the proof of the one under way', (t) => {
  const box = new Box().take({ kind: 'plan-came', plan: planWanting(1) }).take(made(1));
  box.take({ kind: 'plan-came', plan: planWanting(5) });
  t.same(
    box.effects.filter((it) => it.kind === 'make-secret'),
    [],
  );
  box.asks(mac, null, 1);
  t.match(box.effects, [{ kind: 'make-secret', generation: 5 }], 'then it begins');
  t.end();
});

test('a secret that nobody asked for, or asks for no more, is not taken', (t) => {
  const box = new Box().take({ kind: 'plan-came', plan: planWanting(1) }).take(made(7));
  t.same(accepted(box), []);
  box.take(made(1)).take({ ...made(1), sealed: 'another' });
  t.match(box.tables.credentials.get(mac)?.next, { sealed: 'sealed 1' }, 'the first answer stands');
  t.end();
});

test('a restart asks again for a secret that had not arrived', (t) => {
  const box = new Box().take({ kind: 'plan-came', plan: planWanting(1) });
  t.match(box.take({ kind: 'started' }).effects, [{ kind: 'make-secret', mac, generation: 1 }]);
  t.notMatch(box.take(made(1)).take({ kind: 'started' }).effects, [{ kind: 'make-secret' }]);
  t.end();
});

test('no order of events locks a phone out: every secret it may hold is accepted', (t) => {
  const random = new Random(9);
  for (let story = 0; story < 300; story += 1) {
    const box = new Box();
    // What the phone holds: it takes the offered secret when it reads its file, and may restart in between.
    let phoneHolds = 0;
    let wanted = 1;
    let asked: AgentEffect[] = [];
    for (let step = 0; step < 50; step += 1) {
      const chance = random.whole(0, 5);
      if (chance === 0) wanted += random.whole(0, 2);
      if (chance <= 1) box.take({ kind: 'plan-came', plan: planWanting(wanted, step + 1) });
      else if (chance === 2) box.take({ kind: 'started' });
      asked = [...asked, ...box.effects.filter((it) => it.kind === 'make-secret')];
      if (chance === 3) {
        const owed = asked.shift();
        if (owed?.kind === 'make-secret') box.take(made(owed.generation));
      }
      const row = box.tables.credentials.get(mac);
      if (chance === 4 && isLetIn(box, phoneHolds)) {
        const offered = offeredSecret(row)?.generation ?? 0;
        const isLost = random.chance(0.3);
        box.take({ kind: 'config-served', mac, generation: offered });
        if (!isLost) phoneHolds = offered;
      }
      if (chance === 5 && phoneHolds > 0) box.asks(mac, null, phoneHolds);
      if (!isLetIn(box, phoneHolds)) return t.fail(`story ${story}: locked out with ${phoneHolds}`);
    }
  }
  t.pass('300 stories of 50 events');
  t.end();
});

/** With a secret it must be accepted; without one only while none is proven. */
function isLetIn(box: Box, holds: number): boolean {
  const row = box.tables.credentials.get(mac);
  if (holds === 0) return row?.current === undefined;
  return acceptedSecrets(row).some((it) => it.generation === holds);
}

test('starting rotations twice in one step starts them once', (t) => {
  const box = new Box();
  const effects: AgentEffect[] = [];
  box.with((draft) => {
    startRotations(draft, planWanting(1), effects);
    startRotations(draft, planWanting(1), effects);
  });
  t.equal(effects.length, 1);
  t.end();
});

test('a box restored from before a rotation gives the phone a first secret again, and says so; its own are dead', (t) => {
  const proven = () =>
    new Box()
      .take({ kind: 'plan-came', plan: planWanting(1) })
      .take(made(1))
      .asks(mac, null, 1);
  const told = (generation: number, mark: string, credentialGeneration = generation) =>
    planOf([{ ...phoneWanting(credentialGeneration), secretKnown: { generation, mark } }], {
      revision: 9,
    });
  const restored = proven().take({ kind: 'plan-came', plan: told(2, 'abcdef01') });
  t.same(accepted(restored), [], 'what it holds opens nothing');
  t.match(
    restored.effects,
    [{ kind: 'make-secret', mac, generation: 3 }],
    'above what the phone has',
  );
  t.match(restored.outbox().at(-1), { fault: 'secret-outlived' });
  restored.take(made(3));
  t.match(restored.tables.credentials.get(mac), { next: { generation: 3, state: 'staged' } });
  const doubled = proven().take({ kind: 'plan-came', plan: told(1, 'abcdef01') });
  t.match(doubled.effects, [{ kind: 'make-secret', mac, generation: 2 }], 'another of this number');
  for (const [generation, mark] of [
    [1, '00000000'],
    [0, 'abcdef01'],
  ] as const) {
    const usual = proven().take({ kind: 'plan-came', plan: told(generation, mark, 1) });
    t.same(accepted(usual), [1], 'the controller knows this one, or less');
  }
  t.end();
});
