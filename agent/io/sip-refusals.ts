import { createHmac, randomBytes } from 'node:crypto';
import { type SipRequest, sipHeader } from '../core/sip/message.ts';
import { refusalOf } from '../core/sip/unasked.ts';
import { RateLimit } from './rate-limit.ts';

/** Refusals a second over all askers: a second agent sends a handful, and what is beyond is a flood. */
const refusalsPerSecond = 20;

/** Answers what nobody may ask of us, from no more memory than a key. */
export class SipRefusals {
  readonly #key = randomBytes(16);
  readonly #rate = new RateLimit(refusalsPerSecond);

  /** Undefined where no answer is due, or too many were given in this second. */
  of(request: SipRequest): Buffer | undefined {
    const refusal = refusalOf(request, this.#tagFor(request));
    return refusal && this.#rate.allows() ? refusal : undefined;
  }

  /** RFC 3261 section 8.2.7: a request that comes again gets the same tag, though nothing was kept of the first. */
  #tagFor(request: SipRequest): string {
    const own = `${sipHeader(request, 'call-id')} ${sipHeader(request, 'from')}`;
    return createHmac('sha256', this.#key).update(own).digest('hex').slice(0, 16);
  }
}
