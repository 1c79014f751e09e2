import type { PlannedFreezeInput } from './planned-freeze.ts';
import { type Policy, type PolicyInput, policySaid } from './policy.ts';
import { conflict, invalid } from './refusal.ts';
import {
  isNameMended,
  mayStillDiffer,
  rolloutDifferences,
  type ValueDifference,
  valueDifferences,
} from './rollout-difference.ts';
import type {
  Command,
  CommandResult,
  ControllerTables,
  Phone,
  PhoneInput,
  Refusal,
  Rollout,
  RolloutInput,
  Site,
} from './state.ts';

// What somebody wants to be so, beside what is: the differences, and the commands that remove them.

/** One document, complete: what it does not say has its usual value. */
export type Desired =
  | { readonly kind: 'site'; readonly id: string; readonly wanted: Site }
  | { readonly kind: 'phone'; readonly id: string; readonly wanted: PhoneInput }
  | { readonly kind: 'policy'; readonly id: string; readonly wanted: PolicyInput }
  | { readonly kind: 'freeze'; readonly id: string; readonly wanted: PlannedFreezeInput }
  | { readonly kind: 'rollout'; readonly id: string; readonly wanted: RolloutInput };

export interface Difference {
  readonly kind: Desired['kind'];
  readonly id: string;
  readonly change: 'add' | 'change' | 'same';
  readonly values: readonly ValueDifference[];
}

/** Differences told of one document; more are a different document. */
const valuesToldMax = 200;

export function differencesOf(tables: ControllerTables, desired: readonly Desired[]): Difference[] {
  return desired.map((one) => {
    const { kind, id } = one;
    const values = differing(tables, one);
    if (values === undefined) return { kind, id, change: 'add', values: [] };
    const change = values.length > 0 ? 'change' : 'same';
    return { kind, id, change, values: values.slice(0, valuesToldMax) };
  });
}

/** Undefined where it is not there yet. A rollout is compared as it was laid out. */
function differing(tables: ControllerTables, one: Desired): ValueDifference[] | undefined {
  if (one.kind === 'rollout') {
    const rollout = tables.rollouts.get(one.id);
    return rollout && rolloutDifferences(rollout, one.wanted);
  }
  const now = currentOf(tables, one);
  return now === undefined ? undefined : valueDifferences(now, one.wanted);
}

function currentOf(
  tables: ControllerTables,
  { kind, id }: Exclude<Desired, { kind: 'rollout' }>,
): unknown {
  if (kind === 'site') return tables.sites.get(id);
  if (kind === 'policy') return saidOfPolicy(tables.policies.get(id));
  if (kind === 'phone') return inventoryOf(tables.phones.get(id));
  return plannedOf(tables, id);
}

/** Of a phone, what people say of it; what it showed itself is no difference. */
const INVENTORY: Readonly<Record<keyof PhoneInput, true>> = {
  mac: true,
  site: true,
  vendor: true,
  model: true,
  hardware: true,
  extension: true,
  emergency: true,
  coverageGroup: true,
  labels: true,
  switch: true,
  pair: true,
  bond: true,
};

const saidOfPolicy = (policy: Policy | undefined) => policy && policySaid(policy);

/** Who planned it and when stands outside the files. */
function plannedOf(tables: ControllerTables, id: string): PlannedFreezeInput | undefined {
  const { who: _who, since: _since, ...planned } = tables.plannedFreezes.get(id) ?? {};
  return 'id' in planned ? planned : undefined;
}

function inventoryOf(phone: Phone | undefined): unknown {
  if (!phone) return undefined;
  const { hardwareSaid: hardware, ...rest } = phone;
  const said = Object.entries({ ...rest, hardware });
  return Object.fromEntries(
    said.filter(([key, value]) => Object.hasOwn(INVENTORY, key) && value !== undefined),
  );
}

/** Before these a rollout has not begun, and all of it may still differ. */
const BEFORE_START: readonly Rollout['state'][] = ['draft', 'awaiting-approval', 'scheduled'];

/** Also of what has ended. */
export function hasBegun({ rollouts }: Pick<ControllerTables, 'rollouts'>, id: string): boolean {
  const rollout = rollouts.get(id);
  return rollout !== undefined && !BEFORE_START.includes(rollout.state);
}

/** What has begun runs as it was approved, but for what may still differ: a file does not stop it, nor start it again. */
export function refusedDifferences(
  tables: ControllerTables,
  differences: readonly Difference[],
): Refusal[] {
  return differences.flatMap(({ kind, id, change, values }) => {
    const rollout = kind === 'rollout' && change === 'change' ? tables.rollouts.get(id) : undefined;
    if (!rollout || !hasBegun(tables, id) || mayStillDiffer(rollout, values)) return [];
    const others = values.filter((one) => !isNameMended(one));
    const paths = others.map(({ path }) => path).join(', ');
    const reason = `is ${rollout.state} and cannot differ any more (${paths})`;
    const next = 'Put the file back to what runs, or give the new rollout an id of its own.';
    return [conflict(`rollout ${id}`, reason, next)];
  });
}

/** In this order, so that what is named is there before it is asked for. */
const ORDER: readonly Desired['kind'][] = ['site', 'phone', 'freeze', 'policy', 'rollout'];

export function commandsFor(
  desired: readonly Desired[],
  differences: readonly Difference[],
): Command[] {
  const due = desired.filter((_, place) => differences[place]?.change !== 'same');
  const changes = new Map(differences.map((one) => [`${one.kind} ${one.id}`, one.change]));
  const phones = due.flatMap((one) => (one.kind === 'phone' ? [one.wanted] : []));
  return ORDER.flatMap((kind) => {
    if (kind === 'phone') return phones.length > 0 ? [{ kind: 'phones-put', phones }] : [];
    return inTheirOrder(due).flatMap((one): Command[] => {
      if (one.kind !== kind) return [];
      if (one.kind !== 'rollout') return [commandOf(one)];
      const isNew = changes.get(`rollout ${one.id}`) === 'add';
      return [{ kind: isNew ? 'rollout-create' : 'rollout-edit', input: one.wanted }];
    });
  });
}

/** Of one document; whether a rollout is new is not known from it alone. */
export function commandOf(one: Exclude<Desired, { kind: 'rollout' }>): Command {
  if (one.kind === 'site') return { kind: 'site-put', site: one.wanted };
  if (one.kind === 'phone') return { kind: 'phones-put', phones: [one.wanted] };
  if (one.kind === 'freeze') return { kind: 'freeze-put', freeze: one.wanted };
  return { kind: 'policy-put', policy: one.wanted };
}

/** A rollout stands behind those that it waits for; of a circle each is left where it is, and refused later. */
function inTheirOrder(desired: readonly Desired[]): readonly Desired[] {
  const rollouts = new Map(desired.map((one) => [`${one.kind} ${one.id}`, one]));
  const ordered = new Set<Desired>();
  const begun = new Set<Desired>();
  const visit = (one: Desired): void => {
    if (begun.has(one)) return;
    begun.add(one);
    for (const before of (one.kind === 'rollout' && one.wanted.after) || []) {
      const other = rollouts.get(`rollout ${before}`);
      if (other) visit(other);
    }
    ordered.add(one);
  };
  for (const one of desired) visit(one);
  return [...ordered];
}

/** Rollouts of these documents that wait for one another; nothing of such a circle can be stored first. */
export function circlesIn(desired: readonly Desired[]): Refusal[] {
  const after = new Map(
    desired.flatMap((one) => (one.kind === 'rollout' ? [[one.id, one.wanted.after ?? []]] : [])),
  ) as ReadonlyMap<string, readonly string[]>;
  const told = new Set<string>();
  return [...after.keys()].flatMap((id) => {
    const circle = told.has(id) ? undefined : circleFrom(after, id);
    if (!circle) return [];
    for (const one of circle) told.add(one);
    const reason = `waits in a circle: ${circle.join(' after ')}`;
    return [invalid(`rollout ${id}: after`, reason, 'Take one of them out.')];
  });
}

/** The shortest way back to where it begins, both ends included. */
function circleFrom(
  after: ReadonlyMap<string, readonly string[]>,
  id: string,
): readonly string[] | undefined {
  const ways = [[id]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way; way = ways.shift()) {
    for (const next of after.get(way.at(-1) ?? '') ?? []) {
      if (next === id) return [...way, id];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

/** All of these or none, and every reason at once. */
export function takeAll(
  commands: readonly Command[],
  take: (command: Command) => CommandResult,
): CommandResult {
  const refusals = commands.flatMap((command) => {
    const result = take(command);
    return result.ok ? [] : result.refusals;
  });
  return refusals.length > 0 ? { ok: false, refusals } : { ok: true };
}
