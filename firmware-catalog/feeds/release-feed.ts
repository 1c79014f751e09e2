import { parseRelease, type Release } from '../release.ts';
import { beginThere, changedAtAll, entriesOf, type Feed, readEntries } from './feed.ts';

/**
 * A vendor's or mirror's list of releases: JSON, either a list or `{ "releases": [...] }`, whose entries
 * are release manifests or `{ "manifest": URL }`.
 */
export const releaseFeed: Feed<Release> = {
  kind: 'release',
  accept: 'application/json',
  begin: beginThere,
  read({ body }) {
    const entries = entriesOf(body, 'releases');
    return entries && readEntries(entries, parse);
  },
  readLinked: ({ body }) => parse(body),
  keyOf: (release) => release.id,
  changed: changedAtAll,
};

function parse(manifest: unknown) {
  const { release, problems } = parseRelease(manifest);
  return release ? { item: release } : { problems };
}
