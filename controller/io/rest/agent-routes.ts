import { randomBytes } from 'node:crypto';
import {
  decodeEnrolmentRequest,
  ENROLMENT_FAULTS,
  type EnrolmentFault,
} from '@ringwave/protocol/enrolment';
import { sha256 } from '@ringwave/protocol/units';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerEnrolment, answerRandomBytes, secretMatches } from '../../core/enrolment.ts';
import { sendStored } from './send-stored.ts';
import type { RestParts } from './rest-parts.ts';

/** What agents ask: to be enrolled, and for images by digest. Neither goes through people's log-ins. */
export function agentRoutes(app: FastifyInstance, parts: RestParts): void {
  app.post('/enrol/v1', async (request, reply) => enrol(parts, request, reply));
  app.get('/images/:digest', async (request, reply) => image(parts, request, reply));
}

function refused(reply: FastifyReply, fault: EnrolmentFault): FastifyReply {
  const { status, problem } = ENROLMENT_FAULTS[fault];
  return reply.code(status).send({ fault, problem });
}

function enrol(
  { engine, grantBase }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const decoded = decodeEnrolmentRequest(JSON.stringify(request.body ?? null));
  if (!decoded.ok) return refused(reply, 'request-malformed');
  const record = engine.tables.tokens.get(decoded.message.tokenId);
  const zone = engine.tables.sites.get(record?.site ?? '')?.zone;
  const { planKey, grant } = grantBase();
  const now = engine.clock.now();
  const random = randomBytes(answerRandomBytes);
  const enrolled = answerEnrolment(record, decoded.message, {
    now,
    planKey,
    random,
    grant: { ...grant, zone: zone ?? 'UTC' },
  });
  if (!enrolled.ok) return refused(reply, enrolled.fault);
  // Committed before the answer leaves: the token is used up, the passwords are in force.
  const result = engine.command('agent', {
    kind: 'agent-enrol',
    record: enrolled.record,
    agent: {
      site: enrolled.record.site,
      enrolledAt: now,
      passwordHash: enrolled.mqttPasswordHash,
      imageTokenHash: enrolled.agentTokenHash,
    },
  });
  if (!result.ok) return refused(reply, 'token-used');
  return reply.send(enrolled.answer);
}

/** 401 for nobody's token and 404 for a digest that no agent may have look the same to a stranger: 404. */
async function image(
  parts: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { digest: text } = request.params as { digest: string };
  const digest = sha256(text);
  const token = /^Bearer ([\w-]{16,128})$/.exec(request.headers.authorization ?? '')?.[1];
  if (!digest || !token || !isAgent(parts, token)) return reply.code(404).send();
  return sendStored(parts.images, digest, request, reply);
}

function isAgent({ engine }: RestParts, token: string): boolean {
  for (const agent of engine.tables.agents.values()) {
    if (secretMatches(agent.imageTokenHash, token)) return true;
  }
  return false;
}
