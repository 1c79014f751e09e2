import type { Id } from '@ringwave/protocol/units';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { LeftOutPage } from '@ringwave/protocol/views';
import { leftOutFrom } from '../../core/left-out.ts';
import { conflict, invalid, notFound } from '../../core/refusal.ts';
import { explain } from '../../core/explain.ts';
import type { Command, Refusal, Rollout, RolloutInput } from '../../core/state.ts';
import { rolloutView } from '../../core/views.ts';
import { checkRollout } from '../../core/rollout-check.ts';
import { draftOf } from '@ringwave/protocol/tables';
import { bodyOf } from './inputs.ts';
import {
  AbortBody,
  ApproveBody,
  contentOf,
  DenyBody,
  otherId,
  problemsOfRest,
  ReasonBody,
  rolloutFrom,
  type UnsoundRollout,
  withId,
} from './rollout-inputs.ts';
import { answer, refuseAll } from './answer.ts';
import type { RestParts } from './rest-parts.ts';

export function rolloutRoutes(app: FastifyInstance, parts: RestParts): void {
  const { engine } = parts;
  const { tables } = engine;
  app.get('/api/v1/rollouts', async () =>
    [...tables.rollouts.values()].map((one) => rolloutView(tables, one)),
  );
  app.post('/api/v1/rollouts', async (request, reply) => {
    const input = rolloutFrom(request.body);
    if ('refusals' in input) return refuseAll(reply, allProblems(parts, input));
    return answer(reply, engine.command(request.who, { kind: 'rollout-create', input }), () =>
      reply.code(201).send(viewOf(parts, input.id)),
    );
  });
  app.post('/api/v1/rollouts/preview', async (request, reply) => {
    const input = rolloutFrom(request.body);
    if ('refusals' in input) return refuseAll(reply, allProblems(parts, input));
    return previewOf(parts, input);
  });
  app.put('/api/v1/rollouts/:rollout', async (request, reply) => {
    const { rollout } = request.params as { rollout: string };
    const other = otherId(request.body, rollout as Id);
    const stored = tables.rollouts.get(rollout);
    const input = rolloutFrom(withId(request.body, rollout as Id), 'rollout', stored);
    if ('refusals' in input) return refuseAll(reply, [...other, ...allProblems(parts, input)]);
    const since = stored ? changedSince(stored, request.headers['if-match']) : [];
    const elsewhere = [...other, ...since];
    if (elsewhere.length > 0) return refuseAll(reply, elsewhere);
    return answer(reply, engine.command(request.who, { kind: 'rollout-edit', input }), () =>
      viewOf(parts, input.id),
    );
  });
  app.delete('/api/v1/rollouts/:rollout', async (request, reply) => {
    const rollout = (request.params as { rollout: string }).rollout as Id;
    const result = engine.command(request.who, { kind: 'rollout-remove', rollout });
    return answer(reply, result, () => ({ removed: rollout }));
  });
  app.get('/api/v1/rollouts/:rollout', async (request, reply) => {
    const found = rolloutIn(parts, request);
    return found ? rolloutView(tables, found) : unknownRollout(parts, request, reply);
  });
  app.get('/api/v1/rollouts/:rollout/content', async (request, reply) => {
    const found = rolloutIn(parts, request);
    if (!found) return unknownRollout(parts, request, reply);
    reply.header('etag', `"${found.contentHash}"`);
    return contentOf(found);
  });
  app.get('/api/v1/rollouts/:rollout/phones', async (request, reply) => {
    const found = rolloutIn(parts, request);
    return found ? phonesOf(parts, found) : unknownRollout(parts, request, reply);
  });
  app.get('/api/v1/rollouts/:rollout/left-out', async (request, reply) => {
    const found = rolloutIn(parts, request);
    if (!found) return unknownRollout(parts, request, reply);
    const query = request.query as Readonly<Record<string, string>>;
    return leftOutPage(parts, found, query);
  });
  rolloutVerbs(app, parts);
}

/** Left-out phones a page. */
const pageMax = 1000;
const pageUsually = 100;

function leftOutPage(
  { engine }: RestParts,
  { id, leftOut }: Rollout,
  query: Readonly<Record<string, string>>,
): LeftOutPage {
  const limit = Math.min(countIn(query['limit']) || pageUsually, pageMax);
  const from = countIn(query['after']);
  const phones = leftOutFrom(engine.tables, id, { from, limit });
  const next = from + phones.length;
  const isLast = phones.length === 0 || next >= (leftOut?.kept ?? 0);
  return { phones, total: leftOut?.total ?? 0, next: isLast ? null : next };
}

/** A whole number from a query; 0 where it is none. */
const countIn = (text: string | undefined): number =>
  /^\d{1,7}$/.test(text ?? '') ? Number(text) : 0;

function rolloutVerbs(app: FastifyInstance, parts: RestParts): void {
  app.post('/api/v1/rollouts/:rollout/approve', async (request, reply) => {
    const body = bodyOf(ApproveBody, request.body, 'approval');
    if ('refusals' in body) return refuseAll(reply, body.refusals);
    const found = rolloutIn(parts, request);
    if (found && body.value.contentHash === undefined)
      return refuseAll(reply, [unreadApproval(found.id)]);
    if (found && !request.isNamed && body.value.breakGlass === undefined)
      return refuseAll(reply, [namelessApproval(found.id)]);
    return act(parts, request, reply, (rollout) => ({
      kind: 'rollout-approve',
      rollout,
      ...body.value,
    }));
  });
  app.post('/api/v1/rollouts/:rollout/deny', async (request, reply) => {
    const body = bodyOf(DenyBody, request.body, 'denial');
    if ('refusals' in body) return refuseAll(reply, body.refusals);
    return act(parts, request, reply, (rollout) => ({
      kind: 'rollout-deny',
      rollout,
      ...body.value,
    }));
  });
  app.post('/api/v1/rollouts/:rollout/pass', async (request, reply) =>
    act(parts, request, reply, (rollout) => ({ kind: 'rollout-pass', rollout })),
  );
  app.post('/api/v1/rollouts/:rollout/close', async (request, reply) =>
    act(parts, request, reply, (rollout) => ({ kind: 'rollout-close', rollout })),
  );
  app.post('/api/v1/rollouts/:rollout/resume', async (request, reply) =>
    act(parts, request, reply, (rollout) => ({ kind: 'rollout-resume', rollout })),
  );
  app.post('/api/v1/rollouts/:rollout/pause', async (request, reply) => {
    const body = bodyOf(ReasonBody, request.body, 'pause');
    if ('refusals' in body) return refuseAll(reply, body.refusals);
    const { reason = unsaid(request) } = body.value;
    return act(parts, request, reply, (rollout) => ({ kind: 'rollout-pause', rollout, reason }));
  });
  app.post('/api/v1/rollouts/:rollout/abort', async (request, reply) => {
    const body = bodyOf(AbortBody, request.body, 'abort');
    if ('refusals' in body) return refuseAll(reply, body.refusals);
    const { reason = unsaid(request), force = false } = body.value;
    const kind = 'rollout-abort' as const;
    return act(parts, request, reply, (rollout) => ({ kind, rollout, reason, force }));
  });
}

const unsaid = ({ who }: FastifyRequest): string => `no reason given by ${who}`;

/** More reasons than this are counted, not listed: 1,000 fill a page, a fleet would fill a disk. */
const leftOutShown = 1000;

const allProblems = ({ engine }: RestParts, unsound: UnsoundRollout) =>
  problemsOfRest(draftOf(engine.tables), unsound, engine.clock.now());

/** What the rollout would do, and what would be refused of it; nothing is stored. */
function previewOf({ engine }: RestParts, input: RolloutInput): unknown {
  const { refusals, layout } = checkRollout(draftOf(engine.tables), input, engine.clock.now());
  if (!layout) return { ok: false, problems: refusals, waves: [], leftOut: [], leftOutTotal: 0 };
  return {
    ok: refusals.length === 0,
    problems: refusals,
    cautions: layout.cautions,
    phones: layout.phones.length,
    sites: layout.sites.length,
    waves: layout.waves.map(({ name }, index) => ({
      name,
      phones: layout.assignment.members[index]?.length ?? 0,
    })),
    leftOut: layout.leftOut.slice(0, leftOutShown),
    leftOutTotal: layout.leftOut.length,
  };
}

function act(
  { engine }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
  command: (rollout: Id) => Command,
): unknown {
  const { rollout } = request.params as { rollout: string };
  const result = engine.command(request.who, command(rollout as Id));
  return answer(reply, result, () => viewOf({ engine }, rollout));
}

/** Whoever approves says what he has read: it may have been changed since. */
const unreadApproval = (id: Id): Refusal =>
  invalid(
    'approval: contentHash',
    'is missing, so that nobody knows what was read',
    `Send the contentHash that GET /api/v1/rollouts/${id} gives: the hash that ringwave rollout show ${id} prints.`,
  );

/** Two people change it at once: whoever says what he has read takes nothing of the other's back unseen. */
function changedSince(stored: Rollout, read: string | undefined): readonly Refusal[] {
  const { id, contentHash, editedBy, createdBy } = stored;
  if (read === undefined || read.replace(/^"(.*)"$/, '$1') === contentHash) return [];
  const reason = `has changed since it was read: it is what ${editedBy ?? createdBy} said`;
  return [conflict(`rollout ${id}`, reason, 'Read it again, and change what it says now.')];
}

/** Two log-ins that come with the controller would be two persons, and the same one without his name another. */
const namelessApproval = (id: Id): Refusal => ({
  code: 'forbidden',
  thing: `rollout ${id}`,
  reason: 'is approved by somebody with a name, and this log-in has none',
  next: 'Say who approves: ringwave --as NAME, the header ringwave-as, or the name at the top of the console.',
});

function viewOf({ engine }: Pick<RestParts, 'engine'>, id: string) {
  const found = engine.tables.rollouts.get(id);
  return found && rolloutView(engine.tables, found);
}

const rolloutIn = ({ engine }: RestParts, request: FastifyRequest): Rollout | undefined =>
  engine.tables.rollouts.get((request.params as { rollout: string }).rollout);

function unknownRollout(
  { engine }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { rollout } = request.params as { rollout: string };
  return refuseAll(reply, [
    notFound('rollout', rollout.slice(0, 64), [...engine.tables.rollouts.keys()]),
  ]);
}

function phonesOf({ engine }: RestParts, rollout: Rollout): unknown {
  const { tables } = engine;
  const now = engine.clock.now();
  return rollout.sites.flatMap((site) =>
    (tables.rosters.get(site) ?? []).flatMap((mac) => {
      const progress = tables.progress.get(`${rollout.id}/${mac}`);
      if (!progress) return [];
      const { because: _because, ...said } = explain(tables, rollout, progress, now);
      return [{ site, ...said }];
    }),
  );
}
