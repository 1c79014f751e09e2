import { id } from '@ringwave/protocol/units';
import type { PolicyView } from '@ringwave/protocol/views';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Policy } from '../../core/policy.ts';
import { invalid, notFound } from '../../core/refusal.ts';
import { parseSelection } from '../../core/selection/parse.ts';
import { answer, refuseAll } from './answer.ts';
import { PolicyBody, policyFrom } from './desired-inputs.ts';
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
    return policyView(parts, found);
  });
  app.put('/api/v1/policies/:policy', async (request, reply) => {
    const policy = id(policyIn(request));
    const next = 'Use 1 to 64 lower-case letters, digits and dashes.';
    const thing = `policy ${policyIn(request)}`;
    if (!policy) return refuseAll(reply, [invalid(thing, 'is not an id', next)]);
    const body = bodyOf(PolicyBody, request.body, thing);
    if ('refusals' in body) {
      const rest = { where: 'all', ...body.rest } as Static<typeof PolicyBody>;
      const command = { kind: 'policy-put', policy: policyFrom(policy, rest) } as const;
      const also = alsoWrong(engine, request.who, command, body);
      return refuseAll(reply, [...body.refusals, ...also]);
    }
    const stored = policyFrom(policy, body.value);
    return answer(reply, engine.command(request.who, { kind: 'policy-put', policy: stored }), () =>
      policyView(parts, stored),
    );
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

const policyIn = (request: FastifyRequest): string =>
  (request.params as { policy: string }).policy.slice(0, 64);

async function policyView({ engine }: RestParts, policy: Policy): Promise<PolicyView> {
  const read = parseSelection(policy.where);
  const now = engine.clock.now();
  return { ...policy, phones: read.ok ? await engine.phones.count(read.selection, now) : 0 };
}
