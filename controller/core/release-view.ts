import type { Release } from '@ringwave/firmware-catalog/release';
import {
  causesFrom,
  type LifeCause,
  type LifeStep,
  type ReleaseState,
} from '@ringwave/firmware-catalog/release-life';
import type { Id } from '@ringwave/protocol/units';
import { rolloutsWith } from './release-commands.ts';
import type { ControllerTables } from './state.ts';

/** A release with how far it has come. */
export interface ReleaseView extends Release {
  readonly state: ReleaseState;
  readonly channel: string;
}

export interface ReleaseDetail extends ReleaseView {
  readonly steps: readonly LifeStep[];
  /** What could be done with it now. */
  readonly possible: readonly LifeCause[];
  /** The rollouts that would pause if it were quarantined or withdrawn. */
  readonly wouldPause: readonly Id[];
}

export function releaseView(
  { lives }: Pick<ControllerTables, 'lives'>,
  release: Release,
): ReleaseView {
  const life = lives.get(release.id);
  return { ...release, state: life?.state ?? 'discovered', channel: life?.channel ?? '' };
}

export function releaseDetail(tables: ControllerTables, release: Release): ReleaseDetail {
  const life = tables.lives.get(release.id);
  return {
    ...releaseView(tables, release),
    steps: life?.steps ?? [],
    possible: life ? causesFrom(life) : [],
    wouldPause: rolloutsWith(tables, release.id),
  };
}
