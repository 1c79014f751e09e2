import type { Plan, PlanPhone } from '@ringwave/protocol/messages';
import type { EpochMs } from '@ringwave/protocol/units';
import type { AgentStep, Work } from '../../agent/core/state.ts';
import { isLost } from '../../agent/core/work-table.ts';
import type {
  ControllerStep,
  ControllerTables,
  Progress,
  Rollout,
  RolloutInput,
} from '../../controller/core/state.ts';
import type { Plant } from './faults.ts';

// Bugs put in on purpose, each the smallest that somebody could write: every one must be found, or the checks prove
// nothing.

const week = 7 * 24 * 3_600_000;

/** The agent reads each plan so. */
const reads = (change: (plan: Plan) => Partial<Plan>): Plant => ({
  agentEvent: (event) =>
    event.kind === 'plan-came'
      ? { ...event, plan: { ...event.plan, ...change(event.plan) } }
      : event,
});

const readsPhones = (change: (phone: PlanPhone, plan: Plan) => PlanPhone): Plant =>
  reads((plan) => ({ phones: plan.phones.map((phone) => change(phone, plan)) }));

/** A box that keeps to what it was first told of where its phones are. */
function keepsFirst(): Plant {
  const first = new Map<string, Pick<PlanPhone, 'switch' | 'coverageGroup' | 'emergency'>>();
  return reads(({ site, revision, phones }) => {
    // A new world.
    if (revision === 1) for (const { mac } of phones) first.delete(`${site}/${mac}`);
    return {
      phones: phones.map((phone) => {
        const key = `${site}/${phone.mac}`;
        const { switch: port, coverageGroup: group, emergency } = first.get(key) ?? phone;
        first.set(key, {
          emergency,
          ...(port ? { switch: port } : {}),
          ...(group ? { coverageGroup: group } : {}),
        });
        const { switch: _port, coverageGroup: _group, ...rest } = phone;
        return { ...rest, ...first.get(key), emergency };
      }),
    };
  });
}

/** A box that keeps to what it was first told of how many may be down. */
function keepsFirstLimits(): Plant {
  const first = new Map<string, Pick<Plan, 'coverage' | 'phonesUpdatingMax'>>();
  return reads(({ site, revision, coverage, phonesUpdatingMax }) => {
    const kept = revision === 1 ? undefined : first.get(site);
    const limits = kept ?? { coverage, phonesUpdatingMax };
    first.set(site, limits);
    return limits;
  });
}

const readsHops = (change: (hops: string[], plan: Plan, phone: PlanPhone) => string[]): Plant =>
  readsPhones((phone, plan) =>
    phone.work
      ? { ...phone, work: { ...phone.work, hops: change(phone.work.hops, plan, phone) } }
      : phone,
  );

const withWork = (step: AgentStep, change: (work: Work) => Work): AgentStep => ({
  ...step,
  changes: step.changes.map((one) =>
    one.table === 'work' && one.value ? { ...one, value: change(one.value as Work) } : one,
  ),
});

/** The agent writes each work so. */
const writes = (change: (work: Work) => Work): Plant => ({
  agentStep: (step) => withWork(step, change),
});

/** The controller takes a rollout so. */
const orders = (change: (input: RolloutInput) => Partial<RolloutInput>): Plant => ({
  controllerEvent: (event) =>
    event.kind === 'command' && event.command.kind === 'rollout-create'
      ? {
          ...event,
          command: {
            ...event.command,
            input: { ...event.command.input, ...change(event.command.input) },
          },
        }
      : event,
});

const withRollouts = (
  step: ControllerStep,
  change: (rollout: Rollout) => Rollout,
): ControllerStep => ({
  ...step,
  changes: step.changes.map((one) =>
    one.table === 'rollouts' && one.value ? { ...one, value: change(one.value as Rollout) } : one,
  ),
});

/** Whenever this happens to a phone of a bond, the controller lets another one go that waits for it. */
const letsGo = (when: (progress: Progress) => boolean): Plant => ({
  controllerStep: (step, { tables }) => {
    const more = step.changes.flatMap(({ table, value }) => {
      const progress = table === 'progress' ? (value as Progress | undefined) : undefined;
      return progress && when(progress) ? waitingBeside(tables, progress) : [];
    });
    return { ...step, changes: [...step.changes, ...more] };
  },
});

function waitingBeside(tables: ControllerTables, { rollout, mac, hops }: Progress) {
  const bond = tables.phones.get(mac)?.bond;
  for (const other of bond === undefined ? [] : (tables.bonds.get(bond) ?? [])) {
    const key = `${rollout}/${other}`;
    const found = tables.progress.get(key);
    if (other === mac || found?.phase !== 'waiting' || !found.waiting || hops.length === 0)
      continue;
    const { waiting: _waiting, ...rest } = found;
    const value: Progress = { ...rest, phase: 'scheduled', hops };
    return [{ table: 'progress' as const, key, value }];
  }
  return [];
}

const without = (plan: object, part: string): object => ({
  ...plan,
  [part]: undefined,
});

const takesForPresent = (isMeant: (work: Work) => boolean): Plant => ({
  agentStep: (step, { now }) => {
    const lasting = step.changes.filter((one) => one.table !== 'missing');
    return withWork({ ...step, changes: lasting }, (work) =>
      isMeant(work) ? { ...work, backSince: now as EpochMs } : work,
    );
  },
});

export const PLANTS: Readonly<Record<string, Plant>> = {
  'an agent that thinks every hour is an opening': reads((plan) => ({
    openings: [{ start: 0, end: plan.startUntil }],
  })),
  'an agent without a slot limit': reads(() => ({ phonesUpdatingMax: 100, coverage: [] })),
  'an agent that keeps no coverage': reads(() => ({ coverage: [] })),
  'an agent that takes the answer to NOTIFY for an update': writes((work) =>
    work.woken ? { ...work, phase: 'done' } : work,
  ),
  'an agent that takes a whole image for an update': {
    agentStep: (step, { event }) =>
      event.kind === 'image-left'
        ? withWork(step, (work) =>
            work.mac === event.mac && work.phase === 'rebooting'
              ? { ...work, phase: 'done' }
              : work,
          )
        : step,
  },
  'a controller that acknowledges what it did not keep': {
    controllerStep: (step) => ({
      ...step,
      changes: step.changes.filter(
        (change) => change.table !== 'progress' || step.effects.length < 1,
      ),
    }),
  },
  'an agent that forgets its outbox at an acknowledgement of anything': {
    agentStep: (step, { event, tables }) => {
      if (event.kind !== 'acked') return step;
      const gone = [...tables.outbox.keys()].map((key) => ({
        table: 'outbox' as const,
        key,
        value: undefined,
      }));
      return { ...step, changes: [...step.changes, ...gone] };
    },
  },
  'an agent that loses its outbox at a restart': { agentForgets: ['outbox'] },
  'an agent that ignores a pause': reads(() => ({ pausedRollouts: [] })),
  'an agent that ignores a halt': {
    agentEvent: (event) =>
      event.kind === 'halt-came' ? { ...event, halt: { ...event.halt, halted: false } } : event,
  },
  'an agent that starts phones after the plan ends': reads((plan) => ({
    startUntil: plan.startUntil + 52 * week,
    openings: plan.openings.flatMap((one) =>
      [0, week].map((later) => ({ start: one.start + later, end: one.end + later })),
    ),
  })),
  'an agent that does not hear of emergency calls': {
    agentEvent: (event) => (event.kind === 'emergency-call' ? { kind: 'woke' } : event),
  },
  'an agent that does not wait for a callback': reads(() => ({ callbackHoldMinutes: 0 })),
  'an agent that does not read the freeze file': {
    agentEvent: (event) => (event.kind === 'freeze-read' ? { kind: 'woke' } : event),
  },
  'an agent that reads no freeze from headquarters, where those of bonds are frozen': reads(
    (plan) => without(plan, 'freeze'),
  ),
  'an agent that knows no pairs': readsPhones((phone) => without(phone, 'pair') as PlanPhone),
  'an agent that knows no switches': reads((plan) => without(plan, 'phonesPerSwitchMax')),
  'an agent that starts as many a minute as it likes': reads((plan) =>
    without(plan, 'restartsPerMinuteMax'),
  ),
  'an agent that knows no emergency phones': readsPhones((phone) => ({
    ...phone,
    emergency: false,
  })),
  'an agent that takes lost phones for present ones': takesForPresent(isLost),
  'an agent that takes lost phones for present ones where they had part of their image':
    takesForPresent(({ fault }) => fault === 'download-stalled'),
  'an agent that skips the stepping stone': readsHops((hops) => hops.slice(-1)),
  'an agent that leads a phone back to its stepping stone': readsHops((hops) =>
    hops.length > 1 ? [...hops].reverse() : hops,
  ),
  'an agent that serves the image of another model': readsHops((hops, plan) =>
    hops.map((_, place) => plan.releases.at(place)?.id ?? hops[place] ?? ''),
  ),
  'an agent that serves the image of another revision': readsHops((hops, plan, { hardware }) =>
    hops.map((hop) => {
      const own = plan.releases.find((one) => one.id === hop);
      const isTwin = (one: Plan['releases'][number]) =>
        one.id !== hop && one.vendor === own?.vendor && one.version === own.version;
      return hardware === undefined ? hop : (plan.releases.find(isTwin)?.id ?? hop);
    }),
  ),
  'an agent that takes any file of the name for the image': reads((plan) => ({
    releases: plan.releases.map((release) => ({
      ...release,
      images: release.images.map((image) => ({ ...image, sha256: 'f'.repeat(64) })),
    })),
  })),
  'an agent that takes an older plan': {
    agentStep: (step, { event, tables, now }) => {
      const held = tables.plan.get('plan')?.plan.revision ?? 0;
      if (event.kind !== 'plan-came' || event.plan.revision >= held) return step;
      const value = { plan: event.plan, heldSince: now };
      return { ...step, changes: [...step.changes, { table: 'plan', key: 'plan', value }] };
    },
  },
  'an agent that gives every start the number one': writes((work) => ({
    ...work,
    starts: Math.min(work.starts, 1),
  })),
  'an agent that never stops trying': readsPhones((phone) =>
    phone.work ? { ...phone, work: { ...phone.work, attemptsMax: 20 } } : phone,
  ),
  'an agent that fetches images whatever its line may carry': reads((plan) =>
    without(plan, 'wanBudget'),
  ),
  'an agent that asks nobody whether he is in a call': readsPhones((phone) =>
    phone.work ? { ...phone, work: { ...phone.work, urgency: 'window' } } : phone,
  ),
  'an agent that takes a call for an answer': {
    agentEvent: (event) =>
      event.kind === 'wake-answered' && event.answer === 'busy'
        ? { ...event, answer: 'accepted' }
        : event,
  },
  'an agent that knows no days of blackout': reads((plan) => without(plan, 'blackout')),
  'a controller that knows no days of blackout': {
    controllerEvent: (event) =>
      event.kind === 'command' && event.command.kind === 'site-put'
        ? { ...event, command: { ...event.command, site: { ...event.command.site, blackout: [] } } }
        : event,
  },
  'an agent that does not say why a phone waits': writes((work) => ({
    ...work,
    why: { ...work.why, reason: '' },
  })),
  'an agent that does not say when it tries again': writes((work) => ({
    ...work,
    why: { ...work.why, nextAttemptAt: null },
  })),
  'an agent that ends the old login when it makes a new one': {
    agentStep: (step, { event }) =>
      event.kind === 'secret-made'
        ? {
            ...step,
            changes: step.changes.map((one) => {
              const row = one.value as { mac: string; next?: { fingerprint: string } } | undefined;
              if (one.table !== 'credentials' || !row?.next) return one;
              return { ...one, value: { mac: row.mac, current: row.next } };
            }),
          }
        : step,
  },
  'an agent whose files are open to whoever names a phone': { opensDoor: true },
  'an agent that believes its clock': {
    agentStep: (step) => ({
      ...step,
      changes: step.changes.filter((one) => one.table !== 'clock'),
    }),
  },
  'a controller that takes a phone for done that waits': {
    controllerStep: (step, { event, tables }) => {
      if (event.kind !== 'beat') return step;
      const open = [...tables.progress].find(([, { phase }]) => phase === 'held');
      if (!open) return step;
      const value = { ...open[1], phase: 'done' as const };
      return { ...step, changes: [...step.changes, { table: 'progress', key: open[0], value }] };
    },
  },
  'a controller that counts a report twice': {
    controllerStep: (step, { event }) =>
      event.kind === 'report'
        ? withRollouts(step, (rollout) => ({
            ...rollout,
            waves: rollout.waves.map((wave) => ({
              ...wave,
              counts: { ...wave.counts, done: wave.counts.done + 1 },
            })),
          }))
        : step,
  },
  'a controller whose gates let everything pass': orders(({ gate }) => ({
    gate: { ...gate, successMin: 0, failuresMax: 1000, minSample: 0 },
  })),
  'a controller that does not let a wave soak': orders(({ gate }) => ({
    gate: { ...gate, soak: 0 as typeof gate.soak },
  })),
  'an agent that keeps to the first road, whatever a technician has loaded': {
    agentStep: (step, { tables }) =>
      withWork(step, (work) => {
        const before = tables.work.get(work.mac);
        const isSame = before?.rollout === work.rollout && before.round === work.round;
        return isSame && work.hop < before.hops.length ? { ...work, hops: before.hops } : work;
      }),
    ...readsPhones(({ work, ...phone }) => {
      if (!work) return phone;
      const { from: _from, ...anywhere } = work;
      return { ...phone, work: anywhere };
    }),
  },
  'a controller that leaves a phone on its road when a clerk stores it as another model': {
    controllerStep: (step, { event }) =>
      event.kind === 'command' && event.command.kind === 'phones-put'
        ? { ...step, changes: step.changes.filter(({ table }) => table !== 'progress') }
        : step,
  },
  'an agent that does not hear that floors were planned anew': keepsFirst(),
  'an agent that keeps to its first limits when floors are planned anew': keepsFirstLimits(),
  'a controller that opens a wave again': {
    controllerStep: (step, { now }) =>
      withRollouts(step, (rollout) => ({
        ...rollout,
        waves: rollout.waves.map((wave) =>
          wave.openedAt === undefined ? wave : { ...wave, openedAt: now as typeof wave.openedAt },
        ),
      })),
  },
  'a controller that releases ten times as fast': orders(({ pace }) =>
    pace ? { pace: { ...pace, perMinute: pace.perMinute * 10, perMinuteMax: 100 } } : {},
  ),
  'a controller that forgets a pause at its restart': {
    controllerStep: (step, { event, tables }) => {
      if (event.kind !== 'started') return step;
      const going = [...tables.rollouts].flatMap(([key, rollout]) => {
        const { paused, ...rest } = rollout;
        return paused
          ? [{ table: 'rollouts' as const, key, value: { ...rest, state: 'running' } }]
          : [];
      });
      return { ...step, changes: [...step.changes, ...going] };
    },
  },
  'a controller that knows no bonds': {
    controllerEvent: (event) =>
      event.kind === 'command' && event.command.kind === 'phones-put'
        ? {
            ...event,
            command: {
              ...event.command,
              phones: event.command.phones.map(({ bond: _bond, ...phone }) => phone),
            },
          }
        : event,
  },
  'a controller that lets the next of a bond go when the one before has taken its image': letsGo(
    ({ phase }) => phase === 'rebooting',
  ),
  'a controller that lets the next of a bond go when the one before has failed': letsGo(
    ({ phase }) => phase === 'failed' || phase === 'rolled-back' || phase === 'unreachable',
  ),
  'a controller that does not hear of freezes at other sites of a bond': {
    controllerStep: (step, { event }) =>
      event.kind === 'command' && event.command.kind === 'site-freeze'
        ? { ...step, changes: step.changes.filter((one) => one.table !== 'freezes') }
        : step,
  },
};
