// When a registration was made or renewed, for registrars that do not say it: by what they tell of it when it happens, and by
// what has changed between two looks.
import type { EpochMs } from '@ringwave/protocol/units';
import type { Registration } from './registration.ts';

/** A registration as it was listed, with what is another after each renewal: its Call-ID and when it ends. */
export interface Listed extends Registration {
  readonly mark: string;
}

interface Known {
  readonly mark: string;
  /** When it was last listed so. */
  readonly seenAt: EpochMs;
  readonly refreshedAt?: EpochMs;
}

/** Extensions and their contacts that are followed; beyond it the one followed for longest is forgotten. */
const followedMax = 10_000;

export class Renewals {
  readonly #known = new Map<string, Known>();
  /** When an extension was looked at last. */
  readonly #looks = new Map<string, EpochMs>();
  /** What the registrar told when it happened; it lasts longer than any list. */
  readonly #told = new Map<string, EpochMs>();

  /** The registrar says that this contact was registered just now. */
  told(extension: string, at: Pick<Registration, 'address' | 'port'>, now: EpochMs): void {
    remember(this.#told, keyOf(extension, at), now);
  }

  /** The same registrations, with the instant after which each was certainly renewed; without it nobody knows. */
  listed(extension: string, found: readonly Listed[], now: EpochMs): Registration[] {
    const before = this.#looks.get(extension);
    remember(this.#looks, extension, now);
    return found.map(({ mark, ...registration }) => {
      const key = keyOf(extension, registration);
      const known = this.#known.get(key);
      const isNew = known ? known.mark !== mark : true;
      // It was renewed at some time since the last look, and not before it.
      const since = isNew ? (known?.seenAt ?? before) : known?.refreshedAt;
      const refreshedAt = latest(since, known?.refreshedAt, this.#told.get(key));
      const told = refreshedAt === undefined ? {} : { refreshedAt };
      remember(this.#known, key, { mark, seenAt: now, ...told });
      return { ...registration, ...told };
    });
  }
}

const keyOf = (extension: string, { address, port }: Pick<Registration, 'address' | 'port'>) =>
  `${extension} ${address} ${port}`;

const latest = (...instants: (EpochMs | undefined)[]): EpochMs | undefined => {
  const known = instants.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : (Math.max(...known) as EpochMs);
};

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > followedMax && oldest !== undefined) map.delete(oldest);
}
