import { Readable } from 'node:stream';
import type { Problem } from '@ringwave/firmware-catalog/problems';
import { imageBytesMax, parseRelease, type Release } from '@ringwave/firmware-catalog/release';
import { bytes, type Id, sha256 } from '@ringwave/protocol/units';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { FAULTS } from '@ringwave/protocol/faults';
import type { Refusal } from '../../core/state.ts';
import { notFound } from '../../core/refusal.ts';
import { releaseDetail, releaseView } from '../../core/release-view.ts';
import { answer, refuseAll } from './answer.ts';
import { bodyOf, ModelEndBody, ReleaseMoveBody } from './inputs.ts';
import type { RestParts } from './rest-parts.ts';

/** Releases enter as a manifest whose images are all here; images come first, each under its digest. */
export function releaseRoutes(app: FastifyInstance, parts: RestParts): void {
  const { engine } = parts;
  const { tables } = engine;
  app.get('/api/v1/releases', async () =>
    [...tables.releases.values()].map((release) => releaseView(tables, release)),
  );
  app.get('/api/v1/releases/:release', async (request, reply) =>
    detail(parts, (request.params as { release: string }).release, reply),
  );
  app.post('/api/v1/releases/:release/life', async (request, reply) => move(parts, request, reply));
  app.get('/api/v1/models', async () => [...tables.modelEnds.values()]);
  app.put('/api/v1/models/:vendor/:model/end-of-life', async (request, reply) =>
    putModelEnd(parts, request, reply),
  );
  app.get('/api/v1/images/:digest', async (request, reply) => imageState(parts, request, reply));
  app.put('/api/v1/images/:digest', { bodyLimit: imageBytesMax }, async (request, reply) =>
    storeImage(parts, request, reply),
  );
  app.post('/api/v1/releases', async (request, reply) => {
    const { release, problems } = parseRelease(request.body);
    if (!release)
      return refuseAll(
        reply,
        problems.map((one) => asRefusal('release', one)),
      );
    const missing = await missingImages(parts, release);
    if (missing.length > 0) return refuseAll(reply, missing);
    return answer(reply, engine.command(request.who, { kind: 'release-put', release }), () =>
      reply.code(201).send(releaseView(tables, release)),
    );
  });
}

function detail({ engine }: RestParts, id: string, reply: FastifyReply): unknown {
  const release = engine.tables.releases.get(id);
  if (release) return releaseDetail(engine.tables, release);
  return refuseAll(reply, [notFound('release', id, [...engine.tables.releases.keys()])]);
}

function move(parts: RestParts, request: FastifyRequest, reply: FastifyReply): unknown {
  const body = bodyOf(ReleaseMoveBody, request.body, 'release');
  if ('refusals' in body) return refuseAll(reply, body.refusals);
  const release = (request.params as { release: string }).release as Id;
  const command = { kind: 'release-move' as const, release, ...body.value };
  const result = parts.engine.command(request.who, command);
  return answer(reply, result, () => ({
    release: detail(parts, release, reply),
    pauses: result.ok ? (result.pauses ?? []) : [],
  }));
}

function putModelEnd({ engine }: RestParts, request: FastifyRequest, reply: FastifyReply): unknown {
  const body = bodyOf(ModelEndBody, request.body, 'model');
  if ('refusals' in body) return refuseAll(reply, body.refusals);
  const { vendor, model } = request.params as { vendor: string; model: string };
  const end = { vendor, model: model.slice(0, 40), ...body.value };
  return answer(reply, engine.command(request.who, { kind: 'model-end-put', end }), () =>
    reply.code(201).send(end),
  );
}

const asRefusal = (kind: string, { path, reason, nextStep }: Problem): Refusal => ({
  code: 'invalid',
  thing: path ? `${kind}: ${path}` : kind,
  reason,
  next: nextStep,
});

async function missingImages({ images }: RestParts, release: Release): Promise<Refusal[]> {
  const missing: Refusal[] = [];
  for (const image of release.images) {
    const size = await images.sizeOf(image.sha256);
    const thing = `release ${release.id}: image ${image.fileName}`;
    if (size === undefined) {
      missing.push({
        code: 'invalid',
        thing,
        reason: 'is not in the image store',
        next: `Upload it first: PUT /api/v1/images/${image.sha256}`,
      });
    } else if (size !== image.lengthBytes) {
      missing.push({
        code: 'invalid',
        thing,
        reason: `has ${size} bytes, the manifest says ${image.lengthBytes}`,
        next: 'Correct lengthBytes in the manifest.',
      });
    }
  }
  return missing;
}

const badDigest = (thing: string): Refusal => ({
  code: 'invalid',
  thing,
  reason: 'is not a SHA-256',
  next: 'Name it by its 64 hexadecimal digits.',
});

/** How much of an image is here, so that a broken upload goes on where it stopped. */
async function imageState(
  { images }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { digest: text } = request.params as { digest: string };
  const digest = sha256(text);
  if (!digest) return refuseAll(reply, [badDigest(`image ${text.slice(0, 64)}`)]);
  const held = await images.sizeOf(digest);
  if (held !== undefined) return { digest, state: 'held', lengthBytes: held };
  const lengthBytes = await images.partialLength(digest);
  return { digest, state: lengthBytes > 0 ? 'partial' : 'absent', lengthBytes };
}

async function storeImage(
  { images }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { digest: text } = request.params as { digest: string };
  const digest = sha256(text);
  const thing = `image ${text.slice(0, 64)}`;
  if (!digest) return refuseAll(reply, [badDigest(thing)]);
  const part = partOf(request);
  if (!part || !(request.body instanceof Readable)) {
    return refuseAll(reply, [
      {
        code: 'invalid',
        thing,
        reason: 'came without a length or as another content type',
        next: 'Send it as application/octet-stream with a Content-Length.',
      },
    ]);
  }
  const held = await images.partialLength(digest);
  if (part.from > held) {
    const reason = `would begin at byte ${part.from}, and ${held} bytes are here`;
    const next = `Go on at byte ${held}.`;
    return refuseAll(reply, [{ code: 'conflict', thing, reason, next }]);
  }
  const claim = { sha256: digest, lengthBytes: bytes(part.lengthBytes), from: part.from };
  const stored = await images.append(request.body, claim);
  if (stored.kind === 'refused')
    return refuseAll(reply, [
      { code: 'invalid', thing, reason: stored.fault, next: FAULTS[stored.fault].advice },
    ]);
  const { lengthBytes } = stored.kind === 'partial' ? stored : claim;
  const status = { stored: 201, 'already-held': 200, partial: 202 }[stored.kind];
  return reply.code(status).send({ digest, lengthBytes, kind: stored.kind });
}

/** The whole, or the rest from a byte on (Content-Range, RFC 9110, section 14.4); undefined without a length. */
function partOf({ headers }: FastifyRequest): { from: number; lengthBytes: number } | undefined {
  const length = Number(headers['content-length']);
  if (headers['content-length'] === undefined || !Number.isSafeInteger(length)) return undefined;
  const range = headers['content-range'];
  if (range === undefined) return length > 0 ? { from: 0, lengthBytes: length } : undefined;
  const [, from, to, whole] = /^bytes (\d{1,12})-(\d{1,12})\/(\d{1,12})$/.exec(range) ?? [];
  const lengthBytes = Number(whole);
  const fits = Number(to) - Number(from) + 1 === length && Number(to) < lengthBytes;
  return fits ? { from: Number(from), lengthBytes } : undefined;
}
