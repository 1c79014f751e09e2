import { type Advisory, parseAdvisory } from '../advisory.ts';
import { beginThere, changedAtAll, entriesOf, type Feed, readEntries } from './feed.ts';

/** A list of security notices: JSON, either a list or `{ "advisories": [...] }`, or links to single ones. */
export const advisoryFeed: Feed<Advisory> = {
  kind: 'advisory',
  accept: 'application/json',
  begin: beginThere,
  read({ body }) {
    const entries = entriesOf(body, 'advisories');
    return entries && readEntries(entries, parse);
  },
  readLinked: ({ body }) => parse(body),
  keyOf: (advisory) => advisory.id,
  changed: changedAtAll,
};

function parse(document: unknown) {
  const { advisory, problems } = parseAdvisory(document);
  return advisory ? { item: advisory } : { problems };
}
