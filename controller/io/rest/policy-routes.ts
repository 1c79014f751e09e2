import { type Id, id } from '@ringwave/protocol/units';
import type { PolicyDetailView, PolicyView } from '@ringwave/protocol/views';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { complianceView, policyMet } from '../../core/compliance.ts';
import { type Policy, policySaid } from '../../core/policy.ts';
import { invalid, notFound } from '../../core/refusal.ts';
import { parseSelection } from '../../core/selection/parse.ts';
import { answer, refuseAll } from './answer.ts';
import { PolicyBody, policyFrom, policyOfRest } from './desired-inputs.ts';
import { alsoWrong, bodyOf } from './inputs.ts';
import type { RestParts } from './rest-parts.ts';

/** Policies: what a selection of phones should run, with deadlines. */
export function policyRoutes(app: FastifyInstance, parts: RestParts): void {
  const { engine } = parts;
  const { policies } = engine.tables;
  app.get('/api/v1/policies', async () =>
    Promise.all([...policies.values()].map((one) => policyView(parts, one))),
  );
  app.get('/api/v1/policies/:policy', async (request, reply) => {
    const found = policies.get(policyIn(request));
    if (!found)
      return refuseAll(reply, [notFound('policy', policyIn(request), [...policies.keys()])]);
    return { ...(await policyView(parts, found)), verdicts: verdictsOf(parts, found) };
  });
  app.post('/api/v1/policies/:policy/approve', async (request, reply) =>
    act(parts, request, reply, 'policy-approve'),
  );
  app.post('/api/v1/policies/:policy/propose', async (request, reply) =>
    act(parts, request, reply, 'policy-propose'),
  );
  app.put('/api/v1/policies/:policy', async (request, reply) => {
    const policy = id(policyIn(request));
    const next = 'Use 1 to 64 lower-case letters, digits and dashes.';
    const thing = `policy ${policyIn(request)}`;
    if (!policy) return refuseAll(reply, [invalid(thing, 'is not an id', next)]);
    const body = bodyOf(PolicyBody, request.body, thing);
    if ('refusals' in body) {
      const command = { kind: 'policy-put', policy: policyOfRest(policy, body) } as const;
      const also = alsoWrong(engine, request.who, command, body);
      return refuseAll(reply, [...body.refusals, ...also]);
    }
    const said = policyFrom(policy, body.value);
    return answer(reply, engine.command(request.who, { kind: 'policy-put', policy: said }), () => {
      const stored = policies.get(policy);
      return stored && policyView(parts, stored);
    });
  });
  app.delete('/api/v1/policies/:policy', async (request, reply) => {
    const policy = id(policyIn(request));
    if (!policy)
      return refuseAll(reply, [notFound('policy', policyIn(request), [...policies.keys()])]);
    return answer(reply, engine.command(request.who, { kind: 'policy-remove', policy }), () => ({
      ok: true,
    }));
  });
}

function act(
  parts: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
  kind: 'policy-approve' | 'policy-propose',
): unknown {
  const { engine } = parts;
  const policy = policyIn(request) as Id;
  return answer(reply, engine.command(request.who, { kind, policy }), () => {
    const found = engine.tables.policies.get(policy);
    return found && policyView(parts, found);
  });
}

const policyIn = (request: FastifyRequest): string =>
  (request.params as { policy: string }).policy.slice(0, 64);

/** Proposed rollouts that are listed: of some years. */
const rolloutsShown = 20;

async function policyView({ engine }: RestParts, policy: Policy): Promise<PolicyView> {
  const { tables } = engine;
  const read = parseSelection(policy.where);
  const now = engine.clock.now();
  const rollouts = [...tables.rollouts.values()]
    .filter(({ createdBy }) => createdBy === `policy ${policy.id}`)
    .sort((a, b) => b.createdAt - a.createdAt)
    .slice(0, rolloutsShown)
    .map(({ id: name, state }) => ({ id: name, state }));
  return {
    ...policySaid(policy),
    changedBy: policy.changedBy ?? null,
    approvedAhead: policy.approvedAhead ?? null,
    phones: read.ok ? await engine.phones.count(read.selection, now) : 0,
    rollouts,
  };
}

/** One walk over the fleet, for one policy and on request alone. */
function verdictsOf({ engine }: RestParts, policy: Policy): PolicyDetailView['verdicts'] {
  const { tables } = engine;
  const now = engine.clock.now();
  const alone = { ...tables, policies: new Map([[policy.id, policy]]) };
  const view = complianceView(alone, now);
  const counts = { pass: 0, fail: 0, unknown: 0 };
  for (const phone of tables.phones.values()) {
    if (view.policies.policies.every(({ means }) => !means(phone))) continue;
    counts[policyMet(view, phone).verdict] += 1;
  }
  return counts;
}
