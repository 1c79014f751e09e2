// What every vendor's configuration files share: URLs, escaping, and what a password may hold.

import assert from 'node:assert/strict';
import type { AgentAddress } from './profile.ts';

/**
 * Letters and digits that are not mistaken for each other on a phone's screen. Signs are left out:
 * some phones refuse `& < > " ' % \ # :` and spaces in a password.
 */
export const passwordAlphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

/** Names hold brackets, commas, `&` and spaces, so every segment is escaped. */
export const httpUrl = (agent: AgentAddress, path: string): string =>
  `http://${host(agent)}:${agent.httpPort}/${escapedPath(path)}`;

/** Where a phone's own files lie, without a stroke at the end: over HTTPS where the agent serves it. */
export const filesRoot = (agent: AgentAddress): string =>
  agent.httpsPort === undefined
    ? `http://${host(agent)}:${agent.httpPort}`
    : `https://${host(agent)}:${agent.httpsPort}`;

export const host = (agent: AgentAddress): string =>
  agent.host.includes(':') ? `[${agent.host}]` : agent.host;

export const escapedPath = (path: string): string => path.split('/').map(escapedSegment).join('/');

function escapedSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** No control characters: they end a line, or are not allowed in XML 1.0 at all. */
export function isPrintable(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 32 || (code >= 127 && code < 160)) return false;
  }
  return text.isWellFormed();
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const SIGNS: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** Text for an XML element or a quoted attribute. */
export function xmlText(text: string): string {
  assert(isPrintable(text), 'configuration text holds control characters');
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

export function fromXml(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi,
    (whole, decimal, hex, name) => {
      if (typeof name === 'string') return SIGNS[name.toLowerCase()] ?? whole;
      const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** The text of the first `<name ...>text</name>`; our own files never nest an element in itself. */
export function xmlElement(body: string, name: string): string | undefined {
  const open = new RegExp(`<${name}(?:\\s[^<>]*)?>`).exec(body);
  if (!open) return undefined;
  const start = open.index + open[0].length;
  const end = body.indexOf(`</${name}>`, start);
  return end < 0 ? undefined : fromXml(body.slice(start, end).trim());
}

/** The value of the first `name="value"` anywhere in the file: Poly reads attributes from any element. */
export function xmlAttribute(body: string, name: string): string | undefined {
  const mark = `${name}="`;
  let at = body.indexOf(mark);
  while (at > 0 && !/\s/.test(body.charAt(at - 1))) at = body.indexOf(mark, at + 1);
  const end = at < 0 ? -1 : body.indexOf('"', at + mark.length);
  return end < 0 ? undefined : fromXml(body.slice(at + mark.length, end));
}
