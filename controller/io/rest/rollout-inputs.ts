import { type EpochMs, hours, minutes, type Id, type Mac, mac } from '@ringwave/protocol/units';
import { type Static, Type } from 'typebox';
import {
  type Gate,
  STRATA,
  type Stratum,
  stratumPattern,
  type WaveSpec,
} from '../../core/rollout-state.ts';
import { perMinuteMost } from '../../core/pace.ts';
import { invalid } from '../../core/refusal.ts';
import { checkRollout } from '../../core/rollout-check.ts';
import { inputOf } from '../../core/rollout-difference.ts';
import type { ControllerDraft, Refusal, Rollout, RolloutInput } from '../../core/state.ts';
import { equalWaves, WAVE_PRESETS, type WavePreset } from '../../core/waves.ts';
import {
  bodyOf,
  closed,
  IdText,
  InstantSaid,
  instantSaid,
  LineText,
  type Unsound,
  WhereText,
  Windows,
} from './inputs.ts';

// What REST takes of rollouts: closed schemas, so that a misspelt key is an error and never silently dropped.

export const MacText = Type.String({
  pattern: '^[0-9A-Fa-f]{2}([:.-]?[0-9A-Fa-f]{2}){5}$',
  description: 'as a MAC address such as 80:5e:c0:12:34:56',
});
const Names = (longest: number, most: number) =>
  Type.Array(LineText(longest, { minLength: 0 }), { maxItems: most });
const Part = Type.Number({ minimum: 0, maximum: 1 });

const SelectionBody = Type.Object(
  {
    sites: Type.Optional(Type.Array(IdText, { maxItems: 10_000 })),
    where: WhereText,
    vendors: Type.Optional(Names(32, 64)),
    models: Type.Optional(Names(64, 1000)),
    macs: Type.Optional(Type.Array(MacText, { maxItems: 10_000 })),
  },
  closed,
);

const GateBody = Type.Object(
  {
    successMin: Type.Optional(Part),
    doneMin: Type.Optional(Type.Integer({ minimum: 0 })),
    failuresMax: Type.Optional(Type.Integer({ minimum: 0 })),
    failedPartMax: Type.Optional(Part),
    minSample: Type.Optional(Type.Integer({ minimum: 1 })),
    soakMinutes: Type.Optional(Type.Number({ minimum: 0, maximum: 100_000 })),
    soakIn: Type.Optional(Type.Literal('business-hours')),
    askPerson: Type.Optional(Type.Boolean()),
    askUrl: Type.Optional(
      Type.String({ pattern: '^https?://', maxLength: 500, description: 'as an http(s) URL' }),
    ),
  },
  closed,
);

const WaveBody = Type.Object(
  {
    name: LineText(60),
    where: WhereText,
    sites: Type.Optional(Type.Array(IdText, { maxItems: 10_000 })),
    models: Type.Optional(Names(64, 1000)),
    macs: Type.Optional(Type.Array(MacText, { maxItems: 10_000 })),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    percent: Type.Optional(Type.Number({ minimum: 0.001, maximum: 100 })),
    per: Type.Optional(
      Type.Array(
        Type.Unsafe<Stratum>(
          Type.String({
            pattern: stratumPattern,
            description: `as one of ${STRATA.join(', ')}, site.LABEL or label.LABEL`,
          }),
        ),
        { minItems: 1, maxItems: 6 },
      ),
    ),
    dynamic: Type.Optional(Type.Boolean()),
    windows: Type.Optional(Windows),
    gate: Type.Optional(GateBody),
  },
  closed,
);

const PaceBody = Type.Object(
  {
    perMinute: Type.Number({ exclusiveMinimum: 0, maximum: perMinuteMost }),
    factor: Type.Optional(Type.Number({ minimum: 1, maximum: 10 })),
    everyDone: Type.Optional(Type.Integer({ minimum: 1 })),
    perMinuteMax: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: perMinuteMost })),
    perSitePerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 2000 })),
  },
  closed,
);

/** A ready-made order instead of `waves`: by name, or so many waves of equal size. */
export const Preset = Type.Optional(
  Type.Union([
    Type.Unsafe<WavePreset>(Type.Enum(Object.keys(WAVE_PRESETS))),
    Type.Integer({ minimum: 1, maximum: 20 }),
  ]),
);

export const RolloutBody = Type.Object(
  {
    id: IdText,
    name: Type.Optional(LineText(120)),
    kind: Type.Optional(Type.Literal('rollback')),
    releases: Type.Array(IdText, { minItems: 1, maxItems: 64 }),
    selection: Type.Optional(SelectionBody),
    waves: Type.Optional(Type.Array(WaveBody, { minItems: 1, maxItems: 20 })),
    preset: Preset,
    gate: Type.Optional(GateBody),
    pace: Type.Optional(PaceBody),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
    after: Type.Optional(Type.Array(IdText, { maxItems: 20 })),
    deadline: Type.Optional(Type.Object({ dueAt: InstantSaid, because: LineText(200) }, closed)),
    attemptsMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
    rotateCredentials: Type.Optional(Type.Boolean()),
    startAt: Type.Optional(InstantSaid),
    /** How many phones it would reach, where these are very many. */
    confirmPhones: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);

/** Nineteen of twenty completed phones, one failure at most, three results at least, an hour of soak. */
const gateUsually: Gate = { successMin: 0.95, failuresMax: 1, minSample: 3, soak: hours(1) };
/** A phone that fails three times has a reason that a fourth does not cure. */
const attemptsUsually = 3;

/** A rollout that is wrong in form somewhere, and what of it can be looked at all the same. */
export interface UnsoundRollout {
  readonly refusals: readonly Refusal[];
  readonly rest: RolloutInput;
  readonly lacks: readonly string[];
}

/** The rollout that a body asks for, in place of what is `stored`, or every problem with its form. */
export function rolloutFrom(
  said: unknown,
  thing = 'rollout',
  stored?: Rollout,
): RolloutInput | UnsoundRollout {
  const body = bodyOf(RolloutBody, said, thing, stored && sameNames(said, stored));
  const isOrderedTwice = saysBoth(said);
  if (!('refusals' in body) && !isOrderedTwice) return inputFrom(body.value);
  const { refusals, rest, lacks }: Unsound =
    'refusals' in body ? body : { refusals: [], rest: body.value, lacks: [] };
  // What is absent or wrong in form is in `lacks`, and nothing is concluded from its being empty here.
  const read = inputFrom({ id: unnamed, releases: [], ...rest });
  if (!isOrderedTwice) return { refusals, rest: read, lacks };
  const named = lacks.includes('id') ? thing : `rollout ${read.id}`;
  const twice = invalid(named, 'gives waves and a preset', 'Give one of the two.');
  return { refusals: [...refusals, twice], rest: read, lacks: [...lacks, 'preset'] };
}

/**
 * The paths of names and reasons that a body leaves as they are stored. Whatever is in them, from before they were looked
 * at, a rollout that goes on cannot be given another, and its content is sent whole to give it more time.
 */
function sameNames(said: unknown, { name, waves, deadline }: Rollout): ReadonlySet<string> {
  const body = (said ?? {}) as { name?: unknown; waves?: unknown; deadline?: unknown };
  const named: unknown[] = Array.isArray(body.waves) ? body.waves : [];
  const same = waves.flatMap(({ spec }, place) => {
    const wave = named[place] as { name?: unknown } | null | undefined;
    return wave?.name === spec.name ? [`waves[${place}].name`] : [];
  });
  const { because } = (body.deadline ?? {}) as { because?: unknown };
  const isBecause = deadline !== undefined && because === deadline.because;
  const others = [body.name === name ? 'name' : '', isBecause ? 'deadline.because' : ''];
  return new Set([...others, ...same]);
}

/** Two orders of the same phones: nobody knows which is meant, also where one of them cannot be read. */
function saysBoth(said: unknown): boolean {
  const { waves, preset } = (said ?? {}) as { waves?: unknown; preset?: unknown };
  return waves !== undefined && preset !== undefined;
}

/** Stands for an id that is missing or none. */
const unnamed = 'unnamed' as Id;

/** Every problem of a rollout that is wrong in form: of its form, and of what can be read of it. */
export function problemsOfRest(
  draft: ControllerDraft,
  { refusals, rest, lacks }: UnsoundRollout,
  now: EpochMs,
): Refusal[] {
  const found = checkRollout(draft, rest, now, { lacks }).refusals;
  if (!lacks.includes('id')) return [...refusals, ...found];
  const plain = (thing: string) => thing.replace(`rollout ${unnamed}`, 'rollout');
  return [...refusals, ...found.map((one) => ({ ...one, thing: plain(one.thing) }))];
}

function inputFrom(body: Static<typeof RolloutBody>): RolloutInput {
  const { name, selection = {}, waves, preset, gate = {}, deadline, startAt, ...rest } = body;
  const { macs, ...selected } = selection;
  return {
    attemptsMax: attemptsUsually,
    rotateCredentials: false,
    ...rest,
    name: name ?? body.id,
    selection: { ...selected, ...(macs ? { macs: macsFrom(macs) } : {}) },
    waves: waves ? waves.map(waveFrom) : presetWaves(preset),
    gate: { ...gateUsually, ...gateFrom(gate) },
    ...(deadline ? { deadline: { ...deadline, dueAt: instantSaid(deadline.dueAt) } } : {}),
    ...(startAt === undefined ? {} : { startAt: instantSaid(startAt) }),
  };
}

const macsFrom = (texts: readonly string[]): Mac[] => texts.flatMap((text) => mac(text) ?? []);

function presetWaves(preset: WavePreset | number | undefined): readonly WaveSpec[] {
  if (typeof preset === 'number') return equalWaves(preset);
  return preset === undefined ? [] : WAVE_PRESETS[preset];
}

function waveFrom({ macs, gate, ...wave }: Static<typeof WaveBody>): WaveSpec {
  return {
    ...wave,
    ...(macs ? { macs: macsFrom(macs) } : {}),
    ...(gate ? { gate: gateFrom(gate) } : {}),
  };
}

function gateFrom({ soakMinutes, ...gate }: Static<typeof GateBody>): Partial<Gate> {
  // Who wants all to succeed need not say beside it that none may fail.
  const isStrict = gate.successMin === 1 || gate.failedPartMax === 0;
  return {
    ...(isStrict ? { failuresMax: 0 } : {}),
    ...gate,
    ...(soakMinutes === undefined ? {} : { soak: minutes(soakMinutes) }),
  };
}

/** The body that would ask for this rollout; waves as they were laid out. */
export function contentOf(rollout: Rollout): Record<string, unknown> {
  const { id, name, kind, releases, selection, gate, pace, priority, after } = rollout;
  const { deadline, attemptsMax, rotateCredentials, startAt } = rollout;
  const said = { kind, pace, priority, after, deadline, startAt };
  return {
    id,
    name,
    releases,
    selection,
    waves: inputOf(rollout).waves.map(({ ifAny: _ifAny, gate: own, ...spec }) => ({
      ...spec,
      ...(own ? { gate: gateBody(own) } : {}),
    })),
    gate: gateBody(gate),
    attemptsMax,
    rotateCredentials,
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
  };
}

const gateBody = ({ soak, ...gate }: Partial<Gate>) => ({
  ...gate,
  ...(soak === undefined ? {} : { soakMinutes: soak / minutes(1) }),
});

export const ReasonBody = Type.Object({ reason: Type.Optional(LineText(200)) }, closed);
export const AbortBody = Type.Object(
  { reason: Type.Optional(LineText(200)), force: Type.Optional(Type.Boolean()) },
  closed,
);
export const DenyBody = Type.Object({ remark: LineText(500) }, closed);
export const ApproveBody = Type.Object(
  {
    contentHash: Type.Optional(
      Type.String({ pattern: '^[0-9a-f]{64}$', description: 'as ringwave rollout show prints it' }),
    ),
    remark: Type.Optional(LineText(500)),
    breakGlass: Type.Optional(LineText(500)),
  },
  closed,
);

/** The id in the path is the id of what is stored. */
export const withId = (body: unknown, rollout: Id): unknown =>
  typeof body === 'object' && body !== null ? { ...body, id: rollout } : body;

/** A body that was meant for another rollout would overwrite this one. */
export function otherId(body: unknown, rollout: Id): readonly Refusal[] {
  const { id = rollout } = (body ?? {}) as { id?: unknown };
  if (id === rollout) return [];
  const reason = `is ${JSON.stringify(id).slice(0, 80)} in the body`;
  const path = `/api/v1/rollouts/${typeof id === 'string' ? id.slice(0, 64) : 'ID'}`;
  const next = `Send it to ${path}, or leave id out of the body.`;
  return [invalid(`rollout ${rollout}: id`, reason, next)];
}
