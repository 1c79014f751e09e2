import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { steadyNow } from '@ringwave/runtime/clock';
import {
  fittingPassword,
  isFreshNonce,
  type LoginClaim,
  loginChallenges,
  loginClaim,
  mintNonce,
} from '../core/provisioning/http-login.ts';
import {
  nonceCounts,
  nonceNumber,
  takesCount,
  takesResponse,
} from '../core/provisioning/nonce-counts.ts';
import type { AskedLogin } from './file-source.ts';

/** The login of one request. */
export interface ReadLogin {
  readonly login?: AskedLogin;
  /** A login came; whether it is right is known after `verify`. */
  readonly wasTried: boolean;
  /** The nonce was too old, of another realm, or its count was used: the phone repeats with a new one and asks nobody for a password. */
  isStale(): boolean;
  /** Somebody has verified it, and it was right. */
  isRight(): boolean;
}

const never = (): boolean => false;

/** Challenges and reads logins; a Digest login opens one request and no second one. */
export class HttpLoginDesk {
  readonly #key = randomBytes(32);
  readonly #counts = nonceCounts();
  readonly #takesBasic: boolean;
  #made = 0;

  /** Basic shows the password to whoever listens: it is for listeners with TLS, and where secrets may cross in clear. */
  constructor({ takesBasic }: { readonly takesBasic: boolean }) {
    this.#takesBasic = takesBasic;
  }

  challenges(realm: string, isStale: boolean): string[] {
    const nonce = mintNonce(this.#key, steadyNow(), { number: (this.#made += 1), realm });
    return loginChallenges(realm, nonce, { isStale, takesBasic: this.#takesBasic });
  }

  read(request: IncomingMessage, method: string): ReadLogin {
    const claim = loginClaim(request.headers.authorization, { method, target: request.url ?? '' });
    if (!claim || (claim.scheme === 'basic' && !this.#takesBasic)) {
      return { wasTried: false, isStale: never, isRight: never };
    }
    if (claim.scheme === 'digest' && !isFreshNonce(claim.facts, this.#key, steadyNow())) {
      return { wasTried: false, isStale: () => true, isRight: never };
    }
    let isReplayed: boolean | undefined;
    const login: AskedLogin = {
      scheme: claim.scheme,
      user: claim.user,
      verify: (candidates) => {
        const place = fittingPassword(claim, candidates(claim.user));
        if (place === undefined) return undefined;
        // Counted once per request, and only for who knows the password: others cannot use counts up.
        isReplayed ??= !this.#isFirst(claim);
        return isReplayed ? undefined : place;
      },
    };
    return {
      login,
      wasTried: true,
      isStale: () => isReplayed === true,
      isRight: () => isReplayed === false,
    };
  }

  #isFirst(claim: LoginClaim): boolean {
    if (claim.scheme === 'basic') return true;
    const { nonce: text, auth } = claim.facts;
    const nonce = { text, made: nonceNumber(text) };
    return auth
      ? takesCount(this.#counts, nonce, auth.nonceCount)
      : takesResponse(this.#counts, nonce, claim.response);
  }
}
