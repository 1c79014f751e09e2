import type { EpochMs, Mac } from '@ringwave/protocol/units';

// What an agent keeps of the logins of phones, and what is seen of files that hold them.

/**
 * One phone's provisioning login. `current` is proven by the phone; `next` may be known to it already.
 * Both are accepted until the phone has shown the next one. Secrets are sealed; core never sees them.
 */
export interface Credential {
  readonly mac: Mac;
  readonly current?: SealedSecret;
  readonly next?: SealedSecret & { readonly state: 'staged' | 'published' };
  /** The generation being made by the shell. */
  readonly asked?: number;
}

export interface SealedSecret {
  readonly generation: number;
  readonly sealed: string;
  /** Keyed fingerprint, 32 hexadecimal digits: shows uniqueness, tells nothing of the secret. */
  readonly fingerprint: string;
  readonly provenAt?: EpochMs;
}

/** Of a phone's file with its secret, in one lease. */
export interface Fetches {
  readonly lease: string;
  /** Of a phone that cannot be told a login: the generation that was wanted when its file left whole last. */
  readonly given?: number;
  /** Begun of further files of a base, by path. */
  readonly further?: Readonly<Record<string, number>>;
  /** Begun; those that broke off are among them. */
  readonly count: number;
  /** Broke off, at the address below. */
  readonly broken?: number;
  /** Who took it last, and when. */
  readonly address?: string;
  readonly at?: EpochMs;
  /** Who else showed its MAC, and when. */
  readonly rival?: { readonly address: string; readonly at: EpochMs };
}

export type SecretEvent =
  /** A file with its secret is about to leave, to this address; `further` is the path of one beside its own. */
  | {
      readonly kind: 'secret-offered';
      readonly mac: Mac;
      readonly address: string;
      readonly further?: string;
    }
  /** It did not leave whole. */
  | {
      readonly kind: 'secret-broke-off';
      readonly mac: Mac;
      readonly address: string;
      readonly how: 'unsent' | 'broken';
    }
  /** Another device than that which took the login shows the MAC. */
  | { readonly kind: 'mac-contested'; readonly mac: Mac; readonly address: string };
