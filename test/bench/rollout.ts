import { fold } from '@ringwave/protocol/tables';
import { id, type EpochMs, hours, type Id } from '@ringwave/protocol/units';
import { stepController } from '../../controller/core/controller.ts';
import type {
  Command,
  ControllerEvent,
  ControllerTables,
  RolloutInput,
} from '../../controller/core/state.ts';
import { rehearseApart } from '../../controller/io/rehearse.ts';
import { bigFleet, releases } from './big-fleet.ts';

// What planning costs: a rollout over a million phones, one report in fleets of four sizes, a rehearsal of
// 100,000 phones. Each beside the plainest pass over the same phones in the same run: looking at each phone once
// and writing one small object for it. One JSON line a figure.
//
//   node --expose-gc test/bench/rollout.ts [--only plan|report|rehearsal] [--phones 1000000]

const now = Date.UTC(2026, 10, 2, 12) as EpochMs;
const asId = (text: string): Id => id(text) ?? ('x' as Id);
const flag = (name: string): string | undefined => {
  const place = process.argv.indexOf(`--${name}`);
  return place === -1 ? undefined : process.argv[place + 1];
};
const only = flag('only');
const phones = Number(flag('phones') ?? 1_000_000);
const phonesPerSite = 100;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const input: RolloutInput = {
  id: asId('big'),
  name: 'Big',
  releases: releases.map((release) => release.id),
  selection: {},
  waves: [{ name: 'canary', per: ['model'] }, { name: 'rest' }],
  gate: { successMin: 0.9, failuresMax: 5, minSample: 3, soak: hours(1) },
  attemptsMax: 3,
  rotateCredentials: false,
  confirmPhones: phones,
};

function step(tables: ControllerTables, event: ControllerEvent): void {
  const { changes, effects } = stepController({ tables }, event, now);
  fold(tables, changes);
  const answer = effects.find((effect) => effect.kind === 'answer');
  if (answer?.kind === 'answer' && !answer.result.ok)
    throw new Error(JSON.stringify(answer.result.refusals));
}

const ask = (tables: ControllerTables, command: Command, who: string): void =>
  step(tables, { kind: 'command', id: 'c', who, command });

function timed<R>(act: () => R): { seconds: number; result: R } {
  const began = performance.now();
  const result = act();
  return { seconds: (performance.now() - began) / 1000, result };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The yardstick: each phone looked at once, one row of five fields made for it and kept. */
function plainPass(tables: ControllerTables): number {
  const { seconds } = timed(() => {
    const rows = new Map<string, object>();
    for (const [mac, phone] of tables.phones) {
      if (phone.vendor.length === 0) continue;
      rows.set(`big/${mac}`, { mac, site: phone.site, model: phone.model, wave: 0, target: '' });
    }
    return rows.size;
  });
  return seconds;
}

function planning(): void {
  const tables = bigFleet({ sites: phones / phonesPerSite, phonesPerSite }, now);
  const plain = median([plainPass(tables), plainPass(tables), plainPass(tables)]);
  globalThis.gc?.();
  const fleetMb = process.memoryUsage().rss / 1e6;
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, process.memoryUsage().rss / 1e6);
  };
  const create = timed(() => ask(tables, { kind: 'rollout-create', input }, 'ada'));
  look();
  const begin = timed(() => ask(tables, { kind: 'rollout-approve', rollout: input.id }, 'grace'));
  look();
  // The canary is a handful; letting it pass gives every other phone its hops and every site its plan.
  const canary = [...tables.progress.values()].filter((one) => one.wave === 0);
  const open = timed(() => {
    for (const { mac, site } of canary) {
      const cursor = tables.agents.get(site)?.cursor ?? { epoch: 0, seq: 0 };
      const item = { kind: 'phone-moved' as const, seq: cursor.seq + 1, at: now, mac };
      const about = { rollout: input.id, revision: 1, phase: 'done' as const, attempt: 1 };
      const seq = cursor.seq + 1;
      const report = { kind: 'report' as const, epoch: cursor.epoch, firstSeq: seq, lastSeq: seq };
      step(tables, { kind: 'report', site, report: { ...report, items: [{ ...item, ...about }] } });
    }
    const { changes } = stepController({ tables }, { kind: 'woke' }, (now + hours(1)) as EpochMs);
    fold(tables, changes);
  });
  look();
  const seconds = create.seconds + begin.seconds + open.seconds;
  say({
    bench: 'plan-rollout',
    phones,
    sites: phones / phonesPerSite,
    seconds: round(seconds),
    createSeconds: round(create.seconds),
    beginSeconds: round(begin.seconds),
    openWaveSeconds: round(open.seconds),
    plans: tables.plans.size,
    scheduled: [...tables.progress.values()].filter((one) => one.phase === 'scheduled').length,
    peakMb: Math.round(peak),
    fleetMb: Math.round(fleetMb),
    plainPassSeconds: round(plain),
    ratio: round(seconds / plain),
  });
}

/** One report changes one phone: its cost must not follow the fleet. */
function reports(): void {
  const sizes = [1000, 10_000, 100_000, 1_000_000].filter((size) => size <= phones);
  for (const size of sizes) {
    const tables = bigFleet({ sites: size / phonesPerSite, phonesPerSite }, now);
    ask(
      tables,
      {
        kind: 'rollout-create',
        input: { ...input, waves: [{ name: 'all' }], confirmPhones: size },
      },
      'ada',
    );
    ask(tables, { kind: 'rollout-approve', rollout: input.id }, 'grace');
    const site = asId('site-3');
    const macs = tables.rosters.get(site) ?? [];
    let seq = 0;
    const one = () => {
      seq += 1;
      const mac = macs[seq % macs.length] ?? '';
      const item = { kind: 'phone-moved' as const, seq, at: now, mac, rollout: input.id };
      const items = [{ ...item, revision: 1, phase: 'downloading' as const, attempt: 1 }];
      const epoch = tables.agents.get(site)?.cursor.epoch ?? 0;
      step(tables, {
        kind: 'report',
        site,
        report: { kind: 'report', epoch, firstSeq: seq, lastSeq: seq, items },
      });
    };
    for (let nth = 0; nth < 500; nth += 1) one();
    const rounds = Array.from(
      { length: 7 },
      () =>
        timed(() => {
          for (let nth = 0; nth < 300; nth += 1) one();
        }).seconds / 300,
    );
    const plain = median(Array.from({ length: 3 }, () => plainPass(tables)));
    const micros = median(rounds) * 1e6;
    say({
      bench: 'one-report',
      phones: size,
      microseconds: round(micros),
      plainPassMicroseconds: round(plain * 1e6),
      ratio: round(micros / (plain * 1e6)),
    });
  }
}

/** As an operator gets it: in threads of its own, the copy of the fleet included. */
async function rehearsal(): Promise<void> {
  const count = Math.min(phones, 100_000);
  const tables = bigFleet({ sites: count / phonesPerSite, phonesPerSite }, now);
  const { confirmPhones: _confirmed, ...asked } = input;
  const plain = median([plainPass(tables), plainPass(tables), plainPass(tables)]);
  const cpu = process.cpuUsage();
  const began = performance.now();
  const task = { tables, input: asked, now, wishes: { seeds: 1 } };
  const result = await rehearseApart(task, new AbortController().signal, () => {});
  const seconds = (performance.now() - began) / 1000;
  if ('refusals' in result) throw new Error(JSON.stringify(result.refusals));
  const [run] = result.runs;
  say({
    bench: 'rehearsal',
    phones: count,
    seconds: round(seconds),
    cpuSeconds: round((process.cpuUsage(cpu).user + process.cpuUsage(cpu).system) / 1e6),
    done: run?.done,
    daysOfVirtualTime: run?.finishedAt ? round((run.finishedAt - now) / 86_400_000) : null,
    peakMb: Math.round(process.memoryUsage().rss / 1e6),
    plainPassSeconds: round(plain),
    ratio: round(seconds / plain),
  });
}

const round = (value: number): number => Number(value.toPrecision(3));

if (only === undefined || only === 'plan') planning();
if (only === undefined || only === 'report') reports();
if (only === undefined || only === 'rehearsal') await rehearsal();
