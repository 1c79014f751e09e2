import { XMLParser } from 'fast-xml-parser';

/** Elements within elements, and elements in all; a vendor's feed has 6 and some thousands. */
const depthMax = 64;
const elementsMax = 1_000_000;

/** An element: attributes under `@name`, its text under `#text`, children under their names without prefix. */
export type XmlElement = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
});

/**
 * Reads XML into plain objects; undefined for what is none, is nested too deep, has too many elements, or
 * defines a document type or entities. Those are refused before anything is parsed: nothing that a feed
 * needs is in them, and everything that harms a parser is.
 */
export function readXml(text: string): XmlElement | undefined {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text) || !isBounded(text)) return undefined;
  try {
    const value: unknown = parser.parse(text);
    return isElement(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** One walk over the angle brackets, which ends closed and never too deep. */
function isBounded(text: string): boolean {
  let depth = 0;
  let elements = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const aside = asideAt(text, at);
    if (aside !== undefined) {
      const end = text.indexOf(aside, at + 2);
      if (end < 0) return false;
      at = end + aside.length;
      continue;
    }
    const end = text.indexOf('>', at);
    if (end < 0) return false;
    if (text[at + 1] === '/') depth -= 1;
    else {
      elements += 1;
      if (text[end - 1] !== '/') depth += 1;
    }
    if (depth > depthMax || depth < 0 || elements > elementsMax) return false;
    at = end;
  }
  return depth === 0 && elements > 0;
}

/** The end of a comment, of unparsed text, or of an instruction that begins here. */
function asideAt(text: string, at: number): string | undefined {
  if (text.startsWith('<!--', at)) return '-->';
  if (text.startsWith('<![CDATA[', at)) return ']]>';
  return text[at + 1] === '?' ? '?>' : undefined;
}

export const isElement = (value: unknown): value is XmlElement =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The children of a name, however many there are. */
export function childrenOf(element: unknown, name: string): readonly unknown[] {
  const found = isElement(element) && Object.hasOwn(element, name) ? element[name] : undefined;
  if (found === undefined) return [];
  return Array.isArray(found) ? found : [found];
}

/** The text of the first child of a name, or of an attribute; '' without one. */
export function textIn(element: unknown, name: string): string {
  const [first] = childrenOf(element, name);
  if (typeof first === 'string') return first;
  const inner = isElement(first) ? first['#text'] : undefined;
  return typeof inner === 'string' ? inner : '';
}
