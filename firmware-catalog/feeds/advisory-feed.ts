import { type Advisory, parseAdvisory } from '../advisory.ts';
import { entriesOf, type Feed, readEntries } from './feed.ts';

/** A list of security notices: JSON, either a list or `{ "advisories": [...] }`, or links to single ones. */
export const advisoryFeed: Feed<Advisory> = {
  kind: 'advisory',
  accept: 'application/json',
  read(body) {
    const entries = entriesOf(body, 'advisories');
    return entries && readEntries(entries, parse);
  },
  readLinked: parse,
  keyOf: (advisory) => advisory.id,
};

function parse(document: unknown) {
  const { advisory, problems } = parseAdvisory(document);
  return advisory ? { item: advisory } : { problems };
}
