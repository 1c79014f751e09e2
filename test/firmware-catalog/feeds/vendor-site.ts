import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Announcement } from '@ringwave/firmware-catalog/announcement';
import { chooseFeed } from '@ringwave/firmware-catalog/feed-settings';
import type { Feed } from '@ringwave/firmware-catalog/feeds/feed';
import { FeedFollower } from '@ringwave/firmware-catalog/io/feed-follower';
import { HostManners } from '@ringwave/firmware-catalog/io/host-manners';
import type { EpochMs } from '@ringwave/protocol/units';
import type { Test } from 'tap';

export const noon = 1_790_000_000_000 as EpochMs;

/** A vendor's web site whose pages a test changes as it goes. */
export async function vendorSite(t: Test, pages: Record<string, string>) {
  const server = createServer(({ url = '' }, response) => {
    const page = pages[url];
    if (page === undefined) response.writeHead(404).end();
    else response.end(page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The feed that settings describe; they are right in these tests. */
export function feedOf(settings: unknown): Feed<Announcement> {
  const chosen = chooseFeed(settings);
  if ('feed' in chosen) return chosen.feed;
  throw new Error(JSON.stringify(chosen.problems));
}

export const following = (url: string, settings: unknown): FeedFollower<Announcement> =>
  new FeedFollower({ url, feed: feedOf(settings), manners: new HostManners({ gapMs: 0 }) });
