import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageStore } from '@ringwave/firmware-catalog/io/image-store';
import type { Sha256 } from '@ringwave/protocol/units';
import { type Test, test } from 'tap';
import type { AgentEvent } from '../../../agent/core/state.ts';
import { ImageCache } from '../../../agent/io/image-cache.ts';

const body = Buffer.alloc(2 ** 20, 7);
const digest = createHash('sha256').update(body).digest('hex') as Sha256;
const wanted = {
  kind: 'fetch-image',
  digest,
  lengthBytes: body.length,
  bytesPerSecond: 0,
} as const;

async function cache(t: Test) {
  const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const images = await ImageStore.open(join(mkdtempSync(join(tmpdir(), 'ringwave-')), 'images'));
  const grant = { httpUrl: `http://127.0.0.1:${port}`, agentToken: 'token' };
  let heard: (event: AgentEvent) => void = () => {};
  const ended = new Promise<AgentEvent>((resolve) => (heard = resolve));
  const submit = (event: AgentEvent) => heard(event);
  const made = new ImageCache({ images, grant, log: { warn: () => {} }, submit });
  t.teardown(async () => {
    await made.close();
    server.closeAllConnections();
    server.close();
  });
  return { made, ended };
}

test('an image comes no faster than the line’s rate, and a rate that rises holds for the rest of it', async (t) => {
  const { made, ended } = await cache(t);
  made.setRate(4 * body.length);
  const began = performance.now();
  made.fetch(wanted);
  t.match(await ended, { kind: 'image-held', digest });
  const tookMs = performance.now() - began;
  t.ok(tookMs > 200, `a quarter of a second for a quarter of the rate: ${tookMs} ms`);
  const slow = await cache(t);
  slow.made.setRate(1);
  slow.made.fetch(wanted);
  await new Promise((resolve) => setImmediate(resolve));
  slow.made.setRate('free');
  t.match(await slow.ended, { kind: 'image-held' });
});

test('at no rate nothing is taken, and the download goes on when the line may be used again', async (t) => {
  const { made, ended } = await cache(t);
  made.setRate('none');
  made.fetch(wanted);
  const first = await Promise.race([
    ended,
    new Promise((resolve) => setImmediate(resolve, 'waits')),
  ]);
  t.equal(first, 'waits');
  made.setRate('free');
  t.match(await ended, { kind: 'image-held' });
});
