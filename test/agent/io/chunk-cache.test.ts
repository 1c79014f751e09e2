import type { SteadyMs } from '@ringwave/runtime/clock';
import { test } from 'tap';
import { ChunkCache } from '../../../agent/io/chunk-cache.ts';
import { RateLimit } from '../../../agent/io/rate-limit.ts';

test('a chunk that several ask for at once is read once, then held', async (t) => {
  const cache = new ChunkCache(100);
  let reads = 0;
  const load = () => Promise.resolve(Buffer.alloc(10, (reads += 1)));
  const [a, b] = await Promise.all([cache.get('x', load), cache.get('x', load)]);
  t.equal(a, b);
  t.equal(cache.get('x', load), a, 'at once');
  t.equal(reads, 1);
});

test('the least recently used goes first, and the bound holds', async (t) => {
  const cache = new ChunkCache(25);
  const load = () => Buffer.alloc(10);
  await cache.get('a', load);
  await cache.get('b', load);
  void cache.get('a', load);
  await cache.get('c', load);
  t.equal(cache.bytes, 20);
  t.ok(cache.get('a', load) instanceof Buffer);
  t.ok(cache.get('b', load) instanceof Promise, 'b was read again');
  const huge = await cache.get('huge', () => Buffer.alloc(50));
  t.equal(huge.length, 50);
  t.ok(cache.bytes <= 25);
});

test('who joined a read that failed reads for himself', async (t) => {
  const cache = new ChunkCache(100);
  const failing = cache.get('x', () => {
    throw new Error('closed');
  });
  const joined = cache.get('x', () => Buffer.from('mine'));
  await t.rejects(Promise.resolve(failing));
  t.equal((await joined).toString(), 'mine');
});

test('a rate lets twice its second through at once, then its rate', (t) => {
  const at = (ms: number) => ms as SteadyMs;
  const limit = new RateLimit(10, at(0));
  const passed = (now: number) =>
    Array.from({ length: 50 }, () => limit.allows(at(now))).filter(Boolean).length;
  t.equal(passed(0), 20);
  t.equal(passed(1000), 10);
  t.equal(passed(60_000), 20);
  t.equal(limit.refused, 100);
  t.end();
});
