import { PassThrough } from 'node:stream';
import { test } from 'tap';
import { runDemo, type DemoOptions } from '../../simulator/demo/run-demo.ts';

// The demo fleet, with power cuts: controller and agents are killed outright in the middle of the rollout.

type Line = Parameters<NonNullable<DemoOptions['onChange']>>[0];

/** Who dies at each of the ten moments; a moment is a number of phone changes seen. */
const MOMENTS: readonly { readonly after: number; readonly dies: readonly string[] }[] = [
  { after: 14, dies: ['controller'] },
  { after: 18, dies: ['agent lisbon'] },
  { after: 22, dies: ['controller', 'agent lisbon'] },
  { after: 28, dies: ['agent berlin'] },
  { after: 34, dies: ['controller'] },
  { after: 40, dies: ['controller', 'agent berlin'] },
  { after: 46, dies: ['agent lisbon'] },
  { after: 52, dies: ['controller', 'agent lisbon', 'agent berlin'] },
  { after: 58, dies: ['agent berlin'] },
  { after: 64, dies: ['controller'] },
];

test('failure 1: a rollout survives kill -9 of controller, agent or both at ten moments', {
  timeout: 280_000,
}, async (t) => {
  const running = new Map<string, number>();
  const flashes = new Map<string, string[]>();
  const killed = new Set<number>();
  const condemned: string[] = [];
  const waiting = [...MOMENTS];
  let moves = 0;
  /** Whoever is being started again at that moment dies once it is up. */
  const execute = (): void => {
    for (const role of condemned.splice(0)) {
      const pid = running.get(role);
      if (pid && !killed.has(pid)) {
        process.kill(pid, 'SIGKILL');
        killed.add(pid);
      } else condemned.push(role);
    }
  };
  const onChange = (line: Line): void => {
    if (line.kind === 'process') running.set(line.role, line.pid);
    if (line.kind === 'phone-event' && line.event.kind === 'flashing') {
      const { mac, version } = line.event;
      flashes.set(mac, [...(flashes.get(mac) ?? []), version]);
    }
    if (line.kind !== 'phone') return;
    moves += 1;
    const due = waiting[0];
    if (due && moves >= due.after) condemned.push(...(waiting.shift()?.dies ?? []));
    execute();
  };
  const end = await runDemo({
    seed: 3,
    sites: 2,
    phones: 14,
    speed: 120,
    scenario: 'smooth',
    exit: true,
    json: true,
    port: 0,
    signal: AbortSignal.timeout(270_000),
    out: new PassThrough().resume() as unknown as NodeJS.WriteStream,
    onChange,
  });
  t.equal(waiting.length, 0, 'all ten moments came');
  // One that is still being started again at its moment dies later, or not before the end.
  t.ok(killed.size >= 12, `${killed.size} processes were killed`);
  t.match(
    end,
    { ok: true, state: 'done', phones: 14, done: 14, proven: 14, failed: 0 },
    'no phone is forgotten',
  );
  for (const [mac, versions] of flashes) {
    t.equal(
      new Set(versions).size,
      versions.length,
      `${mac} took each version once: ${versions.join(', ')}`,
    );
  }
  t.ok(flashes.size >= 12, 'phones were updated, not only counted');
});
