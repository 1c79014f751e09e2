import { draftOf } from '@ringwave/protocol/tables';
import type { RehearsalProgressView, RehearsalView } from '@ringwave/protocol/rehearsal-view';
import { days, type EpochMs, minutes } from '@ringwave/protocol/units';
import { type Static, Type } from 'typebox';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { inSeconds } from '../../core/in-seconds.ts';
import { instantText } from '../../core/instant-text.ts';
import { conflict, invalid } from '../../core/refusal.ts';
import type { Refusal } from '../../core/state.ts';
import { rehearseApart } from '../rehearse.ts';
import { refuseAll } from './answer.ts';
import { bodyOf, closed, InstantSaid, instantSaid } from './inputs.ts';
import type { RestParts } from './rest-parts.ts';
import { problemsOfRest, rolloutFrom } from './rollout-inputs.ts';

const Rate = Type.Integer({ minimum: 1000, maximum: 10_000_000_000 });
const Part = Type.Number({ minimum: 0, maximum: 1 });

/** What may be assumed of the world beside the rollout itself. */
const WishesBody = Type.Object(
  {
    seeds: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    daysMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 365 })),
    failedPart: Type.Optional(Part),
    busyByHour: Type.Optional(Type.Array(Part, { minItems: 24, maxItems: 24 })),
    lanBytesPerSecond: Type.Optional(Rate),
    wanBytesPerSecond: Type.Optional(Rate),
    from: Type.Optional(InstantSaid),
    personTakesHours: Type.Optional(Type.Number({ minimum: 0, maximum: 720 })),
  },
  closed,
);

export function rehearsalRoutes(app: FastifyInstance, parts: RestParts): void {
  // Each holds a copy of the fleet and a processor: a second one waits until somebody asks again.
  let underWay: RehearsalProgressView | undefined;
  const stopping = new AbortController();
  app.addHook('onClose', async () => stopping.abort());
  app.get('/api/v1/rehearsal', async () => ({ underWay: underWay ?? null }));
  app.post('/api/v1/rollouts/rehearse', async (request, reply) => {
    const { rollout, ...rest } = (request.body ?? {}) as { rollout?: unknown };
    const input = rolloutFrom(rollout);
    const wishes = bodyOf(WishesBody, rest, 'rehearsal');
    const { tables, clock } = parts.engine;
    const now = clock.now();
    const ofWishes =
      'refusals' in wishes ? wishes.refusals : fromProblems(laterFrom(wishes.value), now);
    if ('refusals' in input || 'refusals' in wishes || ofWishes.length > 0) {
      const ofInput = 'refusals' in input ? problemsOfRest(draftOf(tables), input, now) : [];
      return refuseAll(reply, [...ofInput, ...ofWishes]);
    }
    if (underWay) {
      const next = 'Wait until it has ended, then ask again.';
      return refuseAll(reply, [conflict('rehearsal', 'is under way for somebody else', next)]);
    }
    const { who } = request;
    underWay = { rollout: input.id, who, run: 0, runs: 0, from: now, at: now };
    try {
      const { from: _said, ...usual } = wishes.value;
      const from = laterFrom(wishes.value);
      const later = from === undefined ? usual : { ...usual, from };
      const task = { tables, input, now, wishes: later };
      const signal = AbortSignal.any([stopping.signal, hungUp(reply)]);
      const said: RehearsalView | Refused = await rehearseApart(task, signal, (progress) => {
        underWay = { rollout: input.id, who, from: now, ...progress };
      });
      return 'refusals' in said ? refuseAll(reply, said.refusals) : said;
    } catch (error) {
      return notEnded(reply, error);
    } finally {
      underWay = undefined;
    }
  });
}

const laterFrom = ({ from }: Static<typeof WishesBody>): EpochMs | undefined =>
  from === undefined ? undefined : instantSaid(from);

/** A clock of whoever asks may be behind by so much. */
const fromBehindMax = minutes(1);
/** A year: calendars and freezes are kept for it, and each day until then is played. */
const fromAheadMax = days(366);

function fromProblems(from: EpochMs | undefined, now: EpochMs): readonly Refusal[] {
  if (from === undefined) return [];
  const thing = 'rehearsal: from';
  const said = inSeconds(thing, from);
  if (said) return [said];
  const is = `is ${instantText(from)}, which`;
  if (from < now - fromBehindMax)
    return [invalid(thing, `${is} has passed`, 'Give a time ahead, or leave it out.')];
  if (from <= now + fromAheadMax) return [];
  return [invalid(thing, `${is} is more than a year ahead`, 'Give an earlier time.')];
}

interface Refused {
  readonly refusals: readonly Refusal[];
}

/** Nobody waits for the answer any more: it is not worth a processor. */
function hungUp(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

function notEnded(reply: FastifyReply, error: unknown): FastifyReply {
  const reason = `did not end: ${error instanceof Error ? error.message : String(error)}`;
  if (!reply.raw.destroyed) {
    process.stderr.write(`rehearsal: ${error instanceof Error ? error.stack : String(error)}\n`);
  }
  const next =
    'If it was too much at once, take fewer seeds or days; else look into the log of the controller.';
  return refuseAll(reply, [conflict('rehearsal', reason, next)]);
}
