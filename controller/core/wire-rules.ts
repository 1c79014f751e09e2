import { downBytesMax, upBytesMax } from '@ringwave/protocol/messages';
import { agentFilters, parseTopic } from '@ringwave/protocol/topics';
import {
  type DurationMs,
  type EpochMs,
  type Id,
  id,
  minutes,
  seconds,
} from '@ringwave/protocol/units';

// What an agent may do on the broker inside the controller. Everything not allowed here is refused.

export interface WireLimits {
  /** 12,000 connections: 10,000 sites, and those that come back while their old connection still stands. */
  readonly connectionsMax: number;
  /** 2,000 connections from one address: a whole company behind one NAT, not the whole table for one stranger. */
  readonly connectionsPerAddressMax: number;
  /** 256 KiB: above any message of ours (64 KiB up, 128 KiB down), small enough to buffer for everybody. */
  readonly packetBytesMax: number;
  /** 1 MiB waiting for an agent that does not read: eight of the largest messages; then it is cut. */
  readonly unreadBytesMax: number;
  /** 5 s without the socket taking anything: long for a slow branch line, short for a frozen agent. */
  readonly drainTimeout: DurationMs;
  /** 10 s from TCP accept to CONNECT: three lost packets on a bad line still fit. */
  readonly connectTimeout: DurationMs;
  /** 120 s: agents use 60 s; a dead connection is noticed after at most three minutes. */
  readonly keepaliveSecondsMax: number;
  readonly messagesPerSecond: number;
  readonly burstMessages: number;
}

export const wireLimits: WireLimits = {
  connectionsMax: 12_000,
  connectionsPerAddressMax: 2000,
  packetBytesMax: 256 * 1024,
  unreadBytesMax: 1024 * 1024,
  drainTimeout: seconds(5),
  connectTimeout: seconds(10),
  keepaliveSecondsMax: 120,
  messagesPerSecond: 10,
  burstMessages: 50,
};

/** 8: the longest topic of ours has 6 levels. */
export const topicLevelsMax = 8;
/** 4096 handshakes may wait in a storm of reconnecting agents; the default 511 overflows (mqtt-scale, section 4). */
export const listenBacklog = 4096;
/** 16 refused filters on one connection: more is not a mistake but a search. */
export const refusedFiltersMax = 16;
/** 256 bytes: a generated password has 32 characters. */
export const passwordBytesMax = 256;
/** A message that would have to wait longer than this for its turn means a flood: the site is cut. */
export const floodWaitMax: DurationMs = seconds(5);
/** Three take-overs in two minutes: two boxes with one identity push each other out. */
export const takeOversMax = 3;
export const takeOverSpan: DurationMs = minutes(2);

/** A login that may name a site: `all` is the topic word for every site, so no site has it. */
export function siteLogin(clientId: string, username: string | undefined): Id | undefined {
  const site = id(clientId);
  return site && site !== 'all' && username === clientId ? site : undefined;
}

interface Published {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly lengthBytes: number;
}

/** Why this site may not publish this, or undefined. The last will is held to the same. */
export function publishFault(site: Id, packet: Published): string | undefined {
  if (packet.qos !== 1) return `QoS ${packet.qos}, only QoS 1 is carried`;
  if (packet.retain) return 'retained messages are not kept';
  if (packet.lengthBytes > upBytesMax) return `${packet.lengthBytes} bytes, at most ${upBytesMax}`;
  const topic = parseTopic(packet.topic);
  if (topic?.to !== 'controller' || topic.site !== site) {
    return `topic ${packet.topic.slice(0, 128)} is not this site's`;
  }
  return undefined;
}

export const mayFollow = (site: Id, filter: string): boolean => agentFilters(site).includes(filter);

/** 192 KiB: a signed plan in base64 is longer than the 128 KiB inside; nothing longer leaves. */
export const sentBytesMax = downBytesMax + 64 * 1024;

/** A bucket is the instant at which the next message would be on time; earlier ones use up the burst. */
export interface Bucket {
  readonly dueAt: EpochMs;
}

/** How long this message waits for its turn (0: not at all), and the bucket after it. */
export function draw(
  bucket: Bucket,
  now: EpochMs,
  limits: WireLimits,
): { readonly bucket: Bucket; readonly wait: DurationMs } {
  const gapMs = 1000 / limits.messagesPerSecond;
  const dueAt = Math.max(bucket.dueAt, now);
  const wait = Math.max(0, dueAt - now - gapMs * (limits.burstMessages - 1));
  return { bucket: { dueAt: (dueAt + gapMs) as EpochMs }, wait: wait as DurationMs };
}

/** The take-overs of one site that still count at `now`, the newest included. */
export function takeOversOf(earlier: readonly EpochMs[], now: EpochMs): readonly EpochMs[] {
  return [...earlier.filter((at) => at > now - takeOverSpan), now].slice(-takeOversMax);
}
