import type { KeyObject } from 'node:crypto';
import type { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { EnrolmentGrant } from '@ringwave/protocol/enrolment';
import type { Access } from '../access.ts';
import type { Engine } from '../engine.ts';
import type { Feeds } from '../feeds.ts';
import type { Live } from '../live.ts';

/** What the HTTP door stands on. */
export interface RestParts {
  readonly engine: Engine;
  readonly access: Access;
  readonly live: Live;
  readonly images: ImageStore;
  readonly grantBase: () => EnrolmentGrantBase;
  /** Undefined where no feed is followed. */
  readonly feeds: () => Feeds | undefined;
  /** Where browsers reach this server. */
  readonly url: () => string;
  /** The folder of the built console. */
  readonly console: string;
  /** True when browsers reach it by https: the cookie is then for https alone. */
  readonly secure: boolean;
}

export interface EnrolmentGrantBase {
  readonly planKey: KeyObject;
  readonly grant: Omit<EnrolmentGrant, 'site' | 'zone' | 'mqttPassword' | 'agentToken'>;
}
