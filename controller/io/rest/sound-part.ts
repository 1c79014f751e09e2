import type { Problem } from '@ringwave/firmware-catalog/problems';

// Of a body that is wrong in some places the rest can still be looked at, so that whoever wrote it is told everything
// at once.

type Node = Record<string | number, unknown>;

/**
 * What is left of a body without the places that have problems, and the keys of it that were touched. Whatever is left
 * fits: `check` is asked again, and a key that still has a problem is left out whole.
 */
export function soundPart(
  body: unknown,
  problems: readonly Pick<Problem, 'path'>[],
  check: (rest: unknown) => readonly Pick<Problem, 'path'>[],
): { readonly rest: Node; readonly lacks: readonly string[] } {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const paths = problems.map(({ path }) => stepsOf(path));
  const touched = paths.map(([first = '']) => first);
  const sound = isObject ? without(body, paths) : {};
  // Nested deeper than anybody can go: nothing of it is looked at.
  if (!sound) return { rest: {}, lacks: [...touched, ...Object.keys(body ?? {})] };
  const still = (isObject ? check(sound) : []).map(({ path }) => stepsOf(path)[0] ?? '');
  for (const key of still) delete sound[key];
  return { rest: sound, lacks: [...new Set([...touched, ...still])] };
}

function without(body: object, paths: readonly (readonly string[])[]): Node | undefined {
  try {
    const rest = structuredClone(body) as Node;
    for (const path of paths) clear(rest, path);
    return compact(rest) as Node;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const stepsOf = (path: string): string[] => path.split(/[.[\]]+/).filter((step) => step !== '');

/** Marks what is wrong as absent; where something is missing, what it is missing from. */
function clear(rest: Node, path: readonly string[]): void {
  let node: unknown = rest;
  for (const [depth, step] of path.entries()) {
    if (typeof node !== 'object' || node === null) return;
    const own = node as Node;
    if (!Object.hasOwn(own, step))
      return depth === 0 ? undefined : clear(rest, path.slice(0, depth));
    if (depth === path.length - 1) own[step] = undefined;
    node = own[step];
  }
}

/** Lists close up over what is gone from them. */
function compact(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => one !== undefined).map(compact);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(kept.map(([key, inner]) => [key, compact(inner)]));
}
