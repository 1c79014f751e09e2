// The waves of a rollout that has not begun, as REST takes them, and what may be changed about them.

export interface WaveSpecBody {
  readonly name: string;
  readonly count?: number;
  readonly percent?: number;
  readonly per?: readonly string[];
  readonly sites?: readonly string[];
  readonly models?: readonly string[];
  readonly macs?: readonly string[];
  readonly where?: string;
  readonly dynamic?: boolean;
  readonly gate?: object;
}

/** What GET …/content answers; what is not named here is handed back as it came. */
export interface RolloutContent {
  readonly id: string;
  readonly name: string;
  readonly waves: readonly WaveSpecBody[];
}

/** How a wave takes its phones from those that earlier ones left. */
export const SIZES = ['all', 'count', 'percent', 'per'] as const;
export type Size = (typeof SIZES)[number];

export const sizeOf = ({ count, percent, per }: WaveSpecBody): Size =>
  per ? 'per' : count !== undefined ? 'count' : percent === undefined ? 'all' : 'percent';

export function resized(spec: WaveSpecBody, size: Size, number: number): WaveSpecBody {
  const { count: _count, percent: _percent, per, ...rest } = spec;
  switch (size) {
    case 'all':
      return rest;
    case 'count':
      return { ...rest, count: number };
    case 'percent':
      return { ...rest, percent: number };
    case 'per':
      return { ...rest, per: per ?? ['model', 'hardware'], count: number };
    default:
      return size satisfies never;
  }
}

export const numberOf = ({ count, percent }: WaveSpecBody): number => count ?? percent ?? 1;

/** What narrows a wave beside its size, in words; empty where nothing does. */
export function narrowedBy({ sites, models, macs, where, dynamic, gate }: WaveSpecBody): string {
  const some = (list: readonly string[]) =>
    list.length > 3
      ? `${list.slice(0, 3).join(', ')} and ${list.length - 3} more`
      : list.join(', ');
  return [
    ...(sites ? [`at ${some(sites)}`] : []),
    ...(models ? [`models ${some(models)}`] : []),
    ...(macs ? [`phones ${some(macs)}`] : []),
    ...(where === undefined ? [] : [`where ${where}`]),
    ...(dynamic ? ['takes in new phones'] : []),
    ...(gate ? ['a gate of its own'] : []),
  ].join('; ');
}

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  const [one] = next.splice(from, 1);
  if (one !== undefined && to >= 0 && to <= next.length) next.splice(to, 0, one);
  return next;
}

/** A name that no other wave has. */
export function freeName(waves: readonly WaveSpecBody[]): string {
  const names = new Set(waves.map((wave) => wave.name));
  for (let number = waves.length + 1; ; number += 1) {
    const name = `wave-${number}`;
    if (!names.has(name)) return name;
  }
}
