import { satisfies, valid } from 'semver';

/** This controller's own version; agents carry theirs in every hello. */
export const controllerVersion = '0.1.0';

/**
 * Whether an agent of this version speaks as this controller does: the same major, before 1.0 the same minor
 * (semver.org, 2.0.0, items 4 and 8). Null: it has not said which version it is, or said none that can be read.
 */
export function fits(agentVersion: string | undefined): boolean | null {
  if (agentVersion === undefined || valid(agentVersion) === null) return null;
  return satisfies(agentVersion, `^${controllerVersion}`, { includePrerelease: true });
}
