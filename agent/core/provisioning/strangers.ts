// Addresses that ask for the files of phones nobody knows. A phone asks for its own; who asks for many looks
// for secrets, and gets nothing more for an hour.

import type { FaultCode } from '@ringwave/protocol/faults';
import { type DurationMs, type EpochMs, hours, laterBy, minutes } from '@ringwave/protocol/units';
import { report } from '../reporting.ts';
import type { AgentDraft, AgentEvent, AgentTables, Stranger } from '../state.ts';

/** Different unknown MACs that one address may ask for within `watched`; a phone has one, a phone behind another two. */
export const unknownMacsMax = 3;
export const watched = minutes(10);
export const blockedFor = hours(1);
/** Addresses watched at once; beyond that the oldest is forgotten. A voice VLAN has some hundred. */
export const strangersMax = 1024;
interface AlarmLimit {
  /** The same alarm about the same address is told once in this time. */
  readonly every: DurationMs;
  /** Addresses that it is told about in this time. */
  readonly most: number;
}

/** So that an attacker cannot fill the reports. */
const usualLimit: AlarmLimit = { every: hours(1), most: 256 };

/** Healthy phones raise it each time they look for news: more of them would push what else a site tells off its list. */
const LIMITS: Partial<Record<FaultCode, AlarmLimit>> = {
  'base-secret-waits': { every: hours(24), most: 8 },
};

/**
 * Anyone can write any address on a TFTP request, so that a sweep over TFTP shuts its address out there alone; one over HTTP,
 * which answers only where the address is true, shuts it out of both.
 */
export function isBlocked(
  { strangers }: Pick<AgentTables, 'strangers'>,
  { address, protocol }: { readonly address: string; readonly protocol: Protocol },
  now: EpochMs,
): boolean {
  const keys = protocol === 'tftp' ? [keyOf(address, 'http'), keyOf(address, 'tftp')] : [address];
  return keys.some((key) => now < (strangers.get(key)?.blockedUntil ?? 0));
}

type Protocol = Extract<AgentEvent, { kind: 'stranger-asked' }>['protocol'];

const keyOf = (address: string, protocol: Protocol): string =>
  protocol === 'http' ? address : `tftp ${address}`;

export function strangerAsked(
  draft: AgentDraft,
  { address, mac, protocol }: Extract<AgentEvent, { kind: 'stranger-asked' }>,
  now: EpochMs,
): void {
  const key = keyOf(address, protocol);
  const before = draft.strangers.get(key);
  const recent = (before?.asked ?? []).filter((one) => now < laterBy(one.at, watched));
  const others = recent.filter((one) => one.mac !== mac);
  const asked = [...others, { mac, at: now }].slice(-(unknownMacsMax + 1));
  const isSweep = asked.length > unknownMacsMax;
  if (!before) forgetOldest(draft, now);
  const stranger: Stranger = {
    asked,
    ...(isSweep ? { blockedUntil: laterBy(now, blockedFor) } : {}),
  };
  draft.strangers.put(key, stranger);
  if (!isSweep) return;
  const macs = asked.map((one) => one.mac).join(', ');
  raise(draft, { fault: 'macs-enumerated', address, detail: `${address} asked for ${macs}` }, now);
}

function forgetOldest(draft: AgentDraft, now: EpochMs): void {
  const all = [...draft.strangers.entries()];
  if (all.length < strangersMax) return;
  // What is sent in the names of many others lets nobody go who was shut out at his true address.
  const isShutOut = ([key, { blockedUntil }]: [string, Stranger]): boolean =>
    !key.startsWith('tftp ') && blockedUntil !== undefined && now < blockedUntil;
  const at = ([, { asked }]: [string, Stranger]): number => asked.at(-1)?.at ?? 0;
  const [oldest] = all.sort((a, b) => Number(isShutOut(a)) - Number(isShutOut(b)) || at(a) - at(b));
  if (oldest) draft.strangers.remove(oldest[0]);
}

/** Tells the controller, within the limit of the fault. */
export function raise(
  draft: AgentDraft,
  alarm: { readonly fault: FaultCode; readonly address: string; readonly detail: string },
  now: EpochMs,
): void {
  const { every, most } = LIMITS[alarm.fault] ?? usualLimit;
  const ofFault = `${alarm.fault} `;
  const key = ofFault + alarm.address;
  const last = draft.alarms.get(key);
  if (last !== undefined && now < laterBy(last, every)) return;
  const told = Array.from(draft.alarms.entries()).filter(([old]) => old.startsWith(ofFault));
  const lapsed = told.filter(([, at]) => now >= laterBy(at, every));
  for (const [old] of lapsed) draft.alarms.remove(old);
  if (told.length - lapsed.length >= most) return;
  draft.alarms.put(key, now);
  const detail = alarm.detail.slice(0, 240);
  report(draft, { kind: 'agent-fault', at: now, fault: alarm.fault, detail });
}
