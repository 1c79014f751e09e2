import { test } from 'tap';
import { idOf, releaseOf } from '../core/desk.ts';
import { fleetOf } from './door.ts';

// Whatever people may write freely is read on terminals: none of it moves a cursor or begins a line there.

const forged = 'red\u001b[31m\nsite lisbon frozen';
const windows = [{ days: [], start: '01:00', end: '04:00' }];

test('a text with a line break or an escape is refused at every door, and its place is named', async (t) => {
  const door = await fleetOf(t, 2);
  const release = releaseOf();
  const { manifest, advisory } = documents();
  const asked = { id: 'autumn', releases: [release.id], waves: [{ name: 'all' }] };
  const phone = { mac: '80:5e:c0:00:00:09', site: 'lisbon', vendor: 'Yealink', model: 'T46S' };
  const dated = { from: '2199-12-24', until: '2199-12-26', reason: 'fair' };
  const site = { zone: 'UTC', windows };
  for (const [method, path, body, place] of [
    ['POST', 'rollouts', { ...asked, deadline: { dueAt: 1, because: forged } }, 'deadline.because'],
    ['POST', 'rollouts/autumn/pause', { reason: forged }, 'reason'],
    ['POST', 'rollouts/autumn/abort', { reason: forged }, 'reason'],
    ['POST', 'rollouts/autumn/deny', { remark: forged }, 'remark'],
    ['POST', 'rollouts/autumn/approve', { remark: forged }, 'remark'],
    ['POST', 'rollouts/autumn/approve', { breakGlass: forged }, 'breakGlass'],
    ['POST', 'rollouts', { ...asked, selection: { models: [forged] } }, 'selection.models[0]'],
    ['PUT', 'sites/lisbon/freeze', { reason: forged }, 'reason'],
    ['PUT', 'sites/lisbon', { ...site, labels: { room: 'A\u009b31m' } }, 'labels.room'],
    ['PUT', 'freezes/fair', { ...dated, reason: forged }, 'reason'],
    ['POST', 'halt', { halted: true, reason: forged }, 'reason'],
    ['POST', `releases/${release.id}/life`, { cause: 'withdraw', why: forged }, 'why'],
    ['PUT', 'models/Yealink/T46S/end-of-life', { on: '2030-01-01', source: forged }, 'source'],
    ['POST', 'releases', { ...manifest, namesDifferBecause: forged }, 'namesDifferBecause'],
    ['POST', 'releases', { ...manifest, notes: 'red\u001b[31m' }, 'notes'],
    ['POST', 'advisories', { ...advisory, title: forged }, 'title'],
    ['POST', 'advisories', { ...advisory, source: forged }, 'source'],
    ['POST', 'phones', [{ ...phone, vendor: forged }], '[0].vendor'],
    ['POST', 'phones', [{ ...phone, model: forged }], '[0].model'],
    ['POST', 'phones', [{ ...phone, hardware: forged }], '[0].hardware'],
    ['POST', 'phones', [{ ...phone, switch: forged }], '[0].switch'],
    ['POST', 'phones', [{ ...phone, labels: { room: forged } }], '[0].labels.room'],
  ] as const) {
    const { status, body: answer } = await door.ask(method, `/api/v1/${path}`, body);
    const things = answer.problems.map((one: { thing: string }) => one.thing);
    t.equal(status, 400, path);
    t.ok(
      things.some((one: string) => one.endsWith(place)),
      `${path} names ${place} in ${things}`,
    );
    t.match(answer.problems[0].next, /control characters/, path);
  }
  const { rollouts, freezes, advisories, phones } = door.controller.engine.tables;
  t.same([rollouts.size, freezes.size, advisories.size, phones.size], [0, 0, 0, 2]);
});

test('notes of a release may have lines', async (t) => {
  const door = await fleetOf(t, 0);
  const { manifest } = documents();
  const { body } = await door.ask('POST', '/api/v1/releases', { ...manifest, notes: 'a\r\n\tb\n' });
  t.match(body.problems, [{ reason: 'is not in the image store' }]);
  t.equal(body.problems.length, 1);
});

test('a deadline whose reason is from before reasons were looked at can be moved, and put right', async (t) => {
  const door = await fleetOf(t, 2);
  const { rollouts } = door.controller.engine.tables;
  const deadline = { dueAt: Date.UTC(2199, 0, 1), because: 'CVE' };
  const asked = { id: 'autumn', releases: [releaseOf().id], waves: [{ name: 'all' }], deadline };
  t.equal((await door.ask('POST', '/api/v1/rollouts', asked)).status, 201);
  door.controller.engine.command('bob', { kind: 'rollout-approve', rollout: idOf('autumn') });
  const stored = rollouts.get('autumn');
  if (!stored?.deadline) return t.fail('it has no deadline');
  rollouts.set(stored.id, { ...stored, deadline: { ...stored.deadline, because: forged } });
  const path = '/api/v1/rollouts/autumn';
  const put = async (own: object) => {
    const { body } = await door.ask('GET', `${path}/content`);
    const changed = { ...body, deadline: { ...body.deadline, ...own } };
    return (await door.ask('PUT', path, changed)).status;
  };
  t.equal(await put({ dueAt: deadline.dueAt + 1 }), 200);
  t.match(rollouts.get('autumn')?.deadline, { dueAt: deadline.dueAt + 1, because: forged });
  t.equal(await put({ because: 'CVE' }), 200);
  t.match(rollouts.get('autumn')?.deadline, { dueAt: deadline.dueAt + 1, because: 'CVE' });
  t.equal(await put({ because: 'another' }), 409);
});

function documents() {
  const image = { fileName: 'T48S-66.86.0.20.rom', sha256: 'a'.repeat(64), lengthBytes: 9 };
  const manifest = {
    schema: 'ringwave/release/1',
    vendor: 'Yealink',
    version: '66.86.0.20',
    models: ['T48S'],
    images: [image],
    severity: 'none',
    notes: '',
  };
  const advisory = {
    id: 'a-1',
    vendor: 'Yealink',
    models: ['T46S'],
    affected: { below: '66.86.0.20' },
    severity: 'high',
    source: 'https://example.com',
    title: 'a hole',
  };
  return { manifest, advisory };
}
