import { crc32 } from 'node:zlib';
import { type Id, id } from './units.ts';

// One table builds and parses, so that a topic can never be spelled in two ways.
// The shard is fixed per site, so that several controllers can later share the uplink without `$share`,
// which aedes, RabbitMQ and NATS accept but do not deliver.

export const ROOT = 'fw/v1';
export const SHARDS = 64;

export const UP_KINDS = ['hello', 'd', 'full', 'beat', 'lwt'] as const;
export const DOWN_KINDS = ['ack', 'plan', 'cmd'] as const;
export const ALL_KINDS = ['halt', 'bye'] as const;

export type UpKind = (typeof UP_KINDS)[number];
export type DownKind = (typeof DOWN_KINDS)[number];
export type AllKind = (typeof ALL_KINDS)[number];

export type Topic =
  | { readonly to: 'controller'; readonly shard: string; readonly site: Id; readonly kind: UpKind }
  | { readonly to: 'site'; readonly site: Id; readonly kind: DownKind }
  | { readonly to: 'all'; readonly kind: AllKind };

/** Two hexadecimal digits, the same for a site for ever: CRC-32 of its id modulo 64. */
export const shardOf = (site: Id): string => (crc32(site) % SHARDS).toString(16).padStart(2, '0');

export const upTopic = (site: Id, kind: UpKind): string =>
  `${ROOT}/up/${shardOf(site)}/${site}/${kind}`;
export const downTopic = (site: Id, kind: DownKind): string => `${ROOT}/dn/${site}/${kind}`;
export const allTopic = (kind: AllKind): string => `${ROOT}/dn/all/${kind}`;

/** What an agent subscribes to, and all it may subscribe to. */
export const agentFilters = (site: Id): readonly string[] => [
  `${ROOT}/dn/${site}/#`,
  `${ROOT}/dn/all/#`,
];

/** What a controller subscribes to on a broker that is not its own: one filter per shard it holds. */
export const shardFilter = (shard: string): string => `${ROOT}/up/${shard}/#`;

const oneOf = <T extends string>(kinds: readonly T[], text: string | undefined): T | undefined =>
  kinds.find((kind) => kind === text);

/** Undefined for anything that the table above would not build, a wrong shard included. */
export function parseTopic(topic: string): Topic | undefined {
  if (topic.length > 128 || !topic.startsWith(`${ROOT}/`)) return undefined;
  const [way, ...rest] = topic.slice(ROOT.length + 1).split('/');
  if (way === 'up') return parseUp(rest);
  return way === 'dn' ? parseDown(rest) : undefined;
}

function parseUp([shard, name, kindText, ...extra]: string[]): Topic | undefined {
  const site = id(name ?? '');
  const kind = oneOf(UP_KINDS, kindText);
  if (!site || !kind || extra.length > 0 || shard !== shardOf(site)) return undefined;
  return { to: 'controller', shard, site, kind };
}

function parseDown([name, kindText, ...extra]: string[]): Topic | undefined {
  const site = id(name ?? '');
  if (!site || extra.length > 0) return undefined;
  if (site === 'all') {
    const kind = oneOf(ALL_KINDS, kindText);
    return kind && { to: 'all', kind };
  }
  const kind = oneOf(DOWN_KINDS, kindText);
  return kind && { to: 'site', site, kind };
}
