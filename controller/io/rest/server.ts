import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import cookie from '@fastify/cookie';
import staticFiles from '@fastify/static';
import websocket from '@fastify/websocket';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { doubledKey } from '../../core/doubled-key.ts';
import { type Access, isNobody } from '../access.ts';
import { advisoryRoutes } from './advisory-routes.ts';
import { agentRoutes } from './agent-routes.ts';
import { refuse, refuseAll } from './answer.ts';
import { desiredRoutes } from './desired-routes.ts';
import { feedRoutes } from './feed-routes.ts';
import { freezeRoutes } from './freeze-routes.ts';
import { fleetRoutes } from './fleet-routes.ts';
import { queryRefusals } from './known-queries.ts';
import { phoneRoutes } from './phone-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { releaseRoutes } from './release-routes.ts';
import type { RestParts } from './rest-parts.ts';
import { rehearsalRoutes } from './rehearsal-routes.ts';
import { rolloutRoutes } from './rollout-routes.ts';
import { siteRoutes } from './site-routes.ts';

// The controller's HTTP door: REST under /api/v1, the live stream, the console, and what agents need.
// Closed until opened: everything but the log-in link, enrolment and /health asks who is there.

/** 4 MiB: 1,000 phones, or the largest manifest. */
export const bodyBytesMax = 4 * 1024 * 1024;
/** Of a request's path, query and headers. 64 KiB: the longest selection takes 36,000 bytes where no letter of it is ASCII. */
const maxHeaderSize = 64 * 1024;
export const sessionCookie = 'ringwave-session';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, as the audit names it; empty before the log-in was checked. */
    who: string;
    /** Whether the log-in is one person's and acts in no other name. */
    isOwn: boolean;
    /** Whether the name is somebody's, and not that of a log-in which comes with the controller. */
    isNamed: boolean;
  }
}

export async function restServer(
  parts: RestParts,
  tls?: { cert: string | Buffer; key: string | Buffer },
): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    bodyLimit: bodyBytesMax,
    logger: false,
    requestTimeout: 120_000,
    // A path that cannot be decoded never reaches the handlers below.
    frameworkErrors: (_error, request, reply) => void unknownPath(request, reply),
    ...(tls ? { https: { ...tls, maxHeaderSize } } : { http: { maxHeaderSize } }),
  } as FastifyServerOptions);
  app.decorateRequest('who', '');
  app.decorateRequest('isOwn', false);
  app.decorateRequest('isNamed', false);
  readJsonOnce(app);
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) =>
    done(null, payload),
  );
  await app.register(cookie);
  await app.register(websocket, { options: { maxPayload: 16 * 1024 } });
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) =>
    faulty(error, reply),
  );
  app.setNotFoundHandler((request, reply) => unknownPath(request, reply));
  app.addHook('onSend', async (_request, reply, payload) => {
    reply.headers(SAFE_HEADERS);
    return payload;
  });
  app.get('/health', async () => ({ status: 'ok' }));
  agentRoutes(app, parts);
  await app.register(async (closed) => {
    closed.addHook('onRequest', async (request, reply) => whoIsThere(parts, request, reply));
    closed.addHook('preHandler', async (request, reply) => {
      const wrong = queryRefusals(request);
      return wrong.length > 0 ? refuseAll(reply, wrong) : undefined;
    });
    siteRoutes(closed, parts);
    phoneRoutes(closed, parts);
    fleetRoutes(closed, parts);
    releaseRoutes(closed, parts);
    advisoryRoutes(closed, parts);
    feedRoutes(closed, parts);
    rehearsalRoutes(closed, parts);
    rolloutRoutes(closed, parts);
    policyRoutes(closed, parts);
    freezeRoutes(closed, parts);
    desiredRoutes(closed, parts);
    liveRoute(closed, parts);
  });
  await consoleRoutes(app, parts);
  return app;
}

class NotUtf8 extends Error {
  readonly statusCode = 400;
}

class DoubledKey extends Error {
  readonly statusCode = 400;
}

/**
 * As usual, but for a key that stands twice in one object: of two orders nobody knows which was meant; and for bytes of
 * another encoding, which would be stored as signs that nobody wrote.
 */
function readJsonOnce(app: FastifyInstance): void {
  const usual = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = String(body);
    if (typeof body !== 'string' && !isUtf8(body)) return done(new NotUtf8());
    void usual(request, text, (error, value) => {
      const twice = error ? undefined : doubledKey(text);
      if (twice === undefined) done(error, value);
      else done(new DoubledKey(twice));
    });
  });
}

const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'self'; connect-src 'self' ws: wss:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
};

async function whoIsThere(
  { access }: RestParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { byToken, bySession } = knownBy(access, request);
  if (bySession && !isSameOrigin(request)) {
    return refuse(reply, 403, 'forbidden', {
      thing: 'this request',
      reason: 'comes from another site',
      next: 'Use the console, or an API token.',
    });
  }
  const who = byToken ?? bySession;
  if (!who) {
    return refuse(reply, 401, 'unauthenticated', {
      thing: request.url.split('?')[0] ?? '',
      reason: 'needs a log-in',
      next: 'Open a link from: ringwave controller login, or send an API token.',
    });
  }
  request.isOwn = bySession !== undefined && access.isOwn(request.cookies[sessionCookie]);
  return whoActs(request, reply, who);
}

/** Who asks names the one who acts; a log-in that was printed for one person acts in that name alone. */
function whoActs(request: FastifyRequest, reply: FastifyReply, who: string): unknown {
  const named = request.headers['ringwave-as'];
  request.who = named === undefined ? who : String(named);
  if (named !== undefined && !/^[\w.@+-]{1,64}$/.test(request.who)) {
    return refuse(reply, 400, 'invalid', {
      thing: 'header ringwave-as',
      reason: 'is no name of 1 to 64 letters, digits and . _ @ + -',
      next: 'Give the name of who acts, such as ada@example.com.',
    });
  }
  request.isNamed = named !== undefined || request.isOwn || !isNobody(who);
  if (request.isOwn && request.who !== who) {
    return refuse(reply, 403, 'forbidden', {
      thing: 'header ringwave-as',
      reason: `names ${request.who}, but this log-in is the one of ${who}`,
      next: `Log in with a link for that person: ringwave --as ${request.who} controller login`,
    });
  }
  return undefined;
}

/** Whose token or session a request carries. */
function knownBy(
  access: Access,
  request: FastifyRequest,
): { byToken: string | undefined; bySession: string | undefined } {
  const bearer = /^Bearer ([\w-]{16,128})$/.exec(request.headers.authorization ?? '')?.[1];
  const byToken = access.whoHas('apiTokens', bearer);
  const bySession = byToken ? undefined : access.whoHas('sessions', request.cookies[sessionCookie]);
  return { byToken, bySession };
}

/** A browser says where a request comes from; a foreign page may not use the session of its reader. */
function isSameOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return request.method === 'GET' && !request.ws;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function liveRoute(app: FastifyInstance, { live, access }: RestParts): void {
  app.get('/api/v1/live', { websocket: true }, (socket, request) => {
    const { epoch, since } = request.query as { epoch?: string; since?: string };
    const last = { epoch, since: since === undefined ? undefined : Number(since) };
    // Asked again while the view is open: a session ends by logging out, or after its time.
    live.join(socket, last, () => {
      const { byToken, bySession } = knownBy(access, request);
      return (byToken ?? bySession) !== undefined;
    });
  });
}

async function consoleRoutes(
  app: FastifyInstance,
  { access, console, secure }: RestParts,
): Promise<void> {
  await app.register(staticFiles, { root: console, index: false, wildcard: false });
  app.get('/', async (request, reply) => {
    const { once } = request.query as { once?: string };
    if (once === undefined) return reply.sendFile('index.html');
    const session = access.useLink(once.slice(0, 128));
    if (!session) return reply.code(403).type('text/html').send(SPENT_LINK);
    reply.setCookie(sessionCookie, session, {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure,
      maxAge: 12 * 3600,
    });
    // Not a redirect: a strict cookie set on a cross-site navigation would not be sent along with one.
    return reply.type('text/html').send(LOGGED_IN);
  });
  app.post('/logout', async (request, reply) => {
    const session = request.cookies[sessionCookie];
    if (session) access.endSession(session);
    return reply.clearCookie(sessionCookie, { path: '/' }).send({ ok: true });
  });
}

const page = (text: string, head = ''): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ringwave</title><link rel="icon" href="/ringwave.svg">${head}</head><body><p>${text}</p></body></html>`;
const SPENT_LINK = page(
  'This link has been used or is too old. Print a new one with: ringwave controller login',
);
const LOGGED_IN = page(
  'Logged in. <a href="/">Open the console</a>',
  '<meta http-equiv="refresh" content="0; url=/">',
);

function faulty(
  error: Error & { statusCode?: number; code?: string },
  reply: FastifyReply,
): FastifyReply {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return refuse(reply, 413, 'too-large', {
      thing: 'the request',
      reason: `is longer than ${bodyBytesMax} bytes`,
      next: 'Send it in parts.',
    });
  }
  if (error instanceof NotUtf8) {
    const next = 'Send it as UTF-8, which JSON is written in.';
    return refuse(reply, 400, 'invalid', { thing: 'the request', reason: 'is not UTF-8', next });
  }
  if (error instanceof DoubledKey) {
    return refuse(reply, 400, 'invalid', {
      thing: `the request: ${error.message}`,
      reason: 'stands there twice',
      next: 'Keep one of the two.',
    });
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return refuse(reply, error.statusCode, 'invalid', {
      thing: 'the request',
      reason: error.message,
      next: 'Send JSON with content-type application/json.',
    });
  }
  const incident = randomBytes(6).toString('hex');
  process.stderr.write(`incident ${incident}: ${error.stack ?? error.message}\n`);
  return refuse(reply, 500, 'internal', {
    thing: 'the controller',
    reason: `failed on this request (incident ${incident})`,
    next: 'Look for the incident in its log.',
  });
}

function unknownPath(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return refuse(reply, 404, 'not-found', {
    thing: request.url.split('?')[0] ?? '',
    reason: 'is no path of this interface',
    next: 'See docs/rest.md.',
  });
}

export const consoleFolder = join(import.meta.dirname, '..', '..', 'console', 'dist');
